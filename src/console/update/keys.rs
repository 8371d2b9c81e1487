//! Maps a key to its action and passes the action to the pane or overlay it belongs to.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{
    breakdown_page, checks, cost, dates, log, mouse, orders, overlay, recording, run, runbook, sample,
    sources,
};
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, Key, Place};
use crate::console::layout::Pane;
use crate::console::model::checklist::Checklist;
use crate::console::model::help::Help;
use crate::console::model::overlay::Overlay;
use crate::console::model::workers::Workers;
use crate::console::model::{Model, Prompt, Purpose};
use crate::console::text::{counted, sanitised};

/// Maximum length of a typed line, in characters.
const LONGEST: usize = 80;

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
            model.wish(Dirty::Full);
        }
    }
    match action {
        Some(action) => {
            model.wish(Dirty::Full);
            if let Some(denied) = model.refusal(place, action) {
                orders::refuse(model, &denied);
                return Vec::new();
            }
            let effects =
                recording::play(action).map_or_else(|| act(model, place, action), |play| vec![play]);
            orders::let_through(model, place, action, effects)
        }
        None if place == Place::Prompt => {
            if let Some(letter) = key.typed() {
                type_in(model, letter);
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}

pub(super) fn paste(model: &mut Model, text: &str) {
    for letter in sanitised(text).trim().chars() {
        type_in(model, letter);
    }
}

fn act(model: &mut Model, place: Place, action: Action) -> Vec<Effect> {
    match action {
        Action::Redraw => model.wish(Dirty::Force),
        Action::ReadAgain => return vec![Effect::ReadAgain],
        Action::Cost | Action::Breakdown if model.observation.is_some() => {
            model.notice(
                false,
                "costs and breakdowns are not recorded in the warehouse; see them on the host of the run",
            );
        }
        Action::Suspend => return vec![Effect::Suspend],
        Action::Interrupt => return run::interrupt(model),
        Action::Copy => return copy(model),
        Action::Help => model.overlay = Some(Overlay::Help(Help::opened_at(place))),
        Action::Search => ask(model, place),
        _ if place == Place::Prompt => return answer(model, action),
        Action::PauseResume if !matches!(place, Place::Leave | Place::Sample | Place::Cost) => {
            return run::pause_or_resume(model);
        }
        _ if model.overlay.is_some() => return overlay::act(model, action),
        Action::Breakdown => breakdown_page::open(model),
        Action::Quit => return run::quit(model),
        Action::Detach => return run::detach(model),
        Action::TakeControl => return run::take_control(model),
        Action::Sample => sample::open(model),
        Action::Cost => cost::open(model),
        Action::MoreWorkers => return run::workers(model, 1),
        Action::FewerWorkers => return run::workers(model, -1),
        Action::NextPane => focus(model, model.focus.step(1)),
        Action::PreviousPane => focus(model, model.focus.step(3)),
        Action::DatesPane => focus(model, Pane::Dates),
        Action::WorkersPane => focus(model, Pane::Workers),
        Action::LogPane => focus(model, Pane::Log),
        Action::ChecksPane => focus(model, Pane::Checks),
        Action::Runbook => runbook::open(model),
        Action::Sources => sources::open(model),
        Action::Zoom => model.zoomed = !model.zoomed,
        Action::Mouse => return mouse::toggle(model),
        Action::DateLog => log::only_the_date(model),
        Action::Back => return back(model),
        _ => return in_pane(model, model.focus, action),
    }
    Vec::new()
}

/// Handles an action of a pane.
pub(super) fn in_pane(model: &mut Model, pane: Pane, action: Action) -> Vec<Effect> {
    match pane {
        Pane::Dates => dates::act(model, action),
        Pane::Workers => {
            let workers = model.snapshot.as_ref().map(|snapshot| snapshot.workers.len());
            let page = inside(model, Pane::Workers).map_or(1, Workers::page);
            model.workers.cursor = moved(model.workers.cursor, action, page, workers.unwrap_or(0));
            Vec::new()
        }
        Pane::Log => log::act(model, action),
        Pane::Checks => checks::act(model, action),
    }
}

/// Focuses a pane. Leaving the log by focusing another pane discards the place to return to.
pub(super) fn focus(model: &mut Model, pane: Pane) {
    if pane != Pane::Log {
        model.return_to = None;
    }
    model.focus = pane;
}

/// The area of a pane's content.
pub(super) fn inside(model: &Model, pane: Pane) -> Option<Rect> {
    model.layout()?.inside(pane)
}

/// Stores which rows of each list are in view, so that a list scrolls no further than the cursor requires. A list that
/// isn't on screen has no page, but its cursor stays in view for when it is shown again.
pub(super) fn keep_tops(model: &mut Model) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let area = inside(model, Pane::Workers);
    let workers = &mut model.workers;
    workers.top = match area {
        Some(area) => workers.first_in_view(Workers::page(area), snapshot.workers.len()),
        None => workers.top.min(workers.cursor),
    };
    let area = inside(model, Pane::Checks);
    let checks = &mut model.checks;
    checks.top = match area {
        Some(area) => checks.first_in_view(Checklist::page(area), checks.items(&snapshot).len()),
        None => checks.top.min(checks.cursor),
    };
}

/// The new position of the cursor in a list of `len` rows.
pub(super) fn moved(at: usize, action: Action, page: usize, len: usize) -> usize {
    let page = page.max(1);
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at.saturating_add(1),
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at.saturating_add(page),
        Action::First => 0,
        Action::Last => usize::MAX,
        _ => at,
    };
    to.min(len.saturating_sub(1))
}

