//! Tables whose date column is a DATETIME, on `BigQuery`: rows that a query finds and rows that a program prints, for
//! every length of a partition.

use std::fs;

use backcourt::partition::{Grain, Partition};
use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use rstest::rstest;

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

fn plan(grain: &str, part: &str, from: &str, to: &str) -> String {
    format!(
        r#"
name = "calls"
title = "Calls by their clock"
partition = "{grain}"
from = "{from}"
to = "{to}"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "print", "{{date}}"]
timeout_seconds = 60
table = "prod.clocked"
date_column = "called_at"
key = ["called_at"]
columns = [{{ name = "called_at", type = "DATETIME" }}, {{ name = "n", type = "INT64" }}, {{ name = "tag", type = "BYTES", nullable = true }}]
expect_rows = 2
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
sql = """
SELECT DATETIME_TRUNC(called_at, {part}) AS called_at, SUM(n) AS n FROM `prod.clocked`
WHERE called_at >= DATETIME(@start) AND called_at < DATETIME(@end) GROUP BY 1"""
reads = [{{ table = "prod.clocked" }}]
table = "prod.clock_sums"
date_column = "called_at"
key = ["called_at"]
columns = [{{ name = "called_at", type = "DATETIME" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 1
"#
    )
}

#[rstest]
#[case("hour", "HOUR", ["2024-03-10T06", "2024-03-10T07"], ["2024-03-10 06:00:00", "2024-03-10 06:59:59.999999", "2024-03-10 07:00:00", "2024-03-10 07:59:59.999999"])]
#[case("day", "DAY", ["2024-03-10", "2024-03-11"], ["2024-03-10 00:00:00", "2024-03-10 23:59:59.999999", "2024-03-11 00:00:00", "2024-03-11 23:59:59.999999"])]
#[case("week", "ISOWEEK", ["2024-W10", "2024-W11"], ["2024-03-04 00:00:00", "2024-03-10 23:59:59.999999", "2024-03-11 00:00:00", "2024-03-17 23:59:59.999999"])]
#[case("month", "MONTH", ["2024-02", "2024-03"], ["2024-02-01 00:00:00", "2024-02-29 23:59:59.999999", "2024-03-01 00:00:00", "2024-03-31 23:59:59.999999"])]
#[case("year", "YEAR", ["2023", "2024"], ["2023-01-01 00:00:00", "2023-12-31 23:59:59.999999", "2024-01-01 00:00:00", "2024-12-31 23:59:59.999999"])]
fn each_date_has_the_rows_that_its_clock_shows(
    #[case] grain: &str,
    #[case] part: &str,
    #[case] dates: [&str; 2],
    #[case] clocks: [&str; 4],
) {
    let ([one, two], [start, end, next, last]) = (dates, clocks);
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let planned = Planned::on(&plan(grain, part, one, two), &emulator.flags());
    let folder = planned.folder.path();
    fs::write(folder.join("print"), "echo called_at,n,tag; cat \"$1\"\n").unwrap();
    let prints = |date: &str, [first, second]: [(&str, i64); 2]| {
        let lines = format!("{},{},AP8=\n{},{},\n", first.0, first.1, second.0, second.1);
        let date = Partition::parse(date).unwrap();
        let name = match date.grain() {
            Grain::Hour => date.to_string(),
            _ => date.first_day().to_string(),
        };
        fs::write(folder.join(name), lines).unwrap();
    };
    let sums = || -> Vec<String> {
        let sql = format!(
            "SELECT FORMAT_DATETIME('%F %T', called_at), n FROM `{PREFIX}prod.clock_sums` WHERE called_at > DATETIME '2000-01-01 00:00:00' \
             ORDER BY 1"
        );
        let answer = block_on(project.query(&sql)).unwrap();
        (answer.rows.iter())
            .map(|row| format!("{} {}", row[0], row[1]))
            .collect()
    };
    prints(one, [(start, 1), (end, 2)]);
    prints(two, [(next, 10), (last, 20)]);
    planned.run(&[]).expect(0);
    assert_eq!(
        (planned.dates("calls", "ok"), planned.dates("sums", "ok")),
        (2, 2)
    );
    assert_eq!(sums(), [format!("{start} 3"), format!("{next} 30")]);
    prints(two, [(next, 100), (last, 200)]);
    let rerun = ["rerun", "--dates", two, "--stage", "calls", "--output", "plain"];
    planned.backcourt(&rerun).expect(0);
    assert_eq!(planned.dates("sums", "stale"), 1);
    planned.run(&[]).expect(0);
    assert_eq!(sums(), [format!("{start} 3"), format!("{next} 300")]);
    // A row of the date before is quarantined.
    prints(two, [(next, 100), (end, 200)]);
    planned.backcourt(&rerun).expect(1);
    assert_eq!(planned.dates("calls", "partial"), 1);
    // Another host finds the progress in the warehouse.
    let second = Planned::on(&plan(grain, part, one, two), &emulator.flags());
    fs::write(
        second.folder.path().join("print"),
        "echo called_at,n,tag; cat \"$1\"\n",
    )
    .unwrap();
    let dry = second.run(&["--dry-run"]).out;
    assert!(dry.contains("calls: 2 dates, 0 to do, 2 already done"), "{dry}");
}
