//! A program that gets several dates in one call and prints their rows, on `BigQuery`: rows count for each date, and a
//! failed call is repeated in smaller ones.

use std::collections::BTreeMap;
use std::fs;

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

/// Ten days in calls of five, after a failure of two.
const PLAN: &str = r#"
name = "orders"
title = "Orders by a script"
from = "2024-05-11"
to = "2024-05-20"
workers = 2
[[stage]]
name = "orders"
kind = "command"
command = ["sh", "backfill", "{start}", "{end}"]
timeout_seconds = 60
batch = 5
retry_batch = 2
table = "prod.orders"
date_column = "day"
key = ["day", "number"]
columns = [
  { name = "day", type = "DATE" }, { name = "number", type = "INT64" }, { name = "value", type = "NUMERIC(8,1)" },
]
expect_rows = 3
"#;

/// Prints three rows a day from $1 to $2 and notes its call. With the file `broken` a call with 17 May fails, with the file
/// `short` that day has a row less.
const BACKFILL: &str = r#"
echo "$1 $2" >> calls
day=$1
if [ -e broken ] && [ ! "$1" \> 2024-05-17 ] && [ ! "$2" \< 2024-05-17 ]; then
  echo "API returned 503 for 2024-05-17" >&2
  exit 1
fi
echo day,number,value
while :; do
  echo "$day,0,0"
  echo "$day,1,1.5"
  [ -e short ] && [ "$day" = 2024-05-17 ] || echo "$day,2,3.0"
  [ "$day" = "$2" ] && break
  day=$(date -u -d "$day + 1 day" +%F)
done
"#;

/// The calls since the last look, each by its days, in order of their dates.
fn calls(planned: &Planned) -> Vec<String> {
    let file = planned.folder.path().join("calls");
    let noted = fs::read_to_string(&file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let day = |date: &str| date.rsplit_once('-').unwrap().1.to_owned();
    let mut calls: Vec<String> = noted
        .lines()
        .map(|line| {
            let (first, last) = line.split_once(' ').unwrap();
            format!("{}-{}", day(first), day(last))
        })
        .collect();
    calls.sort();
    calls
}

#[test]
fn a_failed_call_is_repeated_in_smaller_ones_and_every_day_counts() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let counts = || -> BTreeMap<String, String> {
        let sql = format!(
            "SELECT day, COUNT(*) AS n, CAST(SUM(value) AS FLOAT64) AS total FROM `{PREFIX}prod.orders` \
             WHERE day > DATE '2000-01-01' GROUP BY day"
        );
        let answer = block_on(project.query(&sql)).unwrap();
        (answer.rows.iter())
            .map(|row| (row[0].to_string(), format!("{} {}", row[1], row[2])))
            .collect()
    };
    let planned = Planned::on(PLAN, &emulator.flags());
    let folder = planned.folder.path().to_owned();
    fs::write(folder.join("backfill"), BACKFILL).unwrap();
    fs::write(folder.join("broken"), "").unwrap();
    let run = planned.run(&[]).expect(1).out;
    // The chunk of 17 May is repeated in calls of two days, and at last the day alone.
    let made = calls(&planned);
    assert!(
        made.contains(&"11-15".to_owned()) && made.contains(&"16-20".to_owned()),
        "{made:?}"
    );
    assert!(
        ["16-17", "17-17", "18-19", "20-20"]
            .iter()
            .all(|call| made.contains(&(*call).to_owned())),
        "{made:?}"
    );
    assert!(run.contains("API returned 503 for 2024-05-17"), "{run}");
    assert_eq!(
        (planned.dates("orders", "ok"), planned.dates("orders", "failed")),
        (9, 1)
    );
    let stored = counts();
    assert_eq!(stored.len(), 9);
    assert!(!stored.contains_key("2024-05-17"));
    assert!(stored.values().all(|counted| counted == "3 4.5"), "{stored:?}");

    // A day with too few rows is partial; the others are left alone.
    fs::remove_file(folder.join("broken")).unwrap();
    fs::write(folder.join("short"), "").unwrap();
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);
    assert_eq!(calls(&planned), ["17-17"]);
    assert_eq!(planned.dates("orders", "partial"), 1);
    assert_eq!(counts()["2024-05-17"], "2 1.5");

    fs::remove_file(folder.join("short")).unwrap();
    planned
        .backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(0);
    assert_eq!(planned.dates("orders", "ok"), 10);
    let stored = counts();
    assert_eq!(stored.len(), 10);
    assert!(stored.values().all(|counted| counted == "3 4.5"), "{stored:?}");
    assert!(planned.run(&[]).expect(0).out.contains("nothing to do"));
}
