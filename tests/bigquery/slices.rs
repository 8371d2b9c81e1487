//! Slices of a table on `BigQuery`: what one of them reads, counts, keeps and replaces are its own rows, and five plans fill
//! one table side by side.

use std::borrow::Cow;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::table::{Column, ColumnType, FaultKind, Row, Slice, SliceValue, Stamp, TableDef, Value};
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use backcourt::warehouse::{Asking, Dates, Read, Refill, Replace, RowsExpected, Warehouse};

use super::emulator::Emulator;
use super::faults::block_on;
use super::planned::Planned;
use super::proxy::{Call, Fate, Proxy};
use super::warehouse::{at, day, games};

const COUNTRIES: [&str; 5] = ["DE", "FR", "O'Brien", "a, [b]=50%", "São Tomé"];

/// The users of a country.
fn users(country: &str) -> TableDef {
    let value = SliceValue::Text(country.to_owned());
    TableDef {
        name: Cow::Borrowed("users"),
        columns: Cow::Owned(vec![
            Column::required("day", ColumnType::Date, ""),
            Column::required("country", ColumnType::String, ""),
            Column::required("user", ColumnType::Int64, ""),
            Column::stamped("created_at", Stamp::Created, ""),
        ]),
        date_column: Cow::Borrowed("day"),
        slice: Slice::new([("country".to_owned(), value)].into()).unwrap(),
        key: Cow::Owned(vec![
            Cow::Borrowed("day"),
            Cow::Borrowed("country"),
            Cow::Borrowed("user"),
        ]),
        cluster: Cow::Owned(vec![Cow::Borrowed("country")]),
        ..games()
    }
}

async fn stored(warehouse: &BigQueryWarehouse) -> Vec<String> {
    let sql = "SELECT country, day, user, created_at FROM `box.users` WHERE day > DATE '2000-01-01' \
               ORDER BY country, day, user";
    let answer = warehouse.query(sql).await.unwrap();
    let line = |row: &Row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(line).collect()
}

async fn replaced(
    warehouse: &BigQueryWarehouse,
    country: &str,
    users_of_it: i64,
    is_short: bool,
    hour: u8,
) -> Vec<u32> {
    let dates = [day("2024-01-01")];
    let row = |user: i64| {
        vec![
            Value::from(dates[0].first_day()),
            Value::from(country.to_owned()),
            Value::from(user),
            Value::Null,
        ]
    };
    let replace = Replace {
        table: &users(country),
        dates: &dates,
        rows: Arc::new((1..=users_of_it).map(row).collect()),
        short: if is_short { &dates } else { &[] },
        now: at(&format!("2024-01-03T{hour:02}:00:00Z")),
        name: Some(&format!("r.{country}.{hour}")),
        record: None,
    };
    let kept = warehouse.replace(replace).await.unwrap();
    kept.iter().map(|kept| kept.rows).collect()
}

#[test]
fn a_slice_is_read_counted_kept_and_replaced_alone() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = &emulator.open();
        let [de, other] = ["DE", "O'Brien"];
        warehouse.ensure(&users(de)).await.unwrap();
        assert_eq!(replaced(warehouse, de, 2, false, 1).await, [0; 0]);
        assert!(!warehouse.holds_rows(&users(other)).await.unwrap());
        assert_eq!(replaced(warehouse, other, 3, false, 2).await, [0; 0]);
        assert!(warehouse.holds_rows(&users(other)).await.unwrap());
        let before = stored(warehouse).await;
        assert_eq!(before.len(), 5);
        // One row is less than the two of the slice, and more than none of it.
        assert_eq!(replaced(warehouse, de, 1, true, 3).await, [2]);
        assert_eq!(stored(warehouse).await, before);
        assert_eq!(replaced(warehouse, "FR", 1, true, 4).await, [0; 0]);
        // A key keeps its creation timestamp, and the others their rows.
        assert_eq!(replaced(warehouse, de, 1, false, 5).await, [0; 0]);
        let now = stored(warehouse).await;
        assert_eq!(now.len(), 5);
        assert!(
            now[0].starts_with("DE 2024-01-01 1 2024-01-03 01:00") || now[0].contains("T01:00"),
            "{now:?}"
        );
        assert_eq!(now[2..], before[2..]);
        let read = Read {
            table: &users(other),
            columns: &["day", "country", "user"],
            dates: Dates::Only(&[day("2024-01-01")]),
        };
        let rows = warehouse.read(read).await.unwrap();
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row[1] == Value::from("O'Brien")));
        let between = Dates::Between(day("2023-12-01"), day("2024-01-31"));
        assert_eq!(
            warehouse
                .read(Read {
                    dates: between,
                    ..read
                })
                .await
                .unwrap(),
            rows
        );
        queries(warehouse, &before).await;
    });
}

