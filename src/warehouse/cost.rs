//! What work in a warehouse costs, as the warehouse itself counts it: bytes and slot time, never money. A price is the
//! operator's business.

use std::fmt;
use std::iter::Sum;
use std::mem;
use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::figures::{bytes, counted, in_units};

/// What some jobs cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Bytes that are billed.
    pub bytes_billed: u64,
    /// Slot milliseconds that were used.
    pub slot_ms: u64,
    /// Jobs.
    pub jobs: u64,
    /// How many of these jobs nobody could tell the cost of; the figures are too low by theirs.
    pub uncounted: u64,
}

impl Cost {
    /// One job that cost this much.
    #[must_use]
    pub const fn of_job(bytes_billed: u64, slot_ms: u64) -> Self {
        Self {
            bytes_billed,
            slot_ms,
            jobs: 1,
            uncounted: 0,
        }
    }

    /// One job of which nobody can tell what it cost.
    #[must_use]
    pub const fn untold() -> Self {
        Self {
            bytes_billed: 0,
            slot_ms: 0,
            jobs: 1,
            uncounted: 1,
        }
    }

    /// The bytes as a person reads them.
    #[must_use]
    pub fn bytes(&self) -> String {
        bytes(self.bytes_billed)
    }

    /// The slot time as a person reads it.
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

/// Slot time in the largest unit it is one of: `0.4 s`, `3.1 min`, `26.0 h`.
fn slot_time(milliseconds: u64) -> String {
    const UNITS: [(&str, f64); 3] = [("s", 60.0), ("min", 60.0), ("h", f64::INFINITY)];
    #[allow(clippy::cast_precision_loss, reason = "shown with two or three digits")]
    in_units(milliseconds as f64 / 1000.0, &UNITS, 99.95)
}

/// What a question is going to be billed, found out without asking it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Bytes it would process as things stand.
    pub bytes: u64,
    /// The least that a job over the same tables is billed, unless it processes nothing at all.
    pub least: u64,
}

/// What jobs are for, as their labels say it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purpose<'a> {
    /// The stage or the feed.
    pub stage: Option<&'a str>,
    /// The check.
    pub check: Option<&'a str>,
}

/// What one job cost, with the name it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The job's id. A job that is charged twice under it happened once.
    pub job: String,
    /// What it cost.
    pub cost: Cost,
}

/// What was charged and nobody has taken yet. Whoever asks a warehouse for something hands it along.
#[derive(Debug, Default)]
pub struct Bill(Mutex<Vec<Charge>>);

impl Bill {
    /// Charges a job.
    pub fn charge(&self, charge: Charge) {
        self.charges().push(charge);
    }

    /// Everything that was charged since this was last called.
    pub fn take(&self) -> Vec<Charge> {
        mem::take(&mut self.charges())
    }

    fn charges(&self) -> std::sync::MutexGuard<'_, Vec<Charge>> {
        // A list that was pushed to is whole, whoever panicked meanwhile.
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
    fn slot_time_stays_short(#[case] milliseconds: u64, #[case] text: &str) {
        assert_eq!(slot_time(milliseconds), text);
    }

    #[test]
    fn costs_add_up_and_say_what_they_do_not_know() {
        let costs = [Cost::of_job(10 << 20, 1_500), Cost::of_job(20 << 20, 500)];
        let both: Cost = costs.into_iter().sum();
        assert_eq!(both.to_string(), "30.0 MiB billed, 2.0 s slot time, 2 jobs");
        let with_one_more: Cost = [both, Cost::untold()].into_iter().sum();
        assert_eq!(
            with_one_more.to_string(),
            "30.0 MiB billed, 2.0 s slot time, 3 jobs, 1 of them not counted"
        );
    }

    #[test]
    fn what_is_taken_from_a_bill_is_taken_once() {
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
