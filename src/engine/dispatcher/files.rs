//! Once a second: whether the files the run records in are still in their place, and what of its outputs is missing.

use std::time::Duration;

use tokio::time::Instant;

use super::super::{Event, Losses};
use super::{Dispatcher, Fatal, Refresh};
use crate::own_file::WatchedFile;

const INTERVAL: Duration = Duration::from_secs(1);

/// The files of the run, and what is known of them.
#[derive(Debug)]
pub(super) struct RunFiles {
    in_use: Vec<WatchedFile>,
    pub(super) losses: Losses,
    /// The losses shown.
    pub(super) missing: Vec<String>,
    pub(super) due: Instant,
}

impl RunFiles {
    pub(super) fn new(in_use: Vec<WatchedFile>, losses: Losses) -> Self {
        Self {
            in_use,
            losses,
            missing: Vec::new(),
            due: Instant::now(),
        }
    }

    /// Whether the ledger and the lock are still this run's own.
    pub(super) fn are_in_place(&mut self) -> bool {
        self.in_use.iter_mut().all(|file| file.verify().is_ok())
    }
}

impl Dispatcher {
    /// Fails if another program has taken a file the run records in: its records would be lost.
    pub(super) fn verify_files(&mut self) -> Result<(), Fatal> {
        self.events.verify()?;
        Ok(self.files.in_use.iter_mut().try_for_each(WatchedFile::verify)?)
    }

    /// Verifies the files and shows new losses, if a second has passed. Without its event log the run only finishes what
    /// is in flight: that can still be recorded in the ledger.
    pub(super) fn look_after_files(&mut self) -> Result<(), Fatal> {
        if Instant::now() < self.files.due {
            return Ok(());
        }
        self.files.due = Instant::now() + INTERVAL;
        self.files.in_use.iter_mut().try_for_each(WatchedFile::verify)?;
        match self.events.verify() {
            Err(taken) if self.mode.has_ended() => return Err(taken.into()),
            Err(taken) if self.mode.may_start() => self.stop(taken.to_string()),
            _ => {}
        }
        self.show_losses()
    }

    fn show_losses(&mut self) -> Result<(), Fatal> {
        let missing = self.files.losses.clauses();
        if missing != self.files.missing {
            // A further loss of the same output is shown, but is no new event.
            if missing.len() > self.files.missing.len() {
                self.emit(Event::OutputIncomplete {
                    lost: missing.clone(),
                });
            }
            let remark = (!missing.is_empty()).then(|| format!("incomplete: {}", missing.join("; ")));
            self.ledger.remark_on_run(&self.run.id, remark.as_deref())?;
            self.files.missing = missing;
            self.request_refresh(Refresh::Soon);
        }
        Ok(())
    }
}