/// The rows of a query are judged as printed ones are.
async fn queries(warehouse: &BigQueryWarehouse, before: &[String]) {
    let sql = "SELECT DATE '2024-01-01' AS day, country, 7 AS user FROM UNNEST(['O\\'Brien', 'DE']) AS country \
               WHERE DATE '2024-01-01' IN UNNEST(@dates)";
    for (name, dates) in [
        ("one", &["2024-01-01"][..]),
        ("all", &["2024-01-01", "2024-01-02"]),
    ] {
        let dates: Vec<_> = dates.iter().map(|text| day(text)).collect();
        let refill = Refill {
            table: &users("O'Brien"),
            dates: &dates,
            expected: &vec![RowsExpected::Any; dates.len()],
            sql,
            asking: Asking::AllAtOnce,
            now: at("2024-01-04T00:00:00Z"),
            name,
            record: None,
        };
        let refilled = warehouse.refill(refill).await.unwrap();
        assert_eq!(refilled[0].rows, 1);
        let aside = &refilled[0].set_aside;
        assert_eq!(aside.len(), 1, "{aside:?}");
        assert_eq!(aside[0].kind, FaultKind::OtherSlice);
        assert_eq!(
            aside[0].reason,
            r"column country: 'DE' is not 'O\'Brien', the slice of the plan"
        );
    }
    let now = stored(warehouse).await;
    let of = |rows: &[String], country: &str| -> Vec<String> {
        rows.iter()
            .filter(|row| row.starts_with(country))
            .cloned()
            .collect()
    };
    assert_eq!(of(&now, "DE").len(), 1);
    assert_eq!(of(&now, "O'Brien").len(), 1);
    assert_eq!(of(&now, "DE")[0], of(before, "DE")[0]);
}

/// Every query reads or fills the sliced table.
const PLAN: &str = r#"
name = "dau"
title = "Users of ${country}"
from = "2024-01-01"
to = "2024-01-02"
[vars]
country = { required = true }
[[stage]]
name = "users"
kind = "sql"
sql = "SELECT day, country, user FROM `src.events` WHERE day = @date AND country = @country"
table = "mart.users"
date_column = "day"
key = ["day", "country", "user"]
slice = { country = "${country}" }
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }, { name = "user", type = "INT64" }]
[[stage]]
name = "sums"
kind = "sql"
needs = ["users"]
reads = [{ table = "mart.users" }]
sql = "SELECT day, MIN(country) AS country, COUNT(*) AS users FROM `mart.users` WHERE day = @date GROUP BY day"
table = "mart.sums"
date_column = "day"
slice = { country = "${country}" }
columns = [{ name = "day", type = "DATE" }, { name = "country", type = "STRING" }, { name = "users", type = "INT64" }]
[[check]]
name = "only_own"
stage = "sums"
title = "No row of another country"
severity = "blocking"
sql = "SELECT u.day FROM `mart.users` AS u JOIN `mart.sums` USING (day) WHERE u.country != @country"
expect = [{ rows = 0 }]
"#;

