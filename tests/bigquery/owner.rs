//! Checks of a plan against a project before anything is created: table owners, rows without an owner, schema
//! differences.

use backcourt::table::{Column, ColumnType, SchemaChange, StoredType, TableDef};
use backcourt::warehouse::{Claim, Owner, Owners, Warehouse};

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

fn claim(table: &str, from: Option<&str>) -> Claim {
    Claim {
        table: table.to_owned(),
        from: from.map(str::to_owned),
    }
}

#[test]
fn concurrent_claims_are_exclusive_and_atomic() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = emulator.open();
        let tables = ["d.a".to_owned(), "d.b".to_owned()];
        assert_eq!(warehouse.owners_of(&tables).await.unwrap(), [None, None]);
        assert!(
            warehouse
                .claim(&[claim("d.b", None)], &owner("first"))
                .await
                .unwrap()
        );
        let both = [claim("d.a", None), claim("d.b", None)];
        assert!(!warehouse.claim(&both, &owner("second")).await.unwrap());
        assert_eq!(
            warehouse.owners_of(&tables).await.unwrap(),
            [None, Some(owner("first"))]
        );
        let over = [claim("d.a", None), claim("d.b", Some("first"))];
        assert!(warehouse.claim(&over, &owner("second")).await.unwrap());
        assert!(
            !warehouse
                .claim(&[claim("d.b", Some("first"))], &owner("third"))
                .await
                .unwrap()
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
