//! The log on disk: a file per day, written by its own thread, so that a slow disk blocks no worker until megabytes are
//! queued. Lines that can't be written are counted; the file says where they are missing.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use chrono::{NaiveDate, Utc};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::escape::EscapedText;
use crate::figures::counted;
use crate::own_file::{self, WatchedFile};

/// Days to keep; older files are removed.
const DAYS: usize = 31;

/// Bytes that may wait to be written. A full queue blocks instead of dropping lines.
const MOST_QUEUED: usize = 8 * 1024 * 1024;

const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), ".");
const SUFFIX: &str = ".log";

/// The open log files. Dropping it writes the queued lines, so keep it until the end of the process.
#[derive(Debug)]
pub struct LogFiles {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for LogFiles {
    fn drop(&mut self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
        // A panic of the thread has been reported by the hook.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// The lines on their way to the file.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<EscapedText>,
    bytes: usize,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        guard: MutexGuard<'a, Waiting>,
        until: impl Fn(&Waiting) -> bool,
    ) -> MutexGuard<'a, Waiting> {
        let waited = self.changed.wait_while(guard, |waiting| !until(waiting));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: EscapedText) {
        let has_room = |waiting: &Waiting| waiting.bytes < MOST_QUEUED || waiting.is_closed;
        let mut waiting = self.wait(self.lock(), has_room);
        waiting.bytes += line.as_str().len();
        waiting.lines.push_back(line);
        drop(waiting);
        self.changed.notify_all();
    }

    /// The lines that wait, once there are any; `None` after the last ones.
    fn take(&self) -> Option<VecDeque<EscapedText>> {
        let is_due = |waiting: &Waiting| !waiting.lines.is_empty() || waiting.is_closed;
        let mut waiting = self.wait(self.lock(), is_due);
        let lines = std::mem::take(&mut waiting.lines);
        waiting.bytes = 0;
        drop(waiting);
        self.changed.notify_all();
        (!lines.is_empty()).then_some(lines)
    }
}

