//! What the program notices about itself: its log, as a file and in memory, and what it takes of the machine.
//! It knows nothing of backfills; standard output and error are never written to, they may be the screen.

mod files;
mod layer;
mod ring;
mod vitals;

pub use files::LogFiles;
pub use layer::RingLayer;
pub use ring::{LogLine, LogRing};
pub use vitals::{Sampler, Vitals};

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How many lines the ring in memory keeps.
const RING_LINES: usize = 10_000;

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of the log files cannot be written to.
    #[error(
        "cannot open the log file in {folder} ({source}); make the folder writable or choose another state folder"
    )]
    Files {
        /// Where the files were to be.
        folder: String,
        /// What the system said.
        source: tracing_appender::rolling::InitError,
    },
    /// The process already has a log.
    #[error("logging is already set up in this process")]
    Twice,
}

/// Sends everything logged in this process, from now on, to daily files in `folder` and to a ring in memory: from
/// `backcourt` itself all but traces, from other crates warnings and errors.
///
/// Keep the [`LogFiles`] until the process ends: what is still on its way is written when they are dropped.
///
/// # Errors
/// The folder cannot be written to, or the log was started before.
pub fn start(folder: &Path) -> Result<(LogRing, LogFiles), StartError> {
    let ring = LogRing::new(RING_LINES);
    let (lines, files) = files::open(folder).map_err(|source| StartError::Files {
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
        .map_err(|_| StartError::Twice)?;
    Ok((ring, files))
}
