//! Progress of an import: rows and share of the file, after the first second.

use std::time::{Duration, Instant};

use crate::cli::progress::ProgressLine;
use crate::figures::counted;
use crate::import::ImportFile;

const FIRST: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);

/// Rows between two looks at the clock.
const STEP: u64 = 256;

pub(super) struct ImportMeter {
    line: ProgressLine,
    what: String,
    size: u64,
    next: Instant,
}

impl ImportMeter {
    /// `verb` is what is done with the file: `checking`.
    pub(super) fn new(verb: &str, file: &ImportFile) -> Self {
        Self {
            line: ProgressLine::default(),
            what: format!("{verb} {}", file.path().display()),
            size: file.size(),
            next: Instant::now() + FIRST,
        }
    }

    /// Shows these numbers, if it is time.
    pub(super) fn show(&mut self, rows: u64, bytes: u64) {
        if !rows.is_multiple_of(STEP) || Instant::now() < self.next {
            return;
        }
        let share = (bytes * 100).checked_div(self.size).unwrap_or(100).min(100);
        self.line
            .update(&format!("{}: {}, {share} %", self.what, counted(rows, "row")));
        self.next = Instant::now() + PAUSE;
    }
}
