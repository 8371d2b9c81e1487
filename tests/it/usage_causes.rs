//! The breakdown of the usage rate: each cause is planted once and counted once, under its own name only.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::rows::{day, moment, row};
use backcourt::checks::{Breakdown, break_down};
use backcourt::nba::tables::{bdl_player_boxscores, gamebook_player_stats, player_game, team_offense};
use backcourt::partition::{Grain, Partition};
use backcourt::plan::{BUILTIN, load};
use backcourt::table::{Row, TableDef, Value};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Replace, Warehouse};
use std::sync::Arc;

const DATE: &str = "2023-12-16";
const NEW_SEASON: &str = "2025-10-21";
const NOT_RUN: &str = "2023-12-17";

/// A player of a team with all values known, except those in `changed`.
fn player(date: &str, team: &str, lookup: &str, changed: &[(&str, Value)]) -> Row {
    let usual: [(&str, Value); 9] = [
        ("game_date", day(date).into()),
        ("game_id", format!("{}_{team}_BOS", date.replace('-', "")).into()),
        ("team_abbr", team.to_owned().into()),
        ("player_lookup", lookup.to_owned().into()),
        ("minutes_played", Value::Float(30.0)),
        ("usage_rate", Value::Float(20.0)),
        ("fg_attempts", Value::Int(10)),
        ("ft_attempts", Value::Int(2)),
        ("turnovers", Value::Int(1)),
    ];
    let is_changed = |name: &str| changed.iter().any(|(other, _)| *other == name);
    let kept = usual.into_iter().filter(|(name, _)| !is_changed(name));
    let given: Vec<_> = kept.chain(changed.iter().cloned()).collect();
    row(player_game(), &given)
}

fn team(date: &str, team: &str) -> Row {
    let id = format!("{}_{team}_BOS", date.replace('-', ""));
    row(
        team_offense(),
        &[
            ("game_date", day(date).into()),
            ("game_id", id.into()),
            ("team_abbr", team.to_owned().into()),
        ],
    )
}

fn gamebook(date: &str, team: &str, lookup: Value, name: &str, status: &str) -> Row {
    row(
        gamebook_player_stats(),
        &[
            ("game_date", day(date).into()),
            ("team_abbr", team.to_owned().into()),
            ("player_lookup", lookup),
            ("player_name", name.to_owned().into()),
            ("player_status", status.to_owned().into()),
        ],
    )
}

fn bdl(date: &str, team: &str, lookup: &str, minutes: &str) -> Row {
    row(
        bdl_player_boxscores(),
        &[
            ("game_date", day(date).into()),
            ("team_abbr", team.to_owned().into()),
            ("player_lookup", lookup.to_owned().into()),
            ("minutes", minutes.to_owned().into()),
        ],
    )
}

/// A warehouse with these tables.
async fn warehouse(tables: &[(&TableDef, Vec<Row>)]) -> (tempfile::TempDir, SqliteWarehouse) {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(folder.path()).unwrap();
    let dates = [DATE, NOT_RUN, NEW_SEASON].map(|date| Partition::day(day(date)));
    for (table, rows) in tables {
        warehouse.ensure(table).await.unwrap();
        warehouse
            .replace(Replace {
                table,
                dates: &dates,
                rows: Arc::new(rows.clone()),
                short: &[],
                now: moment("2026-01-05T00:00:00Z"),
                name: None,
                record: None,
            })
            .await
            .unwrap();
    }
    (folder, warehouse)
}

/// One player per cause, and some that only look like one.
async fn planted() -> (tempfile::TempDir, SqliteWarehouse) {
    let no_rate = || ("usage_rate", Value::Null);
    let players = vec![
        player(
            DATE,
            "CHI",
            "known",
            &[("player_full_name", "Known Player".into())],
        ),
        player(
            DATE,
            "CHI",
            "noattempts",
            &[no_rate(), ("fg_attempts", Value::Null)],
        ),
        player(
            DATE,
            "CHI",
            "nominutes",
            &[no_rate(), ("minutes_played", Value::Null)],
        ),
        // A player with seconds on the floor and minutes of 0.0 has a rate, so this is no cause.
        player(DATE, "CHI", "seconds", &[("minutes_played", Value::Float(0.0))]),
        player(DATE, "DEN", "noteam", &[no_rate()]),
        player(DATE, "MIA", "nototal", &[no_rate()]),
        player(NEW_SEASON, "MIA", "later", &[]),
    ];
    let gamebooks = vec![
        gamebook(DATE, "CHI", "known".into(), "Known Player", "active"),
        gamebook(DATE, "CHI", Value::Null, "Known Player", "active"),
        gamebook(DATE, "CHI", "unresolved".into(), "Nobody Knows", "active"),
        gamebook(DATE, "CHI", "unresolved".into(), "Nobody Knows", "active"),
        gamebook(DATE, "CHI", "hurt".into(), "At Home", "inactive"),
        gamebook(NOT_RUN, "CHI", "tomorrow".into(), "Not Run Yet", "active"),
    ];
    let bdls = vec![
        bdl(DATE, "LAL", "unresolvedtoo", "12"),
        bdl(DATE, "LAL", "bench", "00"),
        // The gamebook has this team, so this feed isn't used for it.
        bdl(DATE, "CHI", "elsewhere", "12"),
    ];
    warehouse(&[
        (player_game(), players),
        (
            team_offense(),
            vec![team(DATE, "CHI"), team(DATE, "MIA"), team(NEW_SEASON, "MIA")],
        ),
        (gamebook_player_stats(), gamebooks),
        (bdl_player_boxscores(), bdls),
    ])
    .await
}

