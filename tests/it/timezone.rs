//! Days of a time zone with the real program: they begin at local midnight, and are 23 or 25 hours long where clocks change.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeMap;
use std::fs;

use backcourt::partition::{Partition, Timezone};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

fn plan(keys: &str, sql: &str) -> String {
    format!(
        r#"
name = "local"
title = "Local days"
{keys}
[[stage]]
name = "calls"
kind = "sql"
sql = "{sql}"
table = "d.calls"
date_column = "at"
columns = [{{ name = "at", type = "TIMESTAMP" }}, {{ name = "n", type = "INT64" }}]
"#
    )
}

const OF_ONE: &str = "SELECT at, n FROM raw.events WHERE at >= @start AND at < @end";

/// An event in every half hour; the number of an event is its place.
fn events(port: &Planned, from: DateTime<Utc>, number: i64) {
    let folder = port.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    let mut tables = Connection::open(folder.join("raw.sqlite")).unwrap();
    tables
        .execute_batch("CREATE TABLE events (at TIMESTAMP, n INTEGER)")
        .unwrap();
    let transaction = tables.transaction().unwrap();
    for place in 0..number {
        let at = (from + TimeDelta::minutes(30 * place))
            .format("%Y-%m-%dT%H:%M:%S.000000Z")
            .to_string();
        let insert = "INSERT INTO events VALUES (?1, ?2)";
        transaction.execute(insert, (at, place)).unwrap();
    }
    transaction.commit().unwrap();
}

