//! Dates computed with another definition of their stage: rerun or kept, as the operator decides.

use crate::ledger::{CurrentUnits, MadeBy};
use crate::partition::Partition;

use super::super::{Event, OnChange, Question, Work};
use super::{Dispatcher, Fatal};
use crate::figures::counted;

impl Dispatcher {
    /// The units of a stage, with their state under the plan's current definition.
    pub(super) fn current_units(&self, stage: &str) -> Result<CurrentUnits, Fatal> {
        Ok(match self.plan.stage(stage) {
            Some(spec) => self.ledger.current_units(self.target, spec)?,
            None => CurrentUnits {
                units: self.ledger.units(self.target, stage)?,
                ..CurrentUnits::default()
            },
        })
    }

    pub(super) fn ask_about_outdated(&mut self) -> Result<(), Fatal> {
        if self.options.on_change != OnChange::Ask {
            return Ok(());
        }
        let lines: Vec<String> = self.outdated()?.iter().map(Outdated::line).collect();
        if !lines.is_empty() {
            self.put_question(Question::outdated(lines));
        }
        Ok(())
    }

    /// Logs and emits, per stage, how many dates are outdated and whether they are rerun.
    pub(super) fn report_outdated(&mut self) -> Result<(), Fatal> {
        let rerun = self.options.on_change == OnChange::Rerun;
        for outdated in self.outdated()? {
            let then = if rerun {
                "rerunning now".to_owned()
            } else {
                format!(
                    "rows kept; rerun them with 'backcourt rerun --outdated' or accept them with 'backcourt accept {} \
                     --reason TEXT'",
                    outdated.stage
                )
            };
            let message = format!("{}: {then}", outdated.line());
            tracing::warn!(stage = outdated.stage, "{message}");
            self.emit(Event::DatesOutdated {
                stage: outdated.stage,
                dates: outdated.dates,
                rerun,
                message,
            });
        }
        Ok(())
    }

    /// This run's outdated dates by stage; none if the run has chosen dates, since it runs those in any case.
    fn outdated(&self) -> Result<Vec<Outdated>, Fatal> {
        let mut outdated = Vec::new();
        if self.options.work != Work::Missing {
            return Ok(outdated);
        }
        for work in &self.stages {
            let stage = work.board.name.clone();
            let CurrentUnits { changed, made_by, .. } = self.current_units(&stage)?;
            let is_here = |date: &Partition| work.board.unit(*date).is_some();
            let dates: Vec<Partition> = changed.into_iter().filter(is_here).collect();
            if !dates.is_empty() {
                outdated.push(Outdated {
                    stage,
                    dates,
                    made_by,
                });
            }
        }
        Ok(outdated)
    }
}

struct Outdated {
    stage: String,
    dates: Vec<Partition>,
    made_by: Vec<MadeBy>,
}

impl Outdated {
    fn line(&self) -> String {
        format!(
            "{} of {} {} computed by another definition ({})",
            counted(self.dates.len(), "date"),
            self.stage,
            if self.dates.len() == 1 { "was" } else { "were" },
            MadeBy::summary(&self.made_by).unwrap_or_default()
        )
    }
}
