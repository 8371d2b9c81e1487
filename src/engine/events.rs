//! The event log: numbers events, appends them to `events.jsonl`, then sends them to listeners. Snapshot deltas go to
//! the file only, at intervals, so that a replay can show what the events don't. While the file can't be written, its
//! events are counted; a line marks the gap as soon as there is room.

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
use super::{EVENT_SCHEMA, Event, Fact, Losses, MissingEvents, RunOutput, Snapshot};
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
    missing: MissingEvents,
    /// Whether the newest line couldn't be written.
    fails: bool,
    /// Whether lines are missing since the last delta in the file.
    lacks_lines: bool,
    /// What another program did to the file.
    taken: Option<String>,
    losses: Losses,
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
#[error("cannot open the event log {} ({cause}); make it readable and writable, then start again", path.display())]
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
        losses: Losses,
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
            missing: MissingEvents::default(),
            fails: false,
            lacks_lines: false,
            taken: None,
            losses,
        })
    }

    /// Fails if another program has taken the file.
    pub(super) fn verify(&mut self) -> Result<(), FileTaken> {
        let found = self.watched.verify();
        if let Err(taken) = &found {
            self.taken = Some(taken.clause());
            self.report();
        }
        found
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

    /// Appends the pending events in one write, then sends them to listeners, also if the file can't be written.
    pub(super) fn record(&mut self) {
        let events = mem::take(&mut self.pending);
        if events.is_empty() {
            return;
        }
        let facts: Vec<Fact> = events.into_iter().map(|event| self.next(event)).collect();
        if !self.write(&facts) {
            for fact in &facts {
                self.missing.add(fact.seq, fact.at);
            }
        }
        self.report();
        for fact in facts {
            self.projector.take(&fact);
            self.send(fact);
        }
    }

    /// Appends a snapshot delta if one is due. It has no number of its own, because listeners don't get it.
    pub(super) fn checkpoint(&mut self, now: &Snapshot, is_last: bool) {
        let is_overdue = self.lacks_lines && !self.fails;
        if !is_last && !is_overdue && !self.checkpoints.are_due(now.run.state) {
            return;
        }
        self.checkpoints.keep(now.run.state);
        if mem::take(&mut self.lacks_lines) {
            // The file lacks what the delta would add to, so the delta contains everything.
            self.projector = Projector::default();
        }
        let delta = Event::SnapshotDelta(Box::new(self.projector.diff(now)));
        self.write(&[self.fact(delta)]);
        self.report();
    }

    /// Appends events, after the mark of a gap before them. Returns whether the file has them now.
    fn write(&mut self, facts: &[Fact]) -> bool {
        let mark = self.missing.mark(&self.run);
        let lines = mark.iter().chain(facts).map(EscapedText::json);
        let lines = lines.map(|line| Ok(line?.as_str().to_owned()));
        let written = lines
            .collect::<io::Result<String>>()
            .and_then(|lines| self.append(&lines));
        let Err(cause) = written else {
            self.missing.close();
            self.fails = false;
            return true;
        };
        if !self.fails {
            tracing::error!(
                "cannot write the event log {} ({cause}); the run continues",
                self.path.display()
            );
        }
        self.missing.set_cause(cause.to_string());
        (self.fails, self.lacks_lines) = (true, true);
        false
    }

    fn report(&self) {
        let missing = self.missing.clause(self.fails, 0);
        self.losses
            .report(RunOutput::EventLog, self.taken.clone().or(missing));
    }

    /// Appends whole lines. After a partial write (disk full) the file is cut back, so that the next line starts clean.
    fn append(&mut self, lines: &str) -> io::Result<()> {
        let written = self.file.write_all(lines.as_bytes());
        if written.is_ok() {
            self.length += lines.len() as u64;
            self.watched.grew_to(self.length);
        } else if let Err(cause) = self.file.set_len(self.length) {
            tracing::error!(
                "cannot remove an incomplete line from {} ({cause})",
                self.path.display()
            );
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
                Losses::default(),
            )
            .unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }
}
