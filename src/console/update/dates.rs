//! Keys of the Dates pane, and the questions before a rerun.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{causes, detail};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::dates::{RerunSelection, needing_attention, unit, why_no_rerun};
use crate::console::model::filter::Filter;
use crate::console::model::overlay::{Confirm, Gaps, Overlay};
use crate::console::text::{count, counted};
use crate::engine::{Command, Selection, Snapshot, UnitView};
use crate::ledger::{RunState, UnitState};

const WEEK: i64 = 7;
const YEAR: i64 = 52 * WEEK;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    let dates = &mut model.dates;
    match action {
        Action::Up => dates.move_by(&snapshot, -1),
        Action::Down => dates.move_by(&snapshot, 1),
        Action::Left => dates.move_by(&snapshot, -WEEK),
        Action::Right => dates.move_by(&snapshot, WEEK),
        Action::PageUp => dates.move_by(&snapshot, -YEAR),
        Action::PageDown => dates.move_by(&snapshot, YEAR),
        Action::First => dates.go(&snapshot, NaiveDate::MIN),
        Action::Last => dates.go(&snapshot, NaiveDate::MAX),
        Action::Select => dates.toggle_selection(),
        Action::PreviousStage => dates.choose(&snapshot, false),
        Action::NextStage => dates.choose(&snapshot, true),
        Action::NextAttention | Action::PreviousAttention => {
            let forward = action == Action::NextAttention;
            let is_wanted = |unit: &UnitView| match &dates.filter {
                Some(filter) => filter.passes(unit),
                None => unit.state.needs_attention(),
            };
            match (dates.find(&snapshot, forward, is_wanted), &dates.filter) {
                (Some(date), _) => dates.go(&snapshot, date),
                (None, None) => model.notice(false, "no date needs attention"),
                (None, Some(_)) => model.notice(false, "no dates shown; Esc shows all"),
            }
        }
        Action::Filter => {
            let stage = dates.stage(&snapshot);
            let next = stage.and_then(|stage| Filter::next(dates.filter.as_ref(), stage));
            show_only(model, next);
        }
        Action::Open => return detail::open(model),
        Action::Rerun => rerun_selected(model, Short::Kept),
        Action::RerunShort => rerun_selected(model, Short::Accepted),
        Action::RerunAll => rerun_troubled(model),
        Action::Refresh => refresh(model),
        Action::RerunOutdated => rerun_outdated(model),
        Action::Advance => return vec![Effect::Send(Command::Advance { stage: None })],
        Action::Reload => reload_selected(model),
        Action::Causes => causes::open(model),
        Action::Gaps => gaps(model),
        _ => {}
    }
    Vec::new()
}

/// Adds the dashes to a date of eight digits, as in file names and game ids.
fn with_dashes(text: &str) -> String {
    let is_date = text.len() == 8 && text.bytes().all(|letter| letter.is_ascii_digit());
    if is_date {
        [&text[..4], &text[4..6], &text[6..]].join("-")
    } else {
        text.to_owned()
    }
}

/// Moves to the next date that contains these digits: `2023-12-16`, `20231216`, `2023-12` or `12-25`.
pub(super) fn go_to(model: &mut Model, text: &str) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let digits = with_dashes(text);
    match model
        .dates
        .find(&snapshot, true, |unit| unit.date.to_string().contains(&digits))
    {
        Some(date) if !text.is_empty() => model.dates.go(&snapshot, date),
        _ => model.notice(
            true,
            format!("no date matches '{text}'; write it like 2023-12-16"),
        ),
    }
}

/// Sets the filter. If it hides the date under the cursor, moves the cursor to the next visible one.
pub(super) fn show_only(model: &mut Model, filter: Option<Filter>) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let dates = &mut model.dates;
    dates.filter = filter;
    let stage = dates.stage(&snapshot);
    let here = stage.and_then(|stage| unit(stage, dates.cursor?));
    if here.is_none_or(|unit| !dates.shows(unit))
        && let Some(date) = dates.find(&snapshot, true, |unit| dates.shows(unit))
    {
        dates.go(&snapshot, date);
    }
}

