//! Presenters without a screen: each event as a line of text or JSON.

use std::io::{self, Write};

use tokio::sync::oneshot;

use crate::engine::{Command, Fact, Link, Order};
use crate::ledger::RunState;
use crate::term::{Signal, Signals};

use super::notify::Notifier;
use super::{OnHangUp, Presenter, plain};

/// Follows a run to its end. The first SIGINT or SIGTERM drains it, the second aborts it.
pub(super) async fn follow(
    link: &mut Link,
    presenter: Presenter,
    on_hang_up: OnHangUp,
    notifier: &mut Notifier,
) -> io::Result<Option<Signal>> {
    let mut signals = Signals::for_ending()?;
    let mut out = Lines::new(presenter);
    let mut progress = plain::Progress::default();
    let mut ended_by = None;
    let mut released = false;
    release(link, &mut released);
    loop {
        tokio::select! {
            fact = link.facts.recv() => match fact {
                Some(fact) => {
                    out.fact(&fact);
                    // Without a screen there is no terminal to notify through.
                    notifier.hear(&fact, |_, _| ());
                }
                None => return Ok(ended_by),
            },
            Ok(()) = link.snapshots.changed() => {
                let snapshot = link.snapshots.borrow_and_update().clone();
                if let Some(line) = progress.line(&snapshot).filter(|_| matches!(presenter, Presenter::Plain | Presenter::Log)) {
                    out.line(&line);
                }
                release(link, &mut released);
            }
            signal = signals.next() => match signal {
                Signal::HangUp => hung_up(link, on_hang_up),
                signal => {
                    let command = if ended_by.is_none() { Command::Drain } else { Command::Abort };
                    ended_by = Some(signal);
                    give(link, command);
                }
            },
        }
    }
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

/// Standard output, one event per line, until its reader is gone.
#[derive(Debug)]
pub struct Lines {
    presenter: Presenter,
    reader_is_gone: bool,
}

impl Lines {
    /// Output in the format of this presenter.
    #[must_use]
    pub const fn new(presenter: Presenter) -> Self {
        Self {
            presenter,
            reader_is_gone: false,
        }
    }

    /// Writes the line of an event, if it has one.
    pub fn fact(&mut self, fact: &Fact) {
        let line = match self.presenter {
            Presenter::Plain => plain::line(fact),
            Presenter::Jsonl => serde_json::to_string(fact).ok(),
            // The engine writes its own log.
            Presenter::Tui | Presenter::Log | Presenter::Silent => None,
        };
        if let Some(line) = line {
            self.line(&line);
        }
    }

    /// Writes a line. A closed pipe doesn't stop the run.
    fn line(&mut self, line: &str) {
        if self.presenter == Presenter::Log {
            tracing::info!("{line}");
            return;
        }
        if self.reader_is_gone {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
            tracing::warn!("cannot write to standard output ({error}); the run continues");
            self.reader_is_gone = true;
        }
    }
}
