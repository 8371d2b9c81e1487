//! Contract tests of the embedded warehouse.

use std::borrow::Cow;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use chrono::{DateTime, Utc};

use super::folder::PAGE_BYTES;
use super::*;
use crate::partition::Partition;
use crate::table::{Column, ColumnType, Stamp, Value};
use crate::warehouse::{Asking, Dates, ErrorClass, RowsExpected};

fn games() -> TableDef {
    TableDef::new(
        "league",
        "games",
        "",
        vec![
            Column::required("team", ColumnType::String, ""),
            Column::required("game_date", ColumnType::Date, ""),
            Column::nullable("points", ColumnType::Int64, ""),
            Column::nullable(
                "pace",
                ColumnType::Numeric {
                    precision: 5,
                    scale: 1,
                },
                "",
            ),
            Column::nullable("home", ColumnType::Bool, ""),
            Column::nullable("issues", ColumnType::StringArray, ""),
            Column::nullable("quarters", ColumnType::Float64Array, ""),
            Column::stamped("created_at", Stamp::Created, ""),
            Column::stamped("processed_at", Stamp::Processed, ""),
        ],
        "game_date",
    )
    .keyed_by(&["team", "game_date"])
    .requiring_filter()
}

fn feed() -> TableDef {
    TableDef {
        name: Cow::Borrowed("feed"),
        columns: Cow::Owned(vec![
            Column::required("team", ColumnType::String, ""),
            Column::required("game_date", ColumnType::Date, ""),
        ]),
        key: Cow::Borrowed(&[]),
        ..games()
    }
}

const ALL: &[&str] = &[
    "team",
    "game_date",
    "points",
    "pace",
    "home",
    "issues",
    "quarters",
    "created_at",
    "processed_at",
];

fn day(text: &str) -> Partition {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn game(team: &str, date: &str, points: i64) -> Row {
    vec![
        team.to_owned().into(),
        day(date).first_day().into(),
        points.into(),
        99.5.into(),
        true.into(),
        Value::from(vec!["a \"b\"".to_owned()]),
        Value::Numbers(vec![28.0, -0.1, 1.0 / 3.0]),
        Value::Null,
        Value::Null,
    ]
}

fn stamped(mut row: Row, created: DateTime<Utc>, processed: DateTime<Utc>) -> Row {
    row[7] = created.into();
    row[8] = processed.into();
    row
}

async fn replace(
    warehouse: &SqliteWarehouse,
    dates: &[Partition],
    rows: &[Row],
    now: DateTime<Utc>,
) -> Result<(), WarehouseError> {
    let table = games();
    warehouse
        .replace(Replace {
            table: &table,
            dates,
            rows: Arc::new(rows.to_vec()),
            short: &[],
            now,
            name: None,
            record: None,
        })
        .await
        .map(drop)
}

async fn all(warehouse: &SqliteWarehouse) -> Vec<Row> {
    let read = Read {
        table: &games(),
        columns: ALL,
        dates: Dates::Between(day("2000-01-01"), day("2100-01-01")),
    };
    warehouse.read(read).await.unwrap()
}

fn filling(table: TableDef, rows: Vec<Row>) -> Filling {
    Filling {
        table,
        rows: Box::new(rows.into_iter()),
    }
}

#[tokio::test]
async fn tables_created_by_another_connection_are_visible_immediately() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&points()).await.unwrap();
    // From now on a reader has loaded the schema of the dataset.
    assert!(!warehouse.holds_rows(&games()).await.unwrap());
    warehouse.ensure(&games()).await.unwrap();
    let row = [game("LAL", "2021-10-19", 114)];
    replace(&warehouse, &[day("2021-10-19")], &row, at("2026-01-04T01:00:00Z"))
        .await
        .unwrap();
    assert!(warehouse.holds_rows(&games()).await.unwrap());
}

