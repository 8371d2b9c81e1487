//! Presenters without a screen: each event as a line of text or JSON.

use std::io::{self, IsTerminal};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::engine::{Command, Fact, Link, Order};
use crate::escape::EscapedText;
use crate::ledger::RunState;
use crate::term::{self, Signal, Signals, Tty};

use super::notify::Notifier;
use super::{OnHangUp, Presenter, plain};

/// Follows a run to its end. The first SIGINT or SIGTERM drains it, the second aborts it. While standard output isn't
/// read, events wait in the link; signals don't.
pub(super) async fn follow(
    link: &mut Link,
    presenter: Presenter,
    on_hang_up: OnHangUp,
    notifier: &mut Notifier,
) -> io::Result<Option<Signal>> {
    let mut signals = Signals::for_ending()?;
    let mut out = JsonLines::new(presenter);
    let mut progress = plain::ProgressTimer::default();
    let (mut ended_by, mut released) = (None, false);
    let (mut has_more, mut is_over) = (true, false);
    release(link, &mut released);
    while has_more || !out.is_written() {
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
            () = out.moved(), if !out.is_written() => {}
            () = sleep(term::PATIENCE), if is_over && out.is_terminal => {
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

/// Unwritten bytes above which no event is formatted.
const ENOUGH: usize = 64 * 1024;

/// Standard output, one event per line, until its reader is gone. A thread writes it: call [`JsonLines::finish`] to wait.
#[derive(Debug)]
pub struct JsonLines {
    presenter: Presenter,
    /// `None` without output, or once its reader is gone.
    out: Option<Tty>,
    is_terminal: bool,
}

impl JsonLines {
    /// Output in the format of this presenter.
    #[must_use]
    pub fn new(presenter: Presenter) -> Self {
        let is_printed = matches!(presenter, Presenter::Plain | Presenter::Jsonl);
        let start = || Tty::stdout().inspect_err(gone).ok();
        Self {
            presenter,
            out: is_printed.then(start).flatten(),
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// Writes the line of an event, if it has one.
    pub fn fact(&mut self, fact: &Fact) {
        let text = match self.presenter {
            Presenter::Plain => plain::lines(fact).into_iter().collect(),
            Presenter::Jsonl => EscapedText::json(fact).unwrap_or_default(),
            // The engine writes its own log.
            Presenter::Tui | Presenter::Log | Presenter::Silent => EscapedText::default(),
        };
        self.send(&text);
    }

    /// Writes a line, after a wait if there is no room. A closed pipe doesn't stop the run.
    fn line(&mut self, line: &str) {
        if self.presenter == Presenter::Log {
            tracing::info!("{line}");
        } else {
            self.send(&EscapedText::of(line));
        }
    }

    fn send(&mut self, text: &EscapedText) {
        let Some(out) = &self.out else {
            return;
        };
        let sent = out
            .wait(ENOUGH, Duration::MAX)
            .and_then(|()| out.send(text.as_str().as_bytes().to_vec()));
        if let Err(error) = sent {
            gone(&error);
            self.out = None;
        }
    }

    /// Writes a line of progress, which only readers of text get.
    fn progress(&mut self, line: Option<String>) {
        if let Some(line) = line
            && matches!(self.presenter, Presenter::Plain | Presenter::Log)
            && self.has_room()
        {
            self.line(&line);
        }
    }

    /// Waits until all lines are read, except by a terminal.
    pub fn finish(self) {
        let Some(out) = self.out else {
            return;
        };
        let patience = if self.is_terminal {
            term::PATIENCE
        } else {
            Duration::MAX
        };
        if let Err(error) = out.wait(0, patience) {
            gone(&error);
        }
    }

    fn has_room(&self) -> bool {
        (self.out.as_ref()).is_none_or(|out| out.unwritten() <= ENOUGH)
    }

    fn is_written(&self) -> bool {
        (self.out.as_ref()).is_none_or(|out| out.unwritten() == 0)
    }

    /// Waits until some of it was read. May return early.
    async fn moved(&self) {
        match &self.out {
            Some(out) => out.moved().await,
            None => std::future::pending().await,
        }
    }
}

fn gone(error: &io::Error) {
    tracing::warn!("cannot write to standard output ({error}); the run continues");
}
