//! Keys of the sample page. It opens when the run pauses for review and accepts both answers.

use super::overlay::scroll;
use super::run;
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::overlay::{Overlay, SamplePage};
use crate::console::model::sample::Line;
use crate::engine::{Event, Fact};

pub(super) fn take(model: &mut Model, fact: &Fact) {
    model.sample.take(&fact.event);
    if matches!(fact.event, Event::SampleFinished { held: true, .. }) && model.overlay.is_none() {
        model.overlay = Some(Overlay::Sample(SamplePage::default()));
        model.wish(Dirty::Full);
    }
}

pub(super) fn open(model: &mut Model) {
    if model.sample.is_through() {
        model.overlay = Some(Overlay::Sample(SamplePage::default()));
    } else {
        model.notice(
            true,
            "this run has no sample; take one with 'backcourt run --sample'",
        );
    }
}

pub(super) fn act(model: &mut Model, page: SamplePage, action: Action) -> Vec<Effect> {
    match action {
        Action::PauseResume => return run::pause_or_resume(model),
        Action::Quit => return run::quit(model),
        _ => {}
    }
    model.overlay = Some(Overlay::Sample(page));
    scroll(model, action);
    Vec::new()
}

pub(super) fn copied(model: &Model) -> String {
    let lines = model.sample.lines(usize::MAX);
    let line = |line: &Line| match line.state {
        Some(state) => format!("{state} {}", line.text),
        None => line.text.clone(),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
