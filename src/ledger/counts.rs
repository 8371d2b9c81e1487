//! How many units stand how.

use serde::{Deserialize, Serialize};

use super::UnitState;

/// Units by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All of them.
    pub total: u64,
    /// Rows as expected.
    pub ok: u64,
    /// Some rows missing.
    pub partial: u64,
    /// All rows missing.
    pub empty: u64,
    /// Nothing to do.
    pub skipped: u64,
    /// Given up.
    pub failed: u64,
    /// Outcome not known.
    pub unknown: u64,
    /// Overtaken by a change upstream.
    pub stale: u64,
    /// To be done.
    pub pending: u64,
    /// With a worker.
    pub running: u64,
}

impl Counts {
    /// The count of one state.
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
        }
    }

    /// Counts one more unit in this state.
    pub const fn add(&mut self, state: UnitState) {
        *self.field(state) += 1;
        self.total += 1;
    }

    /// Counts a unit that was counted in one state in another.
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
