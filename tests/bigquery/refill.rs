//! Custom stages on `BigQuery`: rows are computed and invalid ones quarantined there, with the same result as in the
//! embedded warehouse.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::partition::Timezone;
use backcourt::table::{Column, ColumnType, Row, Stamp, TableDef};
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{
    Asking, ErrorClass, Refill, Refilled, Replace, RowsExpected, Warehouse, WarehouseError,
};

use super::emulator::Emulator;
use super::faults::{behind, block_on};
use super::program::State;
use super::proxy::{Fate, Method, Proxy};
use super::warehouse::{at, day, game, games};

/// The points of games, as computed by a custom query.
fn points() -> TableDef {
    let decimal = ColumnType::Numeric {
        precision: 5,
        scale: 1,
    };
    TableDef {
        name: Cow::Borrowed("points"),
        columns: Cow::Owned(vec![
            Column::required("day", ColumnType::Date, ""),
            Column::required("team", ColumnType::String, ""),
            Column::nullable("points", ColumnType::Int64, ""),
            Column::nullable("third", decimal, ""),
            Column::nullable("part", ColumnType::Float64, ""),
            Column::stamped("created_at", Stamp::Created, ""),
        ]),
        date_column: Cow::Borrowed("day"),
        key: Cow::Owned(vec![Cow::Borrowed("day"), Cow::Borrowed("team")]),
        ..games()
    }
}

