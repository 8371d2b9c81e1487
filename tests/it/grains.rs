//! Plans of weeks, months and years with the real program: every row belongs to one partition, and a partition is
//! replaced, counted, rerun and recorded as a whole.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;

use backcourt::partition::{Grain, Partition};
use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

/// A plan of these partitions: a program prints a row a day, and a query sums them.
fn plan(grain: &str, from: &str, to: &str) -> String {
    format!(
        r#"
name = "calls"
title = "Calls at a port"
partition = "{grain}"
from = "{from}"
to = "{to}"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "days", "{{start}}", "{{end}}"]
timeout_seconds = 60
table = "d.calls"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
reads = [{{ table = "d.calls" }}]
sql = "SELECT @date AS day, SUM(n) AS n FROM d.calls WHERE day >= DATE(@start) AND day < DATE(@end)"
table = "d.sums"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 1
[[check]]
name = "none_is_large"
stage = "sums"
title = "No sum above the limit"
severity = "advisory"
sql = "SELECT day FROM d.sums WHERE n > 100000"
expect = [{{ rows = 0 }}]
"#
    )
}

/// Prints the day of the month of each day from $1 to $2, times the number in the file `factor`.
const DAYS: &str = r#"
factor=$(cat factor)
day=$1
echo day,n
while :; do
  echo "$day,$(( factor * $(date -u -d "$day" +%-d) ))"
  [ "$day" = "$2" ] && break
  day=$(date -u -d "$day + 1 day" +%F)
done
"#;

fn port(grain: &str, from: &str, to: &str) -> Planned {
    let port = Planned::new(&plan(grain, from, to));
    fs::write(port.folder.path().join("days"), DAYS).unwrap();
    factor(&port, 1);
    port
}

/// What the program multiplies by from now on.
fn factor(port: &Planned, factor: u32) {
    fs::write(port.folder.path().join("factor"), factor.to_string()).unwrap();
}

