//! Counts of each stage's dates by state, computed in the ledger: a few numbers instead of thousands of units.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::error::invalid_text;
use super::state::read_state;
use super::{Counts, Coverage, Ledger, LedgerError, Target, UnitState};
use crate::partition::{Partition, PartitionRange, expand};
use crate::plan::{Plan, StageSpec};

/// The recorded dates of a stage within a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageTally {
    /// Dates by state; states without dates are omitted.
    pub states: BTreeMap<&'static str, u64>,
    /// Rows stored.
    pub rows: u64,
    /// Failed, partial and empty dates, in order.
    pub attention: Vec<Partition>,
    /// Time of the oldest record.
    pub first_at: Option<DateTime<Utc>>,
    /// Time of the newest record.
    pub last_at: Option<DateTime<Utc>>,
}

impl StageTally {
    /// Number of dates in this state.
    #[must_use]
    pub fn of(&self, state: UnitState) -> u64 {
        self.states.get(state.word()).copied().unwrap_or(0)
    }

    /// How many dates of the range are done.
    #[must_use]
    pub fn coverage(&self, range: PartitionRange) -> Coverage {
        let mut counts = Counts::default();
        for state in UnitState::ALL {
            counts.add_many(state, self.of(state));
        }
        counts.add_many(UnitState::Pending, range.count() - self.recorded());
        counts.coverage()
    }

    /// Number of dates with a record.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.states.values().sum()
    }
}

impl Ledger {
    /// Counts of every begun stage of the plan, by stage name.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn tallies(&self, target: Target, plan: &Plan) -> Result<HashMap<String, StageTally>, LedgerError> {
        let mut tallies = HashMap::new();
        for stage in &plan.stages {
            if let Some(tally) = self.tally(target, stage)? {
                tallies.insert(stage.name.clone(), tally);
            }
        }
        Ok(tallies)
    }

    /// `None` of a stage without records in its dates.
    fn tally(&self, target: Target, stage: &StageSpec) -> Result<Option<StageTally>, LedgerError> {
        let definitions = self.definitions(target, stage)?;
        let (first, last) = (stage.range.from(), stage.range.to());
        let read = || -> rusqlite::Result<Option<StageTally>> {
            let mut tally: Option<StageTally> = None;
            let mut query = self.db.prepare_cached(
                "SELECT state, COUNT(*), SUM(rows), MIN(at), MAX(at),
                   COALESCE(GROUP_CONCAT(CASE WHEN state IN ('partial', 'empty', 'failed') THEN date END), ''),
                   fingerprint
                 FROM unit WHERE target = ?1 AND stage = ?2 AND date BETWEEN ?3 AND ?4 GROUP BY state, fingerprint",
            )?;
            let mut rows = query.query(params![target.0, stage.name, first, last])?;
            while let Some(row) = rows.next()? {
                let recorded = read_state(row, 0, UnitState::from_word)?;
                let made_by = super::definition::fingerprint(row, 6)?;
                let state = definitions.state(recorded, made_by);
                let tally = tally.get_or_insert_default();
                *tally.states.entry(state.word()).or_default() += row.get::<_, i64>(1)?.unsigned_abs();
                tally.rows += row.get::<_, i64>(2)?.unsigned_abs();
                let (first, last): (DateTime<Utc>, DateTime<Utc>) = (row.get(3)?, row.get(4)?);
                tally.first_at = Some(tally.first_at.map_or(first, |known| known.min(first)));
                tally.last_at = Some(tally.last_at.map_or(last, |known| known.max(last)));
                let dates = expand(&row.get::<_, String>(5)?);
                tally
                    .attention
                    .extend(dates.map_err(|cause| invalid_text(5, cause))?);
                tally.attention.sort_unstable();
            }
            Ok(tally)
        };
        self.sqlite(read())
    }

    /// State of these dates of a stage and when it was recorded; dates without a record are omitted.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn states_of(
        &self,
        target: Target,
        stage: &StageSpec,
        dates: &[Partition],
    ) -> Result<HashMap<Partition, (UnitState, DateTime<Utc>)>, LedgerError> {
        let definitions = self.definitions(target, stage)?;
        let read = || -> rusqlite::Result<HashMap<Partition, (UnitState, DateTime<Utc>)>> {
            let mut states = HashMap::new();
            let mut query = self.db.prepare_cached(
                "SELECT state, at, fingerprint FROM unit WHERE target = ?1 AND stage = ?2 AND date = ?3",
            )?;
            for date in dates {
                let mut rows = query.query(params![target.0, stage.name, date])?;
                if let Some(row) = rows.next()? {
                    let recorded = read_state(row, 0, UnitState::from_word)?;
                    let state = definitions.state(recorded, super::definition::fingerprint(row, 2)?);
                    states.insert(*date, (state, row.get(1)?));
                }
            }
            Ok(states)
        };
        self.sqlite(read())
    }
}
