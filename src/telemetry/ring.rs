//! The newest log lines, in memory, for the screen. Bounded; dropped lines are counted.

use crate::partition::Partition;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::Level;

/// Maximum length of a message, in characters; the log file has it in full.
const MESSAGE_LIMIT: usize = 2_000;

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Sequential number, starting at 1.
    pub number: u64,
    /// When it was logged.
    pub time: DateTime<Utc>,
    /// Severity.
    #[serde(with = "level")]
    pub level: Level,
    /// The module that logged it.
    pub target: String,
    /// The message, followed by fields without their own place, as `name=value`.
    pub message: String,
    /// The date it concerns, or the first of them.
    pub date: Option<Partition>,
    /// The last date it concerns, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Partition>,
    /// The stage it concerns.
    pub stage: Option<String>,
    /// The slot of the worker it concerns.
    pub worker: Option<u64>,
}

mod level {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use tracing::Level;

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    pub(super) fn serialize<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(level.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Level, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl LogLine {
    /// Whether it concerns this date.
    #[must_use]
    pub fn concerns(&self, date: Partition) -> bool {
        let first = self.date;
        first.is_some_and(|first| (first..=self.last_date.unwrap_or(first)).contains(&date))
    }

    /// The dates it concerns, as shown: `2024-01-05` or `2024-01-05..2024-01-07`.
    #[must_use]
    pub fn dates(&self) -> Option<String> {
        let first = self.date?;
        Some(match self.last_date {
            Some(last) => format!("{first}..{last}"),
            None => first.to_string(),
        })
    }
}

/// The ring. Clones share the same lines.
#[derive(Debug, Clone)]
pub struct LogRing(Arc<Mutex<RingState>>);

#[derive(Debug)]
struct RingState {
    kept: VecDeque<Arc<LogLine>>,
    limit: usize,
    last: u64,
}

impl LogRing {
    /// A ring that keeps the newest `limit` lines.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(RingState {
            kept: VecDeque::new(),
            limit,
            last: 0,
        })))
    }

    /// Adds a line: assigns its number and truncates its texts.
    pub fn push(&self, mut line: LogLine) {
        line.target = fit(&line.target);
        line.message = fit(&line.message);
        line.stage = line.stage.as_deref().map(fit);
        let mut lines = self.lock();
        lines.last += 1;
        line.number = lines.last;
        lines.kept.push_back(Arc::new(line));
        if lines.kept.len() > lines.limit {
            lines.kept.pop_front();
        }
    }

    /// The lines after this number, oldest first; 0 for all. The cost depends only on the lines returned, so frequent
    /// polling is cheap.
    #[must_use]
    pub fn since(&self, number: u64) -> Vec<Arc<LogLine>> {
        let lines = self.lock();
        let new = usize::try_from(lines.last.saturating_sub(number)).unwrap_or(usize::MAX);
        let skip = lines.kept.len().saturating_sub(new);
        lines.kept.range(skip..).cloned().collect()
    }

    /// Number of lines dropped because the ring was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        let lines = self.lock();
        lines.last - lines.kept.len() as u64
    }

    fn lock(&self) -> MutexGuard<'_, RingState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fit(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn line(message: &str) -> LogLine {
        LogLine {
            number: 0,
            time: DateTime::UNIX_EPOCH,
            level: Level::INFO,
            target: "backcourt".into(),
            message: message.into(),
            date: None,
            last_date: None,
            stage: None,
            worker: None,
        }
    }

    fn messages(lines: &[Arc<LogLine>]) -> Vec<&str> {
        lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[test]
    fn the_newest_lines_are_kept_and_dropped_ones_are_counted() {
        let ring = LogRing::new(3);
        for message in ["a", "b", "c", "d", "e"] {
            ring.push(line(message));
        }
        assert_eq!(messages(&ring.since(0)), ["c", "d", "e"]);
        assert_eq!(ring.since(0)[0].number, 3);
        assert_eq!(ring.dropped(), 2);
    }

    #[rstest]
    #[case::all(0, &["b", "c", "d"])]
    #[case::removed_in_between(1, &["b", "c", "d"])]
    #[case::some(3, &["d"])]
    #[case::nothing_new(4, &[])]
    #[case::from_a_longer_log(9, &[])]
    fn a_reader_receives_only_new_lines(#[case] seen: u64, #[case] expected: &[&str]) {
        let ring = LogRing::new(3);
        for message in ["a", "b", "c", "d"] {
            ring.push(line(message));
        }
        assert_eq!(messages(&ring.since(seen)), expected);
    }

    #[test]
    fn an_empty_ring_has_no_lines_and_no_losses() {
        let ring = LogRing::new(3);
        assert!(ring.since(0).is_empty());
        assert_eq!(ring.dropped(), 0);
    }

    #[test]
    fn a_huge_message_is_truncated_with_a_marker() {
        let ring = LogRing::new(3);
        ring.push(line(&"é".repeat(MESSAGE_LIMIT)));
        ring.push(line(&"é".repeat(MESSAGE_LIMIT + 1)));
        let lines = ring.since(0);
        assert_eq!(lines[0].message, "é".repeat(MESSAGE_LIMIT));
        assert_eq!(lines[1].message, "é".repeat(MESSAGE_LIMIT) + "...");
    }

    #[test]
    fn clones_share_the_lines() {
        let ring = LogRing::new(3);
        ring.clone().push(line("a"));
        assert_eq!(messages(&ring.since(0)), ["a"]);
    }
}
