//! The questions before a rerun or a reload. Each opens as a page; the command is sent when the operator confirms it.

use std::collections::BTreeSet;

use crate::console::effect::Effect;
use crate::console::model::Model;
use crate::console::model::dates::{RerunSelection, unit, why_no_rerun};
use crate::console::model::overlay::{Confirm, Overlay};
use crate::console::text::{count, counted};
use crate::engine::{CheckView, Command, Selection, Snapshot};
use crate::ledger::{RunState, UnitState};
use crate::partition::Partition;

/// Whether a rerun may replace stored rows by fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortRows {
    /// The stored rows are kept.
    Kept,
    Accepted,
}

pub fn rerun_command(stage: &str, dates: &[Partition], short: ShortRows) -> Command {
    Command::Rerun {
        selection: Selection::Dates(dates.iter().copied().collect()),
        stage: Some(stage.to_owned()),
        source: None,
        accept_short: short == ShortRows::Accepted,
    }
}

/// Asks whether to rerun these dates; shows `otherwise` if there are none. Dates that can't be rerun are left out; if
/// none remain, nothing is asked.
pub fn rerun(
    model: &mut Model,
    stage: &str,
    dates: &[Partition],
    short: ShortRows,
    note: Option<String>,
    otherwise: &str,
) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let selection = match selection(&snapshot, stage, dates, otherwise) {
        Ok(selection) => selection,
        Err(why) => {
            model.notice(true, why);
            return;
        }
    };
    let at_stake = (short == ShortRows::Accepted).then(|| rows_at_risk(&snapshot, stage, &selection.dates));
    let notes: Vec<String> = at_stake
        .into_iter()
        .chain(note)
        .chain(selection.left_out())
        .collect();
    let dates = selection.dates;
    // The question names the source: a source that gave bad rows would give them again.
    let source = snapshot.run.source.as_ref();
    let source = source.map_or_else(String::new, |source| format!(" (source: {source})"));
    let what = format!("Rerun {} of {stage}{source}", counted(dates.len(), "date"));
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: match short {
            ShortRows::Kept => format!("{what}?"),
            ShortRows::Accepted => format!("{what} and accept fewer rows?"),
        },
        order: rerun_command(stage, &dates, short),
        dates,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        go: short == ShortRows::Kept,
        top: 0,
    }));
}

/// The rows at risk: stored rows of these dates, next to the expected number.
fn rows_at_risk(snapshot: &Snapshot, stage: &str, dates: &[Partition]) -> String {
    let stage = snapshot.stages.iter().find(|view| view.name == stage);
    let units = dates.iter().filter_map(|date| unit(stage?, *date));
    let (rows, expected) = units.fold((0, 0), |(rows, expected), unit| {
        (rows + u64::from(unit.rows), expected + u64::from(unit.expected))
    });
    format!("{} stored, {} expected", count(rows), count(expected))
}

/// The dates that can be rerun now, or why none can.
fn selection(
    snapshot: &Snapshot,
    stage: &str,
    dates: &[Partition],
    otherwise: &str,
) -> Result<RerunSelection, String> {
    let run = &snapshot.run;
    if run.preparing.is_some() || run.state == RunState::Draining {
        return Err("can't rerun while the run is preparing or draining; try again in a moment".to_owned());
    }
    let Some(stage) = snapshot.stages.iter().find(|view| view.name == stage) else {
        return Err(format!("{stage} is not a stage of this run"));
    };
    let selection = RerunSelection::of(stage, dates);
    match (dates, selection.dates.as_slice()) {
        ([], _) => Err(otherwise.to_owned()),
        ([date], []) => Err(why_no_rerun(stage, *date)),
        (_, []) => Err(format!(
            "none of these dates can be rerun; {}",
            selection.left_out().unwrap_or_default()
        )),
        _ => Ok(selection),
    }
}

pub fn rerun_failing(model: &mut Model, check: &CheckView) {
    let nothing = format!("{} has no failing dates", check.name);
    let note = Some(format!("failing in {}", check.name));
    rerun(
        model,
        &check.stage,
        &check.failing_dates,
        ShortRows::Kept,
        note,
        &nothing,
    );
}

/// Asks whether to rerun all stale units, in every stage; if there are none, looks at the sources for changes.
pub fn refresh(model: &mut Model) -> Vec<Effect> {
    let stages = model
        .snapshot
        .as_ref()
        .map_or(&[][..], |snapshot| &snapshot.stages);
    if stages.iter().all(|stage| stage.counts.stale == 0) {
        return vec![Effect::Send(Command::Look)];
    }
    confirm_every(model, UnitState::Stale, Selection::Stale, "Refresh");
    Vec::new()
}

/// Asks whether to rerun all outdated units (made by another definition), in every stage.
pub fn rerun_outdated(model: &mut Model) {
    confirm_every(model, UnitState::Outdated, Selection::Outdated, "Rerun");
}

/// Asks whether to rerun all units of this state, in every stage.
fn confirm_every(model: &mut Model, state: UnitState, selection: Selection, verb: &str) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let mut dates = BTreeSet::new();
    let mut stages = Vec::new();
    for stage in snapshot.stages.iter().filter(|stage| stage.counts.of(state) > 0) {
        let meant = stage.units.iter().filter(|unit| unit.state == state);
        dates.extend(meant.map(|unit| unit.date));
        stages.push(format!("{} {}", stage.name, stage.counts.of(state)));
    }
    let count: u64 = snapshot.stages.iter().map(|stage| stage.counts.of(state)).sum();
    if count == 0 {
        model.notice(true, format!("no date is {state}"));
        return;
    }
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: format!(
            "{verb} {} of {}?",
            counted(count, &format!("{state} unit")),
            counted(stages.len(), "stage")
        ),
        order: Command::Rerun {
            selection,
            stage: None,
            source: None,
            accept_short: false,
        },
        dates: dates.into_iter().collect(),
        note: Some(stages.join(", ")),
        go: true,
        top: 0,
    }));
}

/// Asks whether to reload the raw rows of these dates.
pub fn reload(model: &mut Model, dates: Vec<Partition>) {
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: format!("Reload the raw rows of {}?", counted(dates.len(), "date")),
        order: Command::Reload {
            dates: dates.iter().copied().collect(),
        },
        dates,
        note: Some("units that depend on changed rows become stale".to_owned()),
        go: true,
        top: 0,
    }));
}
