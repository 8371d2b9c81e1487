//! Applies events about stages and their units.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::engine::snapshot;
use crate::engine::{CheckView, Event, Snapshot, StageState, StageView, UnitView};
use crate::ledger::{CheckState, Counts, UnitState};

pub(super) fn fold(snapshot: &mut Snapshot, event: &Event) {
    match event {
        Event::StageStarted { stage, to_do, .. } => {
            of_name(&mut snapshot.stages, stage).state = StageState::Running;
            snapshot.run.progress.total += to_do;
        }
        Event::UnitFinished {
            stage,
            date,
            state,
            rows,
            expected,
            attempts,
            reason,
            ..
        } => {
            let unit = UnitView {
                date: *date,
                state: *state,
                rows: *rows,
                expected: *expected,
                attempts: *attempts,
                reason: reason.as_deref().map(Arc::from),
            };
            put_units(of_name(&mut snapshot.stages, stage), [unit].into_iter());
            snapshot.run.progress.done += 1;
        }
        Event::UnitRetried {
            stage,
            date,
            attempt,
            message,
            ..
        } => {
            let reason: Arc<str> = Arc::from(message.as_str());
            change(of_name(&mut snapshot.stages, stage), &[*date], |unit| {
                unit.state = UnitState::Pending;
                unit.attempts = *attempt;
                unit.reason = Some(Arc::clone(&reason));
            });
        }
        Event::RerunQueued { stage, dates } => {
            change(of_name(&mut snapshot.stages, stage), dates, |unit| {
                unit.state = UnitState::Pending;
                unit.attempts = 0;
                unit.reason = None;
            });
        }
        Event::UnitsInvalidated { stage, dates, reason } => {
            let reason: Arc<str> = Arc::from(reason.as_str());
            change(of_name(&mut snapshot.stages, stage), dates, |unit| {
                unit.state = UnitState::Stale;
                unit.reason = Some(Arc::clone(&reason));
            });
        }
        Event::StageFinished { stage, seconds, .. } => {
            let stage = of_name(&mut snapshot.stages, stage);
            stage.state = StageState::Checking;
            stage.seconds = *seconds;
        }
        _ => {}
    }
}

/// The stage with this name; added if it is unknown.
pub(super) fn of_name<'a>(stages: &'a mut Vec<StageView>, name: &str) -> &'a mut StageView {
    let at = stages
        .iter()
        .position(|stage| stage.name == name)
        .unwrap_or_else(|| {
            stages.push(StageView {
                name: name.to_owned(),
                table: None,
                state: StageState::Waiting,
                counts: Counts::default(),
                rows: 0,
                seconds: 0.0,
                cost: None,
                gaps: Vec::new(),
                units: Arc::default(),
            });
            stages.len() - 1
        });
    &mut stages[at]
}

/// Replaces units of the same date and inserts new ones.
pub(super) fn put_units(stage: &mut StageView, new: impl Iterator<Item = UnitView>) {
    let mut new = new.peekable();
    if new.peek().is_none() {
        return;
    }
    let units = Arc::make_mut(&mut stage.units);
    for unit in new {
        match units.binary_search_by_key(&unit.date, |known| known.date) {
            Ok(at) => {
                let old = std::mem::replace(&mut units[at], unit);
                recount(&mut stage.counts, &mut stage.rows, &old, &units[at]);
            }
            Err(at) => {
                stage.counts.add(unit.state);
                stage.rows += u64::from(unit.rows);
                units.insert(at, unit);
            }
        }
    }
}

/// Removes all units of the stage.
pub(super) fn forget_units(stage: &mut StageView) {
    stage.units = Arc::default();
    stage.counts = Counts::default();
    stage.rows = 0;
}

/// Changes known units; ignores unknown dates.
fn change(stage: &mut StageView, dates: &[NaiveDate], change: impl Fn(&mut UnitView)) {
    let units = Arc::make_mut(&mut stage.units);
    for date in dates {
        if let Ok(at) = units.binary_search_by_key(date, |unit| unit.date) {
            let old = units[at].clone();
            change(&mut units[at]);
            recount(&mut stage.counts, &mut stage.rows, &old, &units[at]);
        }
    }
}

/// Updates the sums for one changed unit. Summing all units for each event takes too long in a long plan.
fn recount(counts: &mut Counts, rows: &mut u64, old: &UnitView, new: &UnitView) {
    counts.move_one(old.state, new.state);
    *rows = *rows - u64::from(old.rows) + u64::from(new.rows);
}

/// Sets a finished stage to passed or failed by its gate, unless a check is still to run.
pub(super) fn judged(snapshot: &mut Snapshot, name: &str) {
    let of_it = |check: &&CheckView| check.stage == name;
    let checks = || snapshot.checks.iter().filter(of_it);
    let is_awaited = |state| {
        matches!(
            state,
            CheckState::Pending | CheckState::Outdated | CheckState::Running
        )
    };
    if checks().any(|check| is_awaited(check.state)) {
        return;
    }
    let at_gate = checks().map(CheckView::at_gate);
    if let Some(stage) = snapshot.stages.iter_mut().find(|stage| stage.name == name)
        && !matches!(stage.state, StageState::Waiting | StageState::Running)
    {
        stage.state = snapshot::judged(&stage.units, at_gate);
    }
}

/// Judges the stages still in checking when the run ends.
pub(super) fn all_judged(snapshot: &mut Snapshot) {
    let waits = |stage: &&StageView| stage.state == StageState::Checking;
    let names: Vec<String> = (snapshot.stages.iter().filter(waits))
        .map(|stage| stage.name.clone())
        .collect();
    for name in names {
        judged(snapshot, &name);
    }
}
