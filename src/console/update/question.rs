//! The question before the first unit. It opens when the run pauses for one and closes when it is answered.

use super::overlay::scroll;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::overlay::{CostPage, Overlay, QuestionPage, SamplePage};
use crate::engine::{Command, Question, Topic};

/// The question the run is paused for.
pub(super) fn open_question(model: &Model) -> Option<&Question> {
    model.snapshot.as_ref()?.run.question.as_deref()
}

/// Opens the page of a new question unless another overlay is open; closes it once it is answered.
pub(super) fn follow(model: &mut Model, before: Option<Topic>) {
    let now = open_question(model).map(|question| question.topic);
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

/// Opens the page of the question.
pub(super) fn show(model: &mut Model) {
    model.overlay = match open_question(model).map(|question| question.topic) {
        None => return,
        Some(Topic::Sample) => Some(Overlay::Sample(SamplePage::default())),
        Some(Topic::Cost) => Some(Overlay::Cost(CostPage::default())),
        Some(Topic::ExistingRows | Topic::Outdated) => Some(Overlay::Question(QuestionPage::default())),
    };
}

pub(super) fn act(model: &mut Model, mut page: QuestionPage, action: Action) -> Vec<Effect> {
    let Some(question) = open_question(model) else {
        return Vec::new();
    };
    let choices = question.choices.len() + 1;
    match action {
        Action::Accept => {
            // The first choice leaves the question open; it can be opened again.
            let chosen = page.chosen.checked_sub(1).and_then(|at| question.choices.get(at));
            let answer = chosen.map(|choice| choice.word.clone());
            return answer.map_or_else(Vec::new, |answer| vec![Effect::Send(Command::Answer { answer })]);
        }
        Action::Left => page.chosen = (page.chosen + choices - 1) % choices,
        Action::Right => page.chosen = (page.chosen + 1) % choices,
        _ => {}
    }
    model.overlay = Some(Overlay::Question(page));
    scroll(model, action);
    Vec::new()
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let question = open_question(model)?;
    let lines: Vec<&str> = std::iter::once(&question.title)
        .chain(&question.lines)
        .map(String::as_str)
        .collect();
    Some(lines.join("\n"))
}
