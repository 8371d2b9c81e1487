//! Tables partitioned by ingestion time: a program and a query fill them, dates are replaced and counted by
//! `_PARTITIONTIME`, and no row has a column of it.

use std::fs;

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use rstest::rstest;

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

/// A program prints numbers, a query adds those of its date up, and a check counts what a date has.
fn plan(grain: &str, [from, to]: [&str; 2], columns: &str) -> String {
    let until = match grain {
        "hour" => "@end",
        _ => "TIMESTAMP(DATE(@end))",
    };
    format!(
        r#"
name = "calls"
title = "Calls by the time of loading"
partition = "{grain}"
from = "{from}"
to = "{to}"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "print", "{{date}}"]
timeout_seconds = 60
table = "prod.loaded"
date_column = "_PARTITIONTIME"
key = ["id"]
columns = [{{ name = "id", type = "INT64" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 2
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
sql = "SELECT SUM(n) AS n FROM `prod.loaded` WHERE _PARTITIONTIME >= @start AND _PARTITIONTIME < {until}"
reads = [{{ table = "prod.loaded" }}]
table = "prod.load_sums"
date_column = "_PARTITIONTIME"
{columns}
expect_rows = 1
[[check]]
name = "no_large_sums"
stage = "sums"
title = "No sum above the limit"
severity = "blocking"
sql = "SELECT _PARTITIONTIME AS loaded_at, DATE(_PARTITIONTIME) AS day FROM `prod.load_sums` WHERE n > 1000"
expect = [{{ rows = 0 }}]
"#
    )
}

const DECLARED: &str = "columns = [{ name = \"n\", type = \"INT64\" }]";

fn prints(planned: &Planned, date: &str, numbers: [i64; 2]) {
    let lines = (numbers.iter().enumerate()).map(|(id, n)| format!("{id},{n}\n"));
    fs::write(
        planned.folder.path().join(date),
        lines.collect::<Vec<_>>().concat(),
    )
    .unwrap();
}

/// The rows of a table, each with its partition.
fn stored(project: &BigQueryWarehouse, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT FORMAT_TIMESTAMP('%F %T', _PARTITIONTIME) AS loaded_at, n FROM `{PREFIX}prod.{table}` WHERE _PARTITIONTIME > \
         TIMESTAMP '2000-01-01 00:00:00+00' ORDER BY 1, 2"
    );
    let answer = block_on(project.query(&sql)).unwrap();
    (answer.rows.iter())
        .map(|row| format!("{} {}", row[0], row[1]))
        .collect()
}

#[rstest]
#[case("hour", "HOUR", ["2024-03-10T06", "2024-03-10T07"], ["2024-03-10T06", "2024-03-10T07"], ["2024-03-10 06:00:00", "2024-03-10 07:00:00"])]
#[case("day", "DAY", ["2024-03-10", "2024-03-11"], ["2024-03-10", "2024-03-11"], ["2024-03-10 00:00:00", "2024-03-11 00:00:00"])]
#[case("week", "DAY", ["2024-W10", "2024-W11"], ["2024-03-04", "2024-03-11"], ["2024-03-04 00:00:00", "2024-03-11 00:00:00"])]
#[case("month", "MONTH", ["2024-02", "2024-03"], ["2024-02-01", "2024-03-01"], ["2024-02-01 00:00:00", "2024-03-01 00:00:00"])]
#[case("year", "YEAR", ["2023", "2024"], ["2023-01-01", "2024-01-01"], ["2023-01-01 00:00:00", "2024-01-01 00:00:00"])]
fn each_date_has_a_partition(
    #[case] grain: &str,
    #[case] span: &str,
    #[case] dates: [&str; 2],
    #[case] files: [&str; 2],
    #[case] starts: [&str; 2],
) {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let planned = Planned::on(&plan(grain, dates, DECLARED), &emulator.flags());
    fs::write(planned.folder.path().join("print"), "echo id,n; cat \"$1\"\n").unwrap();
    prints(&planned, files[0], [1, 2]);
    prints(&planned, files[1], [10, 20]);
    planned.run(&[]).expect(0);
    assert_eq!(
        (planned.dates("calls", "ok"), planned.dates("sums", "ok")),
        (2, 2)
    );
    let [one, two] = starts;
    let rows = |row: &str, n: i64| format!("{row} {n}");
    assert_eq!(
        stored(&project, "loaded"),
        [rows(one, 1), rows(one, 2), rows(two, 10), rows(two, 20)]
    );
    assert_eq!(stored(&project, "load_sums"), [rows(one, 3), rows(two, 30)]);
    let schema = block_on(project.schema("rehearsal_prod.load_sums"))
        .unwrap()
        .unwrap();
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["n"], "the pseudo column is not in the schema");
    let partition = schema.partition.unwrap();
    assert_eq!(partition.by.as_deref(), Some("_PARTITIONTIME"));
    assert_eq!(partition.span.as_deref().unwrap_or("DAY"), span);

    // Only the rows of the date are replaced.
    prints(&planned, files[1], [100, 200]);
    let rerun = [
        "rerun", "--dates", dates[1], "--stage", "calls", "--output", "plain",
    ];
    planned.backcourt(&rerun).expect(0);
    assert_eq!(planned.dates("sums", "stale"), 1);
    planned.run(&[]).expect(0);
    assert_eq!(
        stored(&project, "loaded"),
        [rows(one, 1), rows(one, 2), rows(two, 100), rows(two, 200)]
    );
    assert_eq!(stored(&project, "load_sums"), [rows(one, 3), rows(two, 300)]);

    // A failed check names its date.
    prints(&planned, files[1], [1000, 2000]);
    planned.backcourt(&rerun).expect(0);
    let failed = planned.run(&[]).expect(1).out;
    assert!(
        failed.contains(&format!("({})", dates[1])) || failed.contains(dates[1]),
        "{failed}"
    );
    // Another host finds the progress in the warehouse.
    let second = Planned::on(&plan(grain, dates, DECLARED), &emulator.flags());
    let dry = second.run(&["--dry-run"]).out;
    assert!(
        dry.contains("sums: 2 dates, nothing to do") || dry.contains("0 to do"),
        "{dry}"
    );
}

