//! The dates left to do in a stage, and how many a worker takes at once.

use std::collections::{BTreeSet, VecDeque};

use chrono::NaiveDate;
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Queue {
    waiting: BTreeSet<NaiveDate>,
    /// Batches to hand out unchanged, because their dates failed together.
    isolated: VecDeque<Vec<NaiveDate>>,
    /// Dates to retry, each from its due time on.
    retries: Vec<(Instant, NaiveDate)>,
    size: usize,
    largest: usize,
    /// Accepts and hands out nothing until the operator requeues a date.
    is_closed: bool,
}

impl Queue {
    /// An empty queue that hands out at most `largest` dates at once.
    pub(super) const fn new(largest: usize) -> Self {
        let size = if largest < 4 { largest } else { 4 };
        Self {
            waiting: BTreeSet::new(),
            isolated: VecDeque::new(),
            retries: Vec::new(),
            size,
            largest,
            is_closed: false,
        }
    }

    /// Drops all dates and accepts no more. Returns how many were dropped.
    pub(super) fn close(&mut self) -> usize {
        let waiting =
            self.waiting.len() + self.isolated.iter().map(Vec::len).sum::<usize>() + self.retries.len();
        self.waiting.clear();
        self.isolated.clear();
        self.retries.clear();
        self.is_closed = true;
        waiting
    }

    pub(super) const fn open(&mut self) {
        self.is_closed = false;
    }

    /// Adds a date unless it is already waiting.
    pub(super) fn add(&mut self, date: NaiveDate) {
        if !self.is_closed {
            self.waiting.insert(date);
        }
    }

    /// Splits a failed batch in two and hands the halves out first, until the date at fault is alone.
    pub(super) fn split(&mut self, mut dates: Vec<NaiveDate>) {
        if self.is_closed {
            return;
        }
        let second = dates.split_off(dates.len() / 2);
        for half in [second, dates].into_iter().filter(|half| !half.is_empty()) {
            self.isolated.push_front(half);
        }
    }

    pub(super) fn retry_at(&mut self, date: NaiveDate, due: Instant) {
        if !self.is_closed {
            self.retries.push((due, date));
        }
    }

    /// Doubles the batch size, up to the limit. Used while the writer is the bottleneck: fewer and larger commits.
    pub(super) fn grow(&mut self) {
        self.size = (self.size * 2).min(self.largest);
    }

    /// The next batch, earliest dates first; `None` if there is nothing to hand out now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Vec<NaiveDate>> {
        if let Some(at) = self.retries.iter().position(|(due, _)| *due <= now) {
            return Some(vec![self.retries.swap_remove(at).1]);
        }
        if let Some(batch) = self.isolated.pop_front() {
            return Some(batch);
        }
        let batch: Vec<NaiveDate> = self.waiting.iter().take(self.size).copied().collect();
        for date in &batch {
            self.waiting.remove(date);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// The dates to hand out, now or later.
    pub(super) fn waiting(&self) -> impl Iterator<Item = NaiveDate> {
        let isolated = self.isolated.iter().flatten();
        let retries = self.retries.iter().map(|(_, date)| date);
        self.waiting.iter().chain(isolated).chain(retries).copied()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.retries.iter().map(|(due, _)| *due).min()
    }

    pub(super) const fn retries(&self) -> usize {
        self.retries.len()
    }

    /// Whether nothing is left to hand out, now or later.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.isolated.is_empty() && self.retries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2021, 10, 19).unwrap() + chrono::Days::new(number)
    }

    #[test]
    fn a_delayed_date_returns_alone_when_due() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut queue = Queue::new(8);
        queue.retry_at(day(3), later);
        assert_eq!(queue.take(now), None);
        assert!(!queue.is_empty());
        assert_eq!(queue.next_due(), Some(later));
        queue.add(day(4));
        assert_eq!(queue.take(later), Some(vec![day(3)]));
        assert_eq!(queue.take(later), Some(vec![day(4)]));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_closed_queue_yields_nothing_until_opened() {
        let now = Instant::now();
        let mut queue = Queue::new(4);
        (0..3).for_each(|number| queue.add(day(number)));
        queue.split(vec![day(3), day(4)]);
        queue.retry_at(day(5), now);
        assert_eq!(queue.close(), 6);
        queue.add(day(6));
        queue.retry_at(day(7), now);
        queue.split(vec![day(8)]);
        assert!(queue.is_empty());
        queue.open();
        queue.add(day(6));
        assert_eq!(queue.take(now), Some(vec![day(6)]));
    }

    #[test]
    fn splitting_isolates_the_failing_date_in_few_attempts() {
        let now = Instant::now();
        let mut queue = Queue::new(16);
        queue.split((0..16).map(day).collect());
        let mut attempts = 0;
        while let Some(batch) = queue.take(now) {
            attempts += 1;
            if batch.len() == 1 {
                break;
            }
            queue.split(batch);
        }
        assert_eq!(attempts, 4, "8, 4, 2 and 1");
    }

    proptest! {
        /// However batches are split, grown and retried, every date is handed out, and never twice at a time.
        #[test]
        fn no_date_is_lost(count in 1_u64..80, largest in 1_usize..40, fates in prop::collection::vec(0_u8..4, 0..400)) {
            let now = Instant::now();
            let mut queue = Queue::new(largest);
            (0..count).for_each(|number| queue.add(day(number)));
            let mut done = BTreeSet::new();
            let mut fates = fates.into_iter();
            while let Some(batch) = queue.take(now) {
                prop_assert!(batch.len() <= largest && !batch.is_empty());
                match (fates.next(), batch.len()) {
                    (Some(0), 2..) => queue.split(batch),
                    (Some(1), 1) => queue.retry_at(batch[0], now),
                    (Some(2), _) => {
                        queue.grow();
                        for date in batch {
                            prop_assert!(done.insert(date), "{date} handed out twice");
                        }
                    }
                    _ => {
                        for date in batch {
                            prop_assert!(done.insert(date), "{date} handed out twice");
                        }
                    }
                }
            }
            prop_assert!(queue.is_empty());
            prop_assert_eq!(done.len() as u64, count);
        }
    }
}