/// As many events of each country on a day as its number.
fn fill_raw(emulator: &Emulator) {
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let rows = COUNTRIES.iter().enumerate().flat_map(|(at, country)| {
        let country = country.replace('\'', "\\'");
        (1..=2).flat_map(move |day| {
            let country = country.clone();
            (0..=at).map(move |user| {
                format!("SELECT DATE '2024-01-0{day}' AS day, '{country}' AS country, {user} AS user")
            })
        })
    });
    let rows: Vec<String> = rows.collect();
    let table = format!("CREATE TABLE `src.events` AS {}", rows.join(" UNION ALL "));
    for sql in ["CREATE SCHEMA `src`", &table] {
        block_on(project.query(sql)).unwrap();
    }
}

fn sums(warehouse: &BigQueryWarehouse) -> Vec<String> {
    let sql = "SELECT country, day, users FROM `mart.sums` WHERE day > DATE '2000-01-01' ORDER BY users, day";
    let answer = block_on(warehouse.query(sql)).unwrap();
    let line = |row: &Row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(line).collect()
}

fn expected() -> Vec<String> {
    let of_country =
        |(at, country): (usize, &&str)| [1, 2].map(|day| format!("{country} 2024-01-0{day} {}", at + 1));
    COUNTRIES.iter().enumerate().flat_map(of_country).collect()
}

/// The plan for a country, with a state folder of its own.
fn planned(country: &str, flags: &[String]) -> Planned {
    let var = ["--var".to_owned(), format!("country={country}")];
    Planned::on(PLAN, &[flags, &var].concat())
}

/// Their transactions change the same tables, so one of two at the same time is refused and tried again.
#[test]
fn five_countries_fill_one_table_side_by_side() {
    let Some(emulator) = Emulator::start() else { return };
    fill_raw(&emulator);
    let plans = COUNTRIES.map(|country| planned(country, &emulator.flags()));
    let runs = plans.each_ref().map(|plan| {
        let mut command = plan.command(&["run", "--output", "plain"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    for (run, country) in runs.into_iter().zip(COUNTRIES) {
        let output = run.wait_with_output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{country}: {out}");
    }
    let warehouse = emulator.open();
    assert_eq!(sums(&warehouse), expected());
    // A rerun of one replaces the rows of one.
    let rerun = plans[1].backcourt(&["rerun", "--dates", "2024-01-01", "--output", "plain"]);
    rerun.expect(0);
    assert_eq!(sums(&warehouse), expected());
    for plan in &plans[2..] {
        assert!(plan.run(&[]).expect(0).out.contains("nothing to do"));
    }
    let whole = PLAN
        .replace("name = \"dau\"", "name = \"whole\"")
        .replace("slice = { country = \"${country}\" }", "");
    let whole = Planned::on(
        &whole,
        &[
            &emulator.flags()[..],
            &["--var".to_owned(), "country=DE".to_owned()],
        ]
        .concat(),
    );
    let refused = whole.run(&[]).expect(2).out;
    for country in ["country=FR", "country=a%2C %5Bb%5D%3D50%25"] {
        let said = format!("slice {country} of table mart.users belongs to plan dau [{country}]");
        assert!(refused.contains(&said), "{refused}");
    }
}

/// What `BigQuery` says to the later of two transactions on one table.
#[test]
fn a_commit_that_another_writer_was_in_the_way_of_is_tried_again() {
    let Some(emulator) = Emulator::start() else { return };
    fill_raw(&emulator);
    let conflicts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&conflicts);
    let rule = move |call: &Call| {
        let is_of_users = call.is_replace() && call.sql.contains("mart.users`");
        if is_of_users && count.fetch_add(1, Ordering::SeqCst) < 3 {
            let message =
                "Transaction is aborted due to concurrent update against table acme-prod:mart.users.";
            return Fate::Fail("invalidQuery", message);
        }
        Fate::Pass
    };
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, rule);
    let plan = planned("DE", &super::emulator::flags(&proxy.address()));
    plan.run(&[]).expect(0);
    assert!(conflicts.load(Ordering::SeqCst) > 3);
    assert_eq!(sums(&emulator.open()), expected()[..2]);
}
