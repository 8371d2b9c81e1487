//! Counts of units by state, and how much of a table a check result covers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CheckState, UnitState};
use crate::figures::{count, counted};
use crate::plan::CheckSpec;

/// Units by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All units.
    pub total: u64,
    /// As many rows as expected.
    pub ok: u64,
    /// Fewer rows than expected.
    pub partial: u64,
    /// No rows although some were expected.
    pub empty: u64,
    /// Nothing to compute.
    pub skipped: u64,
    /// Failed after all attempts.
    pub failed: u64,
    /// Written, outcome not confirmed.
    pub unknown: u64,
    /// Invalidated by an upstream change.
    pub stale: u64,
    /// Computed by another definition.
    #[serde(default)]
    pub outdated: u64,
    /// Not done yet.
    pub pending: u64,
    /// In flight.
    pub running: u64,
}

impl Counts {
    /// The number of units in this state.
    #[must_use]
    pub const fn of(self, state: UnitState) -> u64 {
        match state {
            UnitState::Pending => self.pending,
            UnitState::Running => self.running,
            UnitState::Ok => self.ok,
            UnitState::Partial => self.partial,
            UnitState::Empty => self.empty,
            UnitState::Skipped => self.skipped,
            UnitState::Failed => self.failed,
            UnitState::Unknown => self.unknown,
            UnitState::Stale => self.stale,
            UnitState::Outdated => self.outdated,
        }
    }

    /// How many of these dates are done.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        let total = self.total - self.skipped;
        let not_done = self.pending + self.running + self.unknown + self.failed;
        Coverage {
            done: total - not_done,
            total,
        }
    }

    /// Adds a unit in this state.
    pub const fn add(&mut self, state: UnitState) {
        self.add_many(state, 1);
    }

    /// Adds `number` units in this state.
    pub const fn add_many(&mut self, state: UnitState, number: u64) {
        *self.field(state) += number;
        self.total += number;
    }

    /// Moves a unit from one state to another.
    pub const fn move_one(&mut self, from: UnitState, to: UnitState) {
        *self.field(from) -= 1;
        *self.field(to) += 1;
    }

    const fn field(&mut self, state: UnitState) -> &mut u64 {
        match state {
            UnitState::Pending => &mut self.pending,
            UnitState::Running => &mut self.running,
            UnitState::Ok => &mut self.ok,
            UnitState::Partial => &mut self.partial,
            UnitState::Empty => &mut self.empty,
            UnitState::Skipped => &mut self.skipped,
            UnitState::Failed => &mut self.failed,
            UnitState::Unknown => &mut self.unknown,
            UnitState::Stale => &mut self.stale,
            UnitState::Outdated => &mut self.outdated,
        }
    }
}

impl FromIterator<UnitState> for Counts {
    fn from_iter<I: IntoIterator<Item = UnitState>>(states: I) -> Self {
        let mut counts = Self::default();
        states.into_iter().for_each(|state| counts.add(state));
        counts
    }
}

/// How many of a table's dates are done. Skipped dates aren't counted: they have no rows to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Dates that were computed, whatever the result. Pending, running, unknown and failed dates are not done.
    pub done: u64,
    /// All dates except skipped ones.
    pub total: u64,
}

impl Coverage {
    /// Whether a coverage applies to this result: a query measured it, and the check isn't limited to named dates.
    #[must_use]
    pub fn is_known(check: &CheckSpec, state: CheckState) -> bool {
        state.is_measured() && check.dates.is_empty()
    }

    /// Whether every date is done.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.done >= self.total
    }

    /// The state of a result with its coverage, `PASS on 1 of 1,096 dates`; the state alone if all dates are done.
    #[must_use]
    pub fn of_state(state: CheckState, over: Option<Self>) -> String {
        match over.filter(|over| state == CheckState::Pass && !over.is_whole()) {
            Some(over) => format!("{state} on {over}"),
            None => state.to_string(),
        }
    }

    /// The coverage to append to a result that didn't pass on a part of the table: `1 of 1,096 dates done`.
    #[must_use]
    pub fn of_rest(state: CheckState, over: Option<Self>) -> Option<String> {
        over.filter(|over| state != CheckState::Pass && !over.is_whole())
            .map(|over| format!("{over} done"))
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", count(self.done), counted(self.total, "date"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_computed_dates_count_as_done_and_off_days_never_count() {
        use UnitState::{Empty, Failed, Ok, Partial, Pending, Running, Skipped, Stale, Unknown};
        let computed = [Ok, Partial, Empty, Stale];
        let others = [Skipped, Failed, Pending, Running, Unknown];
        let counts: Counts = computed.into_iter().chain(others).collect();
        assert_eq!(counts.coverage().to_string(), "4 of 8 dates");
        let all: Counts = [UnitState::Ok, UnitState::Skipped].into_iter().collect();
        let shown = |counts: &Counts, state| {
            let over = Some(counts.coverage());
            (Coverage::of_state(state, over), Coverage::of_rest(state, over))
        };
        assert_eq!(shown(&all, CheckState::Pass), ("PASS".to_owned(), None));
        let mut many = Counts::default();
        many.add(UnitState::Ok);
        many.add_many(UnitState::Pending, 1_095);
        let part = "1 of 1,096 dates".to_owned();
        assert_eq!(shown(&many, CheckState::Pass), (format!("PASS on {part}"), None));
        assert_eq!(
            shown(&many, CheckState::Fail),
            ("FAIL".to_owned(), Some(format!("{part} done")))
        );
    }
}
