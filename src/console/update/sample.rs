//! Keys of the sample page. It opens when the run pauses for review and accepts both answers.

use ratatui::layout::Rect;

use super::overlay::scroll;
use super::run;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::overlay::{Overlay, SamplePage};
use crate::console::model::sample::{Line, lines};

pub(super) fn open(model: &mut Model) {
    let sample = model
        .snapshot
        .as_ref()
        .and_then(|snapshot| snapshot.sample.as_ref());
    if sample.is_some_and(|sample| sample.message.is_some()) {
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

/// Number of lines of the page.
pub(super) fn lines_in(model: &Model, body: Rect) -> usize {
    lines(model, usize::from(framed(body).width)).len()
}

pub(super) fn copied(model: &Model) -> String {
    let lines = lines(model, usize::MAX);
    let line = |line: &Line| match line.state {
        Some(state) => format!("{state} {}", line.text),
        None => line.text.clone(),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
