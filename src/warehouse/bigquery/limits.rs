//! `BigQuery`'s limits on writing one table, kept by construction: one writer at a time, and no more statements and
//! updates in ten seconds than it takes. Pure arithmetic on moments; whoever asks does the waiting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex as Guarded, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

/// The span the limits count over.
const SPAN: Duration = Duration::from_secs(10);
/// Statements that change rows, per table and span.
const STATEMENTS: usize = 25;
/// Updates of a partitioned table, per table and span; every job counts as one.
const UPDATES: usize = 50;

/// What is kept to, for the operator.
pub(super) fn message() -> String {
    let seconds = SPAN.as_secs();
    format!(
        "limits per table: one commit at a time, {STATEMENTS} statements and {UPDATES} updates in {seconds} s"
    )
}

/// At most so many in any span of ten seconds.
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

    /// When `count` more fit in, `now` or later.
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

    /// The last so many happened at this moment at the latest.
    fn move_last(&mut self, count: usize, to: Instant) {
        for taken in self.taken.iter_mut().rev().take(count) {
            *taken = to;
        }
    }
}

/// The allowance of one table.
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

    /// Takes one job with so many changing statements, and says when it may go.
    fn take(&mut self, statements: usize, now: Instant) -> Instant {
        let at = self
            .statements
            .free_at(statements, now)
            .max(self.updates.free_at(1, now));
        self.statements.take(statements, at);
        self.updates.take(1, at);
        at
    }

    /// The job that was taken last is over. When the server counted it nobody here can say, only that it was before now.
    fn end(&mut self, statements: usize, now: Instant) {
        self.statements.move_last(statements, now);
        self.updates.move_last(1, now);
    }
}

/// The turn at writing a table; the next one's begins when this is dropped.
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

/// The allowances of all tables.
#[derive(Debug, Default)]
pub(super) struct Limits(Guarded<HashMap<String, Arc<Mutex<Allowance>>>>);

impl Limits {
    /// Waits for the turn at a table, and until one more job with so many changing statements may be sent.
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
    fn the_thirteenth_pair_of_statements_waits_until_the_first_is_ten_seconds_old() {
        let start = Instant::now();
        let mut allowance = Allowance::new();
        let second = Duration::from_millis(100);
        for job in 0..12 {
            let now = start + second * job;
            assert_eq!(allowance.take(2, now), now);
        }
        assert_eq!(allowance.take(2, start + second * 12), start + SPAN);
        // The next pair needs two more places, which the second job frees.
        assert_eq!(allowance.take(2, start + second * 13), start + second + SPAN);
    }

    #[test]
    fn a_job_counts_until_ten_seconds_after_its_end_for_the_server_may_have_begun_it_late() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut allowance = Allowance::new();
        allowance.take(STATEMENTS, start);
        allowance.end(STATEMENTS, start + second * 4);
        assert_eq!(allowance.take(1, start + second * 5), start + second * 4 + SPAN);
    }

    #[test]
    fn jobs_without_statements_are_held_by_the_updates() {
        let start = Instant::now();
        let mut allowance = Allowance::new();
        for _ in 0..UPDATES {
            assert_eq!(allowance.take(0, start), start);
        }
        assert_eq!(allowance.take(0, start), start + SPAN);
    }

    #[tokio::test]
    async fn a_second_writer_of_a_table_waits_for_the_first_one_of_another_does_not() {
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
