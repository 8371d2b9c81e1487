//! Keeps writes within `BigQuery`'s limits per table: one writer at a time, and no more statements and
//! updates in ten seconds than allowed. [`Allowance`] only computes times; [`Limits::turn`] waits.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex as Guarded, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

const SPAN: Duration = Duration::from_secs(10);
/// Maximum number of DML statements per table and window.
const STATEMENTS: usize = 25;
/// Maximum number of updates of a partitioned table per window. Every job counts as one.
const UPDATES: usize = 50;

/// Describes the limits for the operator.
pub(super) fn message() -> String {
    let seconds = SPAN.as_secs();
    format!(
        "limits per table: one commit at a time, {STATEMENTS} statements and {UPDATES} updates in {seconds} s"
    )
}

/// A limit for any ten seconds.
#[derive(Debug)]
struct Window {
    most: usize,
    taken: VecDeque<Instant>,
}

impl Window {
    const fn new(most: usize) -> Self {
        Self {
            most,
            taken: VecDeque::new(),
        }
    }

    /// The earliest time, not before `now`, at which `count` more are within the limit.
    fn free_at(&mut self, count: usize, now: Instant) -> Instant {
        while self.taken.front().is_some_and(|taken| *taken + SPAN <= now) {
            self.taken.pop_front();
        }
        let over = (self.taken.len() + count).saturating_sub(self.most);
        match over.checked_sub(1).and_then(|last| self.taken.get(last)) {
            Some(taken) => *taken + SPAN,
            None => now,
        }
    }

    fn take(&mut self, count: usize, at: Instant) {
        self.taken.extend(std::iter::repeat_n(at, count));
    }

    /// Moves the latest `count` entries to a later time.
    fn move_last(&mut self, count: usize, to: Instant) {
        for taken in self.taken.iter_mut().rev().take(count) {
            *taken = to;
        }
    }
}

/// The writes of one table, as counted against the limits.
#[derive(Debug)]
pub(super) struct Allowance {
    statements: Window,
    updates: Window,
}

impl Allowance {
    const fn new() -> Self {
        Self {
            statements: Window::new(STATEMENTS),
            updates: Window::new(UPDATES),
        }
    }

    /// Reserves one job with this many DML statements and returns when it may be sent.
    fn take(&mut self, statements: usize, now: Instant) -> Instant {
        let at = self
            .statements
            .free_at(statements, now)
            .max(self.updates.free_at(1, now));
        self.statements.take(statements, at);
        self.updates.take(1, at);
        at
    }

    /// Records the end of the latest job. The server counted it at an unknown time until now; the latest
    /// possible one is assumed.
    fn end(&mut self, statements: usize, now: Instant) {
        self.statements.move_last(statements, now);
        self.updates.move_last(1, now);
    }
}

/// Exclusive permission to write a table; the next writer's turn begins when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    allowance: OwnedMutexGuard<Allowance>,
    statements: usize,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.allowance.end(self.statements, Instant::now());
    }
}

#[derive(Debug, Default)]
pub(super) struct Limits(Guarded<HashMap<String, Arc<Mutex<Allowance>>>>);

impl Limits {
    /// Waits until no other job writes the table and the limits allow one with this many DML statements.
    pub(super) async fn turn(&self, table: &str, statements: usize) -> Turn {
        let allowance = {
            let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let known = tables.entry(table.to_owned());
            Arc::clone(known.or_insert_with(|| Arc::new(Mutex::new(Allowance::new()))))
        };
        let mut allowance = allowance.lock_owned().await;
        let at = allowance.take(statements, Instant::now());
        tokio::time::sleep_until(at).await;
        Turn {
            allowance,
            statements,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_13th_pair_of_statements_waits_ten_seconds_after_the_first() {
        let start = Instant::now();
        let mut allowance = Allowance::new();
        let second = Duration::from_millis(100);
        for job in 0..12 {
            let now = start + second * job;
            assert_eq!(allowance.take(2, now), now);
        }
        assert_eq!(allowance.take(2, start + second * 12), start + SPAN);
        // The limit allows the next pair once the second job is ten seconds old.
        assert_eq!(allowance.take(2, start + second * 13), start + second + SPAN);
    }

    #[test]
    fn a_job_counts_until_ten_seconds_after_its_end() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut allowance = Allowance::new();
        allowance.take(STATEMENTS, start);
        allowance.end(STATEMENTS, start + second * 4);
        assert_eq!(allowance.take(1, start + second * 5), start + second * 4 + SPAN);
    }

    #[test]
    fn jobs_without_dml_statements_are_limited_by_updates() {
        let start = Instant::now();
        let mut allowance = Allowance::new();
        for _ in 0..UPDATES {
            assert_eq!(allowance.take(0, start), start);
        }
        assert_eq!(allowance.take(0, start), start + SPAN);
    }

    #[tokio::test]
    async fn writers_wait_only_for_writers_of_the_same_table() {
        let limits = Arc::new(Limits::default());
        let first = limits.turn("d.one", 2).await;
        let other = limits.turn("d.two", 2).await;
        let waiting = tokio::spawn({
            let limits = Arc::clone(&limits);
            async move { limits.turn("d.one", 2).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop((first, other));
        waiting.await.unwrap();
    }
}
