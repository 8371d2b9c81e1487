//! Declared sources with the real program: rows that come after a date was computed make exactly the dates stale that
//! depend on them, and dates wait for rows that have not come yet.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;

use backcourt::partition::Partition;
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;
use crate::program::wait_until;

/// The plan of the case `raw_changes_unseen`, with these keys and stages after its own.
fn plan(source: &str, more: &str) -> String {
    format!(
        r#"
name = "raw_changes"
title = "Late rows"
from = "2024-01-01"
to = "2024-01-03"
[[source]]
table = "raw.events"
date = "event_date"
{source}
[[stage]]
name = "s"
kind = "sql"
sql = "SELECT @date AS day, COUNT(*) AS n FROM `raw.events` WHERE event_date = @date"
table = "d.s"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
{more}
"#
    )
}

/// A stage that sums the numbers of stage `s`, of its date and the day before.
const SUMS: &str = r#"
[[stage]]
name = "sums"
kind = "sql"
needs = ["s"]
reads = [{ table = "d.s", days_back = 1 }]
sql = """
SELECT @date AS day, SUM(n) AS n FROM `d.s` WHERE day BETWEEN DATE_SUB(@date, INTERVAL 1 DAY) AND @date
"""
table = "d.sums"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

fn raw(port: &Planned) -> Connection {
    raw_in(&port.state.path().join("warehouse"))
}

fn raw_in(folder: &std::path::Path) -> Connection {
    fs::create_dir_all(folder).unwrap();
    let tables = Connection::open(folder.join("raw.sqlite")).unwrap();
    tables.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let sql = "CREATE TABLE IF NOT EXISTS events (event_date DATE, n INTEGER)";
    tables.execute_batch(sql).unwrap();
    tables
}

fn add(tables: &Connection, days: &[&str]) {
    for day in days {
        let sql = "INSERT INTO events VALUES (?1, 1)";
        tables.execute(sql, [day]).unwrap();
    }
}

const DAYS: [&str; 3] = ["2024-01-01", "2024-01-02", "2024-01-03"];

/// The dates of each stage that a dry run would compute.
fn to_do(port: &Planned) -> BTreeMap<String, String> {
    let out = port.run(&["--dry-run"]).expect(0).out;
    let line = |line: &str| {
        let (stage, rest) = line.split_once(": ")?;
        let (_, rest) = rest.split_once(", ")?;
        Some((stage.to_owned(), rest.split_once(" to do")?.0.to_owned()))
    };
    out.lines().filter_map(line).collect()
}

#[rstest]
#[case::rows("rows")]
#[case::digest("digest")]
fn raw_changes_unseen(#[case] watch: &str) {
    let port = Planned::new(&plan(&format!("watch = \"{watch}\""), SUMS));
    add(&raw(&port), &DAYS);
    port.run(&[]).expect(0);
    let again = port.run(&[]).expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");

    add(&raw(&port), &["2024-01-02"]);
    let preview = port.run(&["--dry-run"]).expect(0).out;
    assert!(
        preview.contains("raw.events changed on 1 date; 2 dates of 2 stages are stale\n"),
        "{preview}"
    );
    assert_eq!(
        to_do(&port),
        [("s", "1"), ("sums", "2")]
            .map(|(stage, dates)| (stage.to_owned(), dates.to_owned()))
            .into()
    );
    assert_eq!(port.dates("s", "ok"), 3, "a preview records nothing");
    let late = port.run(&[]).expect(0).out;
    let changed = late.find("raw.events changed on 1 date; 2 dates of 2 stages are stale");
    assert!(changed < late.find("s: 3 dates, 1 to do"), "{late}");
    assert!(late.contains("3 units done"), "{late}");
    assert_eq!(
        (port.numbers("s"), port.numbers("sums")),
        (vec![1, 2, 1], vec![1, 3, 3])
    );
    let again = port.run(&[]).expect(0).out;
    assert!(again.contains("nothing to do"), "{again}");

    // Rows that disappear are a change too.
    raw(&port)
        .execute("DELETE FROM events WHERE event_date = '2024-01-02'", [])
        .unwrap();
    let gone = port.run(&[]).expect(0).out;
    assert!(gone.contains("raw.events changed on 1 date"), "{gone}");
    assert_eq!(port.numbers("s"), [1, 0, 1]);
}

