//! The preflight of a run. First it compares the plan with the warehouse; any problem ends the run before anything is
//! created. Last, when all questions are answered, it records the run's plan as owner of its tables.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::Utc;

use super::super::preflight::{Catalog, Examination, Findings, Settled, Unsettled};
use super::super::{
    Estimate, Event, Known, Meter, Prepare, Question, Sample, SampleView, Selection, StageError, Work,
};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::fence::host_name;
use crate::ledger::{Purpose, RunState};

/// Exit code of a run that preflight refused.
const REFUSED: u8 = 2;
/// Exit code of a run that would conflict with another one.
const AT_WORK: u8 = 4;

/// What happens before the first unit: the plan, its tables, the raw data, the cost estimate, the sample.
#[derive(Default)]
pub(super) struct Preflight {
    /// How far the preflight is.
    pub(super) step: Step,
    /// Whether the raw data has been loaded, if there was any to load.
    pub(super) is_prepared: bool,
    /// For a run that only runs checks: why it can't rerun dates, if it can't.
    pub(super) writes_nothing: Option<String>,
    /// The catalog read at the start, until it is examined.
    pub(super) catalog: Option<Catalog>,
    /// The step under way, as shown.
    pub(super) preparing: Option<(String, Arc<Meter>)>,
    /// Loads the raw data, until it is started.
    pub(super) prepare: Option<Box<dyn Prepare>>,
    /// The cost estimate, if it is made during preflight.
    pub(super) early_estimate: EarlyEstimate,
    /// The cost estimate, once it has been made.
    pub(super) estimate: Option<Arc<Estimate>>,
    /// The sample to take, with the ledger's state when the run began, until it is started.
    pub(super) sample: Option<(Known, Sample)>,
    /// The sample as far as it has been taken.
    pub(super) sampled: Option<Arc<SampleView>>,
    /// Questions to ask, in order.
    pub(super) questions: VecDeque<Question>,
}

/// A cost estimate made during preflight.
#[derive(Debug, Default)]
pub(super) enum EarlyEstimate {
    #[default]
    NotRequested,
    Requested(Arc<Meter>),
    /// The estimate, and the seconds it took.
    Arrived(Estimate, f64),
}

/// The steps of the preflight.
#[derive(Debug, Default)]
pub(super) enum Step {
    /// Not started.
    #[default]
    Ahead,
    /// Examined; tables may still have to be altered or taken over.
    Seen(Findings),
    /// Finished.
    Done,
}

impl Dispatcher {
    /// Whether this run only runs checks. It then creates, alters and owns nothing.
    pub(super) fn only_checks(&self) -> bool {
        matches!(&self.options.work, Work::Only(Selection::Dates(dates)) if dates.is_empty())
    }

    /// Sets the catalog that was read before the run began.
    pub(in crate::engine) fn set_catalog(&mut self, catalog: Option<Catalog>) {
        self.preflight.catalog = catalog;
    }

    /// Starts to compare the plan and its tables with the warehouse.
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
            loads_later: self.preflight.prepare.is_some(),
        };
        self.begin_step("checking the plan against the warehouse".to_owned());
        let (catalog, warehouse) = (self.preflight.catalog.take(), self.charging(&Purpose::default()));
        self.spawn(TaskKind::Preflight, async move {
            TaskOutcome::Examined(match catalog {
                Some(catalog) => examination.judge(catalog, warehouse.as_ref()).await,
                None => examination.look(warehouse.as_ref()).await,
            })
        });
        Ok(())
    }

    /// Shows a step before the first unit. Returns the meter of its progress.
    pub(super) fn begin_step(&mut self, what: String) -> Arc<Meter> {
        let meter: Arc<Meter> = Arc::default();
        self.preflight.preparing = Some((what, Arc::clone(&meter)));
        self.request_refresh(Refresh::Now);
        meter
    }

    /// The result of a step before the first unit; `None` if it failed, which stops the run, or if it is too late.
    pub(super) fn end_step<T>(&mut self, result: Result<T, StageError>) -> Option<T> {
        self.preflight.preparing = None;
        match result {
            _ if !self.mode.is_preparing() => None,
            Ok(result) => Some(result),
            Err(error) => {
                self.stop(error.message);
                None
            }
        }
    }

    pub(super) fn on_examined(&mut self, found: Result<Findings, StageError>) -> Result<(), Fatal> {
        let Some(findings) = self.end_step(found) else {
            return Ok(());
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
            return self.continue_preflight();
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
            self.put_question(Question::existing_rows(foreign));
        }
        self.ask_about_outdated()?;
        self.preflight.step = Step::Seen(findings);
        self.continue_preflight()
    }

    /// Ends the run before its first unit and reports every problem.
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
        self.sources.clear();
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

    /// Starts the changes to tables that preflight found necessary. Returns whether there are any to wait for.
    pub(super) fn start_settlement(&mut self) -> bool {
        let Step::Seen(findings) = std::mem::replace(&mut self.preflight.step, Step::Done) else {
            return false;
        };
        let settlement = findings.settlement(self.as_owner());
        if !settlement.is_needed() {
            return false;
        }
        self.begin_step("recording the owner of the tables".to_owned());
        let warehouse = self.charging(&Purpose::default());
        let folder = self.events.folder();
        self.spawn(TaskKind::Preflight, async move {
            TaskOutcome::Settled(settlement.settle(warehouse, folder).await)
        });
        true
    }

    pub(super) fn on_settled(&mut self, result: Result<Settled, Unsettled>) -> Result<(), Fatal> {
        self.preflight.preparing = None;
        if !self.mode.is_preparing() {
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
                self.continue_preflight()
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