/// Esc in a pane undoes one step at a time, the innermost first.
fn back(model: &mut Model) -> Vec<Effect> {
    let in_log = model.focus == Pane::Log;
    if model.focus == Pane::Dates && model.dates.anchor.is_some() {
        model.dates.anchor = None;
    } else if model.focus == Pane::Dates && model.dates.filter.is_some() {
        model.dates.filter = None;
    } else if in_log && !model.log.query.is_empty() {
        model.log.refilter(|log| log.query.clear());
    } else if in_log && let Some(to) = model.return_to.take() {
        return log::back(model, to);
    } else if in_log && model.log.date.is_some() {
        model.log.refilter(|log| log.date = None);
    } else {
        model.zoomed = false;
    }
    Vec::new()
}

fn ask(model: &mut Model, place: Place) {
    let (purpose, text) = match place {
        Place::Help => (Purpose::Help, String::new()),
        Place::Log => (Purpose::Log, model.log.query.clone()),
        _ => (Purpose::Date, String::new()),
    };
    model.prompt = Some(Prompt { purpose, text });
}

fn type_in(model: &mut Model, letter: char) {
    if let Some(prompt) = &mut model.prompt
        && prompt.text.chars().count() < LONGEST
    {
        prompt.text.push(letter);
        typed(model);
    }
}

fn answer(model: &mut Model, action: Action) -> Vec<Effect> {
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
                Purpose::Date => dates::go_to(model, text.trim()),
                Purpose::Log => log::search(model, text),
                Purpose::Help => {}
                Purpose::Waive => return checks::waive(model, text.trim()),
                Purpose::Tick => return runbook::tick(model, true, text.trim()),
                Purpose::Withdraw => return runbook::tick(model, false, text.trim()),
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
    model.wish(Dirty::Full);
    if let (Some(prompt), Some(Overlay::Help(help))) = (&model.prompt, &mut model.overlay) {
        help.query.clone_from(&prompt.text);
        help.top = 0;
    }
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match &model.overlay {
        Some(over) => overlay::copied(model, over),
        None => match model.focus {
            Pane::Dates => dates::copied(model),
            Pane::Workers => run::copied(model),
            Pane::Log => Some(log::copied(model)),
            Pane::Checks => checks::copied(model),
        },
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
