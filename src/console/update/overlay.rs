//! Keys of the overlays.

use ratatui::layout::Rect;

use super::keys::{focus, moved};
use super::{breakdown_page, causes, checks, cost, dates, detail, question, run, runbook, sample, sources};
use crate::console::effect::Effect;
use crate::console::keymap::{Action, Place};
use crate::console::layout::{Pane, framed};
use crate::console::model::Model;
use crate::console::model::about::lines;
use crate::console::model::checklist::{is_of_sources, named};
use crate::console::model::command_line::command_line;
use crate::console::model::overlay::{
    ABOVE_GAPS, Confirm, LeaveChoice, Offending, Overlay, QUESTION_FOOT, QuestionPage, RunbookPage, page,
};

pub(super) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(overlay) = model.overlay.take() else {
        return Vec::new();
    };
    // In the page of a date, Esc closes one level at a time.
    if action == Action::Back && !matches!(overlay, Overlay::Detail(_)) {
        if let Overlay::Offending(list) = &overlay
            && (model.snapshot.iter()).any(|snapshot| is_of_sources(snapshot, &list.check))
        {
            sources::open_at(model, &list.check);
        }
        return Vec::new();
    }
    match overlay {
        Overlay::Detail(detail) => detail::act(model, detail, action),
        Overlay::Causes(list) => return causes::act(model, list, action),
        Overlay::Sources(list) => return sources::act(model, list, action),
        Overlay::Offending(list) => in_offending(model, list, action),
        Overlay::Runbook(page) => {
            model.overlay = Some(overlay);
            return runbook::act(model, page, action);
        }
        Overlay::BreakdownPage(over) => return breakdown_page::act(model, over, action),
        Overlay::Confirm(confirm) => return in_confirm(model, confirm, action),
        Overlay::TakeControl(go) => return in_take_control(model, go, action),
        Overlay::Leave(choice) => return in_leave(model, choice, action),
        Overlay::Sample(page) => return sample::act(model, page, action),
        Overlay::Cost(page) => return cost::act(model, page, action),
        Overlay::Question(page) => return question::act(model, page, action),
        over @ (Overlay::About(_) | Overlay::Gaps(_) | Overlay::Help(_)) => {
            model.overlay = Some(over);
            scroll(model, action);
        }
    }
    Vec::new()
}

fn in_offending(model: &mut Model, list: Offending, action: Action) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let Some(check) = named(&snapshot, &list.check).cloned() else {
        return;
    };
    match action {
        Action::Open => {
            if let Some(date) = check.offending.get(list.cursor) {
                model.dates.go(&snapshot, *date);
                focus(model, Pane::Dates);
            }
        }
        Action::Reload => dates::reload(model, check.offending.to_vec()),
        Action::RerunOffending if is_of_sources(&snapshot, &check.name) => {
            model.overlay = Some(Overlay::Offending(list));
            let fetch = model.key_of(Place::Offending, Action::Reload, false);
            let sentence = format!("these are dates of raw rows: {fetch} reloads them");
            model.notice(false, sentence);
        }
        Action::RerunOffending => {
            // The list stays open if the rerun is refused.
            model.overlay = Some(Overlay::Offending(list));
            checks::rerun(model, &check);
        }
        _ => {
            model.overlay = Some(Overlay::Offending(list));
            scroll(model, action);
        }
    }
}

fn in_confirm(model: &mut Model, mut confirm: Confirm, action: Action) -> Vec<Effect> {
    match action {
        Action::Accept if !confirm.go => return Vec::new(),
        Action::Accept => {
            return vec![Effect::Send(confirm.order)];
        }
        Action::Left | Action::Right => confirm.go = !confirm.go,
        _ => {}
    }
    model.overlay = Some(Overlay::Confirm(confirm));
    scroll(model, action);
    Vec::new()
}

fn in_take_control(model: &mut Model, go: bool, action: Action) -> Vec<Effect> {
    match action {
        Action::Accept => return if go { vec![Effect::TakeControl] } else { Vec::new() },
        Action::Left | Action::Right => model.overlay = Some(Overlay::TakeControl(!go)),
        _ => model.overlay = Some(Overlay::TakeControl(go)),
    }
    Vec::new()
}

fn in_leave(model: &mut Model, choice: LeaveChoice, action: Action) -> Vec<Effect> {
    if action == Action::Accept {
        return run::leave(model, choice);
    }
    if let Some(choice) = run::choice_of(action) {
        return run::leave(model, choice);
    }
    let choice = match action {
        Action::Left => choice.step(false, model.control.can_detach),
        Action::Right => choice.step(true, model.control.can_detach),
        _ => choice,
    };
    model.overlay = Some(Overlay::Leave(choice));
    Vec::new()
}