#[tokio::test]
async fn a_replace_changes_only_its_dates_and_keeps_created_at() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let (first, later) = (at("2026-01-04T01:00:00Z"), at("2026-01-05T02:00:00.5Z"));
    let dates = [day("2021-10-19"), day("2021-10-20")];
    let old = [
        game("LAL", "2021-10-19", 114),
        game("GSW", "2021-10-19", 120),
        game("BOS", "2021-10-20", 134),
    ];
    replace(&warehouse, &dates, &old, first).await.unwrap();

    let new = [game("GSW", "2021-10-19", 121), game("BKN", "2021-10-19", 104)];
    for _ in 0..2 {
        replace(&warehouse, &dates[..1], &new, later).await.unwrap();
    }

    assert_eq!(
        all(&warehouse).await,
        [
            stamped(new[0].clone(), first, later),
            stamped(new[1].clone(), later, later),
            stamped(old[2].clone(), first, first),
        ]
    );
    replace(&warehouse, &dates, &[], later).await.unwrap();
    assert!(!warehouse.holds_rows(&games()).await.unwrap());
}

// A statement keeps its values from row to row, and only those that differ are bound again.
#[tokio::test]
async fn a_row_is_stored_with_its_own_values_whatever_the_row_before_had() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let now = at("2026-01-01T00:00:00Z");
    let issues = [
        None,
        Some("late"),
        Some("late"),
        None,
        Some("late"),
        Some("short"),
        None,
        None,
    ];
    let rows: Vec<Row> = (issues.iter().zip(["A", "B", "C", "D", "E", "F", "G", "H"]))
        .map(|(issue, team)| {
            let date = if team < "E" { "2022-01-01" } else { "2022-01-02" };
            let mut row = stamped(game(team, date, 100), now, now);
            row[5] = issue.map(|issue| vec![issue.to_owned()]).into();
            if issue.is_none() {
                row[2..5].fill(Value::Null);
            }
            row
        })
        .collect();
    let dates = ["2022-01-01", "2022-01-02"].map(day);
    replace(&warehouse, &dates, &rows, now).await.unwrap();
    assert_eq!(all(&warehouse).await, rows);
}

#[tokio::test]
async fn a_failed_replace_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let now = at("2026-01-04T01:00:00Z");
    let dates = [day("2021-10-19")];
    replace(&warehouse, &dates, &[game("GSW", "2021-10-19", 121)], now)
        .await
        .unwrap();
    let before = all(&warehouse).await;

    let twice = [game("LAL", "2021-10-19", 114), game("LAL", "2021-10-19", 115)];
    let error = replace(&warehouse, &dates, &twice, now).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);

    let mut crooked = game("LAL", "2021-10-19", 114);
    crooked[2] = "114".into();
    let error = replace(&warehouse, &dates, &[crooked], now).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "league.games.points: 114 is a text and cannot be stored as INT64"
    );

    let stray = [game("LAL", "2021-10-20", 114)];
    let error = replace(&warehouse, &dates, &stray, now).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Code);

    assert_eq!(all(&warehouse).await, before);
}

#[tokio::test]
async fn reads_keep_the_requested_order_of_dates_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let rows = vec![
        vec!["B".into(), day("2021-10-20").first_day().into()],
        vec!["C".into(), day("2021-10-19").first_day().into()],
        vec!["A".into(), day("2021-10-20").first_day().into()],
    ];
    let written = AtomicUsize::new(0);
    warehouse
        .fill(vec![filling(feed(), rows)], &written)
        .await
        .unwrap();
    assert_eq!(written.into_inner(), 3);

    let days = [
        day("2021-10-20"),
        day("2021-10-19"),
        day("2021-10-20"),
        day("2021-10-21"),
    ];
    let table = feed();
    for dates in [Dates::Only(&days), Dates::Between(days[1], days[0])] {
        let read = Read {
            table: &table,
            columns: &["team"],
            dates,
        };
        let teams: Vec<String> = warehouse
            .read(read)
            .await
            .unwrap()
            .iter()
            .map(|row| row[0].to_string())
            .collect();
        assert_eq!(teams, ["C", "B", "A"], "{dates:?}");
    }
}

#[tokio::test]
async fn a_fill_replaces_only_its_own_tables() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let row = game("GSW", "2021-10-19", 121);
    let now = at("2026-01-04T01:00:00Z");
    replace(&warehouse, &[day("2021-10-19")], std::slice::from_ref(&row), now)
        .await
        .unwrap();

    for team in ["LAL", "BOS"] {
        let rows = vec![vec![team.into(), day("2021-10-20").first_day().into()]];
        let written = AtomicUsize::new(0);
        warehouse
            .fill(vec![filling(feed(), rows.clone())], &written)
            .await
            .unwrap();
        let read = Read {
            table: &feed(),
            columns: &["team", "game_date"],
            dates: Dates::Only(&[day("2021-10-20")]),
        };
        assert_eq!(warehouse.read(read).await.unwrap(), rows);
        assert_eq!(all(&warehouse).await, [stamped(row.clone(), now, now)]);
    }
}

