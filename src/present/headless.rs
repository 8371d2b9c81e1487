//! Presenters without a screen: each event as a line of text or JSON.

use std::io;

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::engine::{Command, Link, Losses, Order};
use crate::ledger::RunState;
use crate::term::{self, Signal, Signals};

use super::json_lines::JsonLines;
use super::notify::Notifier;
use super::{OnHangUp, Presenter, plain};

/// Follows a run to its end. The first SIGINT or SIGTERM drains it, the second aborts it. While standard output isn't
/// read, events wait in the link; signals don't.
pub(super) async fn follow(
    link: &mut Link,
    presenter: Presenter,
    on_hang_up: OnHangUp,
    notifier: &mut Notifier,
    losses: &Losses,
) -> io::Result<Option<Signal>> {
    let mut signals = Signals::for_ending()?;
    let mut out = JsonLines::new(presenter, losses.clone());
    let mut progress = plain::ProgressTimer::default();
    let (mut ended_by, mut released) = (None, false);
    let (mut has_more, mut is_over) = (true, false);
    release(link, &mut released);
    while has_more || !out.is_settled() {
        tokio::select! {
            fact = link.facts.recv(), if has_more && out.has_room() => match fact {
                Some(fact) => {
                    out.fact(&fact);
                    // Without a screen there is no terminal to notify through.
                    notifier.hear(&fact, |_, _| ());
                }
                None => has_more = false,
            },
            changed = link.snapshots.changed(), if !is_over => {
                is_over = changed.is_err();
                if !is_over {
                    let snapshot = link.snapshots.borrow_and_update().clone();
                    out.progress(progress.line(&snapshot));
                    release(link, &mut released);
                }
            }
            () = out.moved(), if !out.is_written() => out.report(),
            () = sleep(term::PATIENCE), if is_over && out.is_terminal() => {
                tracing::warn!("the terminal isn't read; its last lines are only in events.jsonl");
                break;
            }
            signal = signals.next() => match signal {
                Signal::HangUp => hung_up(link, on_hang_up),
                // Only the reader of standard output is waited for.
                _ if is_over => break,
                signal => {
                    let command = if ended_by.is_none() { Command::Drain } else { Command::Abort };
                    ended_by = Some(signal);
                    give(link, command);
                }
            },
        }
    }
    out.close();
    Ok(ended_by)
}

/// Handles the loss of the terminal as configured.
pub(super) fn hung_up(link: &Link, on_hang_up: OnHangUp) {
    let (command, what) = match on_hang_up {
        OnHangUp::Continue if link.snapshots.borrow().run.state == RunState::Paused => {
            (None, "stays paused until 'backcourt ctl resume'")
        }
        OnHangUp::Continue => (None, "continues without it"),
        OnHangUp::Drain => (Some(Command::Drain), "drains"),
        OnHangUp::Abort => (Some(Command::Abort), "aborts"),
    };
    tracing::warn!("terminal closed; the run {what}");
    if let Some(command) = command {
        give(link, command);
    }
}

/// An engine started with a screen waits for commands after its run; without one, no more can come.
fn release(link: &Link, released: &mut bool) {
    if !*released && link.snapshots.borrow().run.state.has_ended() {
        *released = true;
        give(link, Command::Drain);
    }
}

/// Sends a command without waiting for its reply.
fn give(link: &Link, command: Command) {
    let (answer, _) = oneshot::channel();
    if let Err(error) = link.orders.try_send(Order {
        command,
        by: None,
        answer,
    }) {
        tracing::warn!("command not delivered: {error}");
    }
}
