//! Commands for the run itself: pause, workers, control.

use super::question;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::overlay::{Overlay, TakeControl};
use crate::console::model::{Model, PendingCommand};
use crate::console::text::{counted, to_go};
use crate::engine::{Command, Snapshot};
use crate::ledger::RunState;

/// Pauses the run or resumes it. If the run is paused for a question, shows that instead.
pub fn pause_or_resume(model: &mut Model) -> Vec<Effect> {
    let Some(run) = model.snapshot.as_ref().map(|snapshot| &snapshot.run) else {
        return Vec::new();
    };
    // Answer such a question on its page, where its text can be read.
    if (run.question.as_ref()).is_some_and(|question| !question.topic.has_own_page()) {
        question::show(model);
        return Vec::new();
    }
    let asked = match (run.state, model.asked) {
        (RunState::Paused, None) | (RunState::Running, Some(PendingCommand::Pause)) => PendingCommand::Resume,
        (RunState::Running, None) if run.pausing => PendingCommand::Resume,
        (RunState::Running, None) | (RunState::Paused, Some(PendingCommand::Resume)) => PendingCommand::Pause,
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
        PendingCommand::Pause => Command::Pause,
        PendingCommand::Resume => Command::Resume,
    })]
}

/// Requests more or fewer workers.
pub fn workers(model: &mut Model, by: isize) -> Vec<Effect> {
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
        let pause = model.key_of(KeyContext::Dates, Action::PauseResume, false);
        model.notice(true, format!("one worker is the minimum; {pause} pauses the run"));
        return Vec::new();
    }
    let workers_notice = workers_notice(snapshot, wanted);
    model.workers.wanted = Some(wanted);
    model.notice(false, workers_notice);
    vec![Effect::Send(Command::Workers(wanted))]
}

/// The effect of another number of workers on the ETA, for the notice.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a share of at most some thousand percent"
)]
fn workers_notice(snapshot: &Snapshot, wanted: usize) -> String {
    let run = &snapshot.run;
    let workers = counted(wanted, "worker");
    let Some(((soonest, _), after)) = run.progress.eta.zip(run.eta_with(wanted)) else {
        return workers;
    };
    let percent = (100.0 * (after.0 / soonest - 1.0)).round() as i64;
    let eta = to_go(after, run.progress.unmeasured);
    match percent {
        0 if wanted == 1 => format!("{workers} is enough: the ETA stays {eta}"),
        0 if wanted < run.workers => format!("{workers} are enough: the ETA stays {eta}"),
        0 => format!("{workers} are not faster: the ETA stays {eta}"),
        _ if percent < 0 => format!("{workers}: ETA {eta}, {} % shorter", -percent),
        _ => format!("{workers}: ETA {eta}, {percent} % longer"),
    }
}

/// Takes control at once if no other console has it, else asks first.
pub fn take_control(model: &mut Model) -> Vec<Effect> {
    match &model.control.holder {
        _ if model.control.is_mine() => {
            model.notice(false, "you have control");
            Vec::new()
        }
        Some(_) => {
            model.overlay = Some(Overlay::TakeControl(TakeControl::default()));
            Vec::new()
        }
        None => vec![Effect::TakeControl],
    }
}
