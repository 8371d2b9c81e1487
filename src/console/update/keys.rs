//! Maps a key to its action and passes the action to the pane or page it belongs to.

use crossterm::event::KeyEvent;

use super::{log, mouse, orders, overlay, pane, prompt, recording};
use crate::console::command::{leave, run};
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, Key, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::help::Help;
use crate::console::model::overlay::Overlay;
use crate::console::page::{breakdown, cost, overview, runbook, sample, sources};
use crate::console::text::counted;

pub(super) fn press(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let Some(key) = Key::from_event(event) else {
        return Vec::new();
    };
    let place = model.place();
    // A recording or an observation has its own keys, which take precedence.
    let action = (model.own_place())
        .and_then(|own| model.keymap.lookup(own, key))
        .or_else(|| model.keymap.lookup(place, key));
    if action != Some(Action::Interrupt) {
        model.armed = None;
        if model.notices.pop().is_some() {
            model.request_redraw(Dirty::Full);
        }
    }
    match action {
        Some(action) => {
            model.request_redraw(Dirty::Full);
            if let Some(denied) = model.refusal(place, action) {
                orders::refuse(model, &denied);
                return Vec::new();
            }
            let effects =
                recording::play(action).map_or_else(|| act(model, place, action), |play| vec![play]);
            orders::let_through(model, place, action, effects)
        }
        None if place == KeyContext::Prompt => {
            if let Some(letter) = key.typed() {
                prompt::type_in(model, letter);
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn act(model: &mut Model, place: KeyContext, action: Action) -> Vec<Effect> {
    match action {
        Action::Redraw => model.request_redraw(Dirty::Force),
        Action::ReadAgain => return vec![Effect::ReadAgain],
        Action::Cost | Action::Breakdown if model.observation.is_some() => {
            model.notice(
                false,
                "costs and breakdowns are not recorded in the warehouse; see them on the host of the run",
            );
        }
        Action::Suspend => return vec![Effect::Suspend],
        Action::Interrupt => return leave::interrupt(model),
        Action::Copy => return copy(model),
        Action::Help => model.overlay = Some(Overlay::Help(Help::opened_at(place))),
        Action::Search => prompt::open(model, place),
        _ if place == KeyContext::Prompt => return prompt::answer(model, action),
        Action::PauseResume
            if !matches!(place, KeyContext::Leave | KeyContext::Sample | KeyContext::Cost) =>
        {
            return run::pause_or_resume(model);
        }
        _ if model.overlay.is_some() => return overlay::act(model, action),
        Action::Breakdown => breakdown::open(model),
        Action::Quit => return leave::quit(model),
        Action::Detach => return leave::detach(model),
        Action::TakeControl => return run::take_control(model),
        Action::Sample => sample::open(model),
        Action::Cost => cost::open(model),
        Action::MoreWorkers => return run::workers(model, 1),
        Action::FewerWorkers => return run::workers(model, -1),
        Action::NextPane => model.focus_on(model.focus.step(1)),
        Action::PreviousPane => model.focus_on(model.focus.step(3)),
        Action::DatesPane => model.focus_on(Pane::Dates),
        Action::WorkersPane => model.focus_on(Pane::Workers),
        Action::LogPane => model.focus_on(Pane::Log),
        Action::ChecksPane => model.focus_on(Pane::Checks),
        Action::Overview => overview::open(model),
        Action::Runbook => runbook::open(model),
        Action::Sources => sources::open(model),
        Action::Zoom => model.zoomed = !model.zoomed,
        Action::Mouse => return mouse::toggle(model),
        Action::DateLog => log::only_the_date(model),
        Action::Back => return pane::back(model),
        _ => return pane::act(model, model.focus, action),
    }
    Vec::new()
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match &model.overlay {
        Some(overlay) => overlay.page().copied(model),
        None => pane::copied(model),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        model.notice(true, "nothing to copy here");
        return Vec::new();
    };
    // Terminals don't confirm a copy, so only the sending can be reported.
    let sent = counted(text.chars().count(), "character");
    model.notice(false, format!("{sent} sent to the terminal's clipboard"));
    vec![Effect::Copy(text)]
}
