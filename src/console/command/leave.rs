//! Leaving: quit, detach, Ctrl-C, and the choices while work is left.

use chrono::TimeDelta;

use super::run::pause_or_resume;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::overlay::{LeaveChoice, Overlay};
use crate::console::model::{Leaving, Model, PendingCommand, open_units};
use crate::engine::{Command, Snapshot};
use crate::ledger::{CheckState, RunState};

/// A second Ctrl-C within this time confirms the first; the notice is shown as long.
const CONFIRMATION_TIME: TimeDelta = TimeDelta::seconds(2);

/// Leaves the screen; the run continues.
pub fn detach(model: &mut Model) -> Vec<Effect> {
    let has_ended = (model.snapshot.as_ref()).is_some_and(|snapshot| snapshot.run.state.has_ended());
    // A run in this process doesn't continue after its end: quit, so that the summary and exit code follow.
    if model.is_over() || has_ended && !model.control.remote {
        return vec![Effect::Quit];
    }
    if model.control.can_detach {
        return vec![Effect::Detach];
    }
    let quit = model.key_of(KeyContext::Dates, Action::Quit, false);
    model.notice(
        true,
        format!("this run can't be detached; {quit} shows how to end it"),
    );
    Vec::new()
}

/// Leaves at once if no work is left, else asks.
pub fn quit(model: &mut Model) -> Vec<Effect> {
    if model.own_place().is_some() || model.control.remote && !model.control.is_mine() {
        return vec![Effect::Detach];
    }
    match model.snapshot.as_deref() {
        Some(snapshot) if !is_idle(model, snapshot) => {
            model.overlay = Some(Overlay::Leave(LeaveChoice::default()));
            Vec::new()
        }
        _ => vec![Effect::Quit],
    }
}

fn is_idle(model: &Model, snapshot: &Snapshot) -> bool {
    let idle = open_units(snapshot) == 0
        && !snapshot
            .checks
            .iter()
            .any(|check| check.state == CheckState::Running);
    model.is_over()
        || snapshot.run.question.is_some()
        || snapshot.run.state.has_ended()
        || (snapshot.run.state == RunState::Paused && idle)
}

/// Handles the operator's choice of how to leave.
pub fn leave(model: &mut Model, choice: LeaveChoice) -> Vec<Effect> {
    let run = model.snapshot.as_ref().map(|snapshot| &snapshot.run);
    if model.is_over() || run.is_some_and(|run| run.state.has_ended()) {
        // The run has ended while the question was open: nothing left to pause or cancel.
        return match choice {
            LeaveChoice::Keep | LeaveChoice::Pause | LeaveChoice::Cancel => Vec::new(),
            LeaveChoice::Detach | LeaveChoice::Drain | LeaveChoice::Abort => vec![Effect::Quit],
        };
    }
    let (leaving, command) = match choice {
        LeaveChoice::Keep => return Vec::new(),
        LeaveChoice::Detach => return detach(model),
        LeaveChoice::Pause => return pause_or_resume(model),
        LeaveChoice::Cancel => return vec![Effect::Send(Command::Cancel)],
        LeaveChoice::Drain => (Leaving::Drain, Command::Drain),
        LeaveChoice::Abort => (Leaving::Abort, Command::Abort),
    };
    model.leaving = Some(leaving);
    let mut effects = vec![Effect::Send(command)];
    effects.extend(settle(model));
    effects
}

/// Ctrl-C: the first press only announces what the second does.
pub fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.control.remote {
        return vec![Effect::Detach];
    }
    let Some(snapshot) = model
        .snapshot
        .clone()
        .filter(|snapshot| !is_idle(model, snapshot))
    else {
        return vec![Effect::Quit];
    };
    let again = match (model.armed, model.now) {
        (Some(armed), Some(now)) => now - armed < CONFIRMATION_TIME,
        _ => false,
    };
    let draining = snapshot.run.state == RunState::Draining;
    let (next, then) = match model.leaving {
        None if !draining => (Some(LeaveChoice::Drain), "finishes in-flight work, then quits"),
        None | Some(Leaving::Drain) => (Some(LeaveChoice::Abort), "aborts in-flight work and quits"),
        Some(Leaving::Abort) => (None, "quits at once"),
    };
    model.notices.retain(|notice| notice.bad);
    if !again {
        model.armed = model.now;
        model.notice_for(CONFIRMATION_TIME, format!("Ctrl-C again within 2 s {then}"));
        return Vec::new();
    }
    model.armed = None;
    model.overlay = None;
    model.prompt = None;
    next.map_or_else(|| vec![Effect::Quit], |choice| leave(model, choice))
}

/// Clears a request that has taken effect, and leaves if the operator chose to leave after the end.
pub fn settle(model: &mut Model) -> Option<Effect> {
    let run = &model.snapshot.as_ref()?.run;
    let has_come = match model.asked {
        Some(PendingCommand::Pause) => run.pausing || run.state != RunState::Running,
        Some(PendingCommand::Resume) => !run.pausing && run.state != RunState::Paused,
        None => true,
    };
    let has_ended = run.state.has_ended();
    if has_come {
        model.asked = None;
    }
    (has_ended && model.leaving.take().is_some()).then_some(Effect::Quit)
}
