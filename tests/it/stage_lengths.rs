//! Stages whose dates have different lengths in one plan, with the real program: hours feed days, days feed weeks and months,
//! and a change reaches exactly the dates that overlap it.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use backcourt::partition::{Grain, Partition, PartitionRange};
use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::planned::Planned;

/// A stage of sums of the stage before it.
fn sums(name: &str, of: &str, grain: Grain, reads: &str) -> String {
    format!(
        r#"
[[stage]]
name = "{name}"
kind = "sql"
partition = "{grain}"
needs = ["{of}"]
reads = [{{ table = "d.{of}"{reads} }}]
sql = "SELECT @start AS at, SUM(n) AS n FROM `d.{of}` WHERE at >= @start AND at < @end"
table = "d.{name}"
date_column = "at"
key = ["at"]
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
"#
    )
}

/// Hours, and what is made of them.
fn plan(from: &str, to: &str, stages: &[String]) -> String {
    format!(
        r#"
name = "calls"
title = "Calls by hour, day and month"
from = "{from}"
to = "{to}"
workers = 4
[[stage]]
name = "hours"
kind = "sql"
partition = "hour"
sql = "SELECT @start AS at, SUM(n) AS n FROM `raw.events` WHERE at >= @start AND at < @end"
table = "d.hours"
date_column = "at"
key = ["at"]
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
{}
"#,
        stages.concat()
    )
}

/// Days of the hours, and months of the days.
fn months(from: &str, to: &str, reads: &str) -> Planned {
    let stages = [
        sums("days", "hours", Grain::Day, ""),
        sums("months", "days", Grain::Month, reads),
    ];
    let planned = Planned::new(&plan(from, to, &stages));
    events(&planned, from, to);
    planned
}

fn date(text: &str) -> Partition {
    Partition::parse(text).unwrap()
}

/// An event in every hour of these days.
fn events(planned: &Planned, from: &str, to: &str) {
    let folder = planned.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    let mut raw = Connection::open(folder.join("raw.sqlite")).unwrap();
    raw.execute_batch("CREATE TABLE events (at TIMESTAMP, n INTEGER)")
        .unwrap();
    let days = PartitionRange::new(date(from), date(to)).unwrap();
    let hours = days.at(Grain::Hour).unwrap().partitions();
    let transaction = raw.transaction().unwrap();
    for (n, hour) in (1_i64..).zip(hours) {
        let row = (instant(hour), n);
        transaction
            .execute("INSERT INTO events VALUES (?1, ?2)", row)
            .unwrap();
    }
    transaction.commit().unwrap();
}

/// The first instant of an hour, as stored.
fn instant(hour: Partition) -> String {
    format!("{}T{:02}:00:00.000000Z", hour.first_day(), hour.hour())
}

fn correct(planned: &Planned, hour: &str, n: i64) {
    let raw = Connection::open(planned.state.path().join("warehouse/raw.sqlite")).unwrap();
    let changed = raw.execute("UPDATE events SET n = ?2 WHERE at = ?1", (instant(date(hour)), n));
    assert_eq!(changed.unwrap(), 1);
}

