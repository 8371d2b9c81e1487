//! Facts on their way out: numbered, appended to `events.jsonl`, then told to whoever listens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;
use tokio::sync::mpsc::UnboundedSender;

use super::{EVENT_SCHEMA, Event, Fact};

/// The event log of a run.
#[derive(Debug)]
pub(super) struct EventLog {
    file: File,
    path: PathBuf,
    run: String,
    seq: u64,
    listener: UnboundedSender<Fact>,
}

/// The event log could not be written.
#[derive(Debug, thiserror::Error)]
#[error("event log {}: cannot be written ({cause}); free some space or make it writable, then start again", path.display())]
pub struct EventLogError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub cause: io::Error,
}

impl EventLog {
    /// Opens the log for appending; earlier runs stay in it.
    pub(super) fn open(
        path: &Path,
        run: String,
        listener: UnboundedSender<Fact>,
    ) -> Result<Self, EventLogError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|cause| EventLogError {
                path: path.to_owned(),
                cause,
            })?;
        Ok(Self {
            file,
            path: path.to_owned(),
            run,
            seq: 0,
            listener,
        })
    }

    /// Writes these events in one go, then tells them.
    pub(super) fn record(&mut self, events: Vec<Event>) -> Result<(), EventLogError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::with_capacity(events.len() * 160);
        let mut facts = Vec::with_capacity(events.len());
        for event in events {
            self.seq += 1;
            let schema = EVENT_SCHEMA.to_owned();
            let fact = Fact {
                schema,
                seq: self.seq,
                at: Utc::now(),
                run: self.run.clone(),
                event,
            };
            serde_json::to_writer(&mut lines, &fact).map_err(|cause| self.failed(cause.into()))?;
            lines.push(b'\n');
            facts.push(fact);
        }
        self.file.write_all(&lines).map_err(|cause| self.failed(cause))?;
        for fact in facts {
            // A presenter that left early is no fault: the file has every fact.
            let _ = self.listener.send(fact);
        }
        Ok(())
    }

    fn failed(&self, cause: io::Error) -> EventLogError {
        EventLogError {
            path: self.path.clone(),
            cause,
        }
    }
}
