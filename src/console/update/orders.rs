//! Refuses commands that are denied here before a question or prompt opens for them.

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::orders::CommandDenied;
use crate::console::model::{Model, PromptPurpose};

pub(super) fn refuse(model: &mut Model, denied: &CommandDenied) {
    let sentence = model.refused_because(denied);
    model.notice(true, sentence);
}

/// Some actions open a page first and send a command, or ask for its note, later. If commands are denied, this drops
/// their effects. Leaving has its own rules.
pub(super) fn let_through(
    model: &mut Model,
    place: KeyContext,
    action: Action,
    effects: Vec<Effect>,
) -> Vec<Effect> {
    let Some(denied) = model.denied() else {
        return effects;
    };
    if place == KeyContext::Leave || action == Action::Interrupt {
        return effects;
    }
    let asks = |purpose| {
        matches!(
            purpose,
            PromptPurpose::Waive | PromptPurpose::Tick | PromptPurpose::Withdraw
        )
    };
    let orders = |effect: &Effect| matches!(effect, Effect::Send(command) if command.changes());
    let is_asked = model.prompt.take_if(|prompt| asks(prompt.purpose)).is_some();
    if is_asked || effects.iter().any(orders) {
        refuse(model, &denied);
        return Vec::new();
    }
    effects
}
