//! The log on disk: a file per day, written by its own thread, so that a slow disk blocks no worker until many lines are
//! queued. Lines that can't be written are counted; the file says where they are missing.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, Utc};
use tracing::Subscriber;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::escape::EscapedText;
use crate::figures::counted;
use crate::own_file::{self, WatchedFile};

/// Days to keep; older files are removed.
const DAYS: usize = 31;

/// Lines that may wait to be written, 64 KiB each at most. A full queue blocks instead of dropping lines.
const MAX_QUEUED_LINES: usize = 256;

const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), ".");
const SUFFIX: &str = ".log";

/// The open log files. Dropping it writes the queued lines, so keep it until the end of the process.
#[derive(Debug)]
pub struct LogFiles(#[allow(dead_code, reason = "held for what its drop does")] WorkerGuard);

/// Opens today's file, `backcourt.YEAR-MONTH-DAY.log` in UTC, in `folder`. `on_loss` hears what is missing in the files,
/// whenever that changes.
pub(super) fn open(
    folder: &Path,
    on_loss: impl Fn(String) + Send + 'static,
) -> io::Result<(NonBlocking, LogFiles)> {
    let mut log = DailyLog::new(folder, on_loss);
    log.today = Some(Today::open(folder, Utc::now().date_naive())?);
    let (lines, guard) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(MAX_QUEUED_LINES)
        .finish(log);
    Ok((lines, LogFiles(guard)))
}

/// The files of the days. One call of `write` is one line; `flush` reports what is missing.
struct DailyLog {
    folder: PathBuf,
    today: Option<Today>,
    /// Lines missing since the last one that was written.
    unwritten: u64,
    /// Lines missing in all.
    lost: u64,
    /// Why, if that has not been reported yet.
    cause: Option<io::Error>,
    on_loss: Box<dyn Fn(String) + Send>,
}

impl fmt::Debug for DailyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DailyLog")
            .field("today", &self.today)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

impl Write for DailyLog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if let Err(error) = self.append(&EscapedText::of(text.trim_end())) {
            self.unwritten += 1;
            self.lost += 1;
            self.cause = Some(error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(cause) = self.cause.take() {
            (self.on_loss)(format!("{} missing ({cause})", counted(self.lost, "line")));
        }
        Ok(())
    }
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
    fn new(folder: &Path, on_loss: impl Fn(String) + Send + 'static) -> Self {
        Self {
            folder: folder.to_owned(),
            today: None,
            unwritten: 0,
            lost: 0,
            cause: None,
            on_loss: Box::new(on_loss),
        }
    }

    fn append(&mut self, line: &EscapedText) -> io::Result<()> {
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
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(lines: NonBlocking) -> impl Layer<S> {
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
        let (send, losses) = std::sync::mpsc::channel();
        let mut log = DailyLog::new(folder.path(), move |loss| send.send(loss).unwrap());
        let mut write = |lines: &[&str]| {
            for line in lines {
                log.write_all(line.as_bytes()).unwrap();
            }
            log.flush().unwrap();
            losses.try_recv().ok()
        };
        fs::create_dir(&path).unwrap();
        let loss = write(&["one\n", "two\n"]).unwrap();
        assert!(loss.starts_with("2 lines missing ("), "{loss}");
        fs::remove_dir(&path).unwrap();
        assert_eq!(write(&["three\n"]), None);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(": 2 lines missing here\nthree\n"), "{text}");
        // The file is written again after it was removed.
        fs::remove_file(&path).unwrap();
        assert_eq!(write(&["four\n"]), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "four\n");
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
