//! The preflight of a run: first the plan is held against the warehouse, and whatever stands against it ends the run before
//! anything is made; last, when all questions are answered, its tables are recorded as its own.

use std::sync::Arc;

use chrono::Utc;

use super::super::preflight::{Catalog, Examination, Findings, Settled, Unsettled};
use super::super::{Estimate, Event, Meter, Question, Selection, StageError, Topic, Work};
use super::{Dispatcher, Fatal, Mode, Refresh, TaskKind, TaskOutcome};
use crate::fence::host_name;
use crate::ledger::{Purpose, RunState};

/// Exit code of a run that may not begin.
const REFUSED: u8 = 2;
/// Exit code of one that would be in the way of another.
const AT_WORK: u8 = 4;

/// What comes before the first unit, as far as it is about the plan and its tables.
#[derive(Debug, Default)]
pub(super) struct Preflight {
    /// How far it is.
    pub(super) step: Step,
    /// Whether what was to be loaded before is there.
    pub(super) is_prepared: bool,
    /// Why dates cannot be done in a run that only asks checks, if they cannot.
    pub(super) writes_nothing: Option<String>,
    /// The catalog that was read at the start, until it is examined.
    pub(super) catalog: Option<Catalog>,
    /// The cost estimate, where it is asked for during the examination.
    pub(super) estimate: EarlyEstimate,
}

/// A cost estimate that does not wait for the examination.
#[derive(Debug, Default)]
pub(super) enum EarlyEstimate {
    #[default]
    NotAsked,
    CheckTicket(Arc<Meter>),
    /// It is known, and how many seconds it took.
    Arrived(Estimate, f64),
}

/// How far the preflight is.
#[derive(Debug, Default)]
pub(super) enum Step {
    /// Nothing was looked at.
    #[default]
    Ahead,
    /// It is known how things are.
    Seen(Findings),
    /// Everything is as it must be.
    Done,
}

impl Dispatcher {
    /// Whether this run only asks checks: then nothing is made, altered or owned for it.
    pub(super) fn only_checks(&self) -> bool {
        matches!(&self.options.work, Work::Only(Selection::Dates(dates)) if dates.is_empty())
    }

    /// Takes the catalog that was read before the run began.
    pub(in crate::engine) fn knows_catalog(&mut self, catalog: Option<Catalog>) {
        self.preflight.catalog = catalog;
    }

    /// Examines everything.
    pub(super) fn start_examination(&mut self) -> Result<(), Fatal> {
        let examination = Examination {
            plan: self.plan.name.clone(),
            stages: self
                .stage_runs
                .iter()
                .map(|line| Arc::clone(&line.stage))
                .collect(),
            lineage: self.lineage.clone(),
            date: self.options.dates.first().copied(),
            filled: self.ledger.filled_stages(self.target)?,
            loads_later: self.prepare.is_some(),
        };
        self.prepares("checking the plan against the warehouse");
        let (catalog, warehouse) = (self.preflight.catalog.take(), self.charging(&Purpose::default()));
        self.spawn(TaskKind::Preflight, async move {
            TaskOutcome::Examined(match catalog {
                Some(catalog) => examination.judge(catalog, warehouse.as_ref()).await,
                None => examination.look(warehouse.as_ref()).await,
            })
        });
        Ok(())
    }

    fn prepares(&mut self, what: &str) {
        let meter: Arc<Meter> = Arc::default();
        self.preparing = Some((what.to_owned(), meter));
        self.request_refresh(Refresh::Now);
    }