#[tokio::test]
async fn a_failed_fill_keeps_the_old_rows_and_removes_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let good = vec![vec!["LAL".into(), day("2021-10-20").first_day().into()]];
    let written = AtomicUsize::new(0);
    warehouse
        .fill(vec![filling(feed(), good.clone())], &written)
        .await
        .unwrap();

    let bad = vec![
        vec!["BOS".into(), day("2021-10-20").first_day().into()],
        vec![Value::Null, Value::Null],
    ];
    let error = warehouse
        .fill(vec![filling(feed(), bad)], &written)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert!(error.message.contains("NOT NULL"), "{error}");

    let read = Read {
        table: &feed(),
        columns: &["team", "game_date"],
        dates: Dates::Only(&[day("2021-10-20")]),
    };
    assert_eq!(warehouse.read(read).await.unwrap(), good);
    assert!(!dir.path().join("league.sqlite.new").exists());
}

#[tokio::test]
async fn a_missing_table_has_no_rows_and_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    assert!(!warehouse.holds_rows(&games()).await.unwrap());
    warehouse.ensure(&feed()).await.unwrap();
    assert!(!warehouse.holds_rows(&games()).await.unwrap());
    let read = Read {
        table: &games(),
        columns: ALL,
        dates: Dates::Only(&[day("2021-10-19")]),
    };
    let error = warehouse.read(read).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert!(error.message.contains("no such table: league.games"), "{error}");
}

#[tokio::test]
async fn a_table_with_other_columns_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let other = TableDef {
        columns: feed().columns,
        key: Cow::Borrowed(&[]),
        ..games()
    };
    let error = warehouse.ensure(&other).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert!(
        error
            .message
            .contains("has the primary key (team, game_date) but the plan declares none"),
        "{error}"
    );
    assert!(
        error
            .message
            .contains("has a column 'points' INT64 that the plan doesn't fill"),
        "{error}"
    );
}

#[tokio::test]
async fn a_stored_value_of_the_wrong_type_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let other = Connection::open(dir.path().join("league.sqlite")).unwrap();
    other
        .execute(
            "INSERT INTO games (team, game_date, points) VALUES ('LAL', '2021-10-19', 'many')",
            [],
        )
        .unwrap();
    let read = Read {
        table: &games(),
        columns: &["points"],
        dates: Dates::Only(&[day("2021-10-19")]),
    };
    assert_eq!(
        warehouse.read(read).await.unwrap_err().to_string(),
        "league.games.points contains \"many\", which is not INT64; load the table again"
    );
}

#[test]
fn a_file_that_is_not_a_database_is_refused_and_left_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("league.sqlite");
    let scribble = "not a database ".repeat(100);
    fs::write(&file, &scribble).unwrap();
    let error = SqliteWarehouse::open(dir.path()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert!(error.message.contains(file.to_str().unwrap()), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), scribble);
}

#[tokio::test]
async fn the_folder_and_its_files_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("state").join("warehouse");
    let warehouse = SqliteWarehouse::open(&folder).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn invalid_identifiers_never_reach_sql() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let table = TableDef {
        dataset: Cow::Borrowed("x; DROP"),
        ..games()
    };
    let error = warehouse.ensure(&table).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Code);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_locked_file_is_contention_and_retried() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let other = Connection::open(dir.path().join("league.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = warehouse
        .pool
        .run(AccessMode::Writer, "writing".to_owned(), |connection| {
            connection.busy_timeout(Duration::ZERO)?;
            connection.execute_batch("BEGIN IMMEDIATE; DELETE FROM league.games")?;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Contention);
    assert!(error.class.retries());
}

#[tokio::test]
async fn a_full_disk_is_reported_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let limit = |connection: &mut Connection| {
        let pages: i64 = connection.pragma_query_value(Some("league"), "page_count", |row| row.get(0))?;
        connection.pragma_update_and_check(Some("league"), "max_page_count", pages, |_| Ok(()))?;
        Ok(())
    };
    warehouse
        .pool
        .run(AccessMode::Writer, "limiting".to_owned(), limit)
        .await
        .unwrap();
    let rows: Vec<Row> = (0..1_000)
        .map(|team| game(&format!("T{team}"), "2021-10-19", 100))
        .collect();
    let now = at("2026-01-04T01:00:00Z");
    let error = replace(&warehouse, &[day("2021-10-19")], &rows, now)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Quota);
    assert_eq!(
        error.message,
        format!(
            "writing league.games in {}: the disk is full; nothing was changed, free some space and try again",
            dir.path().display()
        )
    );
    assert!(all(&warehouse).await.is_empty());
}

