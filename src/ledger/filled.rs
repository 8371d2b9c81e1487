//! What the raw tables of a warehouse were loaded from, as described by the loader.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::{Ledger, LedgerError};

impl Ledger {
    /// Records what the raw tables of a warehouse were loaded from.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_filled(
        &mut self,
        warehouse: &str,
        origin: &str,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let warehouse = self.folder().stored(warehouse);
        self.transaction(|ledger| {
            ledger
                .execute(
                    "INSERT OR REPLACE INTO filled (warehouse, origin, at) VALUES (?1, ?2, ?3)",
                    params![warehouse, origin, now],
                )
                .map(drop)
        })
    }

    /// What the raw tables were loaded from; `None` if it was never recorded.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn filled(&self, warehouse: &str) -> Result<Option<String>, LedgerError> {
        let read = self
            .db
            .query_row(
                "SELECT origin FROM filled WHERE warehouse = ?1",
                [self.folder().stored(warehouse)],
                |row| row.get(0),
            )
            .optional();
        self.sqlite(read)
    }
}