#[test]
fn only_a_digest_sees_a_row_that_replaces_another() {
    for (watch, stale) in [("rows", false), ("digest", true)] {
        let port = Planned::new(&plan(&format!("watch = \"{watch}\""), ""));
        add(&raw(&port), &DAYS);
        port.run(&[]).expect(0);
        let sql = "UPDATE events SET n = 2 WHERE event_date = '2024-01-03'";
        raw(&port).execute(sql, []).unwrap();
        let run = port.run(&[]).expect(0).out;
        assert_eq!(
            run.contains("raw.events changed on 1 date; 1 date of 1 stage is stale"),
            stale,
            "{run}"
        );
    }
}

/// Equal rows must not cancel out, and their order doesn't matter.
#[test]
fn a_digest_counts_equal_rows_and_ignores_their_order() {
    let port = Planned::new(&plan("watch = \"digest\"", ""));
    add(
        &raw(&port),
        &["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03"],
    );
    port.run(&[]).expect(0);
    let reordered = "CREATE TABLE other AS SELECT * FROM events ORDER BY event_date DESC; DELETE FROM events; \
                     INSERT INTO events SELECT * FROM other; DROP TABLE other;";
    raw(&port).execute_batch(reordered).unwrap();
    let run = port.run(&[]).expect(0).out;
    assert!(run.contains("nothing to do"), "{run}");
    raw(&port)
        .execute("UPDATE events SET n = 5 WHERE event_date = '2024-01-03'", [])
        .unwrap();
    let run = port.run(&[]).expect(0).out;
    assert!(run.contains("1 date of 1 stage is stale"), "{run}");
}

/// What was computed before nothing is known of: the first look is what later ones are compared with.
#[test]
fn the_first_look_is_the_baseline() {
    let port = Planned::new(&plan("", ""));
    add(&raw(&port), &DAYS);
    port.run(&[]).expect(0);
    add(&raw(&port), &["2024-01-01"]);
    port.write(&plan("watch = \"rows\"", ""));
    let first = port.run(&[]).expect(0).out;
    assert!(first.contains("nothing to do"), "{first}");
    add(&raw(&port), &["2024-01-03"]);
    let second = port.run(&[]).expect(0).out;
    assert!(
        second.contains("raw.events changed on 1 date; 1 date of 1 stage is stale"),
        "{second}"
    );
    assert_eq!(port.numbers("s"), [1, 1, 2]);
}

/// The digests of what a date was computed from go with its progress, those of a baseline too.
#[rstest]
#[case::watched_from_the_start("watch = \"rows\"")]
#[case::watched_later("")]
fn another_host_sees_what_the_first_one_computed_from(#[case] at_first: &str) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let flags = [
        "--warehouse".to_owned(),
        format!("sqlite:{}", folder.path().display()),
    ];
    let watched = plan("watch = \"rows\"", "");
    let first = Planned::on(&plan(at_first, ""), &flags);
    add(&raw_in(folder.path()), &DAYS);
    first.run(&[]).expect(0);
    first.write(&watched);
    first.run(&[]).expect(0);
    add(&raw_in(folder.path()), &["2024-01-02"]);
    let second = Planned::on(&watched, &flags);
    let run = second.run(&[]).expect(0).out;
    assert!(
        run.contains("raw.events changed; 1 date of 1 stage is stale"),
        "{run}"
    );
    assert!(run.contains("1 unit done"), "{run}");
    let run = first.run(&[]).expect(0).out;
    assert!(run.contains("nothing to do"), "{run}");
}

