//! A plan of hours with the real program: every row belongs to one hour of UTC, and an hour is filled, replaced, rerun,
//! checked and recorded by itself.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;

use backcourt::partition::Partition;
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

/// Twelve hours over the night in which clocks change in New York, which are twelve hours of UTC all the same.
const NIGHT: [&str; 2] = ["2024-03-09T20", "2024-03-10T07"];

/// A program prints two rows an hour, and a query adds them up.
fn plan(from: &str, to: &str, filter: &str) -> String {
    format!(
        r#"
name = "calls"
title = "Calls at a port"
partition = "hour"
from = "{from}"
to = "{to}"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "print", "{{date}}", "{{date:%Y-%m-%d %H}}"]
timeout_seconds = 60
table = "d.calls"
date_column = "at"
key = ["at"]
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
sql = "SELECT TIMESTAMP_TRUNC(at, HOUR) AS at, SUM(n) AS n FROM d.calls WHERE {filter} GROUP BY 1"
reads = [{{ table = "d.calls" }}]
table = "d.sums"
date_column = "at"
key = ["at"]
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 1
[[check]]
name = "none_is_large"
stage = "sums"
title = "No sum above the limit"
severity = "blocking"
sql = "SELECT at FROM d.sums WHERE n > 1000"
expect = [{{ rows = 0 }}]
"#
    )
}

const OF_ONE: &str = "at >= @start AND at < @end";
const OF_MANY: &str = "TIMESTAMP_TRUNC(at, HOUR) IN UNNEST(@starts)";

