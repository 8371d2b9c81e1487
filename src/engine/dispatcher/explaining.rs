//! Breakdowns: run when a stage's units have finished or when the operator asks. They block no gate and no date.

use std::sync::Arc;

use chrono::Utc;

use crate::checks::{Breakdown, break_down};
use crate::ledger::Purpose;
use crate::plan::{Plan, with_hint};
use crate::warehouse::WarehouseError;

use super::super::{BreakdownState, BreakdownView, CheckView};
use super::{CheckTicket, Dispatcher, Refresh, StageRun, TaskKind, TaskOutcome};

/// The breakdowns of these checks, not run yet.
pub(super) fn views(plan: &Plan, checks: &[CheckView]) -> Vec<BreakdownView> {
    let takes_part = |check: &str| checks.iter().any(|view| view.name == check);
    let taking_part = plan.breakdowns.iter().filter(|spec| takes_part(&spec.check));
    taking_part
        .map(|spec| BreakdownView {
            check: spec.check.clone(),
            title: spec.title.clone(),
            state: BreakdownState::Pending,
            found: None,
            asked_at: None,
            problem: None,
        })
        .collect()
}

impl Dispatcher {
    /// Starts the breakdowns of a stage that have no current result.
    pub(super) fn ask_open_breakdowns(&mut self, at: usize) {
        if self.stage_runs[at].board.rows() == 0 {
            return;
        }
        let stage = self.stage_runs[at].board.name.clone();
        for breakdown in self.breakdowns_of(&stage) {
            if !matches!(
                self.breakdowns[breakdown].state,
                BreakdownState::Current | BreakdownState::Running
            ) {
                self.ask_breakdown(breakdown);
            }
        }
    }

    /// Runs a breakdown at the operator's request.
    pub(super) fn explain(&mut self, check: &str) -> Result<String, String> {
        let known = self.breakdowns.iter().map(|view| view.check.as_str());
        let Some(at) = known.clone().position(|name| name == check) else {
            return Err(with_hint("breakdown of", check, known));
        };
        if self.breakdowns[at].state == BreakdownState::Running {
            return Err("already running".to_owned());
        }
        self.ask_breakdown(at);
        Ok(format!("rerunning the breakdown of {check}"))
    }

    fn ask_breakdown(&mut self, at: usize) {
        let view = &mut self.breakdowns[at];
        let Some(spec) = self.plan.breakdown(&view.check).cloned() else {
            return;
        };
        view.state = BreakdownState::Running;
        let asked = CheckTicket {
            at,
            changes: self.changes_behind(at),
        };
        let stage = self.stage_behind(&spec.check).unwrap_or_default();
        let warehouse = self.charging(&Purpose::check(stage, &spec.check));
        self.explaining += 1;
        self.request_refresh(Refresh::Now);
        self.spawn(TaskKind::Breakdown(at), async move {
            TaskOutcome::BrokenDown(asked, break_down(&spec, warehouse.as_ref()).await)
        });
    }

    pub(super) fn on_broken_down(&mut self, asked: CheckTicket, result: Result<Breakdown, WarehouseError>) {
        let is_current = self.changes_behind(asked.at) == asked.changes;
        match result {
            Err(error) => self.breakdown_failed(asked.at, error.message),
            Ok(found) => {
                self.explaining = self.explaining.saturating_sub(1);
                let view = &mut self.breakdowns[asked.at];
                tracing::info!("{} {}: {}", view.title, found.whole.share(), found.in_words());
                view.state = if is_current {
                    BreakdownState::Current
                } else {
                    BreakdownState::Outdated
                };
                view.found = Some(Arc::new(found));
                view.asked_at = Some(Utc::now());
                view.problem = None;
                self.request_refresh(Refresh::Now);
            }
        }
    }

    pub(super) fn on_breakdown_died(&mut self, at: usize, message: &str) {
        self.breakdown_failed(at, format!("panicked: {message}"));
    }

    fn breakdown_failed(&mut self, at: usize, problem: String) {
        self.explaining = self.explaining.saturating_sub(1);
        let view = &mut self.breakdowns[at];
        tracing::error!("the breakdown of {} failed: {problem}", view.check);
        view.state = BreakdownState::Failed;
        view.problem = Some(problem);
        self.request_refresh(Refresh::Now);
    }

    /// Marks a stage's breakdowns outdated. Call before its stored rows change.
    pub(super) fn outdate_breakdowns(&mut self, stage: &str) {
        for at in self.breakdowns_of(stage) {
            let view = &mut self.breakdowns[at];
            if view.state == BreakdownState::Current {
                view.state = BreakdownState::Outdated;
            }
        }
    }

    fn breakdowns_of(&self, stage: &str) -> Vec<usize> {
        let breakdowns = self.breakdowns.iter().enumerate();
        let of_stage = breakdowns.filter(|(_, view)| self.stage_behind(&view.check) == Some(stage));
        of_stage.map(|(at, _)| at).collect()
    }

    fn stage_behind(&self, check: &str) -> Option<&str> {
        let check = self.checks.iter().find(|view| view.name == check)?;
        Some(&check.stage)
    }

    /// How often the rows behind a breakdown have changed in this run.
    fn changes_behind(&self, at: usize) -> u64 {
        let stage = self.stage_behind(&self.breakdowns[at].check);
        let is_meant = |stage_run: &&StageRun| Some(stage_run.board.name.as_str()) == stage;
        self.stage_runs
            .iter()
            .find(is_meant)
            .map_or(0, |stage_run| stage_run.changes)
    }
}
