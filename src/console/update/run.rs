//! Commands for the run itself (pause, workers, control), leaving, and the replies to commands.

use chrono::TimeDelta;

use super::question;
use crate::console::dirty::Dirty;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, Place};
use crate::console::model::detail::Stored;
use crate::console::model::overlay::{LeaveChoice, Overlay};
use crate::console::model::{Asked, Leaving, Model, open_units};
use crate::console::text::{counted, sanitised, to_go};
use crate::engine::{Command, Reply, Snapshot};
use crate::ledger::{CheckState, RunState};

/// A second Ctrl-C within this time confirms the first; the notice is shown as long.
const ARMED: TimeDelta = TimeDelta::seconds(2);

pub(super) fn pause_or_resume(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.snapshot.as_ref().map(|snapshot| &snapshot.run) else {
        return Vec::new();
    };
    // Answer such a question on its page, where its text can be read.
    if (run.question.as_ref()).is_some_and(|question| !question.topic.has_own_page()) {
        question::show(model);
        return Vec::new();
    }
    let asked = match (run.state, model.asked) {
        (RunState::Paused, None) | (RunState::Running, Some(Asked::Pause)) => Asked::Resume,
        (RunState::Running, None) if run.pausing => Asked::Resume,
        (RunState::Running, None) | (RunState::Paused, Some(Asked::Resume)) => Asked::Pause,
        (RunState::Draining, _) => {
            model.notice(true, "the run is draining and can't be paused");
            return Vec::new();
        }
        (state, _) if state.has_ended() => {
            model.notice(true, "the run has ended; nothing to pause");
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    model.asked = Some(asked);
    vec![Effect::Send(match asked {
        Asked::Pause => Command::Pause,
        Asked::Resume => Command::Resume,
    })]
}

pub(super) fn workers(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(snapshot) = &model.snapshot else {
        return Vec::new();
    };
    if snapshot.run.state.has_ended() {
        model.notice(true, "the run has ended; no work left for workers");
        return Vec::new();
    }
    let now = model.workers.wanted.unwrap_or(snapshot.run.workers);
    let wanted = now.saturating_add_signed(by);
    if wanted == 0 {
        let pause = model.key_of(Place::Dates, Action::PauseResume, false);
        model.notice(true, format!("one worker is the minimum; {pause} pauses the run"));
        return Vec::new();
    }
    let promise = promise(snapshot, wanted);
    model.workers.wanted = Some(wanted);
    model.notice(false, promise);
    vec![Effect::Send(Command::Workers(wanted))]
}

/// The effect of another number of workers on the ETA, for the notice.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a share of at most some thousand percent"
)]
fn promise(snapshot: &Snapshot, wanted: usize) -> String {
    let run = &snapshot.run;
    let told = counted(wanted, "worker");
    let Some(((soonest, _), after)) = run.progress.eta.zip(run.eta_with(wanted)) else {
        return told;
    };
    let percent = (100.0 * (after.0 / soonest - 1.0)).round() as i64;
    let eta = to_go(after, run.progress.unmeasured);
    match percent {
        0 if wanted == 1 => format!("{told} is enough: the ETA stays {eta}"),
        0 if wanted < run.workers => format!("{told} are enough: the ETA stays {eta}"),
        0 => format!("{told} are not faster: the ETA stays {eta}"),
        _ if percent < 0 => format!("{told}: ETA {eta}, {} % shorter", -percent),
        _ => format!("{told}: ETA {eta}, {percent} % longer"),
    }
}

/// Leaves the screen; the run continues.
pub(super) fn detach(model: &mut Model) -> Vec<Effect> {
    let has_ended = (model.snapshot.as_ref()).is_some_and(|snapshot| snapshot.run.state.has_ended());
    // A run in this process doesn't continue after its end: quit, so that the summary and exit code follow.
    if model.is_over() || has_ended && !model.control.remote {
        return vec![Effect::Quit];
    }
    if model.control.can_detach {
        return vec![Effect::Detach];
    }
    let quit = model.key_of(Place::Dates, Action::Quit, false);
    model.notice(
        true,
        format!("this run can't be detached; {quit} shows how to end it"),
    );
    Vec::new()
}