#[tokio::test]
async fn readers_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    warehouse.ensure(&games()).await.unwrap();
    let error = warehouse
        .pool
        .run(AccessMode::Reader, "writing".to_owned(), |connection| {
            connection.execute_batch("DELETE FROM league.games")?;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Auth);
    assert!(error.message.contains("it is read-only"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_reported_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let rows = (0..5_000)
        .map(|team| vec![format!("T{team}").into(), day("2021-10-19").first_day().into()])
        .collect();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let written = AtomicUsize::new(0);
    warehouse
        .fill(vec![filling(feed(), rows)], &written)
        .await
        .unwrap();
    drop(warehouse);
    // The first open after a fill enables the write-ahead log, which is recorded in the file.
    drop(SqliteWarehouse::open(dir.path()).unwrap());
    let file = dir.path().join("league.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[usize::try_from(PAGE_BYTES).unwrap()..].fill(0xAB);
    fs::write(&file, &bytes).unwrap();

    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let read = Read {
        table: &feed(),
        columns: &["team"],
        dates: Dates::Only(&[day("2021-10-19")]),
    };
    let error = warehouse.read(read).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert!(error.message.contains(dir.path().to_str().unwrap()), "{error}");
    assert!(error.message.contains("it was left unchanged"), "{error}");
    assert!(fs::read(&file).unwrap() == bytes, "the damaged file was changed");
}

/// Fills `games` with three rows on two dates, for refills of other tables.
async fn played(warehouse: &SqliteWarehouse) {
    warehouse.ensure(&games()).await.unwrap();
    let rows = vec![
        game("BOS", "2024-01-01", 100),
        game("LAL", "2024-01-01", 90),
        game("BOS", "2024-01-02", 110),
    ];
    let replace = Replace {
        table: &games(),
        dates: &[day("2024-01-01"), day("2024-01-02")],
        rows: Arc::new(rows.clone()),
        short: &[],
        now: at("2024-01-03T00:00:00Z"),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

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
            Column::stamped("created_at", Stamp::Created, ""),
        ]),
        date_column: Cow::Borrowed("day"),
        key: Cow::Owned(vec![Cow::Borrowed("day"), Cow::Borrowed("team")]),
        ..games()
    }
}

async fn refilled(
    warehouse: &SqliteWarehouse,
    sql: &str,
    dates: &[&str],
    now: &str,
) -> Result<Vec<Refilled>, WarehouseError> {
    warehouse.ensure(&points()).await.unwrap();
    let dates: Vec<Partition> = dates.iter().map(|text| day(text)).collect();
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
        name: "a refill",
        record: None,
    };
    warehouse.refill(refill).await
}

async fn stored_points(warehouse: &SqliteWarehouse) -> Vec<String> {
    let answer = warehouse
        .query("SELECT day, team, points, third, created_at FROM league.points ORDER BY day, team")
        .await
        .unwrap();
    let line = |row: &Row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(line).collect()
}

const ONE_BY_ONE: &str =
    "SELECT team, points, points / 3 AS third, game_date AS day FROM league.games WHERE game_date = @date";
const TOGETHER: &str = "SELECT team, points, points / 3 AS third, game_date AS day FROM league.games WHERE game_date IN UNNEST(@dates)";

