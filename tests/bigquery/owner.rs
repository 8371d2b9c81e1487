//! Checks of a plan against a project before anything is created: table owners, rows without an owner, schema
//! differences.

use backcourt::table::{Column, ColumnType, SchemaChange, Slice, SliceValue, StoredType, TableDef};
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Claim, OwnedPart, Owner, OwnerRecord, Owners, Warehouse};

use super::emulator::Emulator;
use super::faults::block_on;
use super::planned::Planned;
use super::warehouse::{at, games};

fn owner(plan: &str) -> Owner {
    Owner {
        plan: plan.to_owned(),
        by: "ann".to_owned(),
        host: "courtside".to_owned(),
        since: at("2024-01-03T00:00:00Z"),
    }
}

/// What a slice of table `d.b` is recorded as, or a whole table.
fn part(table: &str, country: Option<&str>) -> OwnedPart {
    let Some(country) = country else {
        return OwnedPart::whole(table);
    };
    let value = SliceValue::Text(country.to_owned());
    OwnedPart::slice_of(
        table,
        &Slice::new([("country".to_owned(), value)].into()).unwrap(),
    )
}

/// A claim on a part that had these owners.
fn claim(claimed: &OwnedPart, from: &[(&OwnedPart, &str)]) -> Claim {
    let seen = |(part, plan): &(&OwnedPart, &str)| OwnerRecord {
        part: (*part).clone(),
        owner: owner(plan),
    };
    Claim {
        part: claimed.clone(),
        from: from.iter().map(seen).collect(),
    }
}

/// The plans that own what overlaps each of these.
async fn plans(warehouse: &BigQueryWarehouse, parts: &[&OwnedPart]) -> Vec<Vec<String>> {
    let parts: Vec<OwnedPart> = parts.iter().map(|part| (*part).clone()).collect();
    let found = warehouse.owners_of(&parts).await.unwrap().into_iter();
    found
        .map(|records| records.into_iter().map(|record| record.owner.plan).collect())
        .collect()
}

#[test]
fn concurrent_claims_are_exclusive_and_atomic() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = &emulator.open();
        let (a, b) = (&part("d.a", None), &part("d.b", None));
        assert_eq!(plans(warehouse, &[a, b]).await, [vec![""; 0], vec![]]);
        let take = async |claims: &[Claim], plan: &str| warehouse.claim(claims, &owner(plan)).await.unwrap();
        assert!(take(&[claim(b, &[])], "first").await);
        assert!(!take(&[claim(a, &[]), claim(b, &[])], "second").await);
        assert_eq!(plans(warehouse, &[a, b]).await, [vec![], vec!["first"]]);
        assert!(take(&[claim(a, &[]), claim(b, &[(b, "first")])], "second").await);
        assert!(!take(&[claim(b, &[(b, "first")])], "third").await);
    });
}

#[test]
fn slices_are_owned_beside_each_other_and_taken_over_with_all_that_overlaps() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = &emulator.open();
        let (whole, other) = (&part("d.t", None), &part("d.t_2", None));
        let [de, fr] = &["DE", "O'Br]i,en"].map(|country| part("d.t", Some(country)));
        let shard = SliceValue::Int(1);
        let shard = &OwnedPart::slice_of("d.t", &Slice::new([("shard".to_owned(), shard)].into()).unwrap());
        let take = async |claim: Claim, plan: &str| warehouse.claim(&[claim], &owner(plan)).await.unwrap();
        assert!(take(claim(de, &[]), "one").await);
        assert!(take(claim(fr, &[]), "two").await);
        assert_eq!(
            plans(warehouse, &[de, fr, whole, shard, other]).await,
            [
                vec!["one"],
                vec!["two"],
                vec!["one", "two"],
                vec!["one", "two"],
                vec![]
            ]
        );
        for overlapping in [whole, shard] {
            assert!(
                !take(claim(overlapping, &[(de, "one")]), "three").await,
                "the other slice was not seen"
            );
        }
        assert!(take(claim(whole, &[(de, "one"), (fr, "two")]), "three").await);
        assert_eq!(
            plans(warehouse, &[whole, de, fr]).await,
            [["three"], ["three"], ["three"]]
        );
        assert!(!take(claim(de, &[]), "one").await);
        assert!(take(claim(de, &[(whole, "three")]), "one").await);
        assert_eq!(
            plans(warehouse, &[whole, de, fr]).await,
            [vec!["one"], vec!["one"], vec![]]
        );
    });
}

#[test]
fn tables_match_their_definition_and_can_be_altered() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = emulator.open();
        let table = games();
        assert_eq!(warehouse.schema(&table.path()).await.unwrap(), None);
        warehouse.ensure(&table).await.unwrap();
        let held = warehouse.schema(&table.path()).await.unwrap().unwrap();
        let stopping: Vec<String> = (warehouse.differences(&table, &held, false).iter())
            .filter(|found| found.stops())
            .map(ToString::to_string)
            .collect();
        assert_eq!(stopping, [""; 0]);
        let mut wider: TableDef = table.clone();
        wider
            .columns
            .to_mut()
            .push(Column::nullable("note", ColumnType::String, ""));
        let found = warehouse.differences(&wider, &held, false);
        let changes: Vec<SchemaChange> = found.iter().filter_map(|found| found.change().cloned()).collect();
        assert_eq!(changes, [SchemaChange::Add("note".to_owned())]);
        warehouse.migrate(&wider, &changes).await.unwrap();
        let held = warehouse.schema(&table.path()).await.unwrap().unwrap();
        let note = held.columns.iter().find(|column| column.name == "note").unwrap();
        assert_eq!(note.kind, StoredType::Exactly(ColumnType::String));
        assert!(note.nullable);
    });
}

