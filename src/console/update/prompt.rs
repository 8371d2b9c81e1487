//! The prompt: a line being typed, and what happens with it.

use super::{checks, dates, log};
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::help::Help;
use crate::console::model::overlay::Overlay;
use crate::console::model::{Model, Prompt, PromptPurpose};
use crate::console::page::runbook;
use crate::console::text::sanitised;

/// Maximum length of a typed line, in characters.
const MAX_LENGTH: usize = 80;

pub(super) fn open(model: &mut Model, place: KeyContext) {
    let (purpose, text) = match place {
        KeyContext::Help => (PromptPurpose::Help, String::new()),
        KeyContext::Log => (PromptPurpose::Log, model.log.query.clone()),
        _ => (PromptPurpose::Date, String::new()),
    };
    model.prompt = Some(Prompt { purpose, text });
}

pub(super) fn paste(model: &mut Model, text: &str) {
    for letter in sanitised(text).trim().chars() {
        type_in(model, letter);
    }
}

pub(super) fn type_in(model: &mut Model, letter: char) {
    if let Some(prompt) = &mut model.prompt
        && prompt.text.chars().count() < MAX_LENGTH
    {
        prompt.text.push(letter);
        typed(model);
    }
}

pub(super) fn answer(model: &mut Model, action: Action) -> Vec<Effect> {
    match (action, &mut model.prompt) {
        (Action::Erase, Some(prompt)) => {
            prompt.text.pop();
            typed(model);
        }
        (Action::EraseAll, Some(prompt)) => {
            prompt.text.clear();
            typed(model);
        }
        (Action::Accept, prompt) => {
            let Some(Prompt { purpose, text }) = prompt.take() else {
                return Vec::new();
            };
            match purpose {
                PromptPurpose::Date => dates::go_to(model, text.trim()),
                PromptPurpose::Log => log::search(model, text),
                PromptPurpose::Help => {}
                PromptPurpose::Waive => return checks::waive(model, text.trim()),
                PromptPurpose::Tick => return runbook::tick(model, true, text.trim()),
                PromptPurpose::Withdraw => return runbook::tick(model, false, text.trim()),
            }
        }
        _ => {
            model.prompt = None;
            if let Some(Overlay::Help(help)) = &mut model.overlay {
                *help = Help::default();
            }
        }
    }
    Vec::new()
}

/// Updates the search while typing in the help; the other prompts wait for Enter.
fn typed(model: &mut Model) {
    model.request_redraw(Dirty::Full);
    if let (Some(prompt), Some(Overlay::Help(help))) = (&model.prompt, &mut model.overlay) {
        help.query.clone_from(&prompt.text);
        help.top = 0;
    }
}
