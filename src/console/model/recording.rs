//! Where a recording is, if it is one that is shown and not a run.

use chrono::{DateTime, Utc};

/// A recording, as this console is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The run that was recorded.
    pub run: String,
    /// The moment that is shown.
    pub at: DateTime<Utc>,
    /// How many times as fast as it was.
    pub speed: f64,
    /// The operator holds it.
    pub is_paused: bool,
    /// It goes faster than that through a stretch in which nothing happened.
    pub hurries: bool,
    /// Nothing comes any more.
    pub is_over: bool,
    /// What should be known of the recording, each in one sentence.
    pub remarks: Vec<String>,
}

impl Recording {
    /// How it plays, in words.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        if self.is_over {
            "finished"
        } else if self.is_paused {
            "paused"
        } else if self.hurries {
            "skipping idle"
        } else {
            "playing"
        }
    }
}
