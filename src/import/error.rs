//! Why a file is not imported.

use std::io;
use std::path::PathBuf;

use crate::figures::counted;

/// Most rejected rows that are listed; the others are counted.
const MAX_LISTED: usize = 20;

/// Why a file is not imported. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be opened or read.
    #[error("cannot read {}: {cause}; check the path and its permissions", .file.display())]
    Unreadable {
        /// Its path.
        file: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The file as a whole can't be imported.
    #[error("{}{}: {what}", .file.display(), .line.map_or_else(String::new, |line| format!(", line {line}")))]
    Refused {
        /// Its path.
        file: PathBuf,
        /// The line it is about, from 1.
        line: Option<u64>,
        /// What is wrong and what to do.
        what: String,
    },
    /// More rows are invalid than were allowed.
    #[error(
        "{}: {} rejected, nothing was imported; correct them, or leave out up to N of them with --allow-rejects N",
        .file.display(), counted(.rejected.count, "row")
    )]
    Rejected {
        /// The path of the file.
        file: PathBuf,
        /// The invalid rows.
        rejected: RejectedRows,
    },
}

/// The invalid rows of a file: all of them counted, the first ones described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RejectedRows {
    /// How many there are.
    pub count: u64,
    described: Vec<String>,
}

impl RejectedRows {
    /// Adds a row; `reason` is made only if it will be listed.
    pub(super) fn add(&mut self, reason: impl FnOnce() -> String) {
        if self.described.len() < MAX_LISTED {
            self.described.push(reason());
        }
        self.count += 1;
    }

    /// A line for each of the first 20, and one for the number of the others.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.described.clone();
        let others = self.count - lines.len() as u64;
        if others > 0 {
            lines.push(format!("and {} more", counted(others, "row")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_rejected_rows_are_listed_and_the_others_counted() {
        let mut rejected = RejectedRows::default();
        for line in 2..=21 {
            rejected.add(|| format!("line {line}: bad"));
        }
        assert_eq!(rejected.lines().len(), 20);
        rejected.add(|| unreachable!("not listed"));
        rejected.add(|| unreachable!("not listed"));
        assert_eq!(rejected.count, 22);
        let lines = rejected.lines();
        assert_eq!(
            (lines[0].as_str(), lines[20].as_str()),
            ("line 2: bad", "and 2 rows more")
        );
    }
}
