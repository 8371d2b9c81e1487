//! The reducer: a message and a model in, the next model and its effects out. Pure: no clock, no terminal, no engine.

mod checks;
mod dates;
mod keys;
mod log;
mod mouse;
mod orders;
mod overlay;
mod pane;
mod prompt;
mod recording;
mod reply;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::command::{leave, question};
use super::dirty::Dirty;
use super::effect::Effect;
use super::keymap::{Action, KeyContext};
use super::model::control::Control;
use super::model::{Model, RunLife};
use super::msg::Msg;
use super::page::detail;
use super::text::sanitised;
use crate::engine::{Event, Fact, Snapshot};

/// Applies a message and returns the effects to run. How much must be redrawn is stored in the model:
/// [`Model::take_dirty`].
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let effects = take(model, msg);
    pane::keep_tops(model);
    effects
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Snapshot(snapshot) => return take_snapshot(model, snapshot),
        Msg::Facts(facts) => facts.iter().for_each(|fact| take_fact(model, fact)),
        Msg::Log(lines) if lines.is_empty() => {}
        Msg::Log(lines) => {
            model.log.push(lines);
            model.request_redraw(Dirty::Full);
        }
        Msg::ProcessMetrics(metrics) => {
            model.metrics = Some(metrics);
            if model.is_active() {
                model.request_redraw(Dirty::Partial);
            }
        }
        Msg::Control(control) => take_control(model, control),
        Msg::Over => {
            model.life = RunLife::Over;
            model.request_redraw(Dirty::Full);
        }
        Msg::Recording(recording) => recording::take(model, recording),
        Msg::Observation(observation) if model.observation.as_ref() == Some(&observation) => {}
        Msg::Observation(observation) => {
            model.observation = Some(observation);
            model.request_redraw(Dirty::Full);
        }
        Msg::Key { key, at } => {
            model.now = Some(at);
            return keys::press(model, key);
        }
        Msg::Mouse(event) => return mouse::take(model, event),
        Msg::Paste(text) => prompt::paste(model, &text),
        Msg::Resize { columns, rows } => {
            model.size = (columns, rows);
            model.clamp_page();
            model.request_redraw(Dirty::Force);
        }
        Msg::Reply { to, reply } => reply::take(model, &to, reply),
        Msg::Tick(now) => tick(model, now),
    }
    Vec::new()
}

fn take_control(model: &mut Model, control: Control) {
    // A console that has just attached to a run in another process had no control to lose.
    let had = model.control.is_mine() && model.control.remote == control.remote;
    if had
        && !control.is_mine()
        && let Some(name) = &control.holder
    {
        let takes = model.key_of(KeyContext::Dates, Action::TakeControl, false);
        let sentence = format!("{} took control; {takes} takes it back", sanitised(name));
        model.notice(true, sentence);
    }
    if model.control != control {
        model.control = control;
        model.request_redraw(Dirty::Full);
    }
}

fn take_snapshot(model: &mut Model, snapshot: Arc<Snapshot>) -> Vec<Effect> {
    let known = model.snapshot.as_ref().map(|known| known.version);
    if known == Some(snapshot.version) {
        return Vec::new();
    }
    model.dates.clamp_to(&snapshot);
    model.workers.take(&snapshot);
    model.throughput.take(&snapshot.run);
    model.checks.clamp_to(&snapshot);
    let asked = model.question().map(|question| question.topic);
    let was = model.snapshot.as_ref().map(|known| known.run.state);
    if was != Some(snapshot.run.state) {
        // Earlier replies ("pausing", "queued") no longer apply.
        model.notices.retain(|notice| notice.bad);
    }
    model.snapshot = Some(snapshot);
    model.request_redraw(Dirty::Full);
    question::sync_page(model, asked);
    model.clamp_page();
    let mut effects = detail::reload_changed_rows(model);
    effects.extend(leave::settle(model));
    effects
}

fn take_fact(model: &mut Model, fact: &Fact) {
    if let Event::WorkerPanicked { slot, message } = &fact.event {
        model.workers.died(*slot);
        let message = sanitised(message);
        model.notice(
            true,
            format!("worker {slot} panicked ({message}); its dates are retried"),
        );
    }
}

fn tick(model: &mut Model, now: DateTime<Utc>) {
    model.now = Some(now);
    let before = model.notices.len();
    model
        .notices
        .retain(|notice| notice.left(Some(now)).is_none_or(|left| !left.is_zero()));
    if model.notices.len() != before {
        model.request_redraw(Dirty::Full);
    } else if model.has_clock() {
        model.request_redraw(Dirty::Partial);
    }
}

#[cfg(test)]
mod tests;
