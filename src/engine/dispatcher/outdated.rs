//! Dates that another definition of their stage made: announced before the first unit, then rerun or kept as the operator
//! says.

use chrono::NaiveDate;

use crate::ledger::{CurrentUnits, MadeBy};

use super::super::{Event, OnChange, Question, Topic, Work};
use super::{Dispatcher, Fatal};
use crate::figures::counted;

impl Dispatcher {
    /// The units of a stage as they count under the plan's definition of it.
    pub(super) fn current_units(&self, stage: &str) -> Result<CurrentUnits, Fatal> {
        Ok(match self.plan.stage(stage) {
            Some(spec) => self.ledger.current_units(self.target, spec)?,
            None => CurrentUnits {
                units: self.ledger.units(self.target, stage)?,
                ..CurrentUnits::default()
            },
        })
    }

    /// Asks what becomes of the dates of this run that another definition made, where that is the operator's decision.
    pub(super) fn ask_about_outdated(&mut self) -> Result<(), Fatal> {
        if self.options.on_change != OnChange::Ask {
            return Ok(());
        }
        let lines: Vec<String> = self.outdated()?.iter().map(Outdated::line).collect();
        if !lines.is_empty() {
            self.put_question(question(lines));
        }
        Ok(())
    }

    /// Says how many dates of this run another definition made, stage by stage, and what becomes of them.
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

    /// The outdated dates of this run, by stage. A run of chosen dates does those and no others, whoever made them.
    fn outdated(&self) -> Result<Vec<Outdated>, Fatal> {
        let mut outdated = Vec::new();
        if self.options.work != Work::Missing {
            return Ok(outdated);
        }
        for line in &self.stage_runs {
            let stage = line.board.name.clone();
            let CurrentUnits { changed, made_by, .. } = self.current_units(&stage)?;
            let is_here = |date: &NaiveDate| line.board.unit(*date).is_some();
            let dates: Vec<NaiveDate> = changed.into_iter().filter(is_here).collect();
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

/// Dates of a stage that another definition made.
struct Outdated {
    stage: String,
    dates: Vec<NaiveDate>,
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

/// The question what becomes of them. Its first answer changes nothing.
fn question(mut lines: Vec<String>) -> Question {
    lines
        .push("Rerun replaces their rows using the plan's definition. Keep leaves them outdated.".to_owned());
    let choices = [("keep", "Keep"), ("rerun", "Rerun")];
    Question::new(Topic::Outdated, "Rerun the outdated dates?", lines, &choices)
}
