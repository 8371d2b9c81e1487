//! The recording being replayed, if the console shows one.

use chrono::{DateTime, Utc};

#[derive(Debug, Clone, PartialEq)]
pub struct ReplayStatus {
    pub run: String,
    pub at: DateTime<Utc>,
    /// Playback speed as a multiple of real time.
    pub speed: f64,
    pub is_paused: bool,
    /// It plays faster than `speed` through a stretch without events.
    pub skips_idle: bool,
    pub is_over: bool,
    /// Remarks about the recording, one sentence each.
    pub remarks: Vec<String>,
}

impl ReplayStatus {
    /// The playback state on screen.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        if self.is_over {
            "finished"
        } else if self.is_paused {
            "paused"
        } else if self.skips_idle {
            "skipping idle"
        } else {
            "playing"
        }
    }
}
