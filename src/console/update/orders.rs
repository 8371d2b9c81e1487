//! Orders that do not count here are refused before anything is asked or typed for them.

use crate::console::effect::Effect;
use crate::console::keymap::{Action, Place};
use crate::console::model::orders::CommandDenied;
use crate::console::model::{Model, Purpose};

pub(super) fn refuse(model: &mut Model, denied: &CommandDenied) {
    let sentence = model.refused_because(denied);
    model.notice(true, sentence);
}

/// What is read first may still end in an order, or ask for the note of one: where no order counts, it ends here. The ways
/// out have answers of their own.
pub(super) fn let_through(
    model: &mut Model,
    place: Place,
    action: Action,
    effects: Vec<Effect>,
) -> Vec<Effect> {
    let Some(denied) = model.denied() else {
        return effects;
    };
    if place == Place::Leave || action == Action::Interrupt {
        return effects;
    }
    let asks = |purpose| matches!(purpose, Purpose::Waive | Purpose::Tick | Purpose::Withdraw);
    let orders = |effect: &Effect| matches!(effect, Effect::Send(command) if command.changes());
    let is_asked = model.prompt.take_if(|prompt| asks(prompt.purpose)).is_some();
    if is_asked || effects.iter().any(orders) {
        refuse(model, &denied);
        return Vec::new();
    }
    effects
}
