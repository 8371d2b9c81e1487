//! Tests of the stages that look back, on an embedded warehouse: the expected rows of a date match the computed ones.
//!
//! Boston and Charlotte play each other every day from 1 November 2023, forty times. One player plays in every game,
//! another from the ninth on, a third played only last season.

use std::sync::atomic::AtomicUsize;

use crate::engine::{BatchDates, Inputs, Scope, Stage};
use crate::nba::tables;
use crate::partition::Partition;
use crate::stages::{PLAYER_SHOT_ZONE, TEAM_DEFENSE_ZONE, TEAM_OFFENSE};
use crate::table::{ColumnType, Row, TableDef, Value};
use crate::warehouse::sqlite::SqliteWarehouse;
use crate::warehouse::{ErrorClass, Filling, Warehouse};

const GAMES: i64 = 40;

fn day(number: i64) -> Partition {
    let first = Partition::parse("2023-11-01").unwrap();
    first.moved(number).unwrap()
}

fn dates() -> Vec<Partition> {
    (0..GAMES).map(day).collect()
}

/// A row with these values; the others are empty or NULL.
fn row(table: &TableDef, values: &[(&str, Value)]) -> Row {
    let mut row: Row = table
        .columns
        .iter()
        .map(|column| match column.kind {
            _ if column.nullable => Value::Null,
            ColumnType::Bool => false.into(),
            ColumnType::Int64 => 2023.into(),
            _ => "".into(),
        })
        .collect();
    for (column, value) in values {
        row[table.position(column).unwrap()] = value.clone();
    }
    row
}

fn schedule() -> Vec<Row> {
    let game = |date: Partition| {
        row(
            tables::schedule(),
            &[
                ("game_date", date.first_day().into()),
                ("game_status", 3.into()),
                ("away_team_tricode", "BOS".into()),
                ("home_team_tricode", "CHA".into()),
            ],
        )
    };
    dates().into_iter().map(game).collect()
}

fn team_defense() -> Vec<Row> {
    let team = |date: Partition, team: &str| {
        row(
            tables::team_defense(),
            &[
                (
                    "game_id",
                    date.first_day().format("%Y%m%d_BOS_CHA").to_string().into(),
                ),
                ("game_date", date.first_day().into()),
                ("defending_team_abbr", team.to_owned().into()),
            ],
        )
    };
    dates()
        .into_iter()
        .flat_map(|date| ["BOS", "CHA"].map(|name| team(date, name)))
        .collect()
}

fn player_game() -> Vec<Row> {
    let game = |player: &str, date: Partition, season: i64, points: i64| {
        row(
            tables::player_game(),
            &[
                ("player_lookup", player.to_owned().into()),
                (
                    "game_id",
                    date.first_day().format("%Y%m%d_BOS_CHA").to_string().into(),
                ),
                ("game_date", date.first_day().into()),
                ("team_abbr", "BOS".into()),
                ("season_year", season.into()),
                ("points", points.into()),
                ("minutes_played", 0.0.into()),
            ],
        )
    };
    let one = (0..GAMES).map(|number| game("one", day(number), 2023, 20));
    // Player two is also listed in the first games, with no minutes and no points.
    let two = (0..GAMES).map(|number| game("two", day(number), 2023, if number < 8 { 0 } else { 9 }));
    let three = (0..GAMES).map(|number| game("three", day(number - 365), 2022, 12));
    one.chain(two).chain(three).collect()
}

async fn warehouse(dir: &tempfile::TempDir, tables: Vec<(&TableDef, Vec<Row>)>) -> SqliteWarehouse {
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    for (table, rows) in tables {
        let filling = Filling {
            table: table.clone(),
            rows: Box::new(rows.into_iter()),
        };
        warehouse.fill(vec![filling], &AtomicUsize::new(0)).await.unwrap();
    }
    warehouse
}

async fn read(stage: &dyn Stage, warehouse: &dyn Warehouse, dates: &[Partition]) -> Box<dyn Inputs> {
    let batch = BatchDates::alone(dates);
    stage
        .reader()
        .read(warehouse, batch, "reconstruct")
        .await
        .unwrap()
}

/// Every date has as many rows as expected, and the same ones when computed alone.
async fn owes_what_it_has(stage: &dyn Stage, warehouse: &dyn Warehouse, scopes: &[Scope]) {
    let dates = dates();
    let together = read(stage, warehouse, &dates).await;
    let shared = stage.reader();
    for (date, scope) in dates.iter().zip(scopes) {
        let Scope::Rows(owed) = scope else { continue };
        let made = together.compute(*date).unwrap();
        assert_eq!(
            (made.expected, made.rows.len()),
            (Some(*owed), *owed as usize),
            "{date}"
        );
        assert!(made.missing.is_empty(), "{date}: {:?}", made.missing);
        let alone = read(stage, warehouse, &[*date]).await;
        assert_eq!(alone.compute(*date).unwrap(), made, "{date}");
        let batch = BatchDates {
            dates: &[*date],
            upcoming: &dates,
        };
        let kept = shared.read(warehouse, batch, "reconstruct").await.unwrap();
        assert_eq!(
            kept.compute(*date).unwrap(),
            made,
            "{date}, with the season read once"
        );
    }
}

