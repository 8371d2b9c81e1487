//! The events of a run on standard output, one per line. Lines that can't be written wait while there is room; beyond
//! that they are counted, and a line marks the gap. Must not know where the events come from.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::Duration;

use crate::engine::{Fact, Losses, MissingEvents, RunOutput};
use crate::escape::EscapedText;
use crate::term::{self, Tty};

use super::{Presenter, plain};

/// Unwritten bytes above which no event is formatted.
const ENOUGH: usize = 64 * 1024;

/// Standard output, one event per line, until its reader is gone. A thread writes it: call [`JsonLines::finish`] to wait.
#[derive(Debug)]
pub struct JsonLines {
    presenter: Presenter,
    /// `None` without output, or once its reader is gone.
    out: Option<Tty>,
    is_terminal: bool,
    run: String,
    /// Bytes sent so far, written or not.
    sent: usize,
    /// The lines of events that may not be written yet: the bytes sent up to the end of each.
    unwritten: VecDeque<usize>,
    missing: MissingEvents,
    /// Whether the output could not be written when it was last looked at.
    fails: bool,
    losses: Losses,
}

impl JsonLines {
    /// Output in the format of this presenter. What it lacks is reported to `losses`.
    #[must_use]
    pub fn new(presenter: Presenter, losses: Losses) -> Self {
        let is_printed = matches!(presenter, Presenter::Plain | Presenter::Jsonl);
        let start = || Tty::stdout().inspect_err(gone).ok();
        Self {
            presenter,
            out: is_printed.then(start).flatten(),
            is_terminal: io::stdout().is_terminal(),
            run: String::new(),
            sent: 0,
            unwritten: VecDeque::new(),
            missing: MissingEvents::default(),
            fails: false,
            losses,
        }
    }

    /// Writes the line of an event, if it has one; while the output can't be written and enough lines wait, the event is
    /// missing.
    pub fn fact(&mut self, fact: &Fact) {
        self.run.clone_from(&fact.run);
        let text = self.text(fact);
        if text.as_str().is_empty() || self.out.is_none() {
            return;
        }
        self.mark_gap();
        if self.send(&text) {
            self.unwritten.push_back(self.sent);
        } else {
            self.missing.add(fact.seq, fact.at);
        }
        self.report();
    }

    fn text(&self, fact: &Fact) -> EscapedText {
        match self.presenter {
            Presenter::Plain => plain::lines(fact).into_iter().collect(),
            Presenter::Jsonl => EscapedText::json(fact).unwrap_or_default(),
            // The engine writes its own log.
            Presenter::Tui | Presenter::Log | Presenter::Silent => EscapedText::default(),
        }
    }

    /// Writes a line of progress, which only readers of text get. The next one replaces it, so it may be missing.
    pub(super) fn progress(&mut self, line: Option<String>) {
        match (line, self.presenter) {
            (Some(line), Presenter::Log) => tracing::info!("{line}"),
            (Some(line), Presenter::Plain) if self.has_room() && !self.fails => {
                self.send(&EscapedText::of(line));
            }
            _ => {}
        }
    }

    /// Writes the mark of a gap once there is room again.
    fn mark_gap(&mut self) {
        if !self.fails
            && let Some(mark) = self.missing.mark(&self.run)
            && self.send(&self.text(&mark))
        {
            self.missing.close();
        }
    }

    /// Returns whether the text is written or waits to be. Waits for a slow reader. A closed pipe doesn't stop the run.
    fn send(&mut self, text: &EscapedText) -> bool {
        let Some(out) = &self.out else {
            return true;
        };
        let bytes = text.as_str().as_bytes();
        let sent = out
            .wait(ENOUGH, Duration::MAX)
            .and_then(|()| out.send(bytes.to_vec()));
        match sent {
            Ok(()) => self.sent += bytes.len(),
            Err(error) if out.has_failed() => {
                gone(&error);
                self.out = None;
            }
            Err(_) => return false,
        }
        true
    }

    /// Looks at what was written meanwhile, and reports what is missing.
    pub(super) fn report(&mut self) {
        let Some(out) = &self.out else { return };
        let stalled = out.stalled();
        let written = self.sent - out.unwritten();
        while self.unwritten.front().is_some_and(|end| *end <= written) {
            self.unwritten.pop_front();
        }
        let (failed, fails) = (self.fails, stalled.is_some());
        self.fails = fails;
        if let Some(error) = stalled {
            if !failed {
                warn_operator(&error);
            }
            self.missing.set_cause(error.to_string());
        }
        if fails || failed {
            // Once there is room, what waits is not missing.
            let waiting = if fails { self.unwritten.len() } else { 0 };
            let missing = self.missing.clause(fails, waiting);
            self.losses.report(RunOutput::StandardOutput, missing);
        }
        if failed && !fails {
            self.mark_gap();
        }
    }

    /// Waits until all lines are read, except by a terminal. Lines that can't be written are missing then.
    pub fn finish(mut self) {
        let Some(out) = &self.out else { return };
        let patience = if self.is_terminal {
            term::PATIENCE
        } else {
            Duration::MAX
        };
        if let Err(error) = out.wait(0, patience)
            && out.stalled().is_none()
        {
            gone(&error);
        }
        self.report();
        self.close();
    }

    /// Ends the output. Lines that can't be written are missing then, and those that a pipe's reader hasn't read.
    pub(super) fn close(mut self) {
        if self.fails {
            self.settle();
            // If there was room, the mark of a gap follows.
            self.settle();
        }
        if !self.fails && !self.is_terminal && !self.is_written() {
            self.report();
            self.missing.set_cause("not read".to_owned());
            let missing = self.missing.clause(false, self.unwritten.len());
            self.losses.report(RunOutput::StandardOutput, missing);
        }
    }

    fn settle(&mut self) {
        if let Some(out) = &self.out {
            out.settle();
        }
        self.report();
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    pub(super) fn has_room(&self) -> bool {
        (self.out.as_ref()).is_none_or(|out| out.unwritten() <= ENOUGH || self.fails)
    }

    /// Whether nothing is left to wait for: everything is written, or can't be.
    pub(super) fn is_settled(&self) -> bool {
        self.fails || (self.out.as_ref()).is_none_or(|out| out.unwritten() == 0)
    }

    pub(super) fn is_written(&self) -> bool {
        (self.out.as_ref()).is_none_or(|out| out.unwritten() == 0)
    }

    /// Waits until some of it was read or has failed. May return early.
    pub(super) async fn moved(&self) {
        match &self.out {
            Some(out) => out.moved().await,
            None => std::future::pending().await,
        }
    }
}

fn gone(error: &io::Error) {
    tracing::warn!("cannot write to standard output ({error}); the run continues");
}

/// Standard error may not be read either, so nothing waits for it.
fn warn_operator(error: &io::Error) {
    let text = format!("cannot write to standard output ({error}); the run continues, free some space");
    tracing::warn!("{text}");
    let text = EscapedText::of(format_args!("backcourt: {text}"));
    drop(thread::Builder::new().spawn(move || text.print_error()));
}
