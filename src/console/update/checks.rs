//! Keys of the Checks pane.

use super::dates::{confirm, refresh};
use super::keys::{moved, page};
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::Pane;
use crate::console::model::checklist::by_stage;
use crate::console::model::overlay::{Offending, Overlay};
use crate::console::model::{Model, Prompt, Purpose};
use crate::engine::{CheckView, Checks, Command};
use crate::ledger::CheckState;

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if action == Action::Refresh {
        refresh(model);
        return Vec::new();
    }
    if action == Action::Advance {
        return vec![Effect::Send(Command::Advance { stage: None })];
    }
    let Some(check) = model.check().cloned() else {
        return Vec::new();
    };
    match action {
        Action::CheckOne => {
            return vec![Effect::Send(Command::Check(Checks::Named(vec![check.name])))];
        }
        Action::CheckAll => return vec![Effect::Send(Command::Check(Checks::All))],
        Action::Offending if check.offending.is_empty() => {
            model.notice(false, format!("{} names no offending date", check.name));
        }
        Action::Offending => {
            model.overlay = Some(Overlay::Offending(Offending {
                check: check.name,
                cursor: 0,
            }));
        }
        Action::RerunOffending => rerun(model, &check),
        Action::Waive if check.state == CheckState::Fail => {
            model.prompt = Some(Prompt {
                purpose: Purpose::Waive,
                text: String::new(),
            });
        }
        Action::Waive => {
            model.notice(
                false,
                format!(
                    "only a failed check can be waived; {} is {}",
                    check.name, check.state
                ),
            );
        }
        Action::NextAttention => next_unmet(model, true),
        Action::PreviousAttention => next_unmet(model, false),
        _ => {
            let len = model
                .snapshot
                .as_ref()
                .map_or(0, |snapshot| snapshot.checks.len());
            model.checks.cursor = moved(model.checks.cursor, action, page(model, Pane::Checks), len);
        }
    }
    Vec::new()
}

/// Marks the next check that is not met or could not be asked, or the one before; goes round at the ends.
fn next_unmet(model: &mut Model, forward: bool) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let checks = by_stage(snapshot);
    let unmet = |at: &usize| matches!(checks[*at].state, CheckState::Fail | CheckState::Error);
    let (here, len) = (model.checks.cursor, checks.len());
    let found = if forward {
        (here + 1..len).chain(0..=here).find(unmet)
    } else {
        (0..here).rev().chain((here..len).rev()).find(unmet)
    };
    match found {
        Some(at) => model.checks.cursor = at,
        None => model.notice(false, "no check is failed"),
    }
}

/// Waives the marked check for the reason given; no reason, no waiver.
pub(super) fn waive(model: &mut Model, reason: &str) -> Vec<Effect> {
    if reason.is_empty() {
        model.notice(false, "nothing is waived without a reason");
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

/// Asks whether the dates a check names are to be done again.
pub(super) fn rerun(model: &mut Model, check: &CheckView) {
    let nothing = format!("{} names no offending date", check.name);
    let note = Some(format!("named by {}", check.name));
    confirm(model, &check.stage, check.offending.to_vec(), note, &nothing);
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let check = model.check()?;
    let value = check.value.as_deref().unwrap_or("-");
    let line = format!(
        "{} {} value {value} target {}",
        check.name, check.state, check.target
    );
    let dates = check.offending.iter().map(|date| format!("\n{date}"));
    Some(line + &dates.collect::<String>())
}
