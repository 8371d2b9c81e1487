//! Passes actions to the panes, and what all of them share: the text to copy, Esc, and the rows in view.

use super::{checks, dates, log};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::checklist::Checklist;
use crate::console::model::list::Scroll;
use crate::console::model::workers::WorkersState;

pub(super) fn act(model: &mut Model, pane: Pane, action: Action) -> Vec<Effect> {
    match pane {
        Pane::Dates => return dates::act(model, action),
        Pane::Workers => workers(model, action),
        Pane::Log => return log::act(model, action),
        Pane::Checks => return checks::act(model, action),
    }
    Vec::new()
}

fn workers(model: &mut Model, action: Action) {
    let len = model
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.workers.len());
    let page = model.inside(Pane::Workers).map_or(1, WorkersState::page);
    Scroll::cursor(&mut model.workers.cursor, page, len).step(action);
}

/// The worker's batch, as copied.
fn batch(model: &Model) -> Option<String> {
    let worker = model.snapshot.as_ref()?.workers.get(model.workers.cursor)?;
    let task = worker.task.as_ref()?;
    Some(format!("{} {} {}", task.stage, task.first, task.last))
}

/// The text to copy from the focused pane.
pub(super) fn copied(model: &Model) -> Option<String> {
    match model.focus {
        Pane::Dates => dates::copied(model),
        Pane::Workers => batch(model),
        Pane::Log => Some(log::copied(model)),
        Pane::Checks => checks::copied(model),
    }
}

/// Esc in a pane undoes one step at a time, the innermost first.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    let in_log = model.focus == Pane::Log;
    if model.focus == Pane::Dates && model.dates.anchor.is_some() {
        model.dates.anchor = None;
    } else if model.focus == Pane::Dates && model.dates.filter.is_some() {
        model.dates.filter = None;
    } else if in_log && !model.log.query.is_empty() {
        model.log.refilter(|log| log.query.clear());
    } else if in_log && let Some(to) = model.return_to.take() {
        return log::back(model, to);
    } else if in_log && model.log.date.is_some() {
        model.log.refilter(|log| log.date = None);
    } else {
        model.zoomed = false;
    }
    Vec::new()
}

/// Stores which rows of each list are in view, so that a list scrolls no further than the cursor requires. A list that
/// isn't on screen has no page, but its cursor stays in view for when it is shown again.
pub(super) fn keep_tops(model: &mut Model) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let area = model.inside(Pane::Workers);
    let workers = &mut model.workers;
    workers.top = match area {
        Some(area) => workers.first_in_view(WorkersState::page(area), snapshot.workers.len()),
        None => workers.top.min(workers.cursor),
    };
    let area = model.inside(Pane::Checks);
    let checks = &mut model.checks;
    checks.top = match area {
        Some(area) => checks.first_in_view(Checklist::page(area), checks.items(&snapshot).len()),
        None => checks.top.min(checks.cursor),
    };
}