#[test]
fn a_run_that_is_open_looks_again_when_asked() {
    let port = Planned::new(&plan("watch = \"rows\"", ""));
    add(&raw(&port), &DAYS);
    port.run(&[]).expect(0);
    let mut run = port
        .command(&["run", "--output", "plain", "--paused"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ctl = |words: &[&str]| port.state.backcourt(&[&["ctl"], words].concat());
    wait_until("the run is paused", || ctl(&["status"]).out.contains("paused"));
    wait_until("the stage is open", || {
        ctl(&["look"]).out.contains("nothing has changed")
    });
    add(&raw(&port), &["2024-01-02"]);
    let looked = ctl(&["look"]).expect(0).out;
    assert_eq!(
        looked,
        "ok: raw.events changed on 1 date; 1 date of 1 stage is stale\n"
    );
    ctl(&["resume"]);
    run.wait().unwrap();
    assert_eq!(port.dates("s", "stale"), 1);
    port.run(&[]).expect(0);
    assert_eq!(port.numbers("s"), [1, 2, 1]);
}

#[test]
fn a_date_waits_for_the_rows_of_its_source() {
    let port = Planned::new(&plan("ready = \"rows\"", SUMS));
    add(&raw(&port), &["2024-01-01", "2024-01-03"]);
    let preview = port.run(&["--dry-run"]).expect(0).out;
    assert!(!preview.contains("changed"), "{preview}");
    let run = port.run(&[]).expect(3).out;
    // The second date of `s`, and in `sums` also the one after it.
    assert!(run.contains("s: 3 dates, 2 to do"), "{run}");
    assert!(run.contains("sums: 3 dates, 1 to do"), "{run}");
    assert!(
        run.contains("3 units wait for rows of raw.events, start again when they are there; 3 units done, 3 still to do"),
        "{run}"
    );
    let log = fs::read_dir(port.state.path().join("logs")).unwrap();
    let log: String = log
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(
        log.contains("source raw.events has no rows for 2024-01-02 yet"),
        "{log}"
    );
    assert_eq!((port.dates("s", "ok"), port.dates("s", "pending")), (2, 1));
    assert_eq!((port.dates("s", "empty"), port.dates("s", "failed")), (0, 0));
    assert_eq!(port.numbers("s"), [1, 1]);
    let preview = port.run(&["--dry-run"]).expect(0).out;
    assert!(
        preview.contains("s: 3 dates, 0 to do, 1 waiting for a source, 2 already done"),
        "{preview}"
    );
    assert!(
        preview.contains("sums: 3 dates, 0 to do, 2 waiting for a source"),
        "{preview}"
    );
    port.run(&[]).expect(3);

    add(&raw(&port), &["2024-01-02"]);
    let run = port.run(&[]).expect(0).out;
    assert!(run.contains("s: 3 dates, 1 to do"), "{run}");
    assert_eq!(
        (port.numbers("s"), port.numbers("sums")),
        (vec![1, 1, 1], vec![1, 2, 2])
    );
}

/// In a stage that depends on its past, later dates wait as well: that is no failure either.
#[test]
fn dates_after_one_that_waits_wait_too() {
    let strict = plan("ready = \"rows\"", "").replace("name = \"s\"", "name = \"s\"\ndepends_on_past = true");
    let port = Planned::new(&strict);
    add(&raw(&port), &[DAYS[0], DAYS[2]]);
    let preview = port.run(&["--dry-run"]).expect(0).out;
    assert!(
        preview.contains("s: 3 dates, 1 to do, 2 waiting for a source"),
        "{preview}"
    );
    let said = port.run(&[]).expect(3).out;
    assert!(said.contains("2 units wait for rows of raw.events"), "{said}");
    add(&raw(&port), &[DAYS[1]]);
    port.run(&[]).expect(0);
    assert_eq!(port.dates("s", "ok"), 3);
}

#[test]
fn dates_that_wait_start_when_the_rows_have_come() {
    let port = Planned::new(&plan("ready = \"rows\"", ""));
    add(&raw(&port), &["2024-01-01"]);
    let mut run = port
        .command(&["run", "--output", "plain", "--paused"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ctl = |words: &[&str]| port.state.backcourt(&[&["ctl"], words].concat());
    wait_until("the run is paused", || ctl(&["status"]).out.contains("paused"));
    add(&raw(&port), &["2024-01-02"]);
    wait_until("the second date is queued", || {
        ctl(&["look"]).out == "ok: 1 date queued, whose source has rows now\n"
    });
    ctl(&["resume"]);
    assert_eq!(run.wait().unwrap().code(), Some(3));
    assert_eq!(port.numbers("s"), [1, 1]);
}

#[test]
fn doctor_says_what_a_source_holds() {
    let lookup = plan("watch = \"rows\"", "").replace("FROM `raw.events`", "FROM `raw.events`, `raw.rates`");
    let port = Planned::new(&lookup);
    let tables = raw(&port);
    add(&tables, &["2024-01-01", "2024-01-03"]);
    tables.execute_batch("CREATE TABLE rates (rate INTEGER)").unwrap();
    let out = port.backcourt(&["doctor"]).expect(1).out;
    for line in [
        "note   raw.events: rows on 2 of 3 dates, from 2024-01-01 to 2024-01-03; none on 2024-01-02 between them",
        "WARN   raw.rates: exists; the plan only reads it, and it is not declared as a source",
    ] {
        assert!(out.contains(line), "{line:?} in {out}");
    }
    port.write(&format!("{lookup}[[source]]\ntable = \"raw.rates\"\n"));
    let out = port.backcourt(&["doctor"]).expect(0).out;
    assert!(out.contains("ok     raw.rates: exists"), "{out}");
    port.write(&lookup.replace("\"event_date\"", "\"evnt_date\""));
    let out = port.backcourt(&["doctor"]).expect(1).out;
    assert!(out.contains("FAIL   raw.events: "), "{out}");
}

#[rstest]
#[case::no_column(
    "date = \"n\"\nwatch = \"rows\"",
    "column 'n' is not a DATE, DATETIME or TIMESTAMP of it"
)]
#[case::modified(
    "date = \"event_date\"\nwatch = \"modified\"",
    "watch is \"modified\", which the embedded warehouse doesn't know"
)]
#[case::pseudo(
    "date = \"_PARTITIONTIME\"\nwatch = \"rows\"",
    "the embedded warehouse has no pseudo columns"
)]
fn a_source_that_cannot_be_looked_at_stops_the_run(#[case] keys: &str, #[case] said: &str) {
    let port = Planned::new(&plan("", "").replace("date = \"event_date\"\n", &format!("{keys}\n")));
    add(&raw(&port), &DAYS);
    let refused = port.run(&[]).expect(2);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(all.contains(&format!("source raw.events: {said}")), "{all}");
    assert!(!port.state.path().join("warehouse/d.sqlite").exists());
}

