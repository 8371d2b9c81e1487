//! Table owners of the embedded warehouse, in the lease file.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::connection::{open_own, open_own_to_read};
use super::fault::SqliteFault;
use super::folder::{OWN_DATASET, WarehouseFolder};
use super::schema;
use crate::warehouse::{Claim, Owner};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS backcourt.owner (
    path TEXT PRIMARY KEY, plan TEXT NOT NULL, owner TEXT NOT NULL) STRICT";

/// The owner of each table. Creates nothing.
pub(super) fn owners(folder: &WarehouseFolder, tables: &[String]) -> Result<Vec<Option<Owner>>, SqliteFault> {
    let Some(connection) = open_own_to_read(folder)? else {
        return Ok(vec![None; tables.len()]);
    };
    tables.iter().map(|table| owner(&connection, table)).collect()
}

/// The owner of a table, on a connection with the lease file attached.
pub(super) fn owner(connection: &Connection, table: &str) -> Result<Option<Owner>, SqliteFault> {
    if !schema::exists(connection, OWN_DATASET, "owner")? {
        return Ok(None);
    }
    let text: Option<String> = connection
        .query_row(
            "SELECT owner FROM backcourt.owner WHERE path = ?1",
            [table],
            |row| row.get(0),
        )
        .optional()?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| {
            SqliteFault::data(format!(
                "cannot read the owner of {table} ({error}); if no run is active, delete its row in {OWN_DATASET}.sqlite, \
                 table owner"
            ))
        })
    };
    text.map(read).transpose()
}

/// Sets the owner of all these tables if none has changed. Returns whether it did.
pub(super) fn claim(folder: &WarehouseFolder, claims: &[Claim], owner: &Owner) -> Result<bool, SqliteFault> {
    let text = serde_json::to_string(owner).map_err(|error| SqliteFault::code(error.to_string()))?;
    let mut connection = open_own(folder)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLE)?;
    for claim in claims {
        let plan: Option<String> = transaction
            .query_row(
                "SELECT plan FROM backcourt.owner WHERE path = ?1",
                [&claim.table],
                |row| row.get(0),
            )
            .optional()?;
        if plan != claim.from && plan.as_ref() != Some(&owner.plan) {
            return Ok(false);
        }
        transaction.execute(
            "INSERT OR REPLACE INTO backcourt.owner (path, plan, owner) VALUES (?1, ?2, ?3)",
            params![claim.table, owner.plan, text],
        )?;
    }
    transaction.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(plan: &str) -> Owner {
        Owner {
            plan: plan.to_owned(),
            by: "ann".to_owned(),
            host: "courtside".to_owned(),
            since: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn claimed(table: &str, from: Option<&str>) -> Claim {
        Claim {
            table: table.to_owned(),
            from: from.map(str::to_owned),
        }
    }

    #[test]
    fn concurrent_claims_are_exclusive_and_atomic() {
        let dir = tempfile::tempdir().unwrap();
        let folder = WarehouseFolder::open(dir.path()).unwrap();
        let tables = ["d.a".to_owned(), "d.b".to_owned()];
        assert_eq!(owners(&folder, &tables).unwrap(), [None, None]);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "a look makes nothing"
        );
        folder.create(OWN_DATASET).unwrap();
        assert!(claim(&folder, &[claimed("d.b", None)], &owner("first")).unwrap());
        let both = [claimed("d.a", None), claimed("d.b", None)];
        assert!(!claim(&folder, &both, &owner("second")).unwrap());
        assert_eq!(owners(&folder, &tables).unwrap(), [None, Some(owner("first"))]);
        let over = [claimed("d.a", None), claimed("d.b", Some("first"))];
        assert!(claim(&folder, &over, &owner("second")).unwrap());
        assert!(!claim(&folder, &[claimed("d.b", Some("first"))], &owner("third")).unwrap());
        assert!(
            claim(&folder, &both, &owner("second")).unwrap(),
            "what one has, one has"
        );
    }
}
