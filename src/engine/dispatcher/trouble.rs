//! Errors that affect a whole stage: a table whose quota is used up is throttled while other stages continue,
//! and an error that repeats date after date stops its stage.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::super::{Event, StageError};
use super::{Dispatcher, Refresh};
use crate::figures::counted;

/// The same error on this many dates in a row stops the stage.
const ALIKE: u64 = 5;
/// The longest backoff of a throttled table, unless the warehouse asks for more.
const LONGEST_REST: Duration = Duration::from_hours(1);

/// A table that is throttled.
#[derive(Debug)]
pub(super) struct Parked {
    until: Instant,
    at: DateTime<Utc>,
    why: String,
}

/// Recent errors of a stage.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    parked: Option<Parked>,
    /// Consecutive backoffs of its table.
    rests: u32,
    /// The last error that failed a date, and how many dates in a row it failed.
    alike: Option<(String, u64)>,
    /// Why its remaining dates are not tried.
    stopped: Option<String>,
}

impl Trouble {
    /// Resets the counts after a successful write.
    pub(super) fn is_over(&mut self) {
        self.rests = 0;
        self.alike = None;
    }

    /// Resets a stopped stage when the operator requeues dates.
    pub(super) fn forget(&mut self) {
        self.alike = None;
        self.stopped = None;
    }

    /// Whether the table is throttled.
    pub(super) const fn is_parked(&self) -> bool {
        self.parked.is_some()
    }

    /// When the backoff ends.
    pub(super) fn parked_until(&self) -> Option<Instant> {
        self.parked.as_ref().map(|parked| parked.until)
    }

    /// Until when the table is throttled and why, for the screen.
    pub(super) fn backoff_message(&self) -> Option<String> {
        let parked = self.parked.as_ref()?;
        Some(format!(
            "throttled until {} UTC: {}",
            parked.at.format("%H:%M:%S"),
            parked.why
        ))
    }

    /// Why the stage was stopped, if it was.
    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Counts an error that failed a date. Returns how many dates in a row had it.
    fn count(&mut self, message: &str) -> u64 {
        // Digits, such as dates, differ from date to date; the rest identifies the error.
        let said: String = message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let count = match &self.alike {
            Some((known, count)) if *known == said => count + 1,
            _ => 1,
        };
        self.alike = Some((said, count));
        count
    }
}

impl Dispatcher {
    /// Throttles a stage's table for `rest`, doubled with each consecutive backoff: up to 64-fold and up to
    /// [`LONGEST_REST`], unless `rest` is longer. Returns when the backoff ends.
    pub(super) fn park(&mut self, at: usize, rest: Duration, error: &StageError) -> Instant {
        let stage_run = &mut self.stage_runs[at];
        let rest = rest
            .saturating_mul(1 << stage_run.trouble.rests.min(6))
            .min(LONGEST_REST.max(rest));
        let (until, clock) = (Instant::now() + rest, Utc::now() + rest);
        if stage_run
            .trouble
            .parked_until()
            .is_some_and(|known| known >= until)
        {
            return until;
        }
        stage_run.trouble.rests += 1;
        stage_run.trouble.parked = Some(Parked {
            until,
            at: clock,
            why: error.message.clone(),
        });
        let stage = stage_run.board.name.clone();
        tracing::warn!(stage, "throttled until {} UTC: {error}", clock.format("%H:%M:%S"));
        self.emit(Event::StageThrottled {
            stage,
            until: clock,
            message: error.message.clone(),
        });
        self.request_refresh(Refresh::Now);
        until
    }

    /// Releases tables whose backoff has ended.
    pub(super) fn unpark(&mut self) {
        let now = Instant::now();
        for stage_run in &mut self.stage_runs {
            if stage_run.trouble.parked_until().is_some_and(|until| until <= now) {
                stage_run.trouble.parked = None;
                tracing::info!(stage = stage_run.board.name, "backoff over, retrying the table");
                self.refresh = Refresh::Now;
            }
        }
    }

    /// Counts a date that failed because of a code or query error. Enough consecutive dates with the same
    /// error stop the stage.
    pub(super) fn count_alike(&mut self, at: usize, error: &StageError) {
        let stage_run = &mut self.stage_runs[at];
        let failed = stage_run.trouble.count(&error.message);
        if failed < ALIKE || stage_run.trouble.stopped.is_some() {
            return;
        }
        stage_run.trouble.stopped = Some(error.message.clone());
        let left = stage_run.queue.close();
        let stage = stage_run.board.name.clone();
        tracing::error!(
            stage,
            "stopped after the same error on {}, {left} not tried: {error}",
            counted(failed, "date")
        );
        self.emit(Event::StageStopped {
            stage,
            failed,
            left: left as u64,
            message: error.message.clone(),
        });
        self.request_refresh(Refresh::Now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_that_differ_only_in_numbers_are_counted_together() {
        let mut trouble = Trouble::default();
        assert_eq!(trouble.count("2023-12-16: no column x at [1:20]"), 1);
        assert_eq!(trouble.count("2023-12-17: no column x at [1:9]"), 2);
        assert_eq!(trouble.count("2023-12-18: no column y at [1:9]"), 1);
        assert_eq!(trouble.count("2023-12-18: no column y at [1:9]"), 2);
        trouble.is_over();
        assert_eq!(trouble.count("2023-12-19: no column y at [1:9]"), 1);
    }
}