fn skip(reason: &str) -> Scope {
    Scope::Skip(reason.to_owned())
}

#[tokio::test]
async fn games_of_a_date_come_from_the_schedule() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = warehouse(&dir, vec![(tables::schedule(), schedule())]).await;
    let games = TEAM_OFFENSE.groups(&warehouse, day(0)).await.unwrap();
    assert_eq!(games, ["20231101_BOS_CHA"]);
    let before = TEAM_OFFENSE.groups(&warehouse, day(-1)).await.unwrap();
    assert!(before.is_empty());
}

#[tokio::test]
async fn a_date_expects_a_row_per_team_with_fifteen_games() {
    let dir = tempfile::tempdir().unwrap();
    let filled = vec![
        (tables::schedule(), schedule()),
        (tables::team_defense(), team_defense()),
    ];
    let warehouse = warehouse(&dir, filled).await;
    let scopes = TEAM_DEFENSE_ZONE.scope(&warehouse, &dates()).await.unwrap();
    assert_eq!(scopes[0], skip("bootstrap: day 0 of the season"));
    assert_eq!(scopes[13], skip("bootstrap: day 13 of the season"));
    assert_eq!(scopes[14], skip("no team has played 15 games of the season yet"));
    assert_eq!(scopes[15..], vec![Scope::Rows(2); 25]);
    owes_what_it_has(&TEAM_DEFENSE_ZONE, &warehouse, &scopes).await;
}

#[tokio::test]
async fn a_date_expects_a_row_per_player_with_ten_games() {
    let dir = tempfile::tempdir().unwrap();
    let filled = vec![
        (tables::schedule(), schedule()),
        (tables::player_game(), player_game()),
    ];
    let warehouse = warehouse(&dir, filled).await;
    let scopes = PLAYER_SHOT_ZONE.scope(&warehouse, &dates()).await.unwrap();
    assert_eq!(scopes[13], skip("bootstrap: day 13 of the season"));
    assert_eq!(scopes[14..18], vec![Scope::Rows(1); 4]);
    assert_eq!(
        scopes[18..],
        vec![Scope::Rows(2); 22],
        "the second player's tenth game was the day before"
    );
    owes_what_it_has(&PLAYER_SHOT_ZONE, &warehouse, &scopes).await;
}

#[tokio::test]
async fn missing_input_names_the_stage_to_run_first() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = warehouse(&dir, vec![(tables::schedule(), schedule())]).await;
    let bootstrap = PLAYER_SHOT_ZONE.scope(&warehouse, &dates()[..14]).await.unwrap();
    assert_eq!(bootstrap.len(), 14, "nothing is needed where nothing is owed");
    let error = PLAYER_SHOT_ZONE.scope(&warehouse, &dates()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Data);
    assert_eq!(
        error.message,
        "nba_analytics.player_game_summary is empty; run stage player_game first"
    );
}

#[tokio::test]
async fn a_reader_reads_a_season_once_and_a_new_reader_again() {
    let dir = tempfile::tempdir().unwrap();
    let filled = vec![
        (tables::schedule(), schedule()),
        (tables::team_defense(), team_defense()),
    ];
    let warehouse = warehouse(&dir, filled).await;
    let dates = dates();
    let batch = |at: usize| BatchDates {
        dates: &dates[at..=at],
        upcoming: &dates,
    };
    let reader = TEAM_DEFENSE_ZONE.reader();
    let before = reader.read(&warehouse, batch(20), "").await.unwrap();
    let before = before.compute(dates[20]).unwrap();
    let filling = Filling {
        table: tables::team_defense().clone(),
        rows: Box::new(std::iter::empty()),
    };
    (warehouse.fill(vec![filling], &AtomicUsize::new(0)).await).unwrap();
    let kept = reader.read(&warehouse, batch(20), "").await.unwrap();
    assert_eq!(kept.compute(dates[20]).unwrap(), before);
    let later = reader.read(&warehouse, batch(30), "").await.unwrap();
    assert_eq!(later.compute(dates[30]).unwrap().missing, Vec::<String>::new());
    let anew = TEAM_DEFENSE_ZONE.reader();
    let anew = anew.read(&warehouse, batch(20), "").await.unwrap();
    assert_ne!(anew.compute(dates[20]).unwrap(), before);
}