#[test]
fn fewer_rows_than_expected_replace_only_fewer_rows() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let days = ["2024-03-10", "2024-03-11"];
    let planned = Planned::on(&plan("day", days, DECLARED), &emulator.flags());
    fs::write(planned.folder.path().join("print"), "echo id,n; cat \"$1\"\n").unwrap();
    prints(&planned, days[0], [1, 2]);
    prints(&planned, days[1], [10, 20]);
    planned.run(&[]).expect(0);
    let before = stored(&project, "loaded");
    // A key that occurs twice, and a row too few.
    fs::write(planned.folder.path().join(days[0]), "7,5\n7,6\n").unwrap();
    let rerun = [
        "rerun", "--dates", days[0], "--stage", "calls", "--output", "plain",
    ];
    planned.backcourt(&rerun).expect(1);
    assert_eq!(stored(&project, "loaded"), before, "two stored rows are kept");
    assert_eq!(planned.dates("calls", "partial"), 1);
    // The same key on another date is another row: both dates have the ids 0 and 1.
    assert_eq!(before.len(), 4);
}

#[test]
fn an_existing_table_is_adopted_if_it_has_such_partitions() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask(&format!("CREATE SCHEMA `{PREFIX}prod`"));
    ask(&format!(
        "CREATE TABLE `{PREFIX}prod.loaded` (id INT64, n INT64) PARTITION BY _PARTITIONDATE"
    ));
    ask(&format!(
        "INSERT INTO `{PREFIX}prod.loaded` (_PARTITIONTIME, id, n) SELECT TIMESTAMP '2024-03-09 00:00:00+00', 0, 99"
    ));
    let days = ["2024-03-10", "2024-03-11"];
    let planned = Planned::on(&plan("day", days, DECLARED), &emulator.flags());
    fs::write(planned.folder.path().join("print"), "echo id,n; cat \"$1\"\n").unwrap();
    prints(&planned, days[0], [1, 2]);
    prints(&planned, days[1], [10, 20]);
    planned.run(&["--replace-existing"]).expect(0);
    assert_eq!(
        stored(&project, "loaded"),
        [
            "2024-03-09 00:00:00 99",
            "2024-03-10 00:00:00 1",
            "2024-03-10 00:00:00 2",
            "2024-03-11 00:00:00 10",
            "2024-03-11 00:00:00 20",
        ],
        "a row of a date outside the plan stays"
    );
    // A day has no partition of its own in a table of months.
    ask(&format!(
        "CREATE TABLE `{PREFIX}prod.other` (id INT64, n INT64) PARTITION BY TIMESTAMP_TRUNC(_PARTITIONTIME, MONTH)"
    ));
    ask(&format!(
        "INSERT INTO `{PREFIX}prod.other` (_PARTITIONTIME, id, n) SELECT TIMESTAMP '2024-03-01 00:00:00+00', 0, 99"
    ));
    let of_program = plan("day", days, DECLARED);
    let (of_program, _) = of_program.split_once("[[stage]]\nname = \"sums\"").unwrap();
    let other = Planned::on(
        &of_program
            .replace("prod.loaded", "prod.other")
            .replace("name = \"calls\"\ntitle", "name = \"others\"\ntitle"),
        &emulator.flags(),
    );
    let refused = other.run(&["--replace-existing"]).expect(2).out;
    assert!(
        refused.contains("is partitioned by MONTH of ingestion time"),
        "{refused}"
    );
}

