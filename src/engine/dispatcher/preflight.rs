//! The preflight of a run. First it compares the plan with the warehouse; any problem ends the run before anything is
//! created. Last, when all questions are answered, it records the run's plan as owner of its tables.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::Utc;

use super::super::preflight::{
    Catalog, ChangedTables, Examination, Findings, TableChangeError, invalidate_claimed,
};
use super::super::{
    Estimate, Event, KnownUnits, Meter, Prepare, Question, Sample, SampleView, Selection, StageError, Work,
};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::fence::host_name;
use crate::ledger::{Purpose, RunState};

/// Exit code of a run that preflight refused.
const REFUSED: u8 = 2;
/// Exit code of a run that would conflict with another one.
const CONFLICTING: u8 = 4;

/// What happens before the first unit: the plan, its tables, the raw data, the cost estimate, the sample.
#[derive(Default)]
pub(super) struct Preflight {
    /// Whether the declared sources have been looked at, if there are any.
    pub(super) has_looked: bool,
    pub(super) step: Step,
    /// Whether the raw data has been loaded, if there was any to load.
    pub(super) is_prepared: bool,
    /// For a run that only runs checks: why it can't rerun dates, if it can't.
    pub(super) writes_nothing: Option<String>,
    /// Message about the run being continued, until it is emitted.
    pub(super) continued: Option<String>,
    /// The catalog read at the start, until it is examined.
    pub(super) catalog: Option<Catalog>,
    /// The step under way, as shown.
    pub(super) preparing: Option<(String, Arc<Meter>)>,
    /// Loads the raw data, until it is started.
    pub(super) prepare: Option<Box<dyn Prepare>>,
    /// The cost estimate, if it is made during preflight.
    pub(super) early_estimate: EarlyEstimate,
    pub(super) estimate: Option<Arc<Estimate>>,
    /// The sample to take, with the ledger's state when the run began, until it is started.
    pub(super) sample: Option<(KnownUnits, Sample)>,
    pub(super) sampled: Option<Arc<SampleView>>,
    pub(super) questions: VecDeque<Question>,
    /// Stages whose tables are being recorded as the plan's own.
    pub(super) claimed: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) enum EarlyEstimate {
    #[default]
    NotRequested,
    Requested(Arc<Meter>),
    /// The estimate, and the seconds it took.
    Arrived(Estimate, f64),
}

#[derive(Debug, Default)]
pub(super) enum Step {
    #[default]
    NotStarted,
    /// Examined; tables may still have to be altered or taken over.
    Examined(Findings),
    Done,
}

impl Dispatcher {
    /// Whether this run only runs checks. It then creates, alters and owns nothing.
    pub(super) fn only_checks(&self) -> bool {
        matches!(&self.options.work, Work::Only(Selection::Dates(dates)) if dates.is_empty())
    }

    /// Starts to compare the plan and its tables with the warehouse.
    pub(super) fn start_examination(&mut self) -> Result<(), Fatal> {
        let examination = Examination {
            plan: self.plan.name.clone(),
            stages: self.stages.iter().map(|work| Arc::clone(&work.stage)).collect(),
            lineage: self.provenance.lineage().clone(),
            date: self.options.dates.first().copied(),
            filled: self.ledger.filled_stages(self.target)?,
            loads_later: self.preflight.prepare.is_some(),
        };
        self.begin_step("checking the plan against the warehouse".to_owned());
        let (catalog, warehouse) = (self.preflight.catalog.take(), self.charging(&Purpose::default()));
        self.spawn(TaskKind::Step("checking the plan"), async move {
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
                let table_changes = findings.table_changes(self.as_owner());
                table_changes
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
                let refused = foreign.iter().map(|line| format!("{line}, and {advice}"));
                return self.refuse(refused.collect());
            }
            self.put_question(Question::existing_rows(foreign));
        }
        self.ask_about_outdated()?;
        self.preflight.step = Step::Examined(findings);
        self.continue_preflight()
    }

    pub(super) fn refuse(&mut self, problems: Vec<String>) -> Result<(), Fatal> {
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

    /// Marks what the ledger has of newly claimed tables as stale.
    fn distrust_claimed(&mut self) -> Result<(), Fatal> {
        let stages = std::mem::take(&mut self.preflight.claimed);
        let found = invalidate_claimed(&mut self.ledger, self.target, &stages)?;
        self.show_invalidated(found);
        Ok(())
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
    pub(super) fn start_table_changes(&mut self) -> bool {
        let Step::Examined(findings) = std::mem::replace(&mut self.preflight.step, Step::Done) else {
            return false;
        };
        let table_changes = findings.table_changes(self.as_owner());
        if !table_changes.is_needed() {
            return false;
        }
        self.preflight.claimed = findings.claimed_stages();
        self.begin_step("recording the owner of the tables".to_owned());
        let warehouse = self.charging(&Purpose::default());
        let folder = self.events.folder();
        self.spawn(TaskKind::Step("checking the plan"), async move {
            TaskOutcome::TablesChanged(table_changes.apply(warehouse, folder).await)
        });
        true
    }

    pub(super) fn on_tables_changed(
        &mut self,
        result: Result<ChangedTables, TableChangeError>,
    ) -> Result<(), Fatal> {
        self.preflight.preparing = None;
        if !self.mode.is_preparing() {
            return Ok(());
        }
        match result {
            Ok(ChangedTables { taken_over, altered }) => {
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
                self.distrust_claimed()?;
                self.continue_preflight()
            }
            Err(TableChangeError::Refused(problems)) => self.refuse(problems),
            Err(TableChangeError::InUse(why)) => {
                let message = format!("{why}; nothing was written");
                self.end(RunState::Stopped, message, CONFLICTING)
            }
            Err(TableChangeError::Failed(error)) => {
                self.stop(error.message);
                Ok(())
            }
        }
    }
}
