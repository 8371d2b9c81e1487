//! The dates left to do in a stage, and how many a worker takes at once.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

use super::CallSize;
use crate::partition::Partition;
use crate::plan::WorkOrder;

#[derive(Debug)]
pub(super) struct Queue {
    waiting: BTreeSet<Partition>,
    /// Batches to hand out unchanged: parts of a failed one, or returned ones.
    isolated: VecDeque<Vec<Partition>>,
    /// Batches to retry unchanged, each from its due time on.
    retries: Vec<(Instant, Vec<Partition>)>,
    size: usize,
    largest: usize,
    /// Maximum number of dates handed out together after a failure; half of the failed batch if none.
    after_failure: Option<usize>,
    /// Whether a batch is the call of a program. Its dates follow each other without a gap.
    is_of_program: bool,
    /// Which dates are handed out first.
    order: WorkOrder,
    /// Whether no date is handed out before an earlier one.
    is_strict: bool,
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
            after_failure: None,
            is_of_program: false,
            order: WorkOrder::OldestFirst,
            is_strict: false,
            is_closed: false,
        }
    }

    /// An empty queue for the calls of a program.
    pub(super) fn of_program(call: CallSize) -> Self {
        Self {
            size: call.dates,
            after_failure: call.after_failure,
            is_of_program: true,
            ..Self::new(call.dates)
        }
    }

    /// The same queue in this order of work.
    pub(super) fn in_order(self, order: WorkOrder) -> Self {
        Self { order, ..self }
    }

    /// The same queue, but no date is handed out before an earlier one, not even while that waits for its retry.
    pub(super) fn strict(self) -> Self {
        Self {
            order: WorkOrder::OldestFirst,
            is_strict: true,
            ..self
        }
    }

    /// Drops all dates and accepts no more. Returns how many were dropped.
    pub(super) fn close(&mut self) -> usize {
        let isolated: usize = self.isolated.iter().map(Vec::len).sum();
        let waiting = self.waiting.len() + isolated + self.retries();
        self.waiting.clear();
        self.isolated.clear();
        self.retries.clear();
        self.is_closed = true;
        waiting
    }

    pub(super) const fn open(&mut self) {
        self.is_closed = false;
    }

    pub(super) const fn is_of_program(&self) -> bool {
        self.is_of_program
    }

    /// Adds a date unless it is already waiting.
    pub(super) fn add(&mut self, date: Partition) {
        if !self.is_closed {
            self.waiting.insert(date);
        }
    }

    /// Splits a failed batch and hands the parts out first, until the date at fault is alone.
    pub(super) fn split(&mut self, dates: &[Partition]) {
        if self.is_closed {
            return;
        }
        let half = dates.len().div_ceil(2).max(1);
        let most = self.after_failure.map_or(half, |most| most.min(half));
        for part in dates.chunks(most).rev() {
            self.isolated.push_front(part.to_vec());
        }
    }

    /// Hands out a batch unchanged, and first, because its dates are not at fault.
    pub(super) fn put_back(&mut self, dates: Vec<Partition>) {
        if !self.is_closed {
            self.isolated.push_front(dates);
        }
    }

    /// Hands out a batch unchanged from `due` on.
    pub(super) fn retry_at(&mut self, dates: Vec<Partition>, due: Instant) {
        if !self.is_closed {
            self.retries.push((due, dates));
        }
    }

    /// Doubles the batch size, up to the limit. Used while the writer is the bottleneck: fewer and larger commits.
    pub(super) fn grow(&mut self) {
        self.size = (self.size * 2).min(self.largest);
    }

    /// The next batch, its dates ascending; `None` if there is nothing to hand out now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Vec<Partition>> {
        if self.is_strict {
            return self.take_earliest(now);
        }
        if let Some(at) = self.retries.iter().position(|(due, _)| *due <= now) {
            return Some(self.retries.swap_remove(at).1);
        }
        if let Some(batch) = self.isolated.pop_front() {
            return Some(batch);
        }
        self.take_waiting()
    }

    /// The batch that begins with the earliest date; `None` while that waits for its retry.
    fn take_earliest(&mut self, now: Instant) -> Option<Vec<Partition>> {
        let earliest = self.earliest()?;
        let begins = |batch: &[Partition]| batch.first() == Some(&earliest);
        if let Some(at) = self.retries.iter().position(|(_, batch)| begins(batch)) {
            return (self.retries[at].0 <= now).then(|| self.retries.swap_remove(at).1);
        }
        match self.isolated.iter().position(|batch| begins(batch)) {
            Some(at) => self.isolated.remove(at),
            None => self.take_waiting(),
        }
    }

    /// The earliest date to hand out, now or later.
    pub(super) fn earliest(&self) -> Option<Partition> {
        let isolated = self.isolated.iter().filter_map(|batch| batch.first());
        let retries = self.retries.iter().filter_map(|(_, batch)| batch.first());
        self.waiting
            .first()
            .into_iter()
            .chain(isolated)
            .chain(retries)
            .min()
            .copied()
    }

    fn take_waiting(&mut self) -> Option<Vec<Partition>> {
        let waiting = self.waiting.iter();
        let mut batch: Vec<Partition> = match self.order {
            WorkOrder::OldestFirst => waiting.take(self.size).copied().collect(),
            WorkOrder::NewestFirst => waiting.rev().take(self.size).copied().collect(),
        };
        if self.is_of_program {
            let follows = |two: &[Partition]| two[0].distance(two[1]).abs() == 1;
            let gap = batch.windows(2).position(|two| !follows(two));
            batch.truncate(gap.map_or(batch.len(), |last| last + 1));
        }
        batch.sort_unstable();
        for date in &batch {
            self.waiting.remove(date);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// The dates to hand out, now or later.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Partition> {
        let isolated = self.isolated.iter().flatten();
        let retries = self.retries.iter().flat_map(|(_, dates)| dates);
        self.waiting.iter().chain(isolated).chain(retries).copied()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.retries.iter().map(|(due, _)| *due).min()
    }

    /// The number of dates that wait for their due time.
    pub(super) fn retries(&self) -> usize {
        self.retries.iter().map(|(_, dates)| dates.len()).sum()
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

    fn day(number: i64) -> Partition {
        let first = Partition::parse("2021-10-19").unwrap();
        first.moved(number).unwrap()
    }

    #[test]
    fn a_delayed_batch_returns_unchanged_when_due() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut queue = Queue::new(8);
        queue.retry_at(vec![day(3), day(5)], later);
        assert_eq!(queue.retries(), 2);
        assert_eq!(queue.take(now), None);
        assert!(!queue.is_empty());
        assert_eq!(queue.next_due(), Some(later));
        queue.add(day(4));
        assert_eq!(queue.take(later), Some(vec![day(3), day(5)]));
        queue.put_back(vec![day(3), day(5)]);
        assert_eq!(queue.take(later), Some(vec![day(3), day(5)]));
        assert_eq!(queue.take(later), Some(vec![day(4)]));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_closed_queue_yields_nothing_until_opened() {
        let now = Instant::now();
        let mut queue = Queue::new(4);
        (0..3).for_each(|number| queue.add(day(number)));
        queue.split(&[day(3), day(4)]);
        queue.retry_at(vec![day(5)], now);
        queue.put_back(vec![day(9)]);
        assert_eq!(queue.close(), 7);
        queue.add(day(6));
        queue.retry_at(vec![day(7)], now);
        queue.put_back(vec![day(9)]);
        queue.split(&[day(8)]);
        assert!(queue.is_empty());
        queue.open();
        queue.add(day(6));
        assert_eq!(queue.take(now), Some(vec![day(6)]));
    }

    #[test]
    fn splitting_isolates_the_failing_date_in_few_attempts() {
        let now = Instant::now();
        let mut queue = Queue::new(16);
        queue.split(&(0..16).map(day).collect::<Vec<_>>());
        let mut attempts = 0;
        while let Some(batch) = queue.take(now) {
            attempts += 1;
            if batch.len() == 1 {
                break;
            }
            queue.split(&batch);
        }
        assert_eq!(attempts, 4, "8, 4, 2 and 1");
    }

    #[test]
    fn a_program_gets_consecutive_dates_and_fewer_after_a_failure() {
        let now = Instant::now();
        let mut queue = Queue::of_program(CallSize {
            dates: 5,
            after_failure: Some(2),
        });
        (0..14)
            .filter(|number| *number != 7)
            .for_each(|number| queue.add(day(number)));
        let mut next = || queue.take(now).unwrap_or_default();
        let numbers = |dates: Vec<Partition>| -> Vec<i64> {
            dates.into_iter().map(|date| day(0).distance(date)).collect()
        };
        assert_eq!(numbers(next()), [0, 1, 2, 3, 4]);
        assert_eq!(numbers(next()), [5, 6], "7 is missing");
        assert_eq!(numbers(next()), [8, 9, 10, 11, 12]);
        queue.split(&(0..5).map(day).collect::<Vec<_>>());
        let mut taken = Vec::new();
        while let Some(batch) = queue.take(now) {
            taken.push(numbers(batch));
        }
        assert_eq!(taken, [vec![0, 1], vec![2, 3], vec![4], vec![13]]);
    }

    #[test]
    fn the_latest_dates_can_come_first() {
        let call = CallSize {
            dates: 3,
            after_failure: None,
        };
        let numbers = |batch: Option<Vec<Partition>>| -> Vec<i64> {
            let batch = batch.unwrap_or_default();
            batch.into_iter().map(|date| day(0).distance(date)).collect()
        };
        for (queue, expected) in [
            (Queue::new(3), [vec![7, 8, 9], vec![3, 4, 5], vec![0, 1, 2]]),
            // A call has no gap: 6 is missing.
            (
                Queue::of_program(call),
                [vec![7, 8, 9], vec![3, 4, 5], vec![0, 1, 2]],
            ),
        ] {
            let mut queue = queue.in_order(WorkOrder::NewestFirst);
            (0..10)
                .filter(|number| *number != 6)
                .for_each(|number| queue.add(day(number)));
            let taken = [(); 3].map(|()| numbers(queue.take(Instant::now())));
            assert_eq!(taken, expected);
        }
        let mut queue = Queue::of_program(call).in_order(WorkOrder::NewestFirst);
        [1, 3, 4].map(day).into_iter().for_each(|date| queue.add(date));
        assert_eq!(numbers(queue.take(Instant::now())), [3, 4]);
        assert_eq!(numbers(queue.take(Instant::now())), [1]);
    }

    #[test]
    fn a_strict_queue_never_passes_an_earlier_date() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut queue = Queue::new(1).in_order(WorkOrder::NewestFirst).strict();
        (0..4).for_each(|number| queue.add(day(number)));
        assert_eq!(queue.take(now), Some(vec![day(0)]));
        queue.retry_at(vec![day(0)], later);
        assert_eq!(queue.earliest(), Some(day(0)));
        assert_eq!(queue.take(now), None, "it waits for its retry");
        assert_eq!(queue.take(later), Some(vec![day(0)]));
        queue.put_back(vec![day(7)]);
        let next: Vec<_> = std::iter::from_fn(|| queue.take(now)).flatten().collect();
        assert_eq!(next, [1, 2, 3, 7].map(day));
    }

    proptest! {
        /// However batches are split, grown and retried, every date is handed out, and never twice at a time.
        #[test]
        fn no_date_is_lost(count in 1_i64..80, largest in 1_usize..40, fates in prop::collection::vec(0_u8..4, 0..400), newest in any::<bool>()) {
            let now = Instant::now();
            let order = if newest { WorkOrder::NewestFirst } else { WorkOrder::OldestFirst };
            let mut queue = Queue::new(largest).in_order(order);
            (0..count).for_each(|number| queue.add(day(number)));
            let mut done = BTreeSet::new();
            let mut fates = fates.into_iter();
            while let Some(batch) = queue.take(now) {
                prop_assert!(batch.len() <= largest && !batch.is_empty());
                match (fates.next(), batch.len()) {
                    (Some(0), 2..) => queue.split(&batch),
                    (Some(1), 1) => queue.retry_at(batch, now),
                    (Some(1), _) => queue.put_back(batch),
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
            prop_assert_eq!(i64::try_from(done.len()), Ok(count));
        }
    }
}
