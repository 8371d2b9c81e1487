//! Keys of the breakdown.

use super::keys::{focus, moved};
use super::overlay::last_top;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::breakdown_page::{ABOVE_GROUPS, BreakdownPage};
use crate::console::model::overlay::{Overlay, page};
use crate::engine::{Breakdown, BreakdownState, BreakdownView, Command, Tally};

const WEEK: i64 = 7;
const YEAR: i64 = 364;

/// Opens the breakdown of the selected check, else the plan's first.
pub(super) fn open(model: &mut Model) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let marked = (model.focus == Pane::Checks).then(|| model.check()).flatten();
    let of_marked = |view: &&BreakdownView| marked.is_some_and(|check| check.name == view.check);
    let mut views = snapshot.breakdowns.iter();
    let found = views.clone().find(of_marked).or_else(|| views.next());
    match found.map(|view| view.check.clone()) {
        Some(check) => model.overlay = Some(Overlay::BreakdownPage(BreakdownPage::of(check))),
        None => model.notice(false, "no check of this run has a breakdown"),
    }
}

pub(super) fn act(model: &mut Model, mut breakdown_page: BreakdownPage, action: Action) -> Vec<Effect> {
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    let Some(view) = breakdown_page.shown(&snapshot) else {
        return Vec::new();
    };
    if action == Action::Explain {
        let check = breakdown_page.check.clone();
        let running = view.state == BreakdownState::Running;
        model.overlay = Some(Overlay::BreakdownPage(breakdown_page));
        let explain = Effect::Send(Command::Explain { check });
        return if running { Vec::new() } else { vec![explain] };
    }
    if action == Action::Breakdown {
        let at = snapshot
            .breakdowns
            .iter()
            .position(|other| other.check == breakdown_page.check);
        let next = at.map_or(0, |at| (at + 1) % snapshot.breakdowns.len());
        breakdown_page = BreakdownPage::of(snapshot.breakdowns[next].check.clone());
    } else if let Some(found) = &view.found {
        if action == Action::Open && breakdown_page.view == 0 {
            if let Some(date) = breakdown_page.cursor(found) {
                let check = snapshot
                    .checks
                    .iter()
                    .find(|check| check.name == breakdown_page.check);
                model
                    .dates
                    .show(&snapshot, check.map_or("", |check| &check.stage));
                model.dates.go(&snapshot, date);
                focus(model, Pane::Dates);
            }
            return Vec::new();
        }
        if matches!(action, Action::NextAttention | Action::PreviousAttention) {
            match breakdown_page.next_lacking(found, action == Action::NextAttention) {
                Some(date) => (breakdown_page.view, breakdown_page.date) = (0, Some(date)),
                None => model.notice(false, "no values are missing on any date"),
            }
        } else {
            look(model, &mut breakdown_page, found, action);
        }
    }
    model.overlay = Some(Overlay::BreakdownPage(breakdown_page));
    Vec::new()
}

/// Switches the view or moves the cursor.
fn look(model: &Model, breakdown_page: &mut BreakdownPage, found: &Breakdown, action: Action) {
    match action {
        Action::NextView => breakdown_page.turn(found, true),
        Action::PreviousView => breakdown_page.turn(found, false),
        _ if breakdown_page.view == 0 => match action {
            Action::Up => breakdown_page.move_by(found, -1),
            Action::Down => breakdown_page.move_by(found, 1),
            Action::Left => breakdown_page.move_by(found, -WEEK),
            Action::Right => breakdown_page.move_by(found, WEEK),
            Action::PageUp => breakdown_page.move_by(found, -YEAR),
            Action::PageDown => breakdown_page.move_by(found, YEAR),
            Action::First => breakdown_page.date = found.dates.first().map(|(date, _)| *date),
            Action::Last => breakdown_page.date = found.dates.last().map(|(date, _)| *date),
            _ => {}
        },
        Action::Left => breakdown_page.left = breakdown_page.left.saturating_sub(1),
        Action::Right => {
            let causes = found.causes.len() + found.beside.len();
            breakdown_page.left = (breakdown_page.left + 1).min(causes.saturating_sub(1));
        }
        _ => scroll(model, breakdown_page, found, action),
    }
}

fn scroll(model: &Model, breakdown_page: &mut BreakdownPage, found: &Breakdown, action: Action) {
    let groups = breakdown_page.by(found).map_or(0, |by| by.groups.len());
    let page = model.layout().map_or(1, |layout| page(layout.body, ABOVE_GROUPS));
    breakdown_page.top = moved(breakdown_page.top, action, page, last_top(groups, page));
}

/// Clamps the scroll position after the groups have changed.
pub(super) fn keep_in(model: &mut Model) {
    let Some(Overlay::BreakdownPage(mut breakdown_page)) = model
        .overlay
        .take_if(|over| matches!(over, Overlay::BreakdownPage(_)))
    else {
        return;
    };
    let found = model
        .snapshot
        .as_deref()
        .and_then(|snapshot| breakdown_page.shown(snapshot)?.found.clone());
    if let Some(found) = found {
        breakdown_page.view = breakdown_page.view.min(found.by.len());
        if breakdown_page.view == 0 && breakdown_page.date.is_some() {
            breakdown_page.move_by(&found, 0);
        } else if breakdown_page.view > 0 {
            scroll(model, &mut breakdown_page, &found, Action::Redraw);
        }
    }
    model.overlay = Some(Overlay::BreakdownPage(breakdown_page));
}

/// The text to copy: a line per group or date.
pub(super) fn copied(model: &Model, breakdown_page: &BreakdownPage) -> Option<String> {
    let snapshot = model.snapshot.as_ref()?;
    let found = breakdown_page.shown(snapshot)?.found.as_ref()?;
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
    let by = breakdown_page.by(found);
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