/// The sums of the stored table, by its date column.
fn sums(port: &Planned) -> BTreeMap<String, i64> {
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = tables.prepare("SELECT day, n FROM sums").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The sum of a partition computed in the plainest way.
fn expected(partition: Partition, factor: i64) -> (String, i64) {
    use chrono::Datelike;
    let sum: u32 = partition.days().map(|day| day.day()).sum();
    (partition.first_day().to_string(), factor * i64::from(sum))
}

fn every(from: &str, to: &str, factor: i64) -> BTreeMap<String, i64> {
    let (from, to) = (Partition::parse(from).unwrap(), Partition::parse(to).unwrap());
    from.up_to(to)
        .map(|partition| expected(partition, factor))
        .collect()
}

#[rstest]
#[case("week", "2023-W50", "2024-W09", 12)]
#[case("month", "2023-11", "2024-04", 6)]
#[case("year", "2022", "2024", 3)]
fn each_partition_is_filled_once(
    #[case] grain: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] units: u64,
) {
    let port = port(grain, from, to);
    let run = port.run(&[]).expect(0);
    for stage in ["calls", "sums"] {
        assert_eq!(port.dates(stage, "ok"), units, "{}", run.out);
    }
    assert_eq!(sums(&port), every(from, to, 1));
    let again = port.run(&[]).expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");
    let shown = port
        .backcourt(&["plan", "show", "calls", "--date", to])
        .expect(0)
        .out;
    let last = Partition::parse(to).unwrap();
    let call = format!("sh days {} {}", last.first_day(), last.last_day());
    assert!(
        shown.starts_with(&format!("# calls: {to}\n")) && shown.contains(&call),
        "{shown}"
    );
}

#[test]
fn a_rerun_of_months_changes_those_months_and_what_depends_on_them() {
    let port = port("month", "2023-11", "2024-04");
    port.run(&[]).expect(0);
    factor(&port, 10);
    let rerun = [
        "rerun",
        "--stage",
        "calls",
        "--dates",
        "2024-02..2024-03",
        "--output",
        "plain",
    ];
    port.backcourt(&rerun).expect(0);
    assert_eq!(port.dates("sums", "stale"), 2);
    port.run(&[]).expect(0);
    let mut all = every("2023-11", "2024-04", 1);
    all.extend(every("2024-02", "2024-03", 10));
    assert_eq!(sums(&port), all);
    // A longer period selects all of its months.
    factor(&port, 7);
    port.backcourt(&[
        "rerun", "--stage", "calls", "--dates", "2023", "--output", "plain",
    ])
    .expect(0);
    port.run(&[]).expect(0);
    all.extend(every("2023-11", "2023-12", 7));
    assert_eq!(sums(&port), all);
}

#[test]
fn fewer_rows_do_not_replace_a_month() {
    let port = port("month", "2024-01", "2024-02");
    port.run(&[]).expect(0);
    fs::write(port.folder.path().join("days"), "echo day,n").unwrap();
    port.backcourt(&[
        "rerun", "--stage", "calls", "--dates", "2024-02", "--output", "plain",
    ])
    .expect(1);
    let status = port.backcourt(&["status"]).out;
    assert!(status.contains("kept the 29 rows stored before"), "{status}");
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let rows: i64 = tables
        .query_row("SELECT COUNT(*) FROM calls", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 60);
}

#[test]
fn a_row_of_another_month_is_quarantined() {
    let port = port("month", "2024-01", "2024-02");
    fs::write(
        port.folder.path().join("days"),
        "echo day,n\necho $1,1\necho $2,2\n[ $1 = 2024-01-01 ] || echo 2024-03-01,3\n",
    )
    .unwrap();
    port.run(&[]).expect(1);
    let status = port.backcourt(&["status"]).out;
    assert!(
        status.contains("'2024-03-01' is not in the month 2024-02"),
        "{status}"
    );
    assert_eq!(
        (port.dates("calls", "ok"), port.dates("calls", "partial")),
        (1, 1)
    );
}

#[test]
fn rows_outside_the_months_of_the_plan_stay() {
    let port = port("month", "2024-02", "2024-03");
    port.run(&[]).expect(0);
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let foreign = "INSERT INTO calls (day, n) VALUES ('2024-01-31', 5), ('2024-04-01', 6)";
    tables.execute_batch(foreign).unwrap();
    factor(&port, 2);
    port.backcourt(&[
        "rerun", "--stage", "calls", "--dates", "2024", "--output", "plain",
    ])
    .expect(0);
    let rows: (i64, i64) = tables
        .query_row(
            "SELECT COUNT(*), SUM(n) FROM calls WHERE day IN ('2024-01-31', '2024-04-01')",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(rows, (2, 11));
}

/// The same rows would be parts of other partitions.
#[test]
fn a_plan_keeps_the_length_of_its_partitions() {
    let port = port("month", "2024-01", "2024-02");
    port.run(&[]).expect(0);
    port.write(&plan("day", "2024-01-01", "2024-02-29").replace("{start}\", \"{end}", "{date}\", \"{date}"));
    let refused = port.run(&[]).expect(2);
    assert!(
        refused
            .err
            .contains("with partition = \"month\", but the plan now has \"day\""),
        "{}{}",
        refused.out,
        refused.err
    );
    assert_eq!(sums(&port), every("2024-01", "2024-02", 1));
    for asked in [&["status"][..], &["report"], &["run", "--dry-run"]] {
        let refused = port.backcourt(asked).expect(2).err;
        assert!(
            refused.contains("give the changed plan another name"),
            "{asked:?}: {refused}"
        );
    }
}

/// A longer partition owes the rows of all its days, and a period without a date of the plan selects nothing.
#[test]
fn daily_expectations_add_up() {
    let text = plan("month", "2024-01", "2024-02").replace(
        "expect_rows = 1",
        "expect_rows = \"SELECT day, 1 AS n FROM d.calls WHERE DATE_TRUNC(day, MONTH) IN UNNEST(@dates)\"",
    );
    let text = text.replace("SELECT @date AS day, SUM(n) AS n FROM", "SELECT day, n FROM");
    let port = Planned::new(&text);
    fs::write(port.folder.path().join("days"), DAYS).unwrap();
    factor(&port, 1);
    port.run(&[]).expect(0);
    let stage = port.stage("sums");
    assert_eq!((port.dates("sums", "ok"), &stage["rows"]), (2, &60.into()));
    let refused = port
        .backcourt(&["rerun", "--dates", "2025", "--output", "plain"])
        .expect(2);
    let told = "'2025' has no date of the plan, which is 2024-01 to 2024-02";
    assert!(refused.err.contains(told), "{}", refused.err);
}

/// On another host, only the warehouse knows the progress.
#[test]
fn an_empty_state_folder_continues_the_months() {
    let first = port("month", "2024-01", "2024-03");
    first.run(&[]).expect(0);
    let folder = first.state.path().join("warehouse");
    let second = Planned::on(
        &plan("month", "2024-01", "2024-03"),
        &["--warehouse".to_owned(), format!("sqlite:{}", folder.display())],
    );
    fs::write(second.folder.path().join("days"), "exit 1").unwrap();
    let run = second.run(&[]).expect(0);
    assert!(run.out.contains("nothing to do"), "{}", run.out);
    assert_eq!(second.dates("calls", "ok"), 3);
}

#[rstest]
#[case(
    "partition = \"month\"\nfrom = \"2024-01-01\"\nto = \"2024-02\"",
    "'2024-01-01' is a day, but a month is needed; write it as YYYY-MM"
)]
#[case(
    "partition = \"day\"\nfrom = \"2024-W60\"\nto = \"2024-02\"",
    "'2024-W60' is not a date"
)]
#[case(
    "partition = \"fortnight\"\nfrom = \"2024-01\"\nto = \"2024-02\"",
    "unknown variant `fortnight`"
)]
#[case(
    "partition = \"month\"\nfrom = \"2024-03\"\nto = \"2024-02\"",
    "the range ends on 2024-02, before its start 2024-03"
)]
fn wrong_partitions_are_refused_with_their_line(#[case] keys: &str, #[case] mistake: &str) {
    let text = plan("month", "2024-01", "2024-02");
    let text = text.replace(
        "partition = \"month\"\nfrom = \"2024-01\"\nto = \"2024-02\"",
        keys,
    );
    let checked = Planned::new(&text).backcourt(&["plan", "check"]).expect(2);
    let told = format!("{}{}", checked.out, checked.err);
    assert!(told.contains(mistake) && told.contains("line "), "{told}");
}