/// Scrolls an overlay, no further than its last page.
pub(super) fn scroll(model: &mut Model, action: Action) {
    let Some(body) = model.layout().map(|layout| layout.body) else {
        return;
    };
    let (offending, gaps) = (offending_dates(model), gaps(model));
    let about_lines = about_lines(model, body);
    let cost_lines = cost::lines_in(model, body);
    let help_lines = help_lines(model, body);
    let sample_lines = sample::lines_in(model, body);
    let question_lines = question_lines(model, body);
    let items = model
        .snapshot
        .as_ref()
        .map_or(0, |snapshot| snapshot.runbook.len());
    match &mut model.overlay {
        Some(Overlay::Detail(detail)) => detail::scroll(detail, action, body),
        Some(Overlay::Gaps(list)) => {
            let page = page(body, ABOVE_GAPS);
            list.top = moved(list.top, action, page, last_top(gaps, page));
        }
        Some(Overlay::Offending(list)) => {
            list.cursor = moved(list.cursor, action, page(body, 0), offending);
        }
        Some(Overlay::About(about)) => {
            let page = page(body, 0);
            about.top = moved(about.top, action, page, last_top(about_lines, page));
        }
        Some(Overlay::Runbook(runbook)) => {
            runbook.cursor = moved(runbook.cursor, action, RunbookPage::page(body), items);
        }
        Some(Overlay::Confirm(confirm)) => {
            let page = confirm.page(body);
            confirm.top = moved(confirm.top, action, page, last_top(confirm.lines(), page));
        }
        Some(Overlay::Sample(shown)) => {
            let page = page(body, 0);
            shown.top = moved(shown.top, action, page, last_top(sample_lines, page));
        }
        Some(Overlay::Cost(shown)) => {
            let page = page(body, 0);
            shown.top = moved(shown.top, action, page, last_top(cost_lines, page));
        }
        Some(Overlay::Question(shown)) => {
            let page = page(body, QUESTION_FOOT);
            shown.top = moved(shown.top, action, page, last_top(question_lines, page));
        }
        Some(Overlay::Help(help)) => {
            let page = page(body, 0);
            help.top = moved(help.top, action, page, last_top(help_lines, page));
        }
        Some(Overlay::Causes(_)) => causes::scroll(model, action),
        Some(
            Overlay::Sources(_) | Overlay::BreakdownPage(_) | Overlay::TakeControl(_) | Overlay::Leave(_),
        )
        | None => {}
    }
}

/// The number of possible scroll positions; at the last one the page is full.
pub(super) fn last_top(lines: usize, page: usize) -> usize {
    lines.saturating_sub(page) + 1
}

fn offending_dates(model: &Model) -> usize {
    let (Some(Overlay::Offending(list)), Some(snapshot)) = (&model.overlay, &model.snapshot) else {
        return 0;
    };
    named(snapshot, &list.check).map_or(0, |check| check.offending.len())
}

fn about_lines(model: &Model, body: Rect) -> usize {
    let (Some(Overlay::About(about)), Some(snapshot)) = (&model.overlay, &model.snapshot) else {
        return 0;
    };
    let check = about.check(snapshot);
    check.map_or(0, |check| lines(check, usize::from(framed(body).width)).len())
}

fn question_lines(model: &Model, body: Rect) -> usize {
    let columns = usize::from(framed(body).width);
    let question = question::open_question(model);
    question.map_or(0, |question| QuestionPage::lines(question, columns).len())
}

fn help_lines(model: &Model, body: Rect) -> usize {
    let Some(Overlay::Help(help)) = &model.overlay else {
        return 0;
    };
    let columns = usize::from(framed(body).width);
    help.lines(&model.keymap, model.socket(), columns).len()
}

fn gaps(model: &Model) -> usize {
    let (Some(Overlay::Gaps(list)), Some(snapshot)) = (&model.overlay, &model.snapshot) else {
        return 0;
    };
    let stage = snapshot.stages.iter().find(|stage| stage.name == list.stage);
    stage.map_or(0, |stage| stage.gaps.len())
}

/// Clamps cursors and scroll positions after the content has changed.
pub(super) fn keep_in(model: &mut Model) {
    // An action that doesn't move only clamps.
    scroll(model, Action::Redraw);
    breakdown_page::keep_in(model);
}

/// Queries the rows of the open date again if its unit has changed.
pub(super) fn ask_again(model: &mut Model) -> Vec<Effect> {
    let (Some(Overlay::Detail(detail)), Some(snapshot)) = (&mut model.overlay, &model.snapshot) else {
        return Vec::new();
    };
    let stage = snapshot.stages.iter().find(|stage| stage.name == detail.stage);
    detail::ask_again(detail, stage)
}

pub(super) fn copied(model: &Model, overlay: &Overlay) -> Option<String> {
    match overlay {
        Overlay::Detail(detail) => detail::copied(detail),
        Overlay::Offending(list) => {
            let snapshot = model.snapshot.as_ref()?;
            let check = named(snapshot, &list.check)?;
            let dates: Vec<_> = check.offending.iter().map(ToString::to_string).collect();
            Some(dates.join("\n"))
        }
        Overlay::Causes(list) => causes::copied(model, list),
        Overlay::Confirm(confirm) => command_line(&confirm.order),
        Overlay::BreakdownPage(over) => breakdown_page::copied(model, over),
        Overlay::About(about) => about.check(model.snapshot.as_ref()?).map(checks::in_words),
        Overlay::Runbook(page) => runbook::copied(model, *page),
        Overlay::Sample(_) => Some(sample::copied(model)),
        Overlay::Cost(_) => cost::copied(model),
        Overlay::Question(_) => question::copied(model),
        Overlay::Sources(list) => sources::copied(model, *list),
        _ => None,
    }
}
