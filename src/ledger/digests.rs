//! Digests of a unit's rows and of its inputs. If a rerun gives the same digests, downstream dates stay valid.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Ledger, LedgerError, Target};
use crate::partition::Partition;

/// The digests of one unit, each truncated to 64 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digests {
    /// Of all upstream rows when the unit was computed.
    pub input: u64,
    /// Of the unit's own rows.
    pub output: u64,
}

/// Digests by stage and date.
pub type KnownDigests = HashMap<String, BTreeMap<Partition, Digests>>;

impl Ledger {
    /// The digests of every unit ever written for a target.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn digests(&self, target: Target) -> Result<KnownDigests, LedgerError> {
        let read = || -> rusqlite::Result<KnownDigests> {
            let mut known = KnownDigests::new();
            let mut query = self
                .db
                .prepare_cached("SELECT stage, date, input, output FROM digest WHERE target = ?1")?;
            let mut rows = query.query([target.0])?;
            while let Some(row) = rows.next()? {
                known
                    .entry(row.get(0)?)
                    .or_default()
                    .insert(row.get(1)?, digests(row, 2)?);
            }
            Ok(known)
        };
        self.sqlite(read())
    }
}

/// The digests of a unit, if it was ever written.
pub(super) fn of_unit(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
) -> rusqlite::Result<Option<Digests>> {
    ledger
        .prepare_cached("SELECT input, output FROM digest WHERE target = ?1 AND stage = ?2 AND date = ?3")?
        .query_row(params![target.0, stage, date], |row| digests(row, 0))
        .optional()
}

/// Reads digests from two adjacent columns, the first at index `at`.
fn digests(row: &Row<'_>, at: usize) -> rusqlite::Result<Digests> {
    Ok(Digests {
        input: row.get::<_, i64>(at)?.cast_unsigned(),
        output: row.get::<_, i64>(at + 1)?.cast_unsigned(),
    })
}

pub(super) fn put(
    ledger: &Transaction<'_>,
    target: Target,
    stage: &str,
    date: Partition,
    digests: Digests,
) -> rusqlite::Result<()> {
    ledger
        .prepare_cached(
            "INSERT OR REPLACE INTO digest (target, stage, date, input, output) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            target.0,
            stage,
            date,
            digests.input.cast_signed(),
            digests.output.cast_signed()
        ])
        .map(drop)
}
