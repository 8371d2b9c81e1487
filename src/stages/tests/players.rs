//! The player stages on an embedded warehouse, from expected row counts to rows.

use chrono::DateTime;
use std::sync::Arc;

use crate::engine::{BatchDates, Outcome, Scope, Stage};
use crate::nba::tables;
use crate::partition::{Partition, PartitionRange};
use crate::plan::{Active, Advance, Fingerprint, StageKind, StageSpec};
use crate::stages::stage;
use crate::table::{ColumnType, Row, TableDef, Value, admit};
use crate::warehouse::sqlite::SqliteWarehouse;
use crate::warehouse::{Replace, Warehouse};

/// The season opener; from then on BOS plays at home against DEN every other day.
fn opener() -> Partition {
    "2023-10-24".parse().unwrap()
}

fn day(number: i64) -> Partition {
    opener().moved(number).unwrap()
}

/// A row with some columns given; the others are NULL or empty.
fn row(table: &TableDef, given: &[(&str, Value)]) -> Row {
    let value = |column: &crate::table::Column| {
        let named = given.iter().find(|(name, _)| *name == column.name);
        match (named, column.nullable, &column.kind) {
            (Some((_, value)), _, _) => value.clone(),
            (None, true, _) => Value::Null,
            (None, false, ColumnType::Int64) => Value::Int(2023),
            (None, false, ColumnType::Bool) => Value::Bool(false),
            (None, false, _) => Value::from("x"),
        }
    };
    table.columns.iter().map(value).collect()
}

fn scheduled(date: Partition) -> Row {
    row(
        tables::schedule(),
        &[
            ("game_date", date.first_day().into()),
            ("game_status", 3.into()),
            ("home_team_tricode", "BOS".into()),
            ("away_team_tricode", "DEN".into()),
        ],
    )
}

fn team(date: Partition, team: &str) -> Row {
    row(
        tables::team_offense(),
        &[
            (
                "game_id",
                date.first_day().format("%Y%m%d_DEN_BOS").to_string().into(),
            ),
            ("game_date", date.first_day().into()),
            ("team_abbr", team.to_owned().into()),
            ("pace", 99.0.into()),
            ("offensive_rating", 112.0.into()),
        ],
    )
}

fn player(date: Partition, player: &str, minutes: f64, points: i64) -> Row {
    row(
        tables::player_game(),
        &[
            ("player_lookup", player.to_owned().into()),
            (
                "game_id",
                date.first_day().format("%Y%m%d_DEN_BOS").to_string().into(),
            ),
            ("game_date", date.first_day().into()),
            ("team_abbr", "BOS".into()),
            ("points", points.into()),
            ("minutes_played", minutes.into()),
        ],
    )
}

async fn put(warehouse: &SqliteWarehouse, table: &TableDef, dates: &[Partition], rows: Vec<Row>) {
    let admitted = admit(table, rows);
    assert_eq!(admitted.quarantined, []);
    warehouse.ensure(table).await.unwrap();
    let replace = Replace {
        table,
        dates,
        rows: Arc::new(admitted.rows),
        short: &[],
        now: DateTime::UNIX_EPOCH,
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

/// Ten games. `regular` plays all of them; `late` plays no full minute until the eighth.
async fn league(dir: &std::path::Path) -> SqliteWarehouse {
    let warehouse = SqliteWarehouse::open(dir).unwrap();
    let dates: Vec<Partition> = (0..10).map(|game| day(2 * game)).collect();
    let schedule = dates.iter().map(|&date| scheduled(date)).collect();
    put(&warehouse, tables::schedule(), &dates, schedule).await;
    let teams = dates
        .iter()
        .flat_map(|&date| ["BOS", "DEN"].map(|code| team(date, code)));
    put(&warehouse, tables::team_offense(), &dates, teams.collect()).await;
    let players = dates.iter().enumerate().flat_map(|(game, &date)| {
        let minutes = if game < 7 { 0.0 } else { 12.0 };
        [
            player(date, "regular", 30.0, 20),
            player(date, "late", minutes, 0),
        ]
    });
    put(&warehouse, tables::player_game(), &dates, players.collect()).await;
    for table in [tables::player_shot_zone(), tables::team_defense_zone()] {
        warehouse.ensure(table).await.unwrap();
    }
    warehouse
}

fn named(name: &str) -> std::sync::Arc<dyn Stage> {
    stage(&StageSpec {
        name: name.to_owned(),
        table: None,
        active: Active::Always,
        reads: Vec::new(),
        kind: StageKind::Nba,
        range: PartitionRange::new(Partition::MIN, Partition::MIN).unwrap(),
        needs: Vec::new(),
        depends_on_past: false,
        advance: Advance::Auto,
        fingerprint: Fingerprint::default(),
    })
    .unwrap()
}

async fn computed(warehouse: &SqliteWarehouse, stage: &dyn Stage, dates: &[Partition]) -> Vec<Outcome> {
    let inputs = stage
        .reader()
        .read(warehouse, BatchDates::alone(dates), "reconstruct")
        .await
        .unwrap();
    dates.iter().map(|&date| inputs.compute(date).unwrap()).collect()
}

#[tokio::test]
async fn expected_rows_match_the_rows_computed() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = league(dir.path()).await;
    let dates = [day(12), day(13), day(14), day(16)];
    for (name, rows) in [
        ("player_composite", 2),
        ("player_daily_cache", 1),
        ("ml_feature_store", 2),
    ] {
        let stage = named(name);
        assert_eq!(
            stage.scope(&warehouse, &dates).await.unwrap(),
            [
                Scope::Skip("bootstrap: day 12 of the season".to_owned()),
                Scope::Skip("off-day: no final in the schedule".to_owned()),
                Scope::Rows(rows),
                Scope::Rows(rows),
            ],
            "{name}"
        );
        let owed = &dates[2..];
        let made = computed(&warehouse, stage.as_ref(), owed).await;
        let mut stored = Vec::new();
        for outcome in made {
            assert_eq!(
                (outcome.expected, outcome.rows.len()),
                (Some(rows), rows as usize),
                "{name}"
            );
            stored.extend(outcome.rows);
        }
        put(&warehouse, stage.fills().definition().unwrap(), owed, stored).await;
    }
}

// There are seven games before day 14. The date sees the same ones alone or in a batch with day 16.
#[tokio::test]
async fn a_date_uses_only_earlier_games_in_any_batch() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = league(dir.path()).await;
    let stage = named("player_daily_cache");
    let together = computed(&warehouse, stage.as_ref(), &[day(14), day(16)]).await;
    let alone = computed(&warehouse, stage.as_ref(), &[day(14)]).await;
    assert_eq!(together[0], alone[0]);
    let played = stage
        .fills()
        .definition()
        .unwrap()
        .position("games_played_season")
        .unwrap();
    assert_eq!(together[0].rows[0][played], Value::Int(7));
    assert_eq!(together[1].rows[0][played], Value::Int(8));
}

#[tokio::test]
async fn missing_players_name_the_stage_to_run_first() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(dir.path()).unwrap();
    let dates = [opener(), day(14)];
    put(
        &warehouse,
        tables::schedule(),
        &dates,
        dates.map(scheduled).to_vec(),
    )
    .await;
    let error = named("ml_feature_store")
        .scope(&warehouse, &[day(14)])
        .await
        .unwrap_err();
    assert_eq!(
        error.message,
        "nba_analytics.player_game_summary is empty; run stage player_game first"
    );
}