fn gaps(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    model.overlay = Some(Overlay::Gaps(Gaps {
        stage: stage.name.clone(),
        top: 0,
    }));
}

fn rerun_selected(model: &mut Model, short: Short) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let marked = model.dates.marked(stage).into_iter();
    let dates: Vec<_> = marked.map(|unit| unit.date).collect();
    confirm(model, &name, &dates, short, None, "no date is selected");
}

fn rerun_troubled(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    let needing_attention = needing_attention(stage).into_iter();
    let dates = needing_attention.filter(|unit| model.dates.shows(unit));
    let dates: Vec<_> = dates.map(|unit| unit.date).collect();
    let otherwise = match model.dates.filter {
        Some(_) => "no date shown needs attention; Esc shows all",
        None => "no date needs attention",
    };
    confirm(model, &name, &dates, Short::Kept, None, otherwise);
}

/// Whether a rerun may replace stored rows by fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Short {
    /// The stored rows are kept.
    Kept,
    /// The new rows replace them.
    Accepted,
}

/// The command that reruns these dates of a stage.
pub(super) fn rerun(stage: &str, dates: &[NaiveDate], short: Short) -> Command {
    Command::Rerun {
        selection: Selection::Dates(dates.to_vec()),
        stage: Some(stage.to_owned()),
        source: None,
        accept_short: short == Short::Accepted,
    }
}

/// Asks whether to rerun these dates; shows `otherwise` if there are none. Dates that can't be rerun are left out; if
/// none remain, nothing is asked.
pub(super) fn confirm(
    model: &mut Model,
    stage: &str,
    dates: &[NaiveDate],
    short: Short,
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
    let at_stake = (short == Short::Accepted).then(|| at_stake(&snapshot, stage, &selection.dates));
    let notes: Vec<String> = at_stake
        .into_iter()
        .chain(note)
        .chain(selection.left_out())
        .collect();
    let dates = selection.dates;
    let (what, source) = (counted(dates.len(), "date"), &snapshot.run.source);
    // The question names the source: a source that gave bad rows would give them again.
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: match short {
            Short::Kept => format!("Rerun {what} of {stage} (source: {source})?"),
            Short::Accepted => format!("Rerun {what} of {stage} (source: {source}) and accept fewer rows?"),
        },
        order: rerun(stage, &dates, short),
        dates,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        go: short == Short::Kept,
        top: 0,
    }));
}

/// The rows at risk: stored rows of these dates, next to the expected number.
fn at_stake(snapshot: &Snapshot, stage: &str, dates: &[NaiveDate]) -> String {
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
    dates: &[NaiveDate],
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

/// Asks whether to rerun all stale units, in every stage.
pub(super) fn refresh(model: &mut Model) {
    confirm_every(model, UnitState::Stale, Selection::Stale, "Refresh");
}

/// Asks whether to rerun all outdated units (made by another definition), in every stage.
pub(super) fn rerun_outdated(model: &mut Model) {
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

fn reload_selected(model: &mut Model) {
    if let Some(stage) = model.stage() {
        let marked = model.dates.marked(stage).into_iter();
        let dates = marked.map(|unit| unit.date).collect();
        reload(model, dates);
    }
}

/// Asks whether to reload the raw rows of these dates.
pub(super) fn reload(model: &mut Model, dates: Vec<NaiveDate>) {
    model.overlay = Some(Overlay::Confirm(Confirm {
        question: format!("Reload the raw rows of {}?", counted(dates.len(), "date")),
        order: Command::Reload { dates: dates.clone() },
        dates,
        note: Some("units that depend on changed rows become stale".to_owned()),
        go: true,
        top: 0,
    }));
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let marked = model.dates.marked(model.stage()?).into_iter();
    let dates: Vec<String> = marked.map(|unit| unit.date.to_string()).collect();
    Some(dates.join("\n"))
}