    pub(super) fn on_examined(&mut self, found: Result<Findings, StageError>) -> Result<(), Fatal> {
        self.preparing = None;
        if self.mode != Mode::Preparing {
            return Ok(());
        }
        let findings = match found {
            Ok(findings) => findings,
            Err(error) => {
                self.stop(error.message);
                return Ok(());
            }
        };
        for note in findings.notes() {
            tracing::warn!("{note}");
        }
        let permits = self.options.permits;
        let problems = findings.problems(permits);
        let foreign = findings.foreign_rows();
        if self.only_checks() {
            self.preflight.writes_nothing = problems.into_iter().chain(foreign).next().or_else(|| {
                let settlement = findings.settlement(self.as_owner());
                settlement
                    .is_needed()
                    .then(|| "no run of this plan has started here".to_owned())
            });
            self.preflight.step = Step::Done;
            return self.come_to_first_unit();
        }
        if !problems.is_empty() {
            return self.refuse(problems);
        }
        if !foreign.is_empty() && !permits.replace_existing {
            if !self.options.stay {
                let advice = "no plan owns it; to replace the rows of every date it runs, use 'backcourt run \
                              --replace-existing'";
                return self.refuse(
                    foreign
                        .iter()
                        .map(|line| format!("{line}, and {advice}"))
                        .collect(),
                );
            }
            self.put_question(existing_rows(foreign));
        }
        self.ask_about_outdated()?;
        self.preflight.step = Step::Seen(findings);
        self.come_to_first_unit()
    }

    /// Ends the run before it began, with everything that stands against it.
    fn refuse(&mut self, problems: Vec<String>) -> Result<(), Fatal> {
        for problem in &problems {
            tracing::error!("{problem}");
        }
        let first = problems.first().cloned().unwrap_or_default();
        let message = match problems.len() {
            0 | 1 => format!("{first}; nothing was created or written"),
            all => format!(
                "{first}; {} more, see above or the log; nothing was created or written",
                all - 1
            ),
        };
        self.emit(Event::PlanRefused { problems });
        self.sources.ask_no_more();
        self.end(RunState::Stopped, message, REFUSED)
    }

    fn as_owner(&self) -> crate::warehouse::Owner {
        crate::warehouse::Owner {
            plan: self.plan.name.clone(),
            by: self.options.operator.clone(),
            host: host_name(),
            since: Utc::now(),
        }
    }

    /// Does what the examination found to be needed; says whether there is anything to wait for.
    pub(super) fn start_settlement(&mut self) -> bool {
        let Step::Seen(findings) = std::mem::replace(&mut self.preflight.step, Step::Done) else {
            return false;
        };
        let settlement = findings.settlement(self.as_owner());
        if !settlement.is_needed() {
            return false;
        }
        self.prepares("recording the owner of the tables");
        let warehouse = self.charging(&Purpose::default());
        let folder = self.events.folder();
        self.spawn(TaskKind::Preflight, async move {
            TaskOutcome::Settled(settlement.settle(warehouse, folder).await)
        });
        true
    }

    pub(super) fn on_settled(&mut self, result: Result<Settled, Unsettled>) -> Result<(), Fatal> {
        self.preparing = None;
        if self.mode != Mode::Preparing {
            return Ok(());
        }
        match result {
            Ok(Settled { taken_over, altered }) => {
                let by = self.options.operator.clone();
                for (table, from) in taken_over {
                    tracing::warn!("{by} took over {table} from plan {from}");
                    self.emit(Event::TableTakenOver {
                        table,
                        from,
                        by: by.clone(),
                    });
                }
                for (table, statement) in altered {
                    tracing::info!("{table} altered: {statement}");
                    self.emit(Event::TableAltered { table, statement });
                }
                self.come_to_first_unit()
            }
            Err(Unsettled::Refused(problems)) => self.refuse(problems),
            Err(Unsettled::AtWork(why)) => {
                let message = format!("{why}; nothing was written");
                self.end(RunState::Stopped, message, AT_WORK)
            }
            Err(Unsettled::Failed(error)) => {
                self.stop(error.message);
                Ok(())
            }
        }
    }
}

/// The question before rows of another program are replaced.
fn existing_rows(mut lines: Vec<String>) -> Question {
    let title = match lines.len() {
        1 => "Replace rows of a table that no plan owns?".to_owned(),
        tables => format!("Replace rows of {tables} tables that no plan owns?"),
    };
    lines.push("The run replaces the rows of every date it runs; rows of other dates stay.".to_owned());
    lines.push("The tables then belong to this plan; other plans that fill them are refused.".to_owned());
    Question::new(Topic::ExistingRows, title, lines, &[("replace", "Replace")])
}
