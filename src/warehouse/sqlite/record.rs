//! Plan progress in the embedded warehouse, in the lease file.

use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::connection::{open_own, open_own_to_read};
use super::fault::SqliteFault;
use super::fence::SqliteFence;
use super::folder::{OWN_DATASET, WarehouseFolder};
use super::schema;
use crate::warehouse::{COMMIT, Entry, UNIT};

/// Created when a lease is taken, which is required to append entries.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS backcourt.ledger (
    plan TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, date TEXT,
    state TEXT NOT NULL, came_rows INTEGER, kept_rows INTEGER, quarantined_rows INTEGER, digest INTEGER,
    fingerprint TEXT, run TEXT NOT NULL, host TEXT NOT NULL, recorded_at TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (plan, number)) STRICT, WITHOUT ROWID";

/// Inserts entries inside a transaction.
pub(super) fn put<'a>(
    connection: &Connection,
    plan: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<(), SqliteFault> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO backcourt.ledger (plan, number, kind, subject, date, state, came_rows, kept_rows,
           quarantined_rows, digest, fingerprint, run, host, recorded_at, body)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for entry in entries {
        insert.execute(params![
            plan,
            entry.number,
            entry.kind,
            entry.subject,
            entry.date,
            entry.state,
            entry.rows,
            entry.kept,
            entry.quarantined,
            entry.digest.map(u64::cast_signed),
            entry.fingerprint,
            entry.run,
            entry.host,
            entry.at,
            entry.body,
        ])?;
    }
    Ok(())
}

/// Appends entries, all or none, if the lease is still held.
pub(super) fn append(
    folder: &WarehouseFolder,
    fence: Option<&SqliteFence>,
    plan: &str,
    entries: &[Entry],
) -> Result<(), SqliteFault> {
    let mut connection = open_own(folder)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    fence.map_or(Ok(()), |fence| fence.verify(&transaction))?;
    put(&transaction, plan, entries)?;
    transaction.commit()?;
    Ok(())
}

/// The entries of a plan above this number. Creates nothing.
pub(super) fn entries(folder: &WarehouseFolder, plan: &str, after: i64) -> Result<Vec<Entry>, SqliteFault> {
    let Some(connection) = open_own_to_read(folder)? else {
        return Ok(Vec::new());
    };
    if !schema::exists(&connection, OWN_DATASET, "ledger")? {
        return Ok(Vec::new());
    }
    let is_of_a_date = format!("kind IN ('{COMMIT}', '{UNIT}')");
    // The entries about the hours of a day share its date.
    let hour = "IIF(JSON_VALID(body), body ->> '$.hour', NULL)";
    let mut query = connection.prepare(&format!(
        "SELECT number, kind, subject, date, state, came_rows, kept_rows, quarantined_rows, digest, fingerprint, run, host,
                recorded_at, body
         FROM backcourt.ledger WHERE plan = ?1 AND number > ?2 AND (NOT {is_of_a_date} OR number IN (
           SELECT MAX(number) FROM backcourt.ledger WHERE plan = ?1 AND number > ?2 AND {is_of_a_date} GROUP BY subject, date, {hour}))
         ORDER BY number"
    ))?;
    let entries = query.query_map(params![plan, after], entry)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        number: row.get(0)?,
        kind: row.get(1)?,
        subject: row.get(2)?,
        date: row.get(3)?,
        state: row.get(4)?,
        rows: row.get(5)?,
        kept: row.get(6)?,
        quarantined: row.get(7)?,
        digest: row.get::<_, Option<i64>>(8)?.map(i64::cast_unsigned),
        fingerprint: row.get(9)?,
        run: row.get(10)?,
        host: row.get(11)?,
        at: row.get(12)?,
        body: row.get(13)?,
    })
}