#[test]
fn columns_follow_from_the_query_without_the_pseudo_column() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask(&format!("CREATE SCHEMA `{PREFIX}prod`"));
    // The local server's dry run reports no columns, so the table is there first.
    ask(&format!(
        "CREATE TABLE `{PREFIX}prod.load_sums` (n INT64) PARTITION BY _PARTITIONDATE"
    ));
    let days = ["2024-03-10", "2024-03-11"];
    let planned = Planned::on(&plan("day", days, ""), &emulator.flags());
    fs::write(planned.folder.path().join("print"), "echo id,n; cat \"$1\"\n").unwrap();
    prints(&planned, days[0], [1, 2]);
    prints(&planned, days[1], [10, 20]);
    planned.run(&[]).expect(0);
    assert_eq!(
        stored(&project, "load_sums"),
        ["2024-03-10 00:00:00 3", "2024-03-11 00:00:00 30"]
    );
}

/// A program that fills such a table by itself; its rows are counted.
#[test]
fn rows_that_a_program_stores_by_itself_are_counted_by_partition() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask(&format!("CREATE SCHEMA `{PREFIX}prod`"));
    ask(&format!(
        "CREATE TABLE `{PREFIX}prod.counted` (n INT64) PARTITION BY _PARTITIONDATE"
    ));
    ask(&format!(
        "INSERT INTO `{PREFIX}prod.counted` (_PARTITIONTIME, n) SELECT TIMESTAMP '2024-03-10 00:00:00+00', 1 UNION ALL \
         SELECT TIMESTAMP '2024-03-10 00:00:00+00', 2 UNION ALL SELECT TIMESTAMP '2024-03-11 00:00:00+00', 3"
    ));
    let planned = Planned::on(
        r#"
name = "counted"
title = "Counted by the time of loading"
from = "2024-03-10"
to = "2024-03-11"
[[stage]]
name = "calls"
kind = "command"
command = ["true", "{date}"]
table = "prod.counted"
date_column = "_PARTITIONTIME"
expect_rows = 2
"#,
        &emulator.flags(),
    );
    planned.run(&["--replace-existing"]).expect(1);
    assert_eq!(
        (planned.dates("calls", "ok"), planned.dates("calls", "partial")),
        (1, 1)
    );
}
