//! The cost of warehouse work as the warehouse counts it: bytes and slot time, never money. Prices depend on the
//! operator's contract.

use std::fmt;
use std::iter::Sum;
use std::mem;
use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::figures::{bytes, counted, in_units};

/// The total cost of some jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Bytes billed.
    pub bytes_billed: u64,
    /// Slot time used, in milliseconds.
    pub slot_ms: u64,
    /// Number of jobs.
    pub jobs: u64,
    /// Jobs of unknown cost. The other figures don't include them.
    pub uncounted: u64,
}

impl Cost {
    /// The cost of one job.
    #[must_use]
    pub const fn of_job(bytes_billed: u64, slot_ms: u64) -> Self {
        Self {
            bytes_billed,
            slot_ms,
            jobs: 1,
            uncounted: 0,
        }
    }

    /// One job of unknown cost.
    #[must_use]
    pub const fn unreported() -> Self {
        Self {
            bytes_billed: 0,
            slot_ms: 0,
            jobs: 1,
            uncounted: 1,
        }
    }

    /// Formats the billed bytes with a unit.
    #[must_use]
    pub fn bytes(&self) -> String {
        bytes(self.bytes_billed)
    }

    /// Formats the slot time with a unit.
    #[must_use]
    pub fn slot_time(&self) -> String {
        slot_time(self.slot_ms)
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.bytes_billed = self.bytes_billed.saturating_add(other.bytes_billed);
        self.slot_ms = self.slot_ms.saturating_add(other.slot_ms);
        self.jobs += other.jobs;
        self.uncounted += other.uncounted;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        let mut all = Self::default();
        costs.for_each(|cost| all += cost);
        all
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, slot_time) = (self.bytes(), self.slot_time());
        write!(
            f,
            "{bytes} billed, {slot_time} slot time, {}",
            counted(self.jobs, "job")
        )?;
        match self.uncounted {
            0 => Ok(()),
            uncounted => write!(f, ", {uncounted} of them not counted"),
        }
    }
}

/// Slot time in the largest unit that gives at least one: `0.4 s`, `3.1 min`, `26.0 h`.
fn slot_time(milliseconds: u64) -> String {
    const UNITS: [(&str, f64); 3] = [("s", 60.0), ("min", 60.0), ("h", f64::INFINITY)];
    #[allow(clippy::cast_precision_loss, reason = "shown with two or three digits")]
    in_units(milliseconds as f64 / 1000.0, &UNITS, 99.95)
}

/// The estimated cost of a query, from a dry run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Bytes it would process now.
    pub bytes: u64,
    /// Minimum billed for a job on the same tables, unless it processes nothing.
    pub least: u64,
    /// Number of jobs that share these bytes evenly.
    pub jobs: u64,
}

/// What jobs are for, as recorded in their labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobPurpose<'a> {
    /// The stage or feed.
    pub stage: Option<&'a str>,
    /// The check, if the job belongs to one.
    pub check: Option<&'a str>,
}

/// The cost of one job, with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The job's id. A job charged twice under the same id counts once.
    pub job: String,
    /// What it cost.
    pub cost: Cost,
}

/// Charges that have not been collected yet. The caller of a warehouse passes it along.
#[derive(Debug, Default)]
pub struct Bill(Mutex<Vec<Charge>>);

impl Bill {
    /// Adds the charge for a job.
    pub fn charge(&self, charge: Charge) {
        self.charges().push(charge);
    }

    /// Takes all charges since the last call.
    pub fn take(&self) -> Vec<Charge> {
        mem::take(&mut self.charges())
    }

    fn charges(&self) -> std::sync::MutexGuard<'_, Vec<Charge>> {
        // A pushed list is consistent even if another holder of the lock panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0.0 s")]
    #[case(449, "0.4 s")]
    #[case(59_449, "59.4 s")]
    #[case(59_600, "1.0 min")]
    #[case(186_000, "3.1 min")]
    #[case(3_600_000, "1.0 h")]
    #[case(93_600_000, "26.0 h")]
    fn slot_time_has_a_short_format(#[case] milliseconds: u64, #[case] text: &str) {
        assert_eq!(slot_time(milliseconds), text);
    }

    #[test]
    fn costs_sum_and_count_unknown_jobs() {
        let costs = [Cost::of_job(10 << 20, 1_500), Cost::of_job(20 << 20, 500)];
        let both: Cost = costs.into_iter().sum();
        assert_eq!(both.to_string(), "30.0 MiB billed, 2.0 s slot time, 2 jobs");
        let with_one_more: Cost = [both, Cost::unreported()].into_iter().sum();
        assert_eq!(
            with_one_more.to_string(),
            "30.0 MiB billed, 2.0 s slot time, 3 jobs, 1 of them not counted"
        );
    }

    #[test]
    fn charges_are_taken_from_a_bill_once() {
        let bill = Bill::default();
        let charge = Charge {
            job: "a".to_owned(),
            cost: Cost::of_job(1, 2),
        };
        bill.charge(charge.clone());
        assert_eq!(bill.take(), [charge]);
        assert_eq!(bill.take(), []);
    }
}