/// The sums in a table.
fn stored(planned: &Planned, table: &str) -> BTreeMap<String, i64> {
    let tables = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = tables.prepare(&format!("SELECT at, n FROM {table}")).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The dates of a stage in a state, as the ledger has them.
fn dates_in(planned: &Planned, stage: &str, state: &str) -> BTreeSet<Partition> {
    let ledger = Connection::open(planned.state.path().join("ledger.sqlite")).unwrap();
    let mut query = ledger
        .prepare("SELECT date FROM unit WHERE stage = ?1 AND state = ?2")
        .unwrap();
    let rows = query
        .query_map([stage, state], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|text| date(&text.unwrap())).collect()
}

fn stale(planned: &Planned, stage: &str) -> Vec<String> {
    let stale = dates_in(planned, stage, "stale");
    stale.iter().map(ToString::to_string).collect()
}

fn rerun(planned: &Planned, args: &[&str]) -> String {
    planned
        .backcourt(&[&["rerun", "--output", "plain"], args].concat())
        .expect(0)
        .out
}

#[test]
fn months_are_computed_that_lie_completely_in_the_plan() {
    let planned = months("2024-01-30", "2024-04-10", "");
    planned.run(&[]).expect(0);
    let of = |stage| planned.dates(stage, "ok");
    assert_eq!((of("hours"), of("days"), of("months")), (72 * 24, 72, 2));
    let hours = stored(&planned, "hours");
    for (start, end) in [("2024-02-01", "2024-03-01"), ("2024-03-01", "2024-04-01")] {
        let own = hours.range(start.to_owned()..end.to_owned());
        let sum: i64 = own.map(|(_, n)| *n).sum();
        let month = stored(&planned, "months");
        assert_eq!(month[&format!("{start}T00:00:00.000000Z")], sum);
    }
    assert!(planned.run(&[]).expect(0).out.contains("nothing to do"));
}

#[test]
fn a_change_reaches_the_dates_that_overlap_it() {
    let planned = months("2024-01-30", "2024-04-10", "");
    planned.run(&[]).expect(0);
    correct(&planned, "2024-02-15T07", 5000);
    rerun(&planned, &["--stage", "hours", "--dates", "2024-02-15T07"]);
    assert_eq!(stale(&planned, "hours"), [""; 0]);
    assert_eq!(stale(&planned, "days"), ["2024-02-15"]);
    assert_eq!(stale(&planned, "months"), ["2024-02"]);
    planned.run(&[]).expect(0);
    // January is no whole month of the plan.
    correct(&planned, "2024-01-31T23", 5000);
    rerun(&planned, &["--stage", "hours", "--dates", "2024-01-31T23"]);
    assert_eq!(stale(&planned, "days"), ["2024-01-31"]);
    assert_eq!(stale(&planned, "months"), [""; 0]);
    planned.run(&[]).expect(0);
    let days = stored(&planned, "days");
    let march: i64 = days
        .range("2024-03".to_owned().."2024-04".to_owned())
        .map(|(_, n)| *n)
        .sum();
    assert_eq!(stored(&planned, "months")["2024-03-01T00:00:00.000000Z"], march);
}

#[test]
fn back_and_ahead_are_dates_of_the_reading_stage() {
    let planned = months("2024-01-01", "2024-06-30", ", back = 1, ahead = 2");
    planned.run(&[]).expect(0);
    correct(&planned, "2024-04-10T12", 5000);
    rerun(&planned, &["--dates", "2024-04-10T12", "--stage", "hours"]);
    rerun(&planned, &["--stale", "--stage", "days"]);
    assert_eq!(
        stale(&planned, "months"),
        ["2024-02", "2024-03", "2024-04", "2024-05"]
    );
}

#[test]
fn a_selection_takes_the_dates_that_lie_in_it() {
    let planned = months("2024-01-01", "2024-03-31", "");
    planned.run(&["--dates", "2024-02"]).expect(0);
    let ok = |stage: &str| dates_in(&planned, stage, "ok").len();
    assert_eq!((ok("hours"), ok("days"), ok("months")), (29 * 24, 29, 1));
    planned
        .run(&["--from", "2024-03-01", "--to", "2024-03-30"])
        .expect(0);
    assert_eq!((ok("hours"), ok("days"), ok("months")), (59 * 24, 59, 1));
    planned.run(&[]).expect(0);
    assert_eq!((ok("hours"), ok("days"), ok("months")), (91 * 24, 91, 3));
    let said = rerun(&planned, &["--dates", "2024-02-15"]);
    for part in ["hours: 24 dates requeued", "days: 1 date requeued"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("months: 1 date"), "{said}");
    let said = rerun(&planned, &["--dates", "2024-02", "--stage", "months"]);
    assert!(said.contains("months: 1 date requeued"), "{said}");
    let preview = planned.run(&["--dry-run"]).expect(0).out;
    assert!(
        preview.contains("months: 3 dates, 0 to do, 3 already done"),
        "{preview}"
    );
}

/// The stages of the built-in record keep their lengths in the progress record of the warehouse too.
#[test]
fn another_host_continues_every_length() {
    let planned = months("2024-01-01", "2024-02-29", "");
    planned.run(&[]).expect(0);
    let folder = planned.state.path().join("warehouse");
    let stages = [
        sums("days", "hours", Grain::Day, ""),
        sums("months", "days", Grain::Month, ""),
    ];
    let warehouse = ["--warehouse".to_owned(), format!("sqlite:{}", folder.display())];
    let second = Planned::on(&plan("2024-01-01", "2024-02-29", &stages), &warehouse);
    let said = second.run(&[]).expect(0).out;
    assert!(
        said.contains("nothing to do: all 1,502 units already done"),
        "{said}"
    );
}

#[test]
fn lengths_that_do_not_fit_each_other_are_refused() {
    let weeks_and_months = [
        sums("weeks", "hours", Grain::Week, ""),
        sums("months", "weeks", Grain::Month, ""),
    ];
    // Both consist of whole hours.
    let planned = Planned::new(&plan("2024-01-01", "2024-03-31", &weeks_and_months));
    planned.backcourt(&["plan", "check"]).expect(0);
    let no_days = plan("2024-W01", "2024-W13", &weeks_and_months)
        .replace("partition = \"hour\"", "")
        .replace("workers = 4", "workers = 4\npartition = \"week\"");
    let short = plan("2024-01-02", "2024-01-30", &weeks_and_months);
    for (plan, problem) in [
        (
            no_days,
            "stage 'months': partition is \"month\", but that of the plan or another stage is \"week\": a month doesn't \
             consist of whole weeks; write partition = \"day\" for the plan and give stages their own",
        ),
        (
            short,
            "stage 'months': no month lies completely in the plan's dates, 2024-01-02T00 to 2024-01-30T23; widen them",
        ),
    ] {
        let refused = Planned::new(&plan).backcourt(&["plan", "check"]).expect(2);
        let said = format!("{}{}", refused.out, refused.err);
        assert!(said.contains(problem), "{said}");
    }
}

/// The length of a stage is kept like that of a plan: the same rows would belong to other dates.
#[test]
fn a_stage_keeps_its_length() {
    let planned = months("2024-01-01", "2024-01-31", "");
    planned.run(&[]).expect(0);
    let before = stored(&planned, "days");
    let stages = [
        sums("days", "hours", Grain::Week, ""),
        sums("months", "days", Grain::Month, ""),
    ];
    planned.write(&plan("2024-01-01", "2024-01-31", &stages));
    let refused = planned.run(&[]).expect(2).err;
    assert!(
        refused.contains("with partition = \"day\", but the plan now has \"week\""),
        "{refused}"
    );
    assert_eq!(stored(&planned, "days"), before);
}

/// No month lies in a day, so a command that names only the month's stage could do nothing.
#[test]
fn a_selection_without_a_whole_date_of_the_stage_is_refused() {
    let planned = months("2024-01-01", "2024-02-29", "");
    planned.run(&[]).expect(0);
    for asked in [
        &["rerun", "--stage", "months", "--dates", "2024-02-05"][..],
        &["run", "--stage", "months", "--dates", "2024-02-05"],
    ] {
        let refused = planned.backcourt(asked).expect(2).err;
        let problem = "no month of stage months lies completely in the selected dates; select whole ones, such as 2024-01";
        assert!(refused.contains(problem), "{asked:?}: {refused}");
    }
}

#[test]
fn a_plan_may_lose_a_stage_of_another_length() {
    let planned = months("2024-01-01", "2024-01-31", "");
    planned.run(&[]).expect(0);
    let days = [sums("days", "hours", Grain::Day, "")];
    planned.write(&plan("2024-01-01", "2024-01-31", &days));
    assert!(planned.run(&[]).expect(0).out.contains("nothing to do"));
}

/// Days outside the whole months of the plan would have no month to read.
#[test]
fn longer_dates_must_cover_those_that_read_them() {
    let stages = [
        sums("days", "hours", Grain::Day, ""),
        sums("months", "days", Grain::Month, ""),
        sums("shares", "months", Grain::Day, ""),
    ];
    let problem = "stage 'shares' reads d.months by month, but the plan has whole ones from 2024-02 to 2024-03 only; let from \
                   and to begin and end with a month";
    for (from, to) in [("2024-01-15", "2024-03-31"), ("2024-02-01", "2024-04-05")] {
        let refused = Planned::new(&plan(from, to, &stages))
            .backcourt(&["plan", "check"])
            .expect(2);
        let said = format!("{}{}", refused.out, refused.err);
        assert!(said.contains(problem), "{said}");
    }
    let whole = Planned::new(&plan("2024-02-01", "2024-03-31", &stages));
    whole.backcourt(&["plan", "check"]).expect(0);
}

/// Three stages of random lengths, each as long as the one before it or longer.
fn lengths() -> impl Strategy<Value = [Grain; 2]> {
    prop_oneof![
        Just([Grain::Hour, Grain::Day]),
        Just([Grain::Day, Grain::Day]),
        Just([Grain::Day, Grain::Week]),
        Just([Grain::Day, Grain::Month]),
        Just([Grain::Week, Grain::Week]),
        Just([Grain::Month, Grain::Month]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 30, ..ProptestConfig::default() })]

    /// Exactly the dates whose time a corrected hour touches become stale, and after a run every table adds up.
    #[test]
    fn staleness_is_the_overlap_of_time(
        [short, long] in lengths(),
        start in 0_i64..40,
        length in 20_i64..70,
        corrected in prop::collection::btree_set(0_i64..20 * 24, 1..4),
        back in 0_i64..2,
    ) {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + TimeDelta::days(start);
        let [from, to] = [first, first + TimeDelta::days(length)].map(Partition::day);
        let range = PartitionRange::new(from, to).unwrap();
        prop_assume!(range.whole(long).is_some());
        let reads = format!(", back = {back}");
        let stages = [sums("short", "hours", short, ""), sums("long", "short", long, &reads)];
        let (from, to) = (from.to_string(), to.to_string());
        let planned = Planned::new(&plan(&from, &to, &stages));
        events(&planned, &from, &to);
        planned.run(&[]).expect(0);
        let hours: Vec<Partition> = range.at(Grain::Hour).unwrap().partitions().collect();
        let hit: Vec<Partition> = corrected.iter().map(|at| hours[usize::try_from(*at).unwrap()]).collect();
        let selected: Vec<String> = hit.iter().map(ToString::to_string).collect();
        for hour in &selected {
            correct(&planned, hour, 100_000);
        }
        rerun(&planned, &["--stage", "hours", "--dates", &selected.join(",")]);
        // A naive model: the dates of a length that contain a day of a corrected hour, or follow one that does.
        let of = |grain: Grain, back: i64, hit: &[Partition]| -> BTreeSet<Partition> {
            let all = range.whole(grain).map(|whole| whole.partitions().collect::<Vec<_>>());
            let mut touched = all.unwrap_or_default();
            touched.retain(|one| (0..=back).any(|by| {
                let before = one.moved(-by).unwrap();
                hit.iter().any(|hour| {
                    let same_hour = grain != Grain::Hour || before.hour() == hour.hour();
                    before.days().any(|day| day == hour.first_day()) && same_hour
                })
            }));
            touched.into_iter().collect()
        };
        let short_ones = if short == Grain::Hour {
            range.at(Grain::Hour).unwrap().partitions().filter(|hour| hit.contains(hour)).collect()
        } else {
            of(short, 0, &hit)
        };
        prop_assert_eq!(dates_in(&planned, "short", "stale"), short_ones.clone());
        // Only what was recomputed in `short` reaches `long`: a corrected hour outside its whole dates doesn't.
        let inside: Vec<Partition> = (hit.iter().copied())
            .filter(|hour| short_ones.iter().any(|one| one.days().any(|day| day == hour.first_day())))
            .collect();
        prop_assert_eq!(dates_in(&planned, "long", "stale"), of(long, back, &inside));
        planned.run(&[]).expect(0);
        let total = |table: &str, whole: Option<PartitionRange>| -> i64 {
            let Some(whole) = whole else { return 0 };
            let last = whole.to().last_day() + TimeDelta::days(1);
            let (first, last) = (whole.from().first_day().to_string(), last.to_string());
            stored(&planned, table).range(first..last).map(|(_, n)| *n).sum()
        };
        prop_assert_eq!(total("long", range.whole(long)), total("hours", range.whole(long)));
    }
}
