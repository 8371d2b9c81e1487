//! Which definition the rows in the ledger were computed by, compared with the plan's: one rule for the work list, the
//! screen and every document.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::invalid_text;
use super::{Ledger, LedgerError, Target, UnitRecord, UnitState};
use crate::partition::Partition;
use crate::plan::{Fingerprint, StageSpec};

/// How a recorded definition compares with the plan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Definition {
    /// The plan's current definition.
    Current,
    /// Another definition.
    Changed,
    /// Not recorded: the ledger is older than fingerprints.
    Unknown,
}

impl Definition {
    /// Compares a recorded fingerprint with the plan's current one.
    #[must_use]
    pub fn of(recorded: Option<Fingerprint>, now: Fingerprint) -> Self {
        match recorded {
            None => Self::Unknown,
            Some(recorded) if recorded == now => Self::Current,
            Some(_) => Self::Changed,
        }
    }
}

/// The definitions of a stage: the plan's, and those with rows in the ledger, oldest first.
#[derive(Debug, Clone)]
pub struct Definitions {
    now: Fingerprint,
    known: Vec<Fingerprint>,
    /// Definitions an operator accepted as equivalent to the plan's.
    accepted: HashSet<Fingerprint>,
}

/// Dates of a stage that one definition computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MadeBy {
    /// Number of the definition, from 1, oldest first; `None` if it wasn't recorded.
    pub number: Option<usize>,
    /// Its fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// Number of done dates it computed, with or without rows.
    pub dates: u64,
    /// How it compares with the plan's.
    pub definition: Definition,
    /// Whether it counts as the plan's because an operator accepted its rows.
    pub accepted: bool,
}

/// The units of a stage, compared with the plan's definition.
#[derive(Debug, Clone, Default)]
pub struct CurrentUnits {
    /// All units, ordered by date; an ok unit of another definition is outdated.
    pub units: Vec<UnitRecord>,
    /// Dates done by another definition, whether or not they have all rows.
    pub changed: BTreeSet<Partition>,
    /// How many done dates each definition computed, oldest definition first.
    pub made_by: Vec<MadeBy>,
}

/// An operator's acceptance of rows that another definition computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Stage name.
    pub stage: String,
    /// The accepted definition, whose rows are kept.
    pub accepted: Fingerprint,
    /// The plan's definition when it was accepted.
    pub equals: Fingerprint,
    /// Number of dates with rows of it.
    pub dates: u64,
    /// The operator's reason.
    pub reason: String,
    /// The operator.
    pub by: String,
    /// When it was accepted.
    pub at: DateTime<Utc>,
}

impl Definitions {
    /// Compares the definition of recorded rows with the plan's; an accepted one counts as current.
    #[must_use]
    pub fn made_by(&self, recorded: Option<Fingerprint>) -> Definition {
        match Definition::of(recorded, self.now) {
            Definition::Changed if self.is_accepted(recorded) => Definition::Current,
            definition => definition,
        }
    }

    /// The state of a unit in view of its definition. Only ok becomes outdated: partial, empty and failed are more
    /// urgent.
    #[must_use]
    pub fn state(&self, state: UnitState, recorded: Option<Fingerprint>) -> UnitState {
        match state {
            UnitState::Ok if self.made_by(recorded) == Definition::Changed => UnitState::Outdated,
            state => state,
        }
    }

    /// The number of a definition, from 1, oldest first.
    fn number(&self, recorded: Option<Fingerprint>) -> Option<usize> {
        let place = self.known.iter().position(|known| Some(*known) == recorded)?;
        Some(place + 1)
    }

    fn name(&self, recorded: Option<Fingerprint>) -> String {
        (self.number(recorded)).map_or_else(
            || "another definition".to_owned(),
            |number| format!("definition {number}"),
        )
    }

    fn is_accepted(&self, recorded: Option<Fingerprint>) -> bool {
        recorded.is_some_and(|recorded| self.accepted.contains(&recorded))
    }

    fn current(&self, units: Vec<(UnitRecord, Option<Fingerprint>)>) -> CurrentUnits {
        let mut current = CurrentUnits::default();
        for (mut unit, recorded) in units {
            if unit.state.is_done() {
                if self.made_by(recorded) == Definition::Changed {
                    current.changed.insert(unit.date);
                }
                self.count(&mut current.made_by, recorded);
            }
            unit.state = self.state(unit.state, recorded);
            if unit.state == UnitState::Outdated {
                unit.reason = Some(format!(
                    "computed by {}; the plan now has another definition",
                    self.name(recorded)
                ));
            }
            current.units.push(unit);
        }
        current.made_by.sort_by_key(|made_by| made_by.number);
        current
    }

