//! Keys of a breakdown.

use super::keys::{focus, moved};
use super::overlay::last_top;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::overlay::{Overlay, page};
use crate::console::model::split::{ABOVE_GROUPS, Split};
use crate::engine::{Breakdown, BreakdownState, BreakdownView, Command, Tally};

const WEEK: i64 = 7;
const YEAR: i64 = 364;

/// Opens the breakdown of the marked check, else the plan's first.
pub(super) fn open(model: &mut Model) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let marked = (model.focus == Pane::Checks).then(|| model.check()).flatten();
    let of_marked = |view: &&BreakdownView| marked.is_some_and(|check| check.name == view.check);
    let mut views = snapshot.breakdowns.iter();
    let found = views.clone().find(of_marked).or_else(|| views.next());
    match found.map(|view| view.check.clone()) {
        Some(check) => model.overlay = Some(Overlay::Split(Split::of(check))),
        None => model.notice(false, "no check of this run has a breakdown"),
    }
}

pub(super) fn act(model: &mut Model, mut split: Split, action: Action) -> Vec<Effect> {
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    let Some(view) = split.shown(&snapshot) else {
        return Vec::new();
    };
    if action == Action::Explain {
        let check = split.check.clone();
        let running = view.state == BreakdownState::Running;
        model.overlay = Some(Overlay::Split(split));
        let explain = Effect::Send(Command::Explain { check });
        return if running { Vec::new() } else { vec![explain] };
    }
    if action == Action::Breakdown {
        let at = snapshot
            .breakdowns
            .iter()
            .position(|other| other.check == split.check);
        let next = at.map_or(0, |at| (at + 1) % snapshot.breakdowns.len());
        split = Split::of(snapshot.breakdowns[next].check.clone());
    } else if let Some(found) = &view.found {
        if action == Action::Open && split.view == 0 {
            if let Some(date) = split.cursor(found) {
                let check = snapshot.checks.iter().find(|check| check.name == split.check);
                model
                    .dates
                    .show(&snapshot, check.map_or("", |check| &check.stage));
                model.dates.go(&snapshot, date);
                focus(model, Pane::Dates);
            }
            return Vec::new();
        }
        if matches!(action, Action::NextAttention | Action::PreviousAttention) {
            match split.next_lacking(found, action == Action::NextAttention) {
                Some(date) => (split.view, split.date) = (0, Some(date)),
                None => model.notice(false, "no values are missing on any date"),
            }
        } else {
            look(model, &mut split, found, action);
        }
    }
    model.overlay = Some(Overlay::Split(split));
    Vec::new()
}

/// Moves what is looked at.
fn look(model: &Model, split: &mut Split, found: &Breakdown, action: Action) {
    match action {
        Action::NextView => split.turn(found, true),
        Action::PreviousView => split.turn(found, false),
        _ if split.view == 0 => match action {
            Action::Up => split.move_by(found, -1),
            Action::Down => split.move_by(found, 1),
            Action::Left => split.move_by(found, -WEEK),
            Action::Right => split.move_by(found, WEEK),
            Action::PageUp => split.move_by(found, -YEAR),
            Action::PageDown => split.move_by(found, YEAR),
            Action::First => split.date = found.dates.first().map(|(date, _)| *date),
            Action::Last => split.date = found.dates.last().map(|(date, _)| *date),
            _ => {}
        },
        Action::Left => split.left = split.left.saturating_sub(1),
        Action::Right => {
            let causes = found.causes.len() + found.beside.len();
            split.left = (split.left + 1).min(causes.saturating_sub(1));
        }
        _ => scroll(model, split, found, action),
    }
}

fn scroll(model: &Model, split: &mut Split, found: &Breakdown, action: Action) {
    let groups = split.by(found).map_or(0, |by| by.groups.len());
    let page = model.layout().map_or(1, |layout| page(layout.body, ABOVE_GROUPS));
    split.top = moved(split.top, action, page, last_top(groups, page));
}

/// Puts the first group in view back in range after the groups have changed.
pub(super) fn keep_in(model: &mut Model) {
    let Some(Overlay::Split(mut split)) = model.overlay.take_if(|over| matches!(over, Overlay::Split(_)))
    else {
        return;
    };
    let found = model
        .snapshot
        .as_deref()
        .and_then(|snapshot| split.shown(snapshot)?.found.clone());
    if let Some(found) = found {
        split.view = split.view.min(found.by.len());
        if split.view == 0 && split.date.is_some() {
            split.move_by(&found, 0);
        } else if split.view > 0 {
            scroll(model, &mut split, &found, Action::Redraw);
        }
    }
    model.overlay = Some(Overlay::Split(split));
}

/// What is shown, for the clipboard: a line for each group or date.
pub(super) fn copied(model: &Model, split: &Split) -> Option<String> {
    let snapshot = model.snapshot.as_ref()?;
    let found = split.shown(snapshot)?.found.as_ref()?;
    let line = |name: String, tally: &Tally| {
        let numbers = [tally.known, tally.counted()].into_iter();
        let all = numbers
            .chain(tally.lacking.iter().copied())
            .chain(tally.beside.iter().copied());
        let numbers: Vec<String> = all.map(|number| number.to_string()).collect();
        format!("{name}\t{}", numbers.join("\t"))
    };
    let causes: Vec<&str> = (found.causes.iter().chain(&found.beside))
        .map(String::as_str)
        .collect();
    let by = split.by(found);
    let name = by.map_or("date", |by| &by.name);
    let mut lines = vec![format!("{name}\tknown\tcounted\t{}", causes.join("\t"))];
    match by {
        Some(by) => lines.extend(by.groups.iter().map(|(name, tally)| line(name.clone(), tally))),
        None => lines.extend(
            found
                .dates
                .iter()
                .map(|(date, tally)| line(date.to_string(), tally)),
        ),
    }
    Some(lines.join("\n"))
}