/// The places of the stored events.
fn stored(port: &Planned) -> Vec<i64> {
    let tables = Connection::open(port.state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = tables.prepare("SELECT n FROM calls ORDER BY n").unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The rows of each date, as the ledger has them.
fn rows(port: &Planned) -> BTreeMap<String, u32> {
    let ledger = Connection::open(port.state.path().join("ledger.sqlite")).unwrap();
    let mut query = ledger.prepare("SELECT date, rows FROM unit").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[rstest]
#[case(OF_ONE)]
#[case("SELECT at, n FROM raw.events WHERE DATE(at, 'America/New_York') = @date")]
#[case("SELECT at, n FROM raw.events WHERE DATE(at, 'America/New_York') IN UNNEST(@dates)")]
fn a_day_has_23_or_25_hours_where_clocks_change(#[case] sql: &str) {
    for (from, to, changed, halves) in [
        ("2024-03-09", "2024-03-11", "2024-03-10", 46),
        ("2024-11-02", "2024-11-04", "2024-11-03", 50),
    ] {
        let keys = format!("timezone = \"America/New_York\"\nfrom = \"{from}\"\nto = \"{to}\"");
        let port = Planned::new(&plan(&keys, sql));
        events(&port, format!("{from}T00:00:00Z").parse().unwrap(), 4 * 48);
        port.run(&[]).expect(0);
        let rows = rows(&port);
        assert_eq!((rows[from], rows[changed], rows[to]), (48, halves, 48));
        let again = port.run(&[]).expect(0).out;
        assert!(again.contains("nothing to do"), "{again}");
    }
}

#[test]
fn a_local_day_is_replaced_as_it_is_filled() {
    let keys = "timezone = \"America/New_York\"\nfrom = \"2024-03-09\"\nto = \"2024-03-11\"";
    let port = Planned::new(&plan(keys, OF_ONE));
    events(&port, "2024-03-09T00:00:00Z".parse().unwrap(), 4 * 48);
    port.run(&[]).expect(0);
    let before = stored(&port);
    port.backcourt(&["rerun", "--dates", "2024-03-10", "--output", "plain"])
        .expect(0);
    assert_eq!(stored(&port), before);
    assert_eq!(before.len(), 48 + 46 + 48);
}

/// The same rows would belong to other days.
#[test]
fn a_plan_keeps_its_zone() {
    let keys = "from = \"2024-03-09\"\nto = \"2024-03-11\"";
    let changed = plan(&format!("timezone = \"Asia/Kolkata\"\n{keys}"), OF_ONE);
    let port = Planned::new(&plan(keys, OF_ONE));
    events(&port, "2024-03-09T00:00:00Z".parse().unwrap(), 4 * 48);
    port.run(&[]).expect(0);
    let before = stored(&port);
    port.write(&changed);
    let told =
        "with timezone = \"UTC\", but the plan now has \"Asia/Kolkata\"; give the changed plan another name";
    for asked in [
        &["run", "--output", "plain"][..],
        &["status"],
        &["run", "--dry-run"],
    ] {
        let refused = port.backcourt(asked).expect(2).err;
        assert!(refused.contains(told), "{asked:?}: {refused}");
    }
    // On another host, only the warehouse knows the zone.
    let folder = port.state.path().join("warehouse");
    let warehouse = ["--warehouse".to_owned(), format!("sqlite:{}", folder.display())];
    let second = Planned::on(&changed, &warehouse);
    let refused = second.run(&[]).expect(2).err;
    assert!(refused.contains(told), "{refused}");
    assert_eq!(stored(&port), before);
    let same = Planned::on(&plan(keys, OF_ONE), &warehouse);
    let run = same.run(&[]).expect(0).out;
    assert!(run.contains("nothing to do"), "{run}");
}

/// And the other way round: a zone is recorded with each date.
#[test]
fn another_host_continues_local_days() {
    let keys = "timezone = \"Asia/Kolkata\"\nfrom = \"2024-03-09\"\nto = \"2024-03-11\"";
    let port = Planned::new(&plan(keys, OF_ONE));
    events(&port, "2024-03-08T00:00:00Z".parse().unwrap(), 5 * 48);
    port.run(&["--to", "2024-03-10"]).expect(0);
    let folder = port.state.path().join("warehouse");
    let warehouse = ["--warehouse".to_owned(), format!("sqlite:{}", folder.display())];
    let second = Planned::on(&plan(keys, OF_ONE), &warehouse);
    let run = second.run(&[]).expect(0).out;
    assert!(run.contains("1 to do"), "{run}");
    assert_eq!(stored(&port).len(), 3 * 48);
    let third = Planned::on(
        &plan(&keys.replace("timezone = \"Asia/Kolkata\"\n", ""), OF_ONE),
        &warehouse,
    );
    let refused = third.run(&[]).expect(2).err;
    assert!(
        refused.contains("with timezone = \"Asia/Kolkata\", but the plan now has \"UTC\""),
        "{refused}"
    );
}

/// A program that only runs has no rows to place.
#[test]
fn a_program_without_a_table_may_have_a_zone() {
    let port = Planned::new(
        r#"
name = "local"
title = "Local days"
timezone = "America/New_York"
from = "2024-03-09"
to = "2024-03-11"
[[stage]]
name = "calls"
kind = "command"
command = ["true", "{date}"]
timeout_seconds = 60
"#,
    );
    port.run(&[]).expect(0);
    assert_eq!(port.dates("calls", "ok"), 3);
}

#[rstest]
#[case(
    "timezone = \"New York\"",
    "'New York' is not a time zone; write a name of the IANA database, for example America/New_York"
)]
#[case(
    "timezone = \"Asia/Kolkata\"\npartition = \"hour\"",
    "timezone is Asia/Kolkata, but hours are hours of UTC in every zone"
)]
#[case(
    "timezone = \"America/St_Johns\"\nfrom = \"2010-11-01\"\nto = \"2010-11-30\"",
    "clocks of America/St_Johns go back over midnight on 2010-11-07"
)]
fn a_wrong_zone_is_refused_with_its_line(#[case] keys: &str, #[case] told: &str) {
    let days = if keys.contains("from") {
        ""
    } else {
        "\nfrom = \"2024-03-09\"\nto = \"2024-03-11\""
    };
    let keys = format!("{keys}{days}");
    let checked = Planned::new(&plan(&keys, OF_ONE))
        .backcourt(&["plan", "check"])
        .expect(2);
    let all = format!("{}{}", checked.out, checked.err);
    assert!(all.contains(told) && all.contains("line "), "{all}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    /// Random zones, lengths and ranges against a plain loop: no event twice, none missing.
    #[test]
    fn any_zone_matches_a_plain_loop(
        first in 0..2_000i64,
        more in 0..5i64,
        grain in prop::sample::select(vec!["day", "week", "month"]),
        zone in prop::sample::select(vec![
            "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/London",
        ]),
    ) {
        let grain = backcourt::partition::Grain::ALL.into_iter().find(|one| one.name() == grain).unwrap();
        let from = Partition::parse("2018-01-01").unwrap().moved(first).unwrap();
        let from = Partition::containing(from.first_day(), grain);
        let to = from.moved(more).unwrap();
        let keys = format!("timezone = \"{zone}\"\npartition = \"{grain}\"\nfrom = \"{from}\"\nto = \"{to}\"");
        let port = Planned::new(&plan(&keys, OF_ONE));
        let zone = Timezone::parse(zone).unwrap();
        let begin = from.start(Timezone::UTC) - TimeDelta::days(2);
        let number = 48 * ((to.last_day() - from.first_day()).num_days() + 5);
        events(&port, begin, number);
        port.run(&[]).expect(0);
        // The clock of the place decides, event by event.
        let expected: Vec<i64> = (0..number)
            .filter(|place| {
                let day = zone.clock(begin + TimeDelta::minutes(30 * place)).date();
                from.first_day() <= day && day <= to.last_day()
            })
            .collect();
        prop_assert_eq!(stored(&port), expected);
    }
}
