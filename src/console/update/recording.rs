//! A recording that is shown: its own keys, and the one answer to every order.

use crate::console::dirty::Dirty;
use crate::console::effect::{Effect, Play};
use crate::console::keymap::{Action, Place};
use crate::console::model::recording::Recording;
use crate::console::model::{Model, Purpose};

pub(super) fn take(model: &mut Model, recording: Recording) {
    if model.recording.as_ref() != Some(&recording) {
        model.recording = Some(recording);
        model.wish(Dirty::Full);
    }
}

/// What a key of the deck asks for.
pub(super) const fn play(action: Action) -> Option<Effect> {
    Some(Effect::Play(match action {
        Action::PlayOrHold => Play::PauseOrGoOn,
        Action::Faster => Play::Faster,
        Action::Slower => Play::Slower,
        Action::NextMark => Play::NextMark,
        Action::PreviousMark => Play::PreviousMark,
        Action::MinuteOn => Play::MinuteOn,
        Action::MinuteBack => Play::MinuteBack,
        _ => return None,
    }))
}

pub(super) fn refuse(model: &mut Model) {
    let quit = model.key_of(Place::Dates, Action::Quit, false);
    model.notice(
        true,
        format!("this is a recording: what happened can be read and not changed; {quit} leaves it"),
    );
}

/// A line that asks for the note of an order is not typed.
pub(super) fn refuse_notes(model: &mut Model) {
    let asks = |purpose| matches!(purpose, Purpose::Waive | Purpose::Tick | Purpose::Withdraw);
    if model.recording.is_some() && model.prompt.as_ref().is_some_and(|prompt| asks(prompt.purpose)) {
        model.prompt = None;
        refuse(model);
    }
}