/// Prints the hour of the day times the number in the file `factor`, on the first and on the last second of the hour.
const PRINT: &str = r#"
echo "$1" >> asked
hour=${2#* }
n=$(( $(cat factor) * ${hour#0} ))
echo at,n
echo "$2:00:00+00,$n"
echo "$2:59:59.999999+00,$n"
"#;

fn port(filter: &str) -> Planned {
    of(&plan(NIGHT[0], NIGHT[1], filter))
}

fn of(plan: &str) -> Planned {
    let port = Planned::new(plan);
    fs::write(port.folder.path().join("print"), PRINT).unwrap();
    factor(&port, 1);
    port
}

fn factor(port: &Planned, factor: u32) {
    fs::write(port.folder.path().join("factor"), factor.to_string()).unwrap();
}

/// The stored sums by the start of their hour.
fn sums(port: &Planned) -> BTreeMap<String, i64> {
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = tables.prepare("SELECT at, n FROM sums").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The same, computed in the plainest way.
fn every(from: &str, to: &str, factor: i64) -> BTreeMap<String, i64> {
    let (from, to) = (Partition::parse(from).unwrap(), Partition::parse(to).unwrap());
    let sum = |hour: Partition| {
        let start = format!("{}T{:02}:00:00.000000Z", hour.first_day(), hour.hour());
        (start, 2 * factor * i64::from(hour.hour()))
    };
    from.up_to(to).map(sum).collect()
}

#[rstest]
#[case(OF_ONE)]
#[case(OF_MANY)]
fn each_hour_is_filled_once(#[case] filter: &str) {
    let port = port(filter);
    let run = port.run(&[]).expect(0);
    for stage in ["calls", "sums"] {
        assert_eq!(port.dates(stage, "ok"), 12, "{}", run.out);
    }
    assert_eq!(sums(&port), every(NIGHT[0], NIGHT[1], 1));
    let asked = fs::read_to_string(port.folder.path().join("asked")).unwrap();
    let mut asked: Vec<&str> = asked.lines().collect();
    asked.sort_unstable();
    let night = Partition::parse(NIGHT[0]).unwrap();
    let hours: Vec<String> = (night.up_to(Partition::parse(NIGHT[1]).unwrap()))
        .map(|hour| hour.to_string())
        .collect();
    assert_eq!(asked, hours);
    let again = port.run(&[]).expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");
}

#[rstest]
#[case("2024-03-09T21..T23", "2024-03-09T21", "2024-03-09T23", 3)]
#[case("2024-03-10", "2024-03-10T00", "2024-03-10T07", 8)]
#[case("2024-03-09T20", "2024-03-09T20", "2024-03-09T20", 1)]
#[case("2024-03", "2024-03-09T20", "2024-03-10T07", 12)]
fn a_rerun_of_hours_changes_those_hours_and_what_depends_on_them(
    #[case] dates: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] stale: u64,
) {
    let port = port(OF_ONE);
    port.run(&[]).expect(0);
    factor(&port, 10);
    // Hour 0 is 0 in any case: its rows are as before, and nothing becomes stale by it.
    let changed = stale - u64::from(from <= "2024-03-10T00" && to >= "2024-03-10T00");
    port.backcourt(&["rerun", "--stage", "calls", "--dates", dates, "--output", "plain"])
        .expect(0);
    assert_eq!(port.dates("sums", "stale"), changed);
    port.run(&[]).expect(0);
    let mut all = every(NIGHT[0], NIGHT[1], 1);
    all.extend(every(from, to, 10));
    assert_eq!(sums(&port), all);
}

/// An hour is told apart from the other hours of its day in the check's result, too.
#[test]
fn a_failing_check_names_its_hours() {
    let port = port(OF_ONE);
    factor(&port, 30);
    let run = port.run(&[]).expect(1).out;
    let told = "4 offending rows on 4 dates; failing: 4 dates, 2024-03-09T20 to 2024-03-09T23";
    assert!(run.contains(told), "{run}");
    // A rerun takes these hours of the stage from the result.
    let rerun = port.backcourt(&["rerun", "--failing", "none_is_large", "--output", "plain"]);
    assert!(rerun.out.contains("sums: 4 dates requeued"), "{}", rerun.out);
}

#[test]
fn fewer_rows_do_not_replace_an_hour() {
    let port = port(OF_ONE);
    port.run(&[]).expect(0);
    fs::write(port.folder.path().join("print"), "echo at,n").unwrap();
    port.backcourt(&[
        "rerun",
        "--stage",
        "calls",
        "--dates",
        "2024-03-10T03",
        "--output",
        "plain",
    ])
    .expect(1);
    let status = port.backcourt(&["status"]).out;
    assert!(status.contains("kept the 2 rows stored before"), "{status}");
    assert_eq!(sums(&port), every(NIGHT[0], NIGHT[1], 1));
}

#[test]
fn a_row_of_another_hour_is_quarantined() {
    let port = port(OF_ONE);
    let printed = format!("{PRINT}[ \"$1\" = 2024-03-10T03 ] && echo '2024-03-10 04:00:00+00,1'\ntrue\n");
    fs::write(port.folder.path().join("print"), printed).unwrap();
    port.run(&[]).expect(1);
    let status = port.backcourt(&["status"]).out;
    assert!(
        status.contains("'2024-03-10T04:00:00.000000Z' is not in the hour 2024-03-10T03"),
        "{status}"
    );
    assert_eq!(port.dates("calls", "partial"), 1);
}

/// On another host, only the warehouse knows the progress; hours of one day are entries of their own.
#[test]
fn an_empty_state_folder_continues_the_hours() {
    let first = port(OF_ONE);
    first.run(&["--to", "2024-03-10T02"]).expect(0);
    let folder = first.state.path().join("warehouse");
    let second = Planned::on(
        &plan(NIGHT[0], NIGHT[1], OF_ONE),
        &["--warehouse".to_owned(), format!("sqlite:{}", folder.display())],
    );
    fs::write(second.folder.path().join("print"), PRINT).unwrap();
    factor(&second, 1);
    second.run(&[]).expect(0);
    assert_eq!(
        (second.dates("calls", "ok"), second.dates("sums", "ok")),
        (12, 12)
    );
    let asked = fs::read_to_string(second.folder.path().join("asked")).unwrap();
    assert_eq!(asked.lines().count(), 5, "{asked}");
    assert_eq!(sums(&first), every(NIGHT[0], NIGHT[1], 1));
}

/// A table that a program fills may have its hours in any form of a timestamp.
#[test]
fn hours_of_a_table_of_another_program_are_counted() {
    let port = of(r#"
name = "self"
title = "A program that writes its own table"
partition = "hour"
from = "2024-03-05T22"
to = "2024-03-06T01"
[[stage]]
name = "events"
kind = "command"
command = ["true", "{date}"]
timeout_seconds = 60
table = "d.events"
date_column = "at"
expect_rows = 2
"#);
    let folder = port.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    Connection::open(folder.join("d.sqlite"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE events (at TIMESTAMP);
             INSERT INTO events VALUES ('2024-03-05 22:00:00'), ('2024-03-05T22:59:59.999999Z'),
               ('2024-03-05 23:10:00+00'), ('2024-03-05T23:50:00Z'),
               ('2024-03-06 00:00:00'), ('2024-03-06 01:30:00 UTC'), ('2024-03-06T01:30:00')",
        )
        .unwrap();
    port.run(&["--replace-existing"]).expect(1);
    assert_eq!(
        (port.dates("events", "ok"), port.dates("events", "partial")),
        (3, 1)
    );
}

#[rstest]
#[case(
    "at >= @start AND at < @end",
    "DATE(at) = @date",
    "sql has only @date, which is the same for every hour of a day; use @start and @end, or @starts"
)]
#[case(
    "date_column = \"at\"\nkey = [\"at\"]\ncolumns = [{ name = \"at\", type = \"TIMESTAMP\" }",
    "date_column = \"at\"\nkey = [\"at\"]\ncolumns = [{ name = \"at\", type = \"DATE\" }",
    "date_column 'at' is a DATE, but partition is \"hour\"; give a TIMESTAMP or DATETIME column"
)]
#[case("{date:%Y-%m-%d %H}", "{date:%Q}", "'%Q' is not a valid date format")]
#[case(
    "\"{date}\", \"{date:%Y-%m-%d %H}\"",
    "\"{date:%Y-%m-%d}\"",
    "2024-03-09T20 and 2024-03-09T21 would run the same command"
)]
#[case(
    "2024-03-10T07",
    "2024-03-10T24",
    "'2024-03-10T24' is not an hour; write it as YYYY-MM-DDTHH"
)]
fn what_is_wrong_with_a_plan_of_hours_is_said(#[case] right: &str, #[case] wrong: &str, #[case] told: &str) {
    let text = plan(NIGHT[0], NIGHT[1], OF_ONE);
    assert!(text.contains(right));
    let checked = Planned::new(&text.replace(right, wrong))
        .backcourt(&["plan", "check"])
        .expect(2);
    let all = format!("{}{}", checked.out, checked.err);
    assert!(all.contains(told) && all.contains("line "), "{all}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]

    /// Random ranges, selections and longer periods against a plain loop.
    #[test]
    fn any_hours_match_a_plain_loop(
        first in 0..20_000i64,
        more in 0..60i64,
        again in (0..60i64, 0..20i64),
        many in any::<bool>(),
    ) {
        let from = Partition::parse("2023-01-01T00").unwrap().moved(first).unwrap();
        let named = |later: i64| from.moved(later.min(more)).unwrap().to_string();
        let (from, to) = (named(0), named(more));
        let port = of(&plan(&from, &to, if many { OF_MANY } else { OF_ONE }));
        port.run(&[]).expect(0);
        prop_assert_eq!(sums(&port), every(&from, &to, 1));
        factor(&port, 3);
        let (start, end) = (named(again.0), named(again.0 + again.1));
        let dates = format!("{start}..{end}");
        port.backcourt(&["rerun", "--stage", "calls", "--dates", &dates, "--output", "plain"]).expect(0);
        port.run(&[]).expect(0);
        let mut all = every(&from, &to, 1);
        all.extend(every(&start, &end, 3));
        prop_assert_eq!(sums(&port), all);
    }
}
