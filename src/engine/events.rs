//! The event log: numbers events, appends them to `events.jsonl`, then sends them to listeners. Snapshot deltas go to
//! the file only, at intervals, so that a replay can show what the events don't.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::projection::Projector;
use super::{EVENT_SCHEMA, Event, Fact, Snapshot};
use crate::escape::EscapedText;
use crate::ledger::RunState;
use crate::own_file::{self, FileTaken, WatchedFile};

/// Minimum time between snapshot deltas.
const MIN_GAP: Duration = Duration::from_secs(1);

/// Later, the gap is this fraction of the time since the first delta: a run of a day keeps two thousand.
const GAP_SHARE: u32 = 300;

#[derive(Debug)]
pub(super) struct EventLog {
    file: File,
    watched: WatchedFile,
    /// Length of the file up to the last complete line, in bytes.
    length: u64,
    path: PathBuf,
    run: String,
    seq: u64,
    pending: Vec<Event>,
    listener: UnboundedSender<Fact>,
    clients: broadcast::Sender<Fact>,
    projector: Projector,
    checkpoints: Checkpoints,
}

#[derive(Debug, Default)]
struct Checkpoints {
    first: Option<Instant>,
    last: Option<(Instant, RunState)>,
}

impl Checkpoints {
    /// Whether the next delta is due: enough time has passed, or the run state has changed.
    fn are_due(&self, state: RunState) -> bool {
        let (Some(first), Some((last, shown))) = (self.first, self.last) else {
            return true;
        };
        shown != state || last.elapsed() >= MIN_GAP.max(first.elapsed() / GAP_SHARE)
    }

    fn keep(&mut self, state: RunState) {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some((now, state));
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write the event log {} ({cause}); free some space or make it writable, then start again", path.display())]
pub struct EventLogError {
    pub path: PathBuf,
    pub cause: io::Error,
}

impl EventLog {
    /// Opens the log for appending; earlier runs stay in it. Removes a last line that a full disk left incomplete.
    pub(super) fn open(
        path: &Path,
        run: String,
        listener: UnboundedSender<Fact>,
        clients: broadcast::Sender<Fact>,
    ) -> Result<Self, EventLogError> {
        let file = own_file::open(path, OpenOptions::new().create(true).read(true).append(true))
            .and_then(|mut file| cut_torn_line(&mut file).map(|()| file))
            .map_err(|cause| EventLogError {
                path: path.to_owned(),
                cause,
            })?;
        let length = file.metadata().map_or(0, |data| data.len());
        Ok(Self {
            file,
            watched: WatchedFile::of(path),
            length,
            path: path.to_owned(),
            run,
            seq: 0,
            pending: Vec::new(),
            listener,
            clients,
            projector: Projector::default(),
            checkpoints: Checkpoints::default(),
        })
    }

    /// Fails if another program has taken the file.
    pub(super) fn verify(&mut self) -> Result<(), FileTaken> {
        self.watched.verify()
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.path.parent().map_or_else(PathBuf::new, Path::to_path_buf)
    }

    pub(super) fn push(&mut self, event: Event) {
        self.pending.push(event);
    }

    pub(super) fn pending(&self) -> &[Event] {
        &self.pending
    }

    /// Appends the pending events in one write, then sends them to listeners.
    pub(super) fn record(&mut self) -> Result<(), EventLogError> {
        let events = mem::take(&mut self.pending);
        if events.is_empty() {
            return Ok(());
        }
        let mut lines = String::with_capacity(events.len() * 160);
        let mut facts = Vec::with_capacity(events.len());
        for event in events {
            let fact = self.next(event);
            lines += line(&fact).map_err(|cause| self.failed(cause))?.as_str();
            facts.push(fact);
        }
        self.append(&lines).map_err(|cause| self.failed(cause))?;
        for fact in facts {
            self.projector.take(&fact);
            self.send(fact);
        }
        Ok(())
    }

    /// Appends a snapshot delta if one is due. It has no number of its own, because listeners don't get it.
    pub(super) fn checkpoint(&mut self, now: &Snapshot, is_last: bool) -> Result<(), EventLogError> {
        if !is_last && !self.checkpoints.are_due(now.run.state) {
            return Ok(());
        }
        self.checkpoints.keep(now.run.state);
        let delta = Event::SnapshotDelta(Box::new(self.projector.diff(now)));
        let line = line(&self.fact(delta)).map_err(|cause| self.failed(cause))?;
        self.append(line.as_str()).map_err(|cause| self.failed(cause))
    }

    /// Writes and sends the last events of a run that must stop; sends them even if the file can't be written.
    pub(super) fn record_what_can_be(&mut self) {
        for event in mem::take(&mut self.pending) {
            let fact = self.next(event);
            let kept = line(&fact).and_then(|line| self.append(line.as_str()));
            if let Err(cause) = kept {
                tracing::error!("{}", self.failed(cause));
            }
            self.send(fact);
        }
    }

    /// Appends whole lines. After a partial write (disk full) the file is cut back, so that the next line starts clean.
    fn append(&mut self, lines: &str) -> io::Result<()> {
        let written = self.file.write_all(lines.as_bytes());
        if written.is_ok() {
            self.length += lines.len() as u64;
            self.watched.grew_to(self.length);
        } else if let Err(cause) = self.file.set_len(self.length) {
            tracing::error!("{}", self.failed(cause));
        }
        written
    }

    /// A missing listener is not an error: the file has every event.
    fn send(&self, fact: Fact) {
        if self.clients.receiver_count() > 0 {
            let _ = self.clients.send(fact.clone());
        }
        let _ = self.listener.send(fact);
    }

    fn next(&mut self, event: Event) -> Fact {
        self.seq += 1;
        self.fact(event)
    }

    fn fact(&self, event: Event) -> Fact {
        Fact {
            schema: EVENT_SCHEMA.to_owned(),
            seq: self.seq,
            at: Utc::now(),
            run: self.run.clone(),
            event,
        }
    }

    fn failed(&self, cause: io::Error) -> EventLogError {
        EventLogError {
            path: self.path.clone(),
            cause,
        }
    }
}

fn line(fact: &Fact) -> io::Result<EscapedText> {
    Ok(EscapedText::json(fact)?)
}

fn cut_torn_line(file: &mut File) -> io::Result<()> {
    const STEP: u64 = 4_096;
    let length = file.metadata()?.len();
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        (&*file).take(end - start).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            end = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    if end < length { file.set_len(end) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn a_truncated_last_line_is_removed_on_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let long = format!("{{\"event\":\"{}\"}}\n", "x".repeat(9_000));
        for (before, after) in [
            (String::new(), String::new()),
            (long.clone(), long.clone()),
            (format!("{long}{{\"event\":\"rerun_qu"), long.clone()),
            (format!("a\n{}", "y".repeat(10_000)), "a\n".to_owned()),
            ("y".repeat(10_000), String::new()),
        ] {
            fs::write(&path, before).unwrap();
            EventLog::open(
                &path,
                "r".to_owned(),
                unbounded_channel().0,
                broadcast::channel(1).0,
            )
            .unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }
}