#[rstest::rstest]
#[tokio::test]
async fn a_query_replaces_exactly_the_requested_dates(#[values(ONE_BY_ONE, TOGETHER)] sql: &str) {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    played(&warehouse).await;
    let all = ["2024-01-01", "2024-01-02", "2024-01-03"];
    let first = refilled(&warehouse, sql, &all, "2024-01-03T00:00:00Z")
        .await
        .unwrap();
    let rows: Vec<(String, u32)> = first.iter().map(|of| (of.date.to_string(), of.rows)).collect();
    let expected = [("2024-01-01", 2), ("2024-01-02", 1), ("2024-01-03", 0)];
    assert_eq!(rows, expected.map(|(date, rows)| (date.to_owned(), rows)));
    let born = "2024-01-03T00:00:00.000000Z";
    let stored = [
        format!("2024-01-01 BOS 100 33.3 {born}"),
        format!("2024-01-01 LAL 90 30 {born}"),
        format!("2024-01-02 BOS 110 36.7 {born}"),
    ];
    assert_eq!(stored_points(&warehouse).await, stored);

    let replace = Replace {
        table: &games(),
        dates: &[day("2024-01-01"), day("2024-01-02")],
        rows: Arc::new(vec![
            game("BOS", "2024-01-01", 101),
            game("NYK", "2024-01-02", 80),
        ]),
        short: &[],
        now: at("2024-01-04T00:00:00Z"),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
    let second = refilled(&warehouse, sql, &all[..1], "2024-01-04T00:00:00Z")
        .await
        .unwrap();
    assert_eq!(second[0].rows, 1);
    assert_ne!(second[0].digest, first[0].digest);
    let now = [
        format!("2024-01-01 BOS 101 33.7 {born}"),
        format!("2024-01-02 BOS 110 36.7 {born}"),
    ];
    assert_eq!(
        stored_points(&warehouse).await,
        now,
        "the other date is as it was, and a key keeps its birth"
    );
    let again = refilled(&warehouse, sql, &all[..1], "2024-01-05T00:00:00Z")
        .await
        .unwrap();
    assert_eq!(again, second, "the same rows have the same digest");
}

#[tokio::test]
async fn query_rows_that_do_not_fit_are_quarantined_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    played(&warehouse).await;
    for (sql, rows, reasons) in [
        (
            "SELECT @date AS day, team, team AS points, NULL AS third FROM league.games WHERE points = 90",
            0,
            &["column points: 'LAL' is a text, not an INT64"][..],
        ),
        (
            "SELECT @date AS day, team, 1 AS points, 99999 AS third FROM league.games WHERE points = 90",
            0,
            &["column third: '99999' does not fit NUMERIC(5,1)"],
        ),
        (
            "SELECT @date AS day, 'X' AS team, points, 1 AS third FROM league.games WHERE game_date = @date",
            1,
            &["key (day, team) = ('2024-01-01', 'X') is a duplicate"],
        ),
        (
            "SELECT DATE_ADD(@date, INTERVAL 1 DAY) AS day, 'X' AS team, 1 AS points, 1 AS third",
            0,
            &["column day: '2024-01-02' is not the date 2024-01-01"],
        ),
        (
            "SELECT DATE '2024-01-02' AS day, 'X' AS team, 1 AS points, 1 AS third FROM league.games \
             WHERE game_date IN UNNEST(@dates) LIMIT 1",
            0,
            &["column day: '2024-01-02' is not the date 2024-01-01"],
        ),
    ] {
        let found = refilled(&warehouse, sql, &["2024-01-01"], "2024-01-03T00:00:00Z")
            .await
            .unwrap();
        assert_eq!(found[0].rows, rows, "{sql}");
        let said: Vec<&str> = found[0].set_aside.iter().map(|bad| bad.reason.as_str()).collect();
        assert_eq!(said, reasons, "{sql}");
    }
}