    fn count(&self, made_by: &mut Vec<MadeBy>, recorded: Option<Fingerprint>) {
        if let Some(known) = made_by.iter_mut().find(|known| known.fingerprint == recorded) {
            known.dates += 1;
            return;
        }
        made_by.push(MadeBy {
            number: self.number(recorded),
            fingerprint: recorded,
            dates: 1,
            definition: self.made_by(recorded),
            accepted: recorded != Some(self.now) && self.is_accepted(recorded),
        });
    }
}

impl MadeBy {
    /// A summary of how many dates each definition computed; `None` if the plan's computed all of them.
    #[must_use]
    pub fn summary(all: &[Self]) -> Option<String> {
        let is_plain = |made_by: &Self| made_by.definition == Definition::Current && !made_by.accepted;
        if all.iter().all(is_plain) {
            return None;
        }
        let parts: Vec<String> = all.iter().map(Self::words).collect();
        Some(parts.join(", "))
    }

    fn words(&self) -> String {
        let dates = match self.dates {
            1 => "1 date".to_owned(),
            dates => format!("{dates} dates"),
        };
        let Some(number) = self.number else {
            return format!("{dates}, definition unknown");
        };
        let so = match (self.definition, self.accepted) {
            (_, true) => ", accepted",
            (Definition::Current, _) => ", the plan's",
            _ => "",
        };
        format!("{dates} by definition {number}{so}")
    }
}

impl Ledger {
    /// The plan's, recorded and accepted definitions of a stage.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid fingerprint.
    pub fn definitions(&self, target: Target, stage: &StageSpec) -> Result<Definitions, LedgerError> {
        let now = stage.fingerprint;
        let known = || {
            self.db
                .prepare_cached(
                    "SELECT fingerprint FROM definition WHERE target = ?1 AND stage = ?2 ORDER BY id",
                )?
                .query_map(params![target.0, stage.name], |row| fingerprint(row, 0))?
                .filter_map(Result::transpose)
                .collect()
        };
        let accepted = || {
            self.db
                .prepare_cached(
                    "SELECT accepted FROM acceptance WHERE target = ?1 AND stage = ?2 AND equals = ?3",
                )?
                .query_map(params![target.0, stage.name, now.to_string()], |row| {
                    fingerprint(row, 0)
                })?
                .filter_map(Result::transpose)
                .collect()
        };
        Ok(Definitions {
            now,
            known: self.sqlite(known())?,
            accepted: self.sqlite(accepted())?,
        })
    }

    /// The recorded units of a stage under the plan's definition. Dates without a record are omitted.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn current_units(&self, target: Target, stage: &StageSpec) -> Result<CurrentUnits, LedgerError> {
        let definitions = self.definitions(target, stage)?;
        let units = self.select(
            "SELECT date, state, expected, rows, attempts, class, reason, source, seconds, fingerprint
             FROM unit WHERE target = ?1 AND stage = ?2 ORDER BY date",
            params![target.0, stage.name],
            |row| Ok((super::units::unit_record(row)?, fingerprint(row, 9)?)),
        )?;
        Ok(definitions.current(units))
    }

    /// Records acceptances of rows that other definitions computed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn accept(&mut self, target: Target, acceptances: &[Acceptance]) -> Result<(), LedgerError> {
        self.transaction(|ledger| {
            acceptances
                .iter()
                .try_for_each(|acceptance| put_acceptance(ledger, target, acceptance))
        })
    }

    /// All acceptances, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an invalid fingerprint.
    pub fn acceptances(&self, target: Target) -> Result<Vec<Acceptance>, LedgerError> {
        self.select(
            "SELECT stage, accepted, equals, dates, reason, operator, at FROM acceptance
             WHERE target = ?1 ORDER BY id",
            [target.0],
            acceptance,
        )
    }
}

pub(super) fn put_acceptance(
    ledger: &Transaction<'_>,
    target: Target,
    acceptance: &Acceptance,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "INSERT INTO acceptance (target, stage, accepted, equals, dates, reason, operator, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            target.0,
            acceptance.stage,
            acceptance.accepted.to_string(),
            acceptance.equals.to_string(),
            acceptance.dates.cast_signed(),
            acceptance.reason,
            acceptance.by,
            acceptance.at,
        ])
        .map(drop)
}

pub(super) fn acceptance(row: &Row<'_>) -> rusqlite::Result<Acceptance> {
    Ok(Acceptance {
        stage: row.get(0)?,
        accepted: fingerprint(row, 1)?.unwrap_or_default(),
        equals: fingerprint(row, 2)?.unwrap_or_default(),
        dates: row.get::<_, i64>(3)?.unsigned_abs(),
        reason: row.get(4)?,
        by: row.get(5)?,
        at: row.get(6)?,
    })
}

/// Records a definition with stored rows; the first time it was seen is kept.
pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    fingerprint: Fingerprint,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "INSERT INTO definition (target, stage, fingerprint, first_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![target.0, stage, fingerprint.to_string(), now])
        .map(drop)
}

/// Reads an optional fingerprint from a column.
pub(super) fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Fingerprint>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|cause| invalid_text(column, cause)))
        .transpose()
}
