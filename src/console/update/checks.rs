//! Keys of the Checks pane.

use crate::console::command::confirm;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::checklist::{Checklist, ChecklistRow, as_text};
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{About, FailingDates, Overlay};
use crate::console::model::{Model, Prompt, PromptPurpose};
use crate::engine::{CheckView, Checks, Command, Snapshot};
use crate::ledger::CheckState;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Refresh {
        return confirm::refresh(model);
    }
    if action == Action::RerunOutdated {
        confirm::rerun_outdated(model);
        return Vec::new();
    }
    if action == Action::Advance {
        return vec![Effect::Send(Command::Advance { stage: None })];
    }
    let Some(snapshot) = model.snapshot.clone() else {
        return Vec::new();
    };
    match action {
        Action::CheckAll => return vec![Effect::Send(Command::Check(Checks::All))],
        Action::NextAttention => next_unmet(model, &snapshot, true),
        Action::PreviousAttention => next_unmet(model, &snapshot, false),
        Action::Left | Action::Right => model.checks.fold(&snapshot, action == Action::Left),
        Action::CheckOne | Action::About | Action::FailingDates | Action::RerunFailing | Action::Waive => {
            match model.checks.marked(&snapshot) {
                Some(ChecklistRow::Check(check)) => return on_check(model, check, action),
                Some(ChecklistRow::Heading { folded, .. }) if action == Action::CheckOne => {
                    model.checks.fold(&snapshot, !folded);
                }
                Some(ChecklistRow::Heading { .. }) => {
                    model.notice(false, "this is a stage; select one of its checks");
                }
                None => {}
            }
        }
        _ => {
            let rows = model.checks.items(&snapshot).len();
            let page = model.inside(Pane::Checks).map_or(1, Checklist::page);
            Scroll::cursor(&mut model.checks.cursor, page, rows).step(action);
        }
    }
    Vec::new()
}

fn on_check(model: &mut Model, check: &CheckView, action: Action) -> Vec<Effect> {
    match action {
        Action::CheckOne => {
            let names = vec![check.name.clone()];
            return vec![Effect::Send(Command::Check(Checks::Named(names)))];
        }
        Action::About => {
            model.overlay = Some(Overlay::About(About {
                name: check.name.clone(),
                top: 0,
            }));
        }
        Action::FailingDates if check.failing_dates.is_empty() => {
            model.notice(false, format!("{} has no failing dates", check.name));
        }
        Action::FailingDates => {
            model.overlay = Some(Overlay::FailingDates(FailingDates::of(check)));
        }
        Action::RerunFailing => confirm::rerun_failing(model, check),
        Action::Waive => match check.state.refuse_waiver(&check.name) {
            Some(refusal) => model.notice(false, refusal),
            None => {
                model.prompt = Some(Prompt {
                    purpose: PromptPurpose::Waive,
                    text: String::new(),
                });
            }
        },
        _ => {}
    }
    Vec::new()
}

/// Selects the next or previous check that failed or couldn't run, wrapping around.
fn next_unmet(model: &mut Model, snapshot: &Snapshot, forward: bool) {
    let unmet = |check: &CheckView| matches!(check.state, CheckState::Fail | CheckState::Error);
    match model.checks.find(snapshot, forward, unmet) {
        Some(check) => model.checks.mark(snapshot, check),
        None => model.notice(false, "no check failed; a WARN stops nothing"),
    }
}

/// Waives the selected check. The reason is required.
pub(super) fn waive(model: &mut Model, reason: &str) -> Vec<Effect> {
    if reason.is_empty() {
        model.notice(false, "not waived: enter a reason");
        return Vec::new();
    }
    let check = model.check().map(|check| check.name.clone());
    let waive = |check| {
        Effect::Send(Command::Waive {
            check,
            reason: reason.to_owned(),
        })
    };
    check.map(waive).into_iter().collect()
}

pub(super) fn copied(model: &Model) -> Option<String> {
    Some(as_text(model.check()?))
}
