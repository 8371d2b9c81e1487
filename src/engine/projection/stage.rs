//! Applies events about stages and their units.

use std::sync::Arc;

use crate::engine::Event;
use crate::engine::snapshot::{self, CheckView, Snapshot, StageState, StageView, UnitView};
use crate::ledger::{CheckState, UnitState};
use crate::partition::Partition;
use crate::plan::Severity;

pub(super) fn fold(snapshot: &mut Snapshot, event: &Event) {
    let (stages, progress) = (&mut snapshot.stages, &mut snapshot.run.progress);
    match event {
        Event::StageStarted { stage, to_do, .. } => {
            StageView::named(stages, stage).state = StageState::Running;
            progress.total = progress.total.saturating_add(*to_do);
        }
        Event::UnitFinished { stage, .. } => {
            StageView::named(stages, stage).put_units(finished(event).into_iter());
            progress.done = progress.done.saturating_add(1);
        }
        Event::UnitRetried {
            stage,
            date,
            attempt,
            message,
            ..
        } => retried(StageView::named(stages, stage), &[*date], *attempt, message),
        Event::CallRetried {
            stage,
            dates,
            attempt,
            message,
            ..
        } => retried(StageView::named(stages, stage), dates, *attempt, message),
        Event::RerunQueued { stage, dates } => StageView::named(stages, stage).change_units(dates, |unit| {
            unit.state = UnitState::Pending;
            unit.attempts = 0;
            unit.reason = None;
        }),
        Event::UnitsInvalidated { stage, dates, reason } => {
            let reason: Arc<str> = Arc::from(reason.as_str());
            StageView::named(stages, stage).change_units(dates, |unit| {
                unit.state = UnitState::Stale;
                unit.reason = Some(Arc::clone(&reason));
            });
        }
        Event::StageFinished { stage, seconds, .. } => {
            let stage = StageView::named(stages, stage);
            stage.state = StageState::Checking;
            stage.seconds = *seconds;
        }
        _ => {}
    }
}

fn retried(stage: &mut StageView, dates: &[Partition], attempt: u32, message: &str) {
    let reason: Arc<str> = Arc::from(message);
    stage.change_units(dates, |unit| {
        unit.state = UnitState::Pending;
        unit.attempts = attempt;
        unit.reason = Some(Arc::clone(&reason));
    });
}

fn finished(event: &Event) -> Option<UnitView> {
    let Event::UnitFinished {
        date,
        state,
        rows,
        expected,
        attempts,
        reason,
        ..
    } = event
    else {
        return None;
    };
    Some(UnitView {
        date: *date,
        state: *state,
        rows: *rows,
        expected: *expected,
        attempts: *attempts,
        reason: reason.as_deref().map(Arc::from),
    })
}

/// Sets a finished stage to passed or failed by its gate, unless a blocking check is still to run.
pub(super) fn judged(snapshot: &mut Snapshot, name: &str) {
    let of_it = |check: &&CheckView| check.stage == name;
    let checks = || snapshot.checks.iter().filter(of_it);
    let is_awaited = |check: &CheckView| {
        check.severity == Severity::Blocking
            && matches!(
                check.state,
                CheckState::Pending | CheckState::Outdated | CheckState::Running
            )
    };
    if checks().any(is_awaited) {
        return;
    }
    let at_gate = checks().map(CheckView::at_gate);
    if let Some(stage) = snapshot.stages.iter_mut().find(|stage| stage.name == name)
        && !matches!(stage.state, StageState::Waiting | StageState::Running)
    {
        stage.state = snapshot::judged(&stage.units, at_gate);
    }
}

pub(super) fn all_judged(snapshot: &mut Snapshot) {
    let waits = |stage: &&StageView| stage.state == StageState::Checking;
    let names: Vec<String> = (snapshot.stages.iter().filter(waits))
        .map(|stage| stage.name.clone())
        .collect();
    for name in names {
        judged(snapshot, &name);
    }
}
