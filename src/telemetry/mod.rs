//! The log, on disk and in memory, and the resource usage of the process. It doesn't know about backfills and never
//! writes to standard output or error, which may be the screen.

mod files;
mod layer;
mod process_metrics;
mod ring;

pub use files::LogFiles;
pub use layer::RingLayer;
pub use process_metrics::{ProcessMetrics, Sampler};
pub use ring::{LogLine, LogRing};

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lines kept by the ring in memory.
const RING_LINES: usize = 10_000;

/// Logging can't be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of the log files can't be written to.
    #[error(
        "cannot open the log file in {folder} ({source}); make the folder writable or choose another state folder"
    )]
    Files {
        /// The folder of the log files.
        folder: String,
        /// The underlying error.
        source: std::io::Error,
    },
    /// The process already has a log.
    #[error("logging is already set up in this process")]
    AlreadySetUp,
}

/// Starts logging to daily files in `folder` and to a ring in memory: from `backcourt` debug level and above, from
/// other crates warnings and errors.
///
/// Keep the [`LogFiles`] until the process ends: dropping it flushes queued lines. `on_loss` hears, in a few words, what
/// is missing in the files, whenever that changes.
///
/// # Errors
/// The folder can't be written to, or logging was started before.
pub fn start(
    folder: &Path,
    on_loss: impl Fn(String) + Send + 'static,
) -> Result<(LogRing, LogFiles), StartError> {
    let ring = LogRing::new(RING_LINES);
    let (lines, files) = files::open(folder, on_loss).map_err(|source| StartError::Files {
        folder: folder.display().to_string(),
        source,
    })?;
    let wanted = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(env!("CARGO_PKG_NAME"), LevelFilter::DEBUG);
    tracing_subscriber::registry()
        .with(wanted)
        .with(files::layer(lines))
        .with(RingLayer::new(ring.clone()))
        .try_init()
        .map_err(|_| StartError::AlreadySetUp)?;
    Ok((ring, files))
}
