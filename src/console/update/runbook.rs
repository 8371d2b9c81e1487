//! Keys of the runbook. What Enter does depends on how the item gets done.

use super::keys::focus;
use super::overlay::scroll;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, Place};
use crate::console::layout::Pane;
use crate::console::model::overlay::{Overlay, RunbookPage};
use crate::console::model::{Model, Prompt, Purpose};
use crate::engine::{Checks, Command};
use crate::runbook::{Item, ItemState};

/// Opens the runbook at the first item that isn't done.
pub(super) fn open(model: &mut Model) {
    let items = model
        .snapshot
        .as_ref()
        .map(|snapshot| snapshot.runbook.as_slice());
    match items {
        None | Some([]) => model.notice(false, "this plan has no runbook"),
        Some(items) => {
            let cursor = items.iter().position(|item| item.state != ItemState::Done);
            model.overlay = Some(Overlay::Runbook(RunbookPage {
                cursor: cursor.unwrap_or(0),
            }));
        }
    }
}

fn marked(model: &Model, page: RunbookPage) -> Option<&Item> {
    model.snapshot.as_ref()?.runbook.get(page.cursor)
}

pub(super) fn act(model: &mut Model, page: RunbookPage, action: Action) -> Vec<Effect> {
    let Some(item) = marked(model, page).cloned() else {
        return Vec::new();
    };
    match action {
        Action::Open => return open_item(model, &item),
        Action::Withdraw if item.manual && item.state == ItemState::Done => ask(model, Purpose::Withdraw),
        Action::Withdraw => {
            model.notice(
                false,
                format!("item {} has no manual tick to withdraw", item.item),
            );
        }
        Action::NextAttention => next(model, page, true),
        Action::PreviousAttention => next(model, page, false),
        _ => scroll(model, action),
    }
    Vec::new()
}

/// Starts whatever completes this item.
fn open_item(model: &mut Model, item: &Item) -> Vec<Effect> {
    if item.manual && item.state == ItemState::Done {
        let withdraw = model.key_of(Place::Runbook, Action::Withdraw, false);
        model.notice(
            false,
            format!("item {} is ticked; {withdraw} withdraws the tick", item.item),
        );
    } else if item.manual {
        ask(model, Purpose::Tick);
    } else if !item.checks.is_empty() {
        return vec![Effect::Send(Command::Check(Checks::Named(item.checks.clone())))];
    } else if let (Some(stage), Some(snapshot)) = (&item.stage, model.snapshot.clone()) {
        model.overlay = None;
        model.dates.show(&snapshot, stage);
        focus(model, Pane::Dates);
    } else {
        model.notice(false, item.remark.clone().unwrap_or_else(|| item.fact.clone()));
    }
    Vec::new()
}

fn ask(model: &mut Model, purpose: Purpose) {
    model.prompt = Some(Prompt {
        purpose,
        text: String::new(),
    });
}

/// Selects the next or previous item that isn't done, wrapping around.
fn next(model: &mut Model, page: RunbookPage, forward: bool) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let len = snapshot.runbook.len();
    let by = |steps: usize| (page.cursor + if forward { steps } else { len - steps }) % len;
    let found = (1..=len)
        .map(by)
        .find(|at| snapshot.runbook[*at].state != ItemState::Done);
    match found {
        Some(cursor) => model.overlay = Some(Overlay::Runbook(RunbookPage { cursor })),
        None => model.notice(false, "every item is done"),
    }
}

/// Ticks the selected item with this note, or withdraws its tick. The note is required.
pub(super) fn tick(model: &mut Model, done: bool, note: &str) -> Vec<Effect> {
    let Some(Overlay::Runbook(page)) = model.overlay else {
        return Vec::new();
    };
    let Some(item) = marked(model, page).map(|item| item.item.to_string()) else {
        return Vec::new();
    };
    if note.is_empty() {
        model.notice(false, "not recorded: enter a note");
        return Vec::new();
    }
    vec![Effect::Send(Command::Tick {
        item,
        done,
        note: note.to_owned(),
    })]
}

pub(super) fn copied(model: &Model, page: RunbookPage) -> Option<String> {
    let item = marked(model, page)?;
    Some(format!(
        "{} {} {}: {}",
        item.item, item.state, item.title, item.fact
    ))
}