async fn write(warehouse: &BigQueryWarehouse, rows: &[Row], name: &str) {
    let replace = Replace {
        table: &games(),
        dates: &[day("2024-01-01"), day("2024-01-02")],
        rows: Arc::new(rows.to_vec()),
        short: &[],
        now: at("2024-01-03T00:00:00Z"),
        name: Some(name),
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

async fn refilled(
    warehouse: &BigQueryWarehouse,
    sql: &str,
    dates: &[&str],
    now: &str,
    name: &str,
) -> Result<Vec<Refilled>, WarehouseError> {
    let dates: Vec<_> = dates.iter().map(|text| day(text)).collect();
    let all = sql.contains("@dates");
    let refill = Refill {
        table: &points(),
        dates: &dates,
        expected: &vec![RowsExpected::Any; dates.len()],
        sql,
        asking: if all {
            Asking::AllAtOnce
        } else {
            Asking::DateByDate
        },
        now: at(now),
        name,
        record: None,
    };
    warehouse.refill(refill).await
}

async fn stored(warehouse: &BigQueryWarehouse) -> Vec<String> {
    let sql = "SELECT day, team, points, third, created_at FROM `box.points` \
               WHERE day > DATE '2000-01-01' ORDER BY day, team";
    let answer = warehouse.query(sql).await.unwrap();
    let line = |row: &Row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(line).collect()
}

const ONE_BY_ONE: &str = "SELECT team, points, points / 3 AS third, game_date AS day, points / 2 AS part \
                          FROM `box.games` WHERE game_date = @date";
const TOGETHER: &str = "SELECT team, points, points / 3 AS third, game_date AS day, points / 2 AS part \
                        FROM `box.games` WHERE game_date IN UNNEST(@dates)";

#[test]
fn a_query_replaces_its_dates_and_quarantines_invalid_rows() {
    let Some(emulator) = Emulator::start() else { return };
    block_on(async {
        let warehouse = emulator.open();
        for table in [games(), points()] {
            warehouse.ensure(&table).await.unwrap();
        }
        for (form, sql) in [("one", ONE_BY_ONE), ("all", TOGETHER)] {
            replaces(&warehouse, form, sql).await;
        }
        sets_aside(&warehouse).await;
        bounds_what_comes_back(&warehouse).await;
        tells_rows_without_a_key_apart(&warehouse).await;
        refuses(&warehouse).await;
        let about = "SELECT COUNT(*) AS many FROM `box.games` WHERE game_date IN UNNEST(@dates)";
        let dates = [day("2024-01-01"), day("2024-01-02")];
        for (dates, many) in [(&dates[..], 3_i64), (&dates[1..], 1), (&[], 0)] {
            let answer = warehouse.query_about(about, dates, Timezone::UTC).await.unwrap();
            assert_eq!(answer.rows, [vec![many.into()]]);
        }
    });
}

async fn replaces(warehouse: &BigQueryWarehouse, form: &str, sql: &str) {
    let name = |number: u8| format!("{form}.{number}");
    let before = [
        game("BOS", "2024-01-01", 100),
        game("LAL", "2024-01-01", 90),
        game("BOS", "2024-01-02", 110),
    ];
    write(warehouse, &before, &name(10)).await;
    let all = ["2024-01-01", "2024-01-02", "2024-01-03"];
    // Rows of the previous format are deleted first, so that the keys get new creation stamps.
    let nothing = "SELECT DATE '2024-01-01' AS day, 'X' AS team, 1 AS points, 1 AS third, 1.0 AS part \
                   FROM `box.games` WHERE FALSE AND game_date IN UNNEST(@dates)";
    let emptied = refilled(warehouse, nothing, &all, "2024-01-03T00:00:00Z", &name(0))
        .await
        .unwrap();
    assert!(emptied.iter().all(|of| of.rows == 0));
    assert_eq!(stored(warehouse).await, [""; 0]);

    let first = refilled(warehouse, sql, &all, "2024-01-03T00:00:00Z", &name(1))
        .await
        .unwrap();
    let rows: Vec<(String, u32)> = first.iter().map(|of| (of.date.to_string(), of.rows)).collect();
    let expected = [("2024-01-01", 2), ("2024-01-02", 1), ("2024-01-03", 0)];
    assert_eq!(rows, expected.map(|(date, rows)| (date.to_owned(), rows)));
    assert_eq!(first[2].digest, emptied[2].digest);
    let born = "2024-01-03T00:00:00.000000Z";
    let lines = [
        format!("2024-01-01 BOS 100 33.3 {born}"),
        format!("2024-01-01 LAL 90 30 {born}"),
        format!("2024-01-02 BOS 110 36.7 {born}"),
    ];
    assert_eq!(stored(warehouse).await, lines);

    let after = [game("BOS", "2024-01-01", 101), game("NYK", "2024-01-02", 80)];
    write(warehouse, &after, &name(11)).await;
    let second = refilled(warehouse, sql, &all[..1], "2024-01-04T00:00:00Z", &name(2))
        .await
        .unwrap();
    assert_eq!(second[0].rows, 1);
    assert_ne!(second[0].digest, first[0].digest);
    let lines = [
        format!("2024-01-01 BOS 101 33.7 {born}"),
        format!("2024-01-02 BOS 110 36.7 {born}"),
    ];
    assert_eq!(
        stored(warehouse).await,
        lines,
        "the other date is as it was, and a key keeps its birth"
    );
    let again = refilled(warehouse, sql, &all[..1], "2024-01-05T00:00:00Z", &name(3))
        .await
        .unwrap();
    assert_eq!(again, second, "the same rows have the same digest");

    // The game has changed, but a job sent under the same name is not run twice.
    write(warehouse, &before, &name(12)).await;
    let resent = refilled(warehouse, sql, &all[..1], "2024-01-05T00:00:00Z", &name(3))
        .await
        .unwrap();
    assert_eq!(resent, second);
    assert!(warehouse.await_orphaned_write(&name(3)).await.unwrap());
    assert!(!warehouse.await_orphaned_write(&name(4)).await.unwrap());
}

async fn sets_aside(warehouse: &BigQueryWarehouse) {
    for (number, (sql, rows, reasons)) in [
        (
            "SELECT @date AS day, team, 1 AS points, 99999.0 AS third, 0.5 AS part FROM `box.games` \
             WHERE points = 90 AND game_date = @date",
            0,
            &["column third: '99999.0' does not fit NUMERIC(5,1)"][..],
        ),
        (
            "SELECT @date AS day, team, 1 AS points, 9999.96 AS third, 0.5 AS part FROM `box.games` \
             WHERE points = 90 AND game_date = @date",
            0,
            &["column third: '9999.96' does not fit NUMERIC(5,1)"],
        ),
        (
            "SELECT @date AS day, IF(points = 90, NULL, team) AS team, points, 1 AS third, 0.5 AS part \
             FROM `box.games` WHERE game_date = @date",
            1,
            &["column team: NULL is not allowed"],
        ),
        (
            "SELECT @date AS day, team, points, 1 AS third, IF(points = 90, CAST('nan' AS FLOAT64), 0.5) AS part \
             FROM `box.games` WHERE game_date = @date",
            1,
            &["column part: 'nan' is not a number"],
        ),
        (
            "SELECT @date AS day, 'X' AS team, points, 1 AS third, 0.5 AS part FROM `box.games` \
             WHERE game_date = @date",
            1,
            &["key (day, team) = ('2024-01-01', 'X') is a duplicate"],
        ),
        (
            "SELECT DATE_ADD(@date, INTERVAL 1 DAY) AS day, 'X' AS team, 1 AS points, 1 AS third, 0.5 AS part",
            0,
            &["column day: '2024-01-02' is not the date 2024-01-01"],
        ),
        (
            "SELECT DATE '2024-01-02' AS day, 'X' AS team, 1 AS points, 1 AS third, 0.5 AS part FROM `box.games` \
             WHERE game_date IN UNNEST(@dates) AND points = 90",
            0,
            &["column day: '2024-01-02' is not the date 2024-01-01"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("aside.{number}");
        let found = refilled(warehouse, sql, &["2024-01-01"], "2024-01-03T00:00:00Z", &name)
            .await
            .unwrap();
        assert_eq!(found[0].rows, rows, "{sql}");
        let said: Vec<&str> = found[0].set_aside.iter().map(|bad| bad.reason.as_str()).collect();
        assert_eq!(said, reasons, "{sql}");
    }
}

/// A query may return any number of invalid rows of any length.
async fn bounds_what_comes_back(warehouse: &BigQueryWarehouse) {
    let sql = "SELECT @date AS day, REPEAT('é', 5000) AS team, number AS points, 1 AS third, 0.5 AS part \
               FROM UNNEST(GENERATE_ARRAY(1, 1200)) AS number";
    let found = refilled(warehouse, sql, &["2024-01-01"], "2024-01-03T00:00:00Z", "bounds")
        .await
        .unwrap();
    assert_eq!(found[0].rows, 1);
    assert_eq!(found[0].set_aside.len(), 1_000);
    for bad in &found[0].set_aside {
        let text = bad.row[0].to_string();
        assert_eq!(text.chars().count(), 1_001, "{text}");
        assert!(text.ends_with('…'), "{text}");
        assert!(bad.reason.len() < 500, "{}", bad.reason);
    }
}

/// With XOR alone, the fingerprints of two equal rows would cancel each other out.
async fn tells_rows_without_a_key_apart(warehouse: &BigQueryWarehouse) {
    let keyless = TableDef {
        name: Cow::Borrowed("keyless"),
        key: Cow::Borrowed(&[]),
        cluster: Cow::Borrowed(&[]),
        ..points()
    };
    warehouse.ensure(&keyless).await.unwrap();
    let mut digests = Vec::new();
    for (number, teams) in [
        "'A', 'A'",
        "'B', 'B'",
        "'A', 'B'",
        "'B', 'A'",
        "'A', 'A', 'A', 'A'",
    ]
    .into_iter()
    .enumerate()
    {
        let sql = format!(
            "SELECT @date AS day, team, 1 AS points, 1 AS third, 0.5 AS part FROM UNNEST([{teams}]) AS team"
        );
        let refill = Refill {
            table: &keyless,
            dates: &[day("2024-01-01")],
            expected: &[RowsExpected::Any],
            sql: &sql,
            asking: Asking::DateByDate,
            now: at("2024-01-03T00:00:00Z"),
            name: &format!("keyless.{number}"),
            record: None,
        };
        digests.push(warehouse.refill(refill).await.unwrap()[0].digest);
    }
    assert_eq!(digests[2], digests[3], "the order of rows does not count");
    digests.swap_remove(3);
    let different: std::collections::BTreeSet<u64> = digests.iter().copied().collect();
    assert_eq!(different.len(), digests.len(), "{digests:?}");
}

/// A lost result of a script is requested again, without running the query again.
#[test]
fn a_result_lost_after_the_commit_is_requested_again() {
    let Some(emulator) = Emulator::start() else { return };
    let lost = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lost);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let is_answer = call.method == Method::Results && call.job.contains("lost-answer");
        if is_answer && count.fetch_add(1, Ordering::Relaxed) < 8 {
            return Fate::Truncate;
        }
        Fate::Pass
    });
    block_on(async {
        let warehouse = behind(&proxy);
        for table in [games(), points()] {
            warehouse.ensure(&table).await.unwrap();
        }
        write(&warehouse, &[game("BOS", "2024-01-01", 100)], "before").await;
        let again = || {
            refilled(
                &warehouse,
                ONE_BY_ONE,
                &["2024-01-01"],
                "2024-01-03T00:00:00Z",
                "lost answer",
            )
        };
        let unknown = again().await.unwrap_err();
        assert_eq!(unknown.class, ErrorClass::Unknown, "{unknown}");
        assert_eq!(again().await.unwrap()[0].rows, 1);
    });
    assert!(lost.load(Ordering::Relaxed) > 8);
    proxy.assert_good_manners();
    let scripts = proxy.seen(|seen| {
        let is_script = |(job, _): &(&String, &u32)| job.contains("lost-answer");
        seen.taken.iter().filter(is_script).count()
    });
    assert_eq!(scripts, 1);
}

/// Anything that exceeds a limit fails before the commit, and the result read after it is small.
#[test]
fn only_a_few_rows_are_read_after_the_commit() {
    let scripts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&scripts);
    let proxy = Proxy::start(None, Duration::ZERO, move |call| {
        if call.is_replace() {
            seen.lock().unwrap().push(call.sql.clone());
        }
        Fate::Pass
    });
    block_on(async {
        let told = refilled(
            &behind(&proxy),
            TOGETHER,
            &["2024-01-01"],
            "2024-01-03T00:00:00Z",
            "text",
        )
        .await;
        assert_eq!(told.unwrap()[0].rows, 0);
    });
    let scripts = scripts.lock().unwrap();
    let [script] = scripts.as_slice() else {
        panic!("{scripts:?}")
    };
    let (_, after) = script.split_once("COMMIT TRANSACTION;\n").unwrap();
    assert_eq!(after, "SELECT * FROM _backcourt_told ORDER BY asked, stayed");
    let made: Vec<&str> = script
        .split("CREATE TEMP TABLE ")
        .skip(1)
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    assert_eq!(made, ["_backcourt_answered", "kept", "_backcourt_told"]);
}

