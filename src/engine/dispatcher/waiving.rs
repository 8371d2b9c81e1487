//! Waivers, and gates that open or close because a check has a new result.

use chrono::Utc;

use crate::ledger::{CheckRecord, CheckState, PastAnswer, Waiver};
use crate::plan::with_hint;
use crate::reason::refused;

use super::super::{Event, Reply, StageState};
use super::{Dispatcher, Fatal, Refresh};

impl Dispatcher {
    pub(super) fn waive(&mut self, name: &str, reason: &str, by: &str) -> Result<Reply, Fatal> {
        if reason.is_empty() {
            return Ok(Reply::Refused(
                "a waiver needs a reason; it is permanently recorded".to_owned(),
            ));
        }
        if let Some(refusal) = refused("the reason", reason) {
            return Ok(Reply::Refused(refusal));
        }
        let Some((at, spec)) = self.checks.position(name).zip(self.plan.check(name)) else {
            return Ok(Reply::Refused(with_hint("check", name, self.checks.names())));
        };
        let view = &mut self.checks.views[at];
        if let Some(refusal) = view.state.refuse_waiver(name) {
            return Ok(Reply::Refused(refusal));
        }
        let now = Utc::now();
        let failed = CheckRecord {
            name: name.to_owned(),
            state: view.state,
            value: view.value.clone(),
            failing_dates: view.failing_dates.to_vec(),
            note: view.note.clone(),
            seconds: view.seconds.unwrap_or_default(),
            at: view.run_at.unwrap_or(now),
            fingerprint: Some(spec.fingerprint),
        };
        let waiver = self
            .ledger
            .waive(self.target, &self.run.id, &failed, spec, reason, by, now)?;
        view.state = CheckState::Waived;
        view.remember(PastAnswer {
            state: view.state,
            ..PastAnswer::of(&self.run.id, &failed)
        });
        view.waiver = Some(waiver.clone());
        view.remark = None;
        let stage = view.stage.clone();
        self.report_waiver(&stage, waiver);
        self.judge_again(&stage)?;
        Ok(Reply::Accepted(format!(
            "{name} waived for this definition and value"
        )))
    }

    fn report_waiver(&mut self, stage: &str, waiver: Waiver) {
        tracing::warn!(
            stage,
            "{} waived by {}: {}",
            waiver.check,
            waiver.by,
            waiver.reason
        );
        self.emit(Event::CheckWaived {
            check: waiver.check,
            reason: waiver.reason,
            by: waiver.by,
            value: waiver.value,
            target: waiver.target,
            fingerprint: waiver.fingerprint,
        });
        self.request_refresh(Refresh::Now);
    }

    /// Evaluates the gate of a finished stage again after a check has a new result. Stages downstream may start.
    pub(super) fn judge_again(&mut self, stage: &str) -> Result<(), Fatal> {
        let Some(at) = self.stage_names().position(|name| name == stage) else {
            return Ok(());
        };
        let was_judged = matches!(
            self.stages[at].board.state,
            StageState::Passed | StageState::Failed
        );
        if was_judged && !self.is_checking(at) {
            let verdict = self.verdict(at);
            self.stages[at].board.state = verdict;
            if verdict == StageState::Passed {
                self.reopen_if_possible()?;
            }
        }
        Ok(())
    }

    /// Continues a run that had ended, if a waiting stage can start now.
    fn reopen_if_possible(&mut self) -> Result<(), Fatal> {
        let waits = (0..self.stages.len()).any(|at| match self.stages[at].board.state {
            StageState::Waiting => !self.cannot_start(at),
            StageState::Running => !self.is_blocked(at),
            _ => false,
        });
        if waits && self.mode.has_ended() && !self.leaving {
            self.reopen()?;
        }
        Ok(())
    }

    /// Approves a waiting stage, or all of them; each starts once the gates before it open.
    pub(super) fn release(&mut self, stage: Option<&str>, by: &str) -> Result<Reply, Fatal> {
        if let Some(name) = stage.filter(|name| self.stage(name).is_none()) {
            return Ok(Reply::Refused(with_hint("stage", name, self.stage_names())));
        }
        let mut released = Vec::new();
        for work in &mut self.stages {
            let is_meant = stage.is_none_or(|stage| stage == work.board.name);
            if is_meant && !work.released && work.board.state == StageState::Waiting {
                work.released = true;
                released.push(work.board.name.clone());
            }
        }
        if released.is_empty() {
            return Ok(Reply::Refused("no stage awaits approval".to_owned()));
        }
        let stages = released.join(", ");
        tracing::info!("{stages} approved by {by}");
        self.emit(Event::StagesApproved {
            stages: released,
            by: by.to_owned(),
        });
        self.reopen_if_possible()?;
        self.request_refresh(Refresh::Now);
        Ok(Reply::Accepted(format!(
            "{stages} starts as soon as the gates before it open"
        )))
    }
}