#[tokio::test]
async fn an_invalid_query_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    played(&warehouse).await;
    let dates = ["2024-01-01", "2024-01-02"];
    refilled(&warehouse, ONE_BY_ONE, &dates, "2024-01-03T00:00:00Z")
        .await
        .unwrap();
    let before = stored_points(&warehouse).await;
    for (sql, class, said) in [
        (
            "SELECT @date AS day, 'X' AS team, 1 AS points",
            ErrorClass::Code,
            "the query returns no column 'third', which league.points has; add it to the query, or remove it from \
             'columns'",
        ),
        (
            "SELECT @date AS day, 'X' AS team, 1 AS points, 1 AS third, 2 AS pace",
            ErrorClass::Code,
            "the query returns column 'pace', which league.points doesn't have; leave it out of the query, or add the column to \
             'columns'",
        ),
        (
            "SELECT DATE '2023-01-01' AS day, 'X' AS team, 1 AS points, 1 AS third FROM league.games \
             WHERE game_date IN UNNEST(@dates) LIMIT 1",
            ErrorClass::Data,
            "the query for league.points returns a row of 2023-01-01, which is not one of the requested dates",
        ),
    ] {
        let error = refilled(&warehouse, sql, &dates, "2024-01-04T00:00:00Z")
            .await
            .unwrap_err();
        assert_eq!((error.class, error.message.as_str()), (class, said));
    }
    let missing = "SELECT @date AS day, team, 1 AS points, 1 AS third FROM league.absent";
    let error = refilled(&warehouse, missing, &dates, "2024-01-04T00:00:00Z")
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Data, "{error}");
    assert_eq!(stored_points(&warehouse).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_a_new_dataset_are_created_concurrently() {
    for _ in 0..50 {
        let dir = tempfile::tempdir().unwrap();
        let warehouse = std::sync::Arc::new(SqliteWarehouse::open(dir.path()).unwrap());
        let made = ["one", "two", "three", "four"].map(|name| {
            let table = TableDef {
                name: name.into(),
                ..games()
            };
            let warehouse = std::sync::Arc::clone(&warehouse);
            tokio::spawn(async move { warehouse.ensure(&table).await })
        });
        for table in made {
            table.await.unwrap().unwrap();
        }
    }
}

fn holder(pid: u32) -> Holder {
    Holder {
        host: "courtside".to_owned(),
        machine: None,
        pid,
        started: None,
        since: at("2026-01-04T00:00:00Z"),
        folder: "/state".to_owned(),
        jobs_in: Vec::new(),
    }
}

#[tokio::test]
async fn every_write_is_refused_after_losing_the_lease() {
    let dir = tempfile::tempdir().unwrap();
    let first = SqliteWarehouse::open(dir.path()).unwrap();
    assert!(first.take("nba", None, &holder(1)).await.unwrap());
    played(&first).await;
    let answered = "SELECT @date AS day, 'X' AS team, 1 AS points, 1 AS third";
    let dates = ["2024-01-01"];
    refilled(&first, answered, &dates, "2024-01-03T00:00:00Z")
        .await
        .unwrap();
    let before = (all(&first).await, stored_points(&first).await);

    let second = SqliteWarehouse::open(dir.path()).unwrap();
    let seen = second.look("nba").await.unwrap();
    assert!(second.take("nba", seen.as_ref(), &holder(2)).await.unwrap());

    let now = at("2026-01-04T01:00:00Z");
    let rows = [game("GSW", "2024-01-01", 121)];
    let refill = Refill {
        table: &points(),
        dates: &[day("2024-01-01")],
        expected: &[RowsExpected::Any],
        sql: answered,
        asking: Asking::DateByDate,
        now,
        name: "late",
        record: None,
    };
    let another = TableDef {
        name: "another".into(),
        ..games()
    };
    let written = AtomicUsize::new(0);
    // A separate dataset: the other one is open in another warehouse, which alone would block a fill.
    let apart = TableDef {
        dataset: "apart".into(),
        ..games()
    };
    let empty = vec![filling(apart, Vec::new())];
    let errors = [
        replace(&first, &[day("2024-01-01")], &rows, now)
            .await
            .unwrap_err(),
        first.refill(refill).await.unwrap_err(),
        first.fill(empty, &written).await.unwrap_err(),
        first.ensure(&another).await.unwrap_err(),
        first.heartbeat().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.class, ErrorClass::Auth);
        assert!(error.message.contains("process 2 on courtside"), "{error}");
    }
    assert_eq!((all(&first).await, stored_points(&first).await), before);
    assert!(first.schema(&another.path()).await.unwrap().is_none());
    assert!(!dir.path().join("apart.sqlite").exists());
    replace(&second, &[day("2024-01-01")], &rows, now).await.unwrap();
}

