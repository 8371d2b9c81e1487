//! Breakdowns: run when a stage's units have finished or when the operator asks. They block no gate and no date.

use std::sync::Arc;

use chrono::Utc;

use crate::checks::{Breakdown, break_down};
use crate::ledger::Purpose;
use crate::plan::{Plan, with_hint};
use crate::warehouse::WarehouseError;

use super::super::{BreakdownState, BreakdownView, CheckView};
use super::{CheckTicket, Dispatcher, Refresh, TaskKind, TaskOutcome};

#[derive(Debug)]
struct StageBreakdown {
    stage: String,
    view: BreakdownView,
}

#[derive(Debug)]
pub(super) struct Breakdowns(Vec<StageBreakdown>);

impl Breakdowns {
    pub(super) fn of(plan: &Plan, checks: &[CheckView]) -> Self {
        let breakdowns = plan.breakdowns.iter().filter_map(|spec| {
            let check = checks.iter().find(|check| check.name == spec.check)?;
            Some(StageBreakdown {
                stage: check.stage.clone(),
                view: BreakdownView {
                    check: spec.check.clone(),
                    title: spec.title.clone(),
                    state: BreakdownState::Pending,
                    found: None,
                    run_at: None,
                    problem: None,
                },
            })
        });
        Self(breakdowns.collect())
    }

    pub(super) fn views(&self) -> Vec<BreakdownView> {
        self.0.iter().map(|breakdown| breakdown.view.clone()).collect()
    }

    fn checks(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|breakdown| breakdown.view.check.as_str())
    }

    /// Whether a query is in flight.
    pub(super) fn are_pending(&self) -> bool {
        let is_running = |breakdown: &StageBreakdown| breakdown.view.state == BreakdownState::Running;
        self.0.iter().any(is_running)
    }

    /// The breakdowns of a stage that neither have a current result nor are in flight.
    fn open_of(&self, stage: &str) -> Vec<usize> {
        let is_open = |at: &usize| {
            let StageBreakdown { stage: known, view } = &self.0[*at];
            let has_one = matches!(view.state, BreakdownState::Current | BreakdownState::Running);
            known == stage && !has_one
        };
        (0..self.0.len()).filter(is_open).collect()
    }

    pub(super) fn outdate(&mut self, stage: &str) {
        for breakdown in &mut self.0 {
            if breakdown.stage == stage && breakdown.view.state == BreakdownState::Current {
                breakdown.view.state = BreakdownState::Outdated;
            }
        }
    }

    pub(super) fn reset_aborted(&mut self) {
        for StageBreakdown { view, .. } in &mut self.0 {
            if view.state == BreakdownState::Running {
                view.state = match view.found {
                    Some(_) => BreakdownState::Outdated,
                    None => BreakdownState::Pending,
                };
            }
        }
    }
}

impl Dispatcher {
    /// Starts the breakdowns of a stage that have no current result.
    pub(super) fn start_open_breakdowns(&mut self, at: usize) {
        let board = &self.stages[at].board;
        if board.rows() > 0 {
            for breakdown in self.breakdowns.open_of(&board.name) {
                self.start_breakdown(breakdown);
            }
        }
    }

    pub(super) fn run_breakdown(&mut self, check: &str) -> Result<String, String> {
        let Some(at) = self.breakdowns.checks().position(|name| name == check) else {
            return Err(with_hint("breakdown of", check, self.breakdowns.checks()));
        };
        if self.breakdowns.0[at].view.state == BreakdownState::Running {
            return Err("already running".to_owned());
        }
        self.start_breakdown(at);
        Ok(format!("rerunning the breakdown of {check}"))
    }

    fn start_breakdown(&mut self, at: usize) {
        let StageBreakdown { stage, view } = &self.breakdowns.0[at];
        let Some(spec) = self.plan.breakdown(&view.check).cloned() else {
            return;
        };
        let changes = self.changes_of(stage);
        let warehouse = self.charging(&Purpose::check(stage, &spec.check));
        let grain = self.plan.grain_of(stage);
        self.breakdowns.0[at].view.state = BreakdownState::Running;
        self.request_refresh(Refresh::Now);
        self.spawn(TaskKind::Breakdown(at), async move {
            let ticket = CheckTicket { at, changes };
            TaskOutcome::BrokenDown(ticket, break_down(&spec, grain, warehouse.as_ref()).await)
        });
    }

    pub(super) fn on_broken_down(&mut self, ticket: CheckTicket, result: Result<Breakdown, WarehouseError>) {
        let found = match result {
            Err(error) => return self.breakdown_failed(ticket.at, error.message),
            Ok(found) => found,
        };
        let is_current = self.changes_of(&self.breakdowns.0[ticket.at].stage) == ticket.changes;
        let view = &mut self.breakdowns.0[ticket.at].view;
        tracing::info!("{} {}: {}", view.title, found.total.share(), found.in_words());
        view.state = if is_current {
            BreakdownState::Current
        } else {
            BreakdownState::Outdated
        };
        view.found = Some(Arc::new(found));
        view.run_at = Some(Utc::now());
        view.problem = None;
        self.request_refresh(Refresh::Now);
    }

    pub(super) fn on_breakdown_panic(&mut self, at: usize, message: &str) {
        self.breakdown_failed(at, format!("panicked: {message}"));
    }

    fn breakdown_failed(&mut self, at: usize, problem: String) {
        let view = &mut self.breakdowns.0[at].view;
        tracing::error!("the breakdown of {} failed: {problem}", view.check);
        view.state = BreakdownState::Failed;
        view.problem = Some(problem);
        self.request_refresh(Refresh::Now);
    }
}
