//! Waivers, and gates that open or shut because a check has another answer than before.

use chrono::Utc;

use crate::ledger::{CheckRecord, CheckState, Waiver};
use crate::plan::with_hint;

use super::super::{Event, StageState};
use super::{Dispatcher, Fatal, Mode, Picture};

impl Dispatcher {
    /// Lets a failed check pass on the operator's word.
    pub(super) fn waive(&mut self, name: &str, reason: &str) -> Result<Result<String, String>, Fatal> {
        if reason.is_empty() {
            return Ok(Err("a waiver needs a reason; it is recorded for good".to_owned()));
        }
        let Some(at) = self.checks.iter().position(|check| check.name == name) else {
            let known = self.checks.iter().map(|check| check.name.as_str());
            return Ok(Err(with_hint("check", name, known)));
        };
        let view = &mut self.checks[at];
        if view.state != CheckState::Fail {
            return Ok(Err(format!(
                "only a failed check can be waived; {name} is {}",
                view.state
            )));
        }
        let waiver = Waiver {
            check: name.to_owned(),
            reason: reason.to_owned(),
            by: self.options.operator.clone(),
            at: Utc::now(),
            value: view.value.clone().unwrap_or_default(),
            target: view.target.clone(),
        };
        let record = CheckRecord {
            name: name.to_owned(),
            state: CheckState::Waived,
            value: view.value.clone(),
            offending: view.offending.to_vec(),
            seconds: view.seconds.unwrap_or_default(),
            at: view.asked_at.unwrap_or(waiver.at),
        };
        self.ledger.record_waiver(self.target, &self.run.id, &waiver)?;
        self.ledger.record_check(self.target, &self.run.id, &record)?;
        view.state = CheckState::Waived;
        view.waiver = Some(waiver.clone());
        let stage = view.stage.clone();
        tracing::warn!(stage, "{name} waived by {}: {reason}", waiver.by);
        self.tell(Event::CheckWaived {
            check: waiver.check,
            reason: waiver.reason,
            by: waiver.by,
            value: waiver.value,
            target: waiver.target,
        });
        self.want_picture(Picture::Now);
        self.judge_again(&stage)?;
        Ok(Ok(format!("{name} is waived as long as it measures the same")))
    }

    /// A check of a stage that was through has a new answer: its gate may stand otherwise now, and what waited
    /// behind it may start.
    pub(super) fn judge_again(&mut self, stage: &str) -> Result<(), Fatal> {
        let Some(at) = self.lines.iter().position(|line| line.board.name == stage) else {
            return Ok(());
        };
        let was_through = matches!(
            self.lines[at].board.state,
            StageState::Passed | StageState::Failed
        );
        if !was_through || self.is_checking(at) {
            return Ok(());
        }
        self.lines[at].board.state = self.verdict(at);
        let opened = self.lines[at].board.state == StageState::Passed;
        let waits = self
            .lines
            .iter()
            .any(|line| matches!(line.board.state, StageState::Waiting | StageState::Running));
        if opened && waits && self.mode == Mode::Over && !self.leaving {
            self.reopen()?;
        }
        Ok(())
    }
}