/// Names that are keywords in `SQLite` unless quoted.
fn reserved(dataset: &'static str) -> TableDef {
    TableDef {
        dataset: Cow::Borrowed(dataset),
        name: Cow::Borrowed("select"),
        columns: Cow::Owned(vec![
            Column::required("order", ColumnType::String, ""),
            Column::required("date", ColumnType::Date, ""),
            Column::nullable("rowid", ColumnType::Int64, ""),
            Column::stamped("from", Stamp::Created, ""),
            Column::stamped("index", Stamp::Processed, ""),
        ]),
        date_column: Cow::Borrowed("date"),
        key: Cow::Owned(vec![Cow::Borrowed("date"), Cow::Borrowed("order")]),
        ..games()
    }
}

#[tokio::test]
async fn reserved_words_work_as_names() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    for dataset in ["order", "main", "temp", "sqlite_schema"] {
        let table = reserved(dataset);
        let row = |order: &str, number: i64| -> Row {
            vec![
                order.to_owned().into(),
                day("2024-01-01").first_day().into(),
                number.into(),
                Value::Null,
                Value::Null,
            ]
        };
        let (first, later) = (at("2024-02-01T00:00:00Z"), at("2024-02-02T00:00:00Z"));
        let replace = |rows: Vec<Row>, now: DateTime<Utc>| {
            let (warehouse, table) = (&warehouse, &table);
            async move {
                let dates = [day("2024-01-01")];
                let replace = Replace {
                    table,
                    dates: &dates,
                    rows: Arc::new(rows),
                    short: &[],
                    now,
                    name: None,
                    record: None,
                };
                warehouse.replace(replace).await.unwrap();
            }
        };
        let filling = Filling {
            table: table.clone(),
            rows: Box::new(std::iter::empty()),
        };
        warehouse.fill(vec![filling], &AtomicUsize::new(0)).await.unwrap();
        warehouse.ensure(&table).await.unwrap();
        assert!(!warehouse.holds_rows(&table).await.unwrap());
        replace(vec![row("a", 9), row("b", 8)], first).await;
        replace(vec![row("b", 8), row("a", 9)], later).await;
        assert_eq!(
            warehouse
                .schema(&table.path())
                .await
                .unwrap()
                .unwrap()
                .columns
                .len(),
            5
        );
        let sql = format!("SELECT `order`, `date`, rowid FROM `{dataset}.select` WHERE `date` = @date");
        let refill = Refill {
            table: &table,
            dates: &[day("2024-01-01")],
            expected: &[RowsExpected::AtLeastOne],
            sql: &sql,
            asking: Asking::DateByDate,
            now: later,
            name: "again",
            record: None,
        };
        assert_eq!(warehouse.refill(refill).await.unwrap()[0].rows, 2);
        let read = Read {
            table: &table,
            columns: &["order", "rowid", "from", "index"],
            dates: Dates::Only(&[day("2024-01-01")]),
        };
        let expected = |order: &str, number: i64| -> Row {
            vec![order.to_owned().into(), number.into(), first.into(), later.into()]
        };
        assert_eq!(
            warehouse.read(read).await.unwrap(),
            [expected("a", 9), expected("b", 8)]
        );
    }
}

#[tokio::test]
async fn datasets_created_or_replaced_elsewhere_are_seen_by_the_next_query() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let count = || warehouse.query("SELECT COUNT(*) FROM `mart.t`");
    assert_eq!(count().await.unwrap_err().class, ErrorClass::Data);
    let make = |name: &str, rows: &str| {
        let other = Connection::open(dir.path().join(name)).unwrap();
        other
            .execute_batch(&format!("CREATE TABLE t (n); INSERT INTO t VALUES {rows}"))
            .unwrap();
    };
    make("mart.sqlite", "(1)");
    assert_eq!(count().await.unwrap().rows, [[Value::Int(1)]]);
    make("fresh", "(1), (2)");
    fs::rename(dir.path().join("fresh"), dir.path().join("mart.sqlite")).unwrap();
    assert_eq!(count().await.unwrap().rows, [[Value::Int(2)]]);
    fs::remove_file(dir.path().join("mart.sqlite")).unwrap();
    assert_eq!(count().await.unwrap_err().class, ErrorClass::Data);
}
