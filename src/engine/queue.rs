//! What is still to be done in a stage, and how much of it a worker takes at once.

use std::collections::{BTreeSet, VecDeque};

use chrono::NaiveDate;
use tokio::time::Instant;

/// Dates waiting for a worker.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: BTreeSet<NaiveDate>,
    /// Batches to be taken just as they are, because their dates were seen to fail together.
    isolated: VecDeque<Vec<NaiveDate>>,
    /// Dates that may be tried again from a moment on.
    resting: Vec<(Instant, NaiveDate)>,
    size: usize,
    largest: usize,
}

impl Queue {
    /// An empty queue that hands out at most `largest` dates at once.
    pub(super) const fn new(largest: usize) -> Self {
        let size = if largest < 4 { largest } else { 4 };
        Self {
            waiting: BTreeSet::new(),
            isolated: VecDeque::new(),
            resting: Vec::new(),
            size,
            largest,
        }
    }

    /// Adds a date, unless it waits already.
    pub(super) fn add(&mut self, date: NaiveDate) {
        self.waiting.insert(date);
    }

    /// A batch failed as a whole: its halves are tried apart, until the date at fault stands alone.
    pub(super) fn split(&mut self, mut dates: Vec<NaiveDate>) {
        let second = dates.split_off(dates.len() / 2);
        self.isolated
            .extend([dates, second].into_iter().filter(|half| !half.is_empty()));
    }

    /// A date is to be tried again from `due` on.
    pub(super) fn rest(&mut self, date: NaiveDate, due: Instant) {
        self.resting.push((due, date));
    }

    /// Batches grow while the writer is what binds: fewer, larger commits, and progress is still seen early.
    pub(super) fn grow(&mut self) {
        self.size = (self.size * 2).min(self.largest);
    }

    /// The next batch, earliest dates first; none if everything rests or is under way.
    pub(super) fn take(&mut self, now: Instant) -> Option<Vec<NaiveDate>> {
        if let Some(at) = self.resting.iter().position(|(due, _)| *due <= now) {
            return Some(vec![self.resting.swap_remove(at).1]);
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

    /// When the next resting date may be tried again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.resting.iter().map(|(due, _)| *due).min()
    }

    /// Dates resting between two attempts.
    pub(super) const fn resting(&self) -> usize {
        self.resting.len()
    }

    /// Whether nothing is left to hand out, now or later.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.isolated.is_empty() && self.resting.is_empty()
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
    fn a_resting_date_comes_back_alone_and_in_its_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut queue = Queue::new(8);
        queue.rest(day(3), later);
        assert_eq!(queue.take(now), None);
        assert!(!queue.is_empty());
        assert_eq!(queue.next_due(), Some(later));
        queue.add(day(4));
        assert_eq!(queue.take(later), Some(vec![day(3)]));
        assert_eq!(queue.take(later), Some(vec![day(4)]));
        assert!(queue.is_empty());
    }

    proptest! {
        /// However batches are split, grown and rested, every date is handed out, and none twice at a time.
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
                    (Some(1), 1) => queue.rest(batch[0], now),
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
