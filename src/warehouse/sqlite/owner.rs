//! Table owners of the embedded warehouse, in the lease file.

use rusqlite::{Connection, TransactionBehavior, params};

use super::connection::{open_own, open_own_to_read};
use super::fault::SqliteFault;
use super::folder::{OWN_DATASET, WarehouseFolder};
use super::schema;
use crate::warehouse::{Claim, OwnedPart, Owner, OwnerRecord};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS backcourt.owner (
    path TEXT PRIMARY KEY, plan TEXT NOT NULL, owner TEXT NOT NULL) STRICT";

/// The owners of everything that overlaps each of these. Creates nothing.
pub(super) fn owners(
    folder: &WarehouseFolder,
    parts: &[OwnedPart],
) -> Result<Vec<Vec<OwnerRecord>>, SqliteFault> {
    let Some(connection) = open_own_to_read(folder)? else {
        return Ok(vec![Vec::new(); parts.len()]);
    };
    parts.iter().map(|part| overlapping(&connection, part)).collect()
}

/// The owners of everything that overlaps, on a connection with the lease file attached.
pub(super) fn overlapping(
    connection: &Connection,
    part: &OwnedPart,
) -> Result<Vec<OwnerRecord>, SqliteFault> {
    if !schema::exists(connection, OWN_DATASET, "owner")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT path, owner FROM backcourt.owner
         WHERE path = ?1 COLLATE NOCASE OR substr(path, 1, length(?2)) = ?2 COLLATE NOCASE ORDER BY path",
    )?;
    let rows = statement.query_map([part.table(), &part.start_of_slices()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (key, text): (String, String) = row?;
        let held = OwnedPart::of_key(&key);
        if part.overlaps(&held) {
            let owner = serde_json::from_str(&text).map_err(|error| {
                SqliteFault::data(format!(
                    "cannot read the owner of {key} ({error}); if no run is active, delete its row in \
                     {OWN_DATASET}.sqlite, table owner"
                ))
            })?;
            found.push(OwnerRecord { part: held, owner });
        }
    }
    Ok(found)
}

/// Sets the owner of all these if none has changed. Returns whether it did.
pub(super) fn claim(folder: &WarehouseFolder, claims: &[Claim], owner: &Owner) -> Result<bool, SqliteFault> {
    let text = serde_json::to_string(owner).map_err(|error| SqliteFault::code(error.to_string()))?;
    let mut connection = open_own(folder)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLE)?;
    for claim in claims {
        for record in overlapping(&transaction, &claim.part)? {
            if !claim.allows(&record, &owner.plan) {
                return Ok(false);
            }
            transaction.execute("DELETE FROM backcourt.owner WHERE path = ?1", [record.part.key()])?;
        }
        transaction.execute(
            "INSERT INTO backcourt.owner (path, plan, owner) VALUES (?1, ?2, ?3)",
            params![claim.part.key(), owner.plan, text],
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

    /// A claim on what has these owners, by what they own.
    fn claimed(key: &str, from: &[(&str, &str)]) -> Claim {
        let seen = |(key, plan): &(&str, &str)| OwnerRecord {
            part: OwnedPart::of_key(key),
            owner: owner(plan),
        };
        Claim {
            part: OwnedPart::of_key(key),
            from: from.iter().map(seen).collect(),
        }
    }

    /// The plans that own what overlaps each of these.
    fn plans(folder: &WarehouseFolder, keys: &[&str]) -> Vec<Vec<String>> {
        let parts: Vec<OwnedPart> = keys.iter().map(|key| OwnedPart::of_key(key)).collect();
        let found = owners(folder, &parts).unwrap().into_iter();
        found
            .map(|records| records.into_iter().map(|record| record.owner.plan).collect())
            .collect()
    }

    #[test]
    fn concurrent_claims_are_exclusive_and_atomic() {
        let dir = tempfile::tempdir().unwrap();
        let folder = WarehouseFolder::open(dir.path()).unwrap();
        let tables = ["d.a", "d.b"];
        assert_eq!(plans(&folder, &tables), [vec![""; 0], vec![]]);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "a look makes nothing"
        );
        folder.create(OWN_DATASET).unwrap();
        assert!(claim(&folder, &[claimed("d.b", &[])], &owner("first")).unwrap());
        let both = [claimed("d.a", &[]), claimed("d.b", &[])];
        assert!(!claim(&folder, &both, &owner("second")).unwrap());
        assert_eq!(plans(&folder, &tables), [vec![], vec!["first"]]);
        let over = [claimed("d.a", &[]), claimed("d.b", &[("d.b", "first")])];
        assert!(claim(&folder, &over, &owner("second")).unwrap());
        assert!(!claim(&folder, &[claimed("d.b", &[("d.b", "first")])], &owner("third")).unwrap());
        assert!(
            claim(&folder, &both, &owner("second")).unwrap(),
            "what one has, one has"
        );
    }

    #[test]
    fn slices_are_owned_beside_each_other_and_taken_over_with_all_that_overlaps() {
        let dir = tempfile::tempdir().unwrap();
        let folder = WarehouseFolder::open(dir.path()).unwrap();
        folder.create(OWN_DATASET).unwrap();
        let [de, fr, shard] = ["d.t [country=DE]", "d.t [country=FR]", "d.t [shard=1]"];
        let take = |key: &str, from: &[(&str, &str)], plan: &str| {
            claim(&folder, &[claimed(key, from)], &owner(plan)).unwrap()
        };
        assert!(take(de, &[], "one") && take(fr, &[], "two"));
        assert_eq!(
            plans(&folder, &[de, fr, "d.t", shard, "d.t_2"]),
            [
                vec!["one"],
                vec!["two"],
                vec!["one", "two"],
                vec!["one", "two"],
                vec![]
            ]
        );
        for other in ["d.t", shard] {
            assert!(
                !take(other, &[(de, "one")], "three"),
                "the other slice was not seen"
            );
        }
        assert!(take("d.t", &[(de, "one"), (fr, "two")], "three"));
        assert_eq!(
            plans(&folder, &["d.t", de, fr]),
            [["three"], ["three"], ["three"]]
        );
        assert!(!take(de, &[], "one"));
        assert!(take(de, &[("d.t", "three")], "one"));
        assert_eq!(
            plans(&folder, &["d.t", de, fr]),
            [vec!["one"], vec!["one"], vec![]]
        );
    }
}
