//! When to retry: the number of attempts and the pauses between them. Pure: the jitter is passed in.

use std::time::Duration;

use crate::warehouse::{ErrorClass, Warehouse};

/// How many times as often a commit is tried that another writer was in the way of. Writers of other slices of the table take
/// turns with this one, and none of its dates is at fault.
const TIMES_IF_CONTENDED: u32 = 5;

/// Retry limits of a date or a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of attempts, including the first.
    pub attempts: u32,
    /// Pause after the first failure; doubles with each further one.
    pub first_pause: Duration,
    /// Upper limit of the pause.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The default policy for a warehouse. A remote one gets more attempts, because it can be unreachable for minutes.
    #[must_use]
    pub fn over(warehouse: &dyn Warehouse) -> Self {
        match warehouse.quota_backoff() {
            None => Self::default(),
            Some(_) => Self {
                attempts: 8,
                first_pause: Duration::from_secs(1),
                longest_pause: Duration::from_mins(1),
            },
        }
    }

    /// The pause after failed attempt `attempt` (from 1); `None` if it was the last one or the error can't be retried.
    /// `jitter` (0 to 1) spreads the pause over its upper half, so that workers that failed together don't retry
    /// together.
    #[must_use]
    pub fn pause_after(&self, attempt: u32, class: ErrorClass, jitter: f64) -> Option<Duration> {
        let most = match class {
            ErrorClass::Contention => self.attempts.saturating_mul(TIMES_IF_CONTENDED),
            _ => self.attempts,
        };
        if attempt >= most || !class.retries() {
            return None;
        }
        let doubled = self
            .first_pause
            .saturating_mul(1 << attempt.saturating_sub(1).min(20));
        Some(
            doubled
                .min(self.longest_pause)
                .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum_and_end_with_the_budget() {
        let policy = RetryPolicy {
            attempts: 5,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_millis(300),
        };
        let pauses: Vec<_> = (1..=5)
            .map(|attempt| policy.pause_after(attempt, ErrorClass::Transient, 1.0))
            .collect();
        let millis = |number| Some(Duration::from_millis(number));
        assert_eq!(pauses, [millis(100), millis(200), millis(300), millis(300), None]);
        assert_eq!(policy.pause_after(1, ErrorClass::Rate, 0.0), millis(50));
        assert_eq!(policy.pause_after(24, ErrorClass::Contention, 1.0), millis(300));
        assert_eq!(policy.pause_after(25, ErrorClass::Contention, 1.0), None);
        for hopeless in [ErrorClass::Data, ErrorClass::Auth, ErrorClass::Code] {
            assert_eq!(policy.pause_after(1, hopeless, 1.0), None, "{hopeless}");
        }
    }
}