#[test]
fn a_shorter_selection_than_the_partition_is_refused() {
    let port = port("month", "2024-01", "2024-02");
    for asked in [
        &["rerun", "--dates", "2024-01-05"][..],
        &["run", "--dates", "2024-W02"],
        &["run", "--from", "2024-01-05"],
        &["plan", "show", "--date", "2024-01-05"],
    ] {
        let refused = port.backcourt(asked).expect(2);
        assert!(
            refused.err.contains("but a month is needed; write it as YYYY-MM"),
            "{asked:?}: {}",
            refused.err
        );
    }
}

/// A plan of days takes longer periods wherever it takes dates.
#[test]
fn longer_periods_select_days() {
    let text = plan("day", "2024-02", "2024-02").replace("{start}\", \"{end}", "{date}\", \"{date}");
    let port = Planned::new(&text);
    fs::write(port.folder.path().join("days"), DAYS).unwrap();
    factor(&port, 1);
    port.run(&["--dates", "2024-W06"]).expect(0);
    assert_eq!(
        (port.dates("calls", "ok"), port.dates("calls", "pending")),
        (7, 22)
    );
    port.run(&["--from", "2024-02", "--to", "2024-02"]).expect(0);
    assert_eq!(port.dates("calls", "ok"), 29);
    assert_eq!(sums(&port), every("2024-02-01", "2024-02-29", 1));
}

/// The order of the first results shows the order of work: one worker, one date at a time.
#[rstest]
#[case("", &[], ["2024-01", "2024-02", "2024-03"])]
#[case("order = 'newest-first'\n", &[], ["2024-03", "2024-02", "2024-01"])]
#[case("", &["--newest-first"], ["2024-03", "2024-02", "2024-01"])]
fn the_latest_dates_can_start_first(#[case] key: &str, #[case] flags: &[&str], #[case] expected: [&str; 3]) {
    let text = plan("month", "2024-01", "2024-03").replace("workers = 2\n", &format!("workers = 1\n{key}"));
    let port = Planned::new(&text);
    fs::write(
        port.folder.path().join("days"),
        "echo $1 >> calls\necho day,n\necho $1,1\n",
    )
    .unwrap();
    port.run(flags).expect(0);
    let calls = fs::read_to_string(port.folder.path().join("calls")).unwrap();
    let calls: Vec<&str> = calls.lines().map(|day| &day[..7]).collect();
    assert_eq!(calls, expected);
}