#[test]
fn a_missing_source_is_refused_by_name() {
    let port = Planned::new(&plan("watch = \"rows\"", ""));
    let refused = port.run(&[]).expect(2);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(
        all.contains("source raw.events: the table was not found"),
        "{all}"
    );
    let wildcard = plan("watch = \"rows\"", "")
        .replace("raw.events", "raw.events_*")
        .replace("\"event_date\"", "\"_TABLE_SUFFIX\"");
    let port = Planned::new(&wildcard);
    let refused = port.run(&[]).expect(2);
    let all = format!("{}{}", refused.out, refused.err);
    let said = "source raw.events_*: the table was not found";
    assert!(all.contains(said), "{all}");
}

/// Rows of an instant belong to the local day, and a day of a source changes all its hours.
#[rstest]
#[case::local_days(
    "timezone = \"America/New_York\"\nfrom = \"2024-01-01\"\nto = \"2024-01-03\"",
    "TIMESTAMP",
    "2024-01-03T04:30:00.000000Z",
    &["2024-01-02"]
)]
#[case::days_of_utc(
    "from = \"2024-01-01\"\nto = \"2024-01-03\"",
    "TIMESTAMP",
    "2024-01-03T04:30:00.000000Z",
    &["2024-01-03"]
)]
#[case::texts(
    "from = \"2024-01-01\"\nto = \"2024-01-03\"",
    "TEXT",
    "2024-01-03",
    &["2024-01-03"]
)]
#[case::hours(
    "partition = \"hour\"\nfrom = \"2024-01-01T00\"\nto = \"2024-01-01T03\"",
    "TIMESTAMP",
    "2024-01-01T02:59:00.000000Z",
    &["2024-01-01T02"]
)]
#[case::hours_of_a_day(
    "partition = \"hour\"\nfrom = \"2024-01-01T22\"\nto = \"2024-01-02T01\"",
    "DATE",
    "2024-01-01",
    &["2024-01-01T22", "2024-01-01T23"]
)]
#[case::months(
    "partition = \"month\"\nfrom = \"2024-01\"\nto = \"2024-03\"",
    "DATE",
    "2024-02-29",
    &["2024-02"]
)]
fn a_row_belongs_to_the_partitions_of_the_plan(
    #[case] keys: &str,
    #[case] kind: &str,
    #[case] at: &str,
    #[case] stale: &[&str],
) {
    let text = format!(
        r#"
name = "grains"
title = "Late rows"
{keys}
[[source]]
table = "raw.events"
date = "at"
watch = "rows"
[[stage]]
name = "s"
kind = "command"
command = ["true", "{{date}}"]
reads = [{{ table = "raw.events" }}]
"#
    );
    let port = Planned::new(&text);
    let folder = port.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    let tables = Connection::open(folder.join("raw.sqlite")).unwrap();
    tables
        .execute_batch(&format!("CREATE TABLE events (at {kind})"))
        .unwrap();
    port.run(&[]).expect(0);
    tables.execute("INSERT INTO events VALUES (?1)", [at]).unwrap();
    let ran = |before: usize| -> Vec<String> {
        let facts = port.state.facts();
        let ended = facts
            .iter()
            .skip(before)
            .filter(|fact| fact["event"] == "unit_finished");
        ended
            .map(|fact| fact["date"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = port.state.facts().len();
    port.run(&[]).expect(0);
    let mut ran = ran(before);
    ran.sort();
    assert_eq!(ran, stale);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

    /// Random late and deleted rows, days back and stages against a plain loop: exactly the affected dates are computed.
    #[test]
    fn late_rows_match_a_plain_loop(
        length in 1..8_i64,
        back in 0..4_i64,
        back_of_second in 0..3_i64,
        changes in prop::collection::vec((-5..8_i64, any::<bool>()), 1..4),
    ) {
        let first = Partition::parse("2024-02-27").unwrap();
        let day = |number: i64| first.moved(number).unwrap().to_string();
        let text = format!(
            r#"
name = "late"
title = "Late rows"
from = "{}"
to = "{}"
[[source]]
table = "raw.events"
date = "event_date"
watch = "rows"
[[stage]]
name = "one"
kind = "command"
command = ["true", "{{date}}"]
reads = [{{ table = "raw.events", days_back = {back} }}]
table = "d.one"
date_column = "day"
columns = [{{ name = "day", type = "DATE" }}]
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{{ table = "d.one", days_back = {back_of_second} }}]
sql = "SELECT @date AS day, COUNT(*) AS n FROM `d.one` WHERE day <= @date"
table = "d.two"
date_column = "day"
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
"#,
            day(0), day(length - 1),
        );
        // A program that prints one row for its date.
        let text = text.replace(
            "command = [\"true\", \"{date}\"]",
            "command = [\"printf\", \"day\\\\n%s\\\\n\", \"{date}\"]",
        );
        let port = Planned::new(&text);
        let tables = raw(&port);
        let every: Vec<String> = (-5..8).map(day).collect();
        add(&tables, &every.iter().map(String::as_str).collect::<Vec<_>>());
        port.run(&[]).expect(0);
        let mut changed = BTreeSet::new();
        for (number, is_added) in changes {
            changed.insert(number);
            if is_added {
                add(&tables, &[&day(number)]);
            } else {
                tables.execute("DELETE FROM events WHERE event_date = ?1", [day(number)]).unwrap();
            }
        }
        // A deletion may undo an addition.
        let held = |number: i64| -> i64 {
            let sql = "SELECT COUNT(*) FROM events WHERE event_date = ?1";
            tables.query_row(sql, [day(number)], |row| row.get(0)).unwrap()
        };
        changed.retain(|number| held(*number) != 1);
        let reaches = |back: i64, of: &BTreeSet<i64>| -> BTreeSet<i64> {
            (0..length).filter(|unit| of.iter().any(|date| (unit - back..=*unit).contains(date))).collect()
        };
        let one = reaches(back, &changed);
        let two = reaches(back_of_second, &one);
        let before = port.state.facts().len();
        port.run(&[]).expect(0);
        let facts = port.state.facts();
        let ran = |stage: &str| -> BTreeSet<String> {
            let ended = facts.iter().skip(before).filter(|fact| fact["event"] == "unit_finished" && fact["stage"] == stage);
            ended.map(|fact| fact["date"].as_str().unwrap().to_owned()).collect()
        };
        let named = |numbers: BTreeSet<i64>| -> BTreeSet<String> { numbers.into_iter().map(day).collect() };
        prop_assert_eq!(ran("one"), named(one));
        prop_assert_eq!(ran("two"), named(two));
        let again = port.run(&[]).expect(0).out;
        prop_assert!(again.contains("nothing to do"), "{}", again);
    }
}