async fn found(warehouse: &SqliteWarehouse) -> Breakdown {
    let plan = load(BUILTIN).unwrap();
    break_down(plan.breakdown("usage_coverage").unwrap(), Grain::Day, warehouse)
        .await
        .unwrap()
}

/// The groups of a column: known, lacking and beside.
fn groups<'a>(found: &'a Breakdown, column: &str) -> Vec<(&'a str, u64, &'a [u64], &'a [u64])> {
    let by = found.by.iter().find(|by| by.name == column).unwrap();
    let numbers = by.groups.iter();
    numbers
        .map(|(name, tally)| {
            (
                name.as_str(),
                tally.known,
                &tally.missing[..],
                &tally.not_counted[..],
            )
        })
        .collect()
}

#[tokio::test]
async fn each_cause_is_counted_once() {
    let (_folder, warehouse) = planted().await;
    let found = found(&warehouse).await;
    assert_eq!(
        found.causes,
        ["no team row", "no attempts in the feed", "no team total"]
    );
    assert_eq!(found.not_counted, ["no minutes", "unresolved player"]);
    assert_eq!(
        (
            found.total.known,
            &found.total.missing[..],
            &found.total.not_counted[..]
        ),
        (2, &[1, 1, 1][..], &[1, 2][..])
    );
    assert_eq!(
        groups(&found, "team"),
        [
            ("CHI", 1, &[0, 1, 0][..], &[1, 1][..]),
            ("DEN", 0, &[1, 0, 0][..], &[0, 0][..]),
            ("LAL", 0, &[0, 0, 0][..], &[0, 1][..]),
            ("MIA", 1, &[0, 0, 1][..], &[0, 0][..]),
        ]
    );
    assert_eq!(
        groups(&found, "season"),
        [
            ("2023", 1, &[1, 1, 1][..], &[1, 2][..]),
            ("2025", 1, &[0, 0, 0][..], &[0, 0][..]),
        ]
    );
    let months: Vec<_> = groups(&found, "month").into_iter().map(|group| group.0).collect();
    assert_eq!(months, ["2023-12", "2025-10"]);
    let dates: Vec<_> = found.dates.iter().map(|(date, _)| date.to_string()).collect();
    assert_eq!(dates, [DATE, NEW_SEASON], "a date nobody has run is no cause");
}

#[tokio::test]
async fn the_breakdown_share_equals_the_check_value() {
    let (_folder, warehouse) = planted().await;
    let plan = load(BUILTIN).unwrap();
    let answer = warehouse
        .query(&plan.check("usage_coverage").unwrap().sql)
        .await
        .unwrap();
    // Two of the five who had minutes.
    assert_eq!(answer.rows, [[Value::Float(40.0)]]);
    assert_eq!(found(&warehouse).await.total.share(), "40 %");
}

#[tokio::test]
async fn a_team_mate_without_attempts_makes_the_team_total_null() {
    let no_rate = || ("usage_rate", Value::Null);
    let players = vec![
        player(DATE, "CHI", "lacking", &[no_rate(), ("turnovers", Value::Null)]),
        player(DATE, "CHI", "complete", &[no_rate()]),
        player(DATE, "MIA", "complete", &[]),
    ];
    let (_folder, warehouse) = warehouse(&[
        (player_game(), players),
        (team_offense(), vec![team(DATE, "CHI"), team(DATE, "MIA")]),
        (gamebook_player_stats(), Vec::new()),
        (bdl_player_boxscores(), Vec::new()),
    ])
    .await;
    let found = found(&warehouse).await;
    assert_eq!((found.total.known, &found.total.missing[..]), (1, &[0, 2, 0][..]));
}