/// Takes control at once if no other console has it, else asks first.
pub(super) fn take_control(model: &mut Model) -> Vec<Effect> {
    match &model.control.holder {
        _ if model.control.is_mine() => {
            model.notice(false, "you have control");
            Vec::new()
        }
        Some(_) => {
            model.overlay = Some(Overlay::TakeControl(false));
            Vec::new()
        }
        None => vec![Effect::TakeControl],
    }
}

/// Leaves at once if no work is left, else asks.
pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    if model.own_place().is_some() || model.control.remote && !model.control.is_mine() {
        return vec![Effect::Detach];
    }
    match model.snapshot.as_deref() {
        Some(snapshot) if !is_at_rest(model, snapshot) => {
            model.overlay = Some(Overlay::Leave(LeaveChoice::default()));
            Vec::new()
        }
        _ => vec![Effect::Quit],
    }
}

fn is_at_rest(model: &Model, snapshot: &Snapshot) -> bool {
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
pub(super) fn leave(model: &mut Model, choice: LeaveChoice) -> Vec<Effect> {
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
pub(super) fn interrupt(model: &mut Model) -> Vec<Effect> {
    if model.control.remote {
        return vec![Effect::Detach];
    }
    let Some(snapshot) = model
        .snapshot
        .clone()
        .filter(|snapshot| !is_at_rest(model, snapshot))
    else {
        return vec![Effect::Quit];
    };
    let again = match (model.armed, model.now) {
        (Some(armed), Some(now)) => now - armed < ARMED,
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
        model.notice_for(ARMED, format!("Ctrl-C again within 2 s {then}"));
        return Vec::new();
    }
    model.armed = None;
    model.overlay = None;
    model.prompt = None;
    next.map_or_else(|| vec![Effect::Quit], |choice| leave(model, choice))
}

/// Clears a request that has taken effect, and leaves if the operator chose to leave after the end.
pub(super) fn settle(model: &mut Model) -> Option<Effect> {
    let run = &model.snapshot.as_ref()?.run;
    let has_come = match model.asked {
        Some(Asked::Pause) => run.pausing || run.state != RunState::Running,
        Some(Asked::Resume) => !run.pausing && run.state != RunState::Paused,
        None => true,
    };
    let has_ended = run.state.has_ended();
    if has_come {
        model.asked = None;
    }
    (has_ended && model.leaving.take().is_some()).then_some(Effect::Quit)
}

pub(super) fn take_reply(model: &mut Model, to: &Command, reply: Reply) {
    model.wish(Dirty::Full);
    if let Command::Inspect { stage, date } = to {
        if let Some(Overlay::Detail(detail)) = &mut model.overlay
            && detail.stage == *stage
            && detail.date == *date
        {
            detail.stored = match reply {
                Reply::Rows(rows) => Stored::Rows(rows),
                Reply::Accepted(text) | Reply::Refused(text) => Stored::Refused(text),
            };
            super::overlay::keep_in(model);
        }
        return;
    }
    match reply {
        // The key press already showed the effect of the new number of workers.
        Reply::Accepted(_) if matches!(to, Command::Workers(_)) => {}
        // The header shows it at once, and the pause may take effect before the reply arrives.
        Reply::Accepted(_) if matches!(to, Command::Pause | Command::Resume) => {}
        Reply::Accepted(text) => model.notice(false, sanitised(&text)),
        Reply::Refused(text) => {
            match to {
                Command::Pause | Command::Resume => model.asked = None,
                Command::Workers(_) => {
                    model.workers.wanted = None;
                    // Its notice announced a change that was refused.
                    model.notices.retain(|notice| notice.bad);
                }
                Command::Drain | Command::Abort => model.leaving = None,
                _ => {}
            }
            model.notice(true, format!("refused: {}", sanitised(&text)));
        }
        Reply::Rows(_) => {}
    }
}

pub(super) fn copied(model: &Model) -> Option<String> {
    let worker = model.snapshot.as_ref()?.workers.get(model.workers.cursor)?;
    let task = worker.task.as_ref()?;
    Some(format!("{} {} {}", task.stage, task.first, task.last))
}

/// The choice for a letter in the question before leaving.
pub(super) fn choice_of(action: Action) -> Option<LeaveChoice> {
    match action {
        Action::PauseResume => Some(LeaveChoice::Pause),
        Action::Cancel => Some(LeaveChoice::Cancel),
        Action::Detach => Some(LeaveChoice::Detach),
        Action::Drain => Some(LeaveChoice::Drain),
        Action::Abort => Some(LeaveChoice::Abort),
        _ => None,
    }
}