async fn refuses(warehouse: &BigQueryWarehouse) {
    let dates = ["2024-01-01", "2024-01-02"];
    refilled(warehouse, ONE_BY_ONE, &dates, "2024-01-03T00:00:00Z", "good")
        .await
        .unwrap();
    let before = stored(warehouse).await;
    assert_eq!(before.len(), 3);
    for (number, (sql, said)) in [
        ("SELECT @date AS day, team, 1 AS points, 1 AS third, 0.5 AS part FROM `box.absent` /* refused */", "absent"),
        ("SELECT @date AS day, team, 1 AS points, 1 AS third /* refused */ FROM `box.games` WHERE game_date = @date", "part"),
        (
            "SELECT DATE '2023-01-01' AS day, 'X' AS team, 1 AS points, 1 AS third, 0.5 AS part FROM `box.games` \
             WHERE game_date IN UNNEST(@dates)",
            "returns a row of 2023-01-01, which is not one of the requested dates",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("refused.{number}");
        let error = refilled(warehouse, sql, &dates, "2024-01-04T00:00:00Z", &name).await.unwrap_err();
        assert!(error.message.contains(said), "{error}");
        assert!(!error.class.retries(), "{error:?}");
        assert_eq!(stored(warehouse).await, before);
    }
}

#[test]
fn own_stages_match_the_embedded_warehouse() {
    let Some(emulator) = Emulator::start() else { return };
    let (here, there) = (State::none(), State::none());
    let [on, address, behind, prefix] = emulator.flags();
    here.backcourt(&["run", "--plan", "shop", "--output", "silent"])
        .expect(0);
    let run = [
        "run", "--plan", "shop", "--output", "silent", &on, &address, &behind, &prefix,
    ];
    let finished = || {
        let facts = there.facts();
        facts
            .iter()
            .filter(|fact| fact["event"] == "unit_finished")
            .count()
    };
    there.backcourt(&run).expect(0);
    assert_eq!(finished(), 78);
    there.backcourt(&run).expect(0);
    assert_eq!(finished(), 78, "a second run does nothing");
    block_on(async {
        let embedded = SqliteWarehouse::open(&here.path().join("warehouse")).unwrap();
        let remote = emulator.open();
        for table in ["events", "daily_active_users", "weekly_active_users"] {
            let sql = format!("SELECT * FROM `shop.{table}` ORDER BY 1, 2, 3");
            let [here, there] = [
                embedded.query(&sql).await.unwrap(),
                remote.query(&sql).await.unwrap(),
            ];
            assert_eq!(here.columns, there.columns);
            let texts = |rows: &[Row]| -> Vec<Vec<String>> {
                rows.iter()
                    .map(|row| row.iter().map(ToString::to_string).collect())
                    .collect()
            };
            assert_eq!(texts(&here.rows), texts(&there.rows), "{table}");
        }
    });
    let plan = there.path().with_extension("toml");
    let unmarked = include_str!("../../assets/plans/shop.toml").replace('`', "");
    std::fs::write(&plan, unmarked).unwrap();
    let plan = plan.display().to_string();
    let mut other = run;
    other[2] = &plan;
    let refused = State::none().backcourt(&other).expect(2);
    assert!(refused.err.contains("write `shop.events`"), "{refused:?}");
}

/// Columns named like SQL keywords and like the scripts' own names.
fn reserved() -> TableDef {
    let words = [
        "order", "group", "end", "select", "from", "table", "index", "judged", "sorted", "answered", "own",
        "fresh", "kept", "item", "sent", "first", "fault", "text", "asked",
    ];
    let mut columns = vec![Column::required("date", ColumnType::Date, "")];
    columns.extend(words.map(|word| Column::nullable(word, ColumnType::String, "")));
    columns.push(Column::nullable(
        "number",
        ColumnType::Numeric {
            precision: 5,
            scale: 1,
        },
        "",
    ));
    columns.push(Column::nullable("list", ColumnType::Float64Array, ""));
    columns.push(Column::stamped("current", Stamp::Created, ""));
    TableDef {
        dataset: Cow::Borrowed("order"),
        name: Cow::Borrowed("group"),
        columns: Cow::Owned(columns),
        date_column: Cow::Borrowed("date"),
        key: Cow::Owned(vec![Cow::Borrowed("date"), Cow::Borrowed("order")]),
        cluster: Cow::Owned(vec![Cow::Borrowed("order"), Cow::Borrowed("group")]),
        ..games()
    }
}

#[test]
fn reserved_words() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = emulator.open();
    let table = reserved();
    let made = || table.columns.iter().filter(|column| column.stamp.is_none());
    block_on(async {
        warehouse.ensure(&table).await.unwrap();
        let row = |order: &str| -> Row {
            let value = |column: &Column| match (&*column.name, &column.kind) {
                ("order", _) => order.to_owned().into(),
                (_, ColumnType::Date) => day("2024-01-01").first_day().into(),
                (_, ColumnType::Numeric { .. }) => 1.5.into(),
                (_, ColumnType::Float64Array) => backcourt::table::Value::Numbers(vec![0.5]),
                _ => "x".into(),
            };
            let mut row: Row = made().map(value).collect();
            row.push(backcourt::table::Value::Null);
            row
        };
        let dates = [day("2024-01-01")];
        for (name, now) in [("one", "2024-01-03T00:00:00Z"), ("two", "2024-01-04T00:00:00Z")] {
            let replace = Replace {
                table: &table,
                dates: &dates,
                rows: Arc::new(vec![row("a"), row("b")]),
                short: &[],
                now: at(now),
                name: Some(name),
                record: None,
            };
            warehouse.replace(replace).await.unwrap();
        }
        let columns: Vec<String> = made().map(|column| format!("`{}`", column.name)).collect();
        let select = format!("SELECT {} FROM `order.group`", columns.join(", "));
        for (name, sql, asking) in [
            (
                "by_one",
                format!("{select} WHERE `date` = @date"),
                Asking::DateByDate,
            ),
            (
                "by_all",
                format!("{select} WHERE `date` IN UNNEST(@dates)"),
                Asking::AllAtOnce,
            ),
        ] {
            let refill = Refill {
                table: &table,
                dates: &dates,
                expected: &[RowsExpected::AtLeastOne],
                sql: &sql,
                asking,
                now: at("2024-01-05T00:00:00Z"),
                name,
                record: None,
            };
            let refilled = warehouse.refill(refill).await.unwrap();
            assert_eq!(
                (refilled[0].rows, refilled[0].set_aside.len()),
                (2, 0),
                "{refilled:?}"
            );
        }
        let read = backcourt::warehouse::Read {
            table: &table,
            columns: &["order", "judged", "number", "current"],
            dates: backcourt::warehouse::Dates::Only(&dates),
        };
        let rows = warehouse.read(read).await.unwrap();
        let first = at("2024-01-03T00:00:00Z");
        let expected =
            |order: &str| -> Row { vec![order.to_owned().into(), "x".into(), 1.5.into(), first.into()] };
        assert_eq!(rows, [expected("a"), expected("b")]);
        assert!(warehouse.holds_rows(&table).await.unwrap());
    });
}
