//! The question before the first unit. It opens when the run pauses for one and closes when it is answered.

use crate::console::model::Model;
use crate::console::model::overlay::{CostPage, Overlay, QuestionPage, SamplePage};
use crate::engine::Topic;

/// Opens the page of a new question unless another overlay is open; closes it once it is answered.
pub fn sync_page(model: &mut Model, before: Option<Topic>) {
    let now = model.question().map(|question| question.topic);
    if before == now {
        return;
    }
    let answered = match model.overlay {
        Some(Overlay::Question(_)) => true,
        Some(Overlay::Cost(_)) => before == Some(Topic::Cost),
        Some(Overlay::Sample(_)) => before == Some(Topic::Sample),
        _ => false,
    };
    if answered {
        model.overlay = None;
    }
    if model.overlay.is_none() {
        show(model);
    }
}

pub fn show(model: &mut Model) {
    model.overlay = match model.question().map(|question| question.topic) {
        None => return,
        Some(Topic::Sample) => Some(Overlay::Sample(SamplePage::default())),
        Some(Topic::Cost) => Some(Overlay::Cost(CostPage::default())),
        Some(Topic::ExistingRows | Topic::Outdated) => Some(Overlay::Question(QuestionPage::default())),
    };
}
