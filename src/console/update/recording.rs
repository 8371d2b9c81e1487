//! Keys of a replayed recording.

use crate::console::dirty::Dirty;
use crate::console::effect::{Effect, Play};
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::recording::ReplayStatus;

pub(super) fn take(model: &mut Model, recording: ReplayStatus) {
    if model.recording.as_ref() != Some(&recording) {
        model.recording = Some(recording);
        model.request_redraw(Dirty::Full);
    }
}

pub(super) const fn play(action: Action) -> Option<Effect> {
    Some(Effect::Play(match action {
        Action::PlayOrPause => Play::PauseOrResume,
        Action::Faster => Play::Faster,
        Action::Slower => Play::Slower,
        Action::NextMark => Play::NextMark,
        Action::PreviousMark => Play::PreviousMark,
        Action::MinuteForward => Play::MinuteForward,
        Action::MinuteBack => Play::MinuteBack,
        _ => return None,
    }))
}