/// Where the formatter writes: one call, one line.
#[derive(Debug, Clone)]
pub(super) struct LogWriter(Arc<Queue>);

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.push(EscapedText::of(text.trim_end()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Opens today's file, `backcourt.YEAR-MONTH-DAY.log` in UTC, in `folder`. `on_loss` hears what is missing in the files,
/// whenever that changes.
pub(super) fn open(
    folder: &Path,
    on_loss: impl Fn(String) + Send + 'static,
) -> io::Result<(LogWriter, LogFiles)> {
    let queue = Arc::new(Queue::default());
    let mut log = DailyLog {
        folder: folder.to_owned(),
        today: Some(Today::open(folder, Utc::now().date_naive())?),
        unwritten: 0,
        lost: 0,
    };
    let lines = Arc::clone(&queue);
    let thread = thread::Builder::new().name("log".to_owned()).spawn(move || {
        while let Some(lines) = lines.take() {
            if let Some(loss) = log.write_all(&lines) {
                on_loss(loss);
            }
        }
    })?;
    let files = LogFiles {
        queue: Arc::clone(&queue),
        thread: Some(thread),
    };
    Ok((LogWriter(queue), files))
}

/// The files of the days.
#[derive(Debug)]
struct DailyLog {
    folder: PathBuf,
    today: Option<Today>,
    /// Lines missing since the last one that was written.
    unwritten: u64,
    /// Lines missing in all.
    lost: u64,
}

#[derive(Debug)]
struct Today {
    day: NaiveDate,
    file: File,
    watched: WatchedFile,
    /// Length of the file up to the last complete line.
    length: u64,
}

impl DailyLog {
    /// Writes what can be written; returns what is missing if that has changed.
    fn write_all(&mut self, lines: &VecDeque<EscapedText>) -> Option<String> {
        let before = self.lost;
        let mut cause = None;
        for line in lines {
            if let Err(error) = self.write(line) {
                self.unwritten += 1;
                self.lost += 1;
                cause = Some(error);
            }
        }
        let cause = cause.filter(|_| self.lost > before)?;
        Some(format!("{} missing ({cause})", counted(self.lost, "line")))
    }

    fn write(&mut self, line: &EscapedText) -> io::Result<()> {
        let day = Utc::now().date_naive();
        let in_use = self.today.take().filter(|today| today.day == day);
        let in_place = in_use.and_then(|mut today| today.watched.verify().is_ok().then_some(today));
        let mut today = match in_place {
            Some(today) => today,
            None => Today::open(&self.folder, day)?,
        };
        let written = match self.unwritten {
            0 => Ok(()),
            lost => today.append(&gap(lost)),
        };
        let written = written.and_then(|()| {
            self.unwritten = 0;
            today.append(line)
        });
        self.today = Some(today);
        written
    }
}

/// The line that stands for missing ones.
fn gap(lines: u64) -> EscapedText {
    let (now, lines) = (Utc::now().format("%FT%T%.6fZ"), counted(lines, "line"));
    EscapedText::of(format_args!(
        "{now} ERROR {}: {lines} missing here",
        module_path!()
    ))
}

impl Today {
    fn open(folder: &Path, day: NaiveDate) -> io::Result<Self> {
        let path = folder.join(format!("{PREFIX}{day}{SUFFIX}"));
        let file = own_file::open(&path, OpenOptions::new().append(true).create(true))?;
        let length = file.metadata()?.len();
        remove_old(folder);
        Ok(Self {
            day,
            file,
            watched: WatchedFile::of(&path),
            length,
        })
    }

    /// Appends a line as a whole or not at all.
    fn append(&mut self, line: &EscapedText) -> io::Result<()> {
        let bytes = line.as_str().as_bytes();
        let written = self.file.write_all(bytes);
        match written {
            Ok(()) => self.length += bytes.len() as u64,
            // If this fails too, an incomplete line stays.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }
}

/// Removes the files of all but the newest days. A file that can't be removed stays.
fn remove_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
        .collect();
    names.sort_unstable();
    for name in names.iter().rev().skip(DAYS) {
        drop(fs::remove_file(folder.join(name)));
    }
}

/// Formats lines: time in UTC, level, module, message, fields.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(lines: LogWriter) -> impl Layer<S> {
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(lines)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// The lines of the only file.
    fn logged(folder: &Path, log: impl FnOnce()) -> (String, String) {
        let (lines, files) = open(folder, |_| ()).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer(lines));
        tracing::subscriber::with_default(subscriber, log);
        drop(files);
        let mut written = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let file = written.next().unwrap();
        assert!(written.next().is_none());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(file.path()).unwrap();
        (file.file_name().into_string().unwrap(), text)
    }

    #[test]
    fn log_lines_are_flushed_when_the_files_drop() {
        let folder = tempfile::tempdir().unwrap();
        let (name, text) = logged(folder.path(), || tracing::warn!(rows = 16, "short"));
        let day = name
            .strip_prefix("backcourt.")
            .and_then(|rest| rest.strip_suffix(".log"));
        assert!(day.is_some_and(|day| day.parse::<NaiveDate>().is_ok()), "{name}");
        assert_eq!(text.lines().count(), 1);
        assert!(
            text.starts_with("20") && text.ends_with("short rows=16\n"),
            "{text}"
        );
        assert!(
            text.contains(" WARN backcourt::telemetry::files::tests: "),
            "{text}"
        );
    }

    #[test]
    fn a_message_is_one_line_without_escape_sequences() {
        let folder = tempfile::tempdir().unwrap();
        let (_, text) = logged(folder.path(), || {
            tracing::warn!(stage = "a\nb", "two\nlines\u{1b}[2J\u{9b}m é");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            !text.contains(['\u{1b}', '\u{9b}']) && text.contains('é'),
            "{text}"
        );
    }

    #[test]
    fn missing_lines_are_counted_and_marked_once_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let day = Utc::now().date_naive();
        let path = folder.path().join(format!("{PREFIX}{day}{SUFFIX}"));
        let mut log = DailyLog {
            folder: folder.path().to_owned(),
            today: None,
            unwritten: 0,
            lost: 0,
        };
        let lines = |text: &[&str]| text.iter().map(EscapedText::of).collect();
        fs::create_dir(&path).unwrap();
        let loss = log.write_all(&lines(&["one", "two"])).unwrap();
        assert!(loss.starts_with("2 lines missing ("), "{loss}");
        fs::remove_dir(&path).unwrap();
        assert_eq!(log.write_all(&lines(&["three"])), None);
        // The file is written again after it was removed.
        fs::remove_file(&path).unwrap();
        assert_eq!(log.write_all(&lines(&["four"])), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "four\n");
        log.unwritten = 1;
        log.write_all(&lines(&["five"]));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(": 1 line missing here\nfive\n"), "{text}");
    }

    #[test]
    fn only_the_newest_days_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=31 {
            fs::write(
                folder.path().join(format!("{PREFIX}2020-01-{day:02}{SUFFIX}")),
                "",
            )
            .unwrap();
        }
        fs::write(folder.path().join("other.log"), "").unwrap();
        Today::open(folder.path(), NaiveDate::from_ymd_opt(2020, 2, 1).unwrap()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), DAYS + 1);
        assert!(!folder.path().join("backcourt.2020-01-01.log").exists());
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(open(file.path(), |_| ()).is_err());
    }
}
