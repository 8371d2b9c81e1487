//! The log on disk: one file per day, written by its own thread, so that a slow disk blocks no worker until more than a
//! hundred thousand lines are queued.

use std::path::Path;

use tracing::Subscriber;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Days to keep; older files are removed.
const DAYS: usize = 31;

/// The open log files. Dropping it flushes queued lines, so keep it until the end of the process.
#[derive(Debug)]
pub struct LogFiles(#[allow(dead_code, reason = "held for what its drop does")] WorkerGuard);

/// Opens today's file, `backcourt.YEAR-MONTH-DAY.log` in UTC, in `folder`.
pub(super) fn open(folder: &Path) -> Result<(NonBlocking, LogFiles), InitError> {
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(env!("CARGO_PKG_NAME"))
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)?;
    // A full queue blocks instead of dropping lines silently.
    let (lines, guard) = NonBlockingBuilder::default().lossy(false).finish(files);
    Ok((lines, LogFiles(guard)))
}

/// Formats lines: time in UTC, level, module, message, fields.
pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(lines: NonBlocking) -> impl Layer<S> {
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(lines)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn log_lines_are_flushed_when_the_guard_drops() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, files) = open(folder.path()).unwrap();
        let subscriber = tracing_subscriber::registry().with(layer(lines));
        tracing::subscriber::with_default(subscriber, || tracing::warn!(rows = 16, "short"));
        drop(files);
        let written: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(written.len(), 1);
        let name = written[0].file_name().into_string().unwrap();
        let day = name
            .strip_prefix("backcourt.")
            .and_then(|rest| rest.strip_suffix(".log"));
        assert!(
            day.is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok()),
            "{name}"
        );
        let text = std::fs::read_to_string(written[0].path()).unwrap();
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
    fn a_file_in_place_of_the_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(open(file.path()).is_err());
    }
}
