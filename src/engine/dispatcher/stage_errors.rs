//! Errors that affect a whole stage: a table whose quota is used up is throttled while other stages continue,
//! and an error that repeats date after date stops its stage.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::super::{Event, StageError};
use super::{Dispatcher, Refresh};
use crate::figures::counted;
use crate::reason::bounded;

/// The same error on this many dates in a row stops the stage.
const MAX_REPEATS: u64 = 5;
/// The longest backoff of a throttled table, unless the warehouse asks for more.
const MAX_BACKOFF: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct Throttle {
    until: Instant,
    at: DateTime<Utc>,
    why: String,
}

#[derive(Debug, Default)]
pub(super) struct StageErrors {
    throttle: Option<Throttle>,
    /// Consecutive backoffs of its table.
    backoffs: u32,
    /// The last error that failed a date, and how many dates in a row it failed.
    repeated: Option<(String, u64)>,
    /// Why its remaining dates are not tried.
    stopped: Option<String>,
}

impl StageErrors {
    /// Resets the counts after a successful write.
    pub(super) fn reset_counts(&mut self) {
        self.backoffs = 0;
        self.repeated = None;
    }

    /// Resets a stopped stage when the operator requeues dates.
    pub(super) fn restart(&mut self) {
        self.repeated = None;
        self.stopped = None;
    }

    pub(super) const fn is_throttled(&self) -> bool {
        self.throttle.is_some()
    }

    pub(super) fn throttled_until(&self) -> Option<Instant> {
        self.throttle.as_ref().map(|throttle| throttle.until)
    }

    /// Until when the table is throttled and why, for the screen.
    pub(super) fn backoff_message(&self) -> Option<String> {
        let throttle = self.throttle.as_ref()?;
        Some(format!(
            "throttled until {} UTC: {}",
            throttle.at.format("%H:%M:%S"),
            throttle.why
        ))
    }

    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Counts an error that failed a date. Returns how many dates in a row had it.
    fn count(&mut self, message: &str) -> u64 {
        // Digits, such as dates, differ from date to date; the rest identifies the error.
        let text: String = message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let count = match &self.repeated {
            Some((known, count)) if *known == text => count + 1,
            _ => 1,
        };
        self.repeated = Some((text, count));
        count
    }
}

impl Dispatcher {
    /// Throttles a stage's table for `rest`, doubled with each consecutive backoff: up to 64-fold and up to
    /// [`MAX_BACKOFF`], unless `rest` is longer. Returns when the backoff ends.
    pub(super) fn throttle_table(&mut self, at: usize, rest: Duration, error: &StageError) -> Instant {
        let work = &mut self.stages[at];
        let rest = rest
            .saturating_mul(1 << work.errors.backoffs.min(6))
            .min(MAX_BACKOFF.max(rest));
        let (until, clock) = (Instant::now() + rest, Utc::now() + rest);
        if work.errors.throttled_until().is_some_and(|known| known >= until) {
            return until;
        }
        work.errors.backoffs += 1;
        work.errors.throttle = Some(Throttle {
            until,
            at: clock,
            why: bounded(&error.message),
        });
        let stage = work.board.name.clone();
        tracing::warn!(stage, "throttled until {} UTC: {error}", clock.format("%H:%M:%S"));
        self.emit(Event::StageThrottled {
            stage,
            until: clock,
            message: bounded(&error.message),
        });
        self.request_refresh(Refresh::Now);
        until
    }

    pub(super) fn end_throttles(&mut self) {
        let now = Instant::now();
        for work in &mut self.stages {
            if work.errors.throttled_until().is_some_and(|until| until <= now) {
                work.errors.throttle = None;
                tracing::info!(stage = work.board.name, "backoff over, retrying the table");
                self.published.refresh = Refresh::Now;
            }
        }
    }

    /// Counts a date that failed with a code error. Enough consecutive dates with the same one stop the stage.
    pub(super) fn count_repeated(&mut self, at: usize, error: &StageError) {
        let work = &mut self.stages[at];
        let failed = work.errors.count(&error.message);
        if failed < MAX_REPEATS || work.errors.stopped.is_some() {
            return;
        }
        work.errors.stopped = Some(bounded(&error.message));
        let left = work.queue.close();
        let stage = work.board.name.clone();
        tracing::error!(
            stage,
            "stopped after the same error on {}, {left} not tried: {error}",
            counted(failed, "date")
        );
        self.emit(Event::StageStopped {
            stage,
            failed,
            left: left as u64,
            message: bounded(&error.message),
        });
        self.request_refresh(Refresh::Now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_differ_only_in_numbers_are_counted_together() {
        let mut errors = StageErrors::default();
        assert_eq!(errors.count("2023-12-16: no column x at [1:20]"), 1);
        assert_eq!(errors.count("2023-12-17: no column x at [1:9]"), 2);
        assert_eq!(errors.count("2023-12-18: no column y at [1:9]"), 1);
        assert_eq!(errors.count("2023-12-18: no column y at [1:9]"), 2);
        errors.reset_counts();
        assert_eq!(errors.count("2023-12-19: no column y at [1:9]"), 1);
    }
}