/// Hourly rows of three days, one of them on the last microsecond of a day.
fn hours(port: &Planned, table: &str) {
    let folder = port.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    let tables = Connection::open(folder.join("raw.sqlite")).unwrap();
    tables
        .execute_batch(&format!("CREATE TABLE {table} (at TIMESTAMP, n INTEGER)"))
        .unwrap();
    let mut insert = tables
        .prepare(&format!("INSERT INTO {table} VALUES (?1, ?2)"))
        .unwrap();
    for day in 1..=3 {
        for hour in 0..24 {
            insert
                .execute((format!("2024-03-{day:02}T{hour:02}:00:00.000000Z"), hour))
                .unwrap();
        }
    }
    insert.execute(("2024-03-02T23:59:59.999999Z", 100)).unwrap();
}

/// Without a key, rows may be equal; a date has all rows of its day, to the last microsecond.
#[rstest]
#[case("= @date", "DATE(at)")]
#[case("IN UNNEST(@dates)", "DATE(at)")]
fn a_timestamp_column_places_rows_by_their_day(#[case] filter: &str, #[case] day: &str) {
    let port = Planned::new(&format!(
        r#"
name = "hours"
title = "Hours"
from = "2024-03-01"
to = "2024-03-03"
[[stage]]
name = "hours"
kind = "sql"
sql = "SELECT at, 1 AS n FROM raw.events WHERE {day} {filter}"
table = "d.hours"
date_column = "at"
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
"#
    ));
    hours(&port, "events");
    port.run(&[]).expect(0);
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let rows = |day: &str| -> i64 {
        let sql = format!("SELECT COUNT(*) FROM hours WHERE at LIKE '{day}%'");
        tables.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(
        [rows("2024-03-01"), rows("2024-03-02"), rows("2024-03-03")],
        [24, 25, 24]
    );
    assert_eq!(port.stage("hours")["rows"], 73);
    port.backcourt(&["rerun", "--dates", "2024-03-02", "--output", "plain"])
        .expect(0);
    assert_eq!(
        [rows("2024-03-01"), rows("2024-03-02"), rows("2024-03-03")],
        [24, 25, 24]
    );
    // An empty answer doesn't replace the rows of the day.
    let raw = Connection::open(port.state.path().join("warehouse/raw.sqlite")).unwrap();
    raw.execute_batch("DELETE FROM events WHERE at LIKE '2024-03-02%'")
        .unwrap();
    port.backcourt(&["rerun", "--dates", "2024-03-02", "--output", "plain"])
        .expect(1);
    assert_eq!(rows("2024-03-02"), 25);
}

#[rstest]
#[case("from = '2024-03-01'\nto = '2024-03-03'", 3)]
#[case("partition = 'month'\nfrom = '2024-03'\nto = '2024-03'", 1)]
fn rows_of_a_program_are_counted_by_their_timestamp(#[case] keys: &str, #[case] units: u64) {
    let port = Planned::new(&format!(
        r#"
{keys}
name = "own"
title = "A table that a program fills"
[[stage]]
name = "own"
kind = "command"
command = ["true", "{{date}}"]
table = "raw.own"
date_column = "at"
"#
    ));
    hours(&port, "own");
    port.run(&["--replace-existing"]).expect(0);
    assert_eq!(
        (port.dates("own", "ok"), &port.stage("own")["rows"]),
        (units, &73.into())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    /// Random lengths and ranges against a plain loop: no partition twice, none missing.
    #[test]
    fn any_range_matches_a_plain_loop(
        day in 0..3_000i64,
        more in 0..14i64,
        grain in prop::sample::select(Grain::ALL[1..].to_vec()),
    ) {
        let more = if grain == Grain::Year { more % 2 } else { more };
        let first = NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + TimeDelta::days(day);
        let from = Partition::containing(first, grain);
        let to = from.moved(more).unwrap();
        let (from, to) = (from.to_string(), to.to_string());
        let port = Planned::new(
            &plan(grain.name(), &from, &to)
                .replace("\"{start}\", \"{end}\"", if grain == Grain::Day { "\"{date}\", \"{date}\"" } else { "\"{start}\", \"{end}\"" }),
        );
        fs::write(port.folder.path().join("days"), DAYS).unwrap();
        factor(&port, 3);
        port.run(&[]).expect(0);
        prop_assert_eq!(sums(&port), every(&from, &to, 3));
    }
}