/// A plan with one query over two days.
fn plan(name: &str, sql: &str, columns: &str) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"A test\"\nfrom = \"2024-01-01\"\nto = \"2024-01-02\"\n[[stage]]\nname = \"s\"\n\
         kind = \"sql\"\nsql = \"{sql}\"\ntable = \"mart.tenants\"\ndate_column = \"day\"\nkey = [\"day\"]\n\
         columns = [{{ name = \"day\", type = \"DATE\" }}, {columns}]\n"
    )
}

/// Whatever the operator allows, a commit couldn't change these tables or would scan all of them.
#[test]
fn immutable_and_fully_scanned_tables_are_refused() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = emulator.open();
    let ask = |sql: &str| block_on(warehouse.query(sql)).unwrap();
    ask("CREATE SCHEMA `rehearsal_mart`");
    let only = plan(
        "only",
        "SELECT @date AS day, 1 AS n",
        "{ name = \"n\", type = \"INT64\" }",
    );
    let only = Planned::on(&only, &emulator.flags());
    for (made, dropped, said) in [
        (
            "CREATE TABLE `mart.tenants` AS SELECT DATE '2024-01-01' AS day, 70 AS n",
            "DROP TABLE `mart.tenants`",
            "is not partitioned but the plan needs partitions by 'day'; every read and commit scans the whole table",
        ),
        (
            "CREATE TABLE `mart.tenants` PARTITION BY other AS \
             SELECT DATE '2024-01-01' AS day, 70 AS n, DATE '2024-01-01' AS other",
            "DROP TABLE `mart.tenants`",
            "is partitioned by 'other' but the plan needs partitions by 'day'",
        ),
        (
            "CREATE VIEW `mart.tenants` AS SELECT DATE '2024-01-01' AS day, 70 AS n",
            "DROP VIEW `mart.tenants`",
            "is a VIEW, not a table that can be written",
        ),
    ] {
        ask(made);
        for permits in [&["--replace-existing"][..], &["--replace-existing", "--migrate"]] {
            let refused = only.run(permits).expect(2);
            assert!(refused.out.contains(said), "{refused:?}");
        }
        let held = ask("SELECT SUM(n) AS n FROM `mart.tenants`");
        assert_eq!(held.rows[0][0].to_string(), "70");
        ask(dropped);
    }
}

#[test]
fn foreign_tables_rows_and_columns_are_refused_before_writing() {
    let Some(emulator) = Emulator::start() else { return };
    let number = "{ name = \"n\", type = \"INT64\" }";
    let sql = "SELECT @date AS day, 1 AS n";
    let warehouse = emulator.open();
    block_on(async {
        for sql in [
            "CREATE SCHEMA `rehearsal_mart`",
            "CREATE TABLE `mart.tenants` (day DATE NOT NULL, n INT64 NOT NULL) PARTITION BY day",
            "INSERT INTO `mart.tenants` (day, n) VALUES (DATE '2024-01-01', 70), (DATE '2023-12-31', 80)",
        ] {
            warehouse.query(sql).await.unwrap();
        }
    });
    let stored = |sql: &str| block_on(async { warehouse.query(sql).await.unwrap().rows[0][0].to_string() });
    let sum = "SELECT SUM(n) AS n FROM `mart.tenants`";
    let first = Planned::on(&plan("first", sql, number), &emulator.flags());
    let refused = first.run(&[]).expect(2).out;
    assert!(
        refused.contains("contains 2 rows in 2 partitions, and no plan owns it"),
        "{refused}"
    );
    assert_eq!(stored(sum), "150");
    first.run(&["--replace-existing"]).expect(0);
    assert_eq!(stored(sum), "82");

    let second = plan("second", "SELECT @date AS day, 2 AS n", number);
    let second = Planned::on(&second, &emulator.flags());
    let refused = second.run(&[]).expect(2).out;
    assert!(
        refused.contains("table mart.tenants belongs to plan first"),
        "{refused}"
    );
    second.run(&["--take-over"]).expect(0);
    assert!(first.run(&[]).expect(2).out.contains("belongs to plan second"));
    assert_eq!(stored(sum), "84");

    for (columns, said) in [
        (
            "{ name = \"n\", type = \"STRING\" }".to_owned(),
            "has 'n' as INT64 but the plan needs STRING; run ALTER TABLE `rehearsal_mart.tenants` DROP COLUMN `n`",
        ),
        (
            "{ name = \"n\", type = \"INT64\", nullable = true }".to_owned(),
            "ALTER TABLE `rehearsal_mart.tenants` ALTER COLUMN `n` DROP NOT NULL or 'backcourt run --migrate'",
        ),
        (
            format!("{number}, {{ name = \"note\", type = \"STRING\", nullable = true }}"),
            "has no column 'note' STRING; run ALTER TABLE `rehearsal_mart.tenants` ADD COLUMN `note` STRING",
        ),
    ] {
        second.write(&plan("second", sql, &columns));
        let refused = second.run(&[]).expect(2).out;
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(stored(sum), "84");
    let wider = format!("{number}, {{ name = \"note\", type = \"STRING\", nullable = true }}");
    second.write(&plan(
        "second",
        "SELECT @date AS day, 3 AS n, 'x' AS note",
        &wider,
    ));
    second.run(&["--no-resume", "--migrate"]).expect(0);
    assert_eq!(
        stored("SELECT COUNT(*) AS n FROM `mart.tenants` WHERE note = 'x'"),
        "2"
    );
}
