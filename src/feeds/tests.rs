//! The five feeds of the built-in league, without faults and as of January 2026.

use crate::partition::Partition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::league::CsvFiles;
use super::*;
use crate::nba::ids::{GameId, SeasonYear};
use crate::table::{TableDef, Value, admit};
use crate::warehouse::sqlite::SqliteWarehouse;
use crate::warehouse::{Dates, Read, Warehouse};

static LEAGUE: LazyLock<Arc<League>> = LazyLock::new(|| Arc::new(league::shipped().unwrap()));

fn rows(feed: Feed, profile: &str) -> impl Iterator<Item = Row> {
    filling(feed, &LEAGUE, &Arc::new(Profile::open(profile).unwrap())).rows
}

fn cell<'a>(table: &TableDef, row: &'a Row, column: &str) -> &'a Value {
    &row[table.position(column).unwrap()]
}

fn text(feed: Feed, row: &Row, column: &str) -> String {
    cell(feed.table(), row, column).to_string()
}

/// These columns of the first row that matches `is`, as one line.
fn first(feed: Feed, profile: &str, columns: &str, is: &[(&str, &str)]) -> String {
    let wanted = |row: &Row| is.iter().all(|&(column, value)| text(feed, row, column) == value);
    let row = rows(feed, profile).find(wanted).unwrap();
    columns
        .split(' ')
        .map(|column| text(feed, &row, column))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn feed_rows_fit_their_tables_and_are_in_date_order() {
    let clean = [
        (Feed::Schedule, 5_796),
        (Feed::Gamebook, 181_261),
        (Feed::Bdl, 123_475),
        (Feed::TeamBox, 11_586),
        (Feed::PlayByPlay, 409_275),
    ];
    for (feed, expected) in clean {
        let date = feed.table().position("game_date").unwrap();
        let (mut count, mut last) = (0, None);
        for row in rows(feed, "none") {
            let day = row[date].as_date();
            assert!(last <= day, "{feed}: {day:?} after {last:?}");
            last = day;
            count += 1;
            if count % 97 == 1 {
                assert_eq!(admit(feed.table(), vec![row]).quarantined, [], "{feed}");
            }
        }
        assert_eq!(count, expected, "{feed}");
    }
}

#[test]
fn feeds_describe_opening_night_in_their_own_formats() {
    let game = ("game_id", "20211019_GSW_LAL");
    let schedule = "game_date nba_game_id season_year game_status home_team_tricode away_team_tricode";
    assert_eq!(
        first(Feed::Schedule, "none", schedule, &[("away_team_tricode", "GSW")]),
        "2021-10-19 0022100002 2021 3 LAL GSW"
    );
    let curry = [game, ("player_lookup", "stephencurry")];
    let gamebook = "player_name team_abbr home_team_abbr player_status minutes points assists steals blocks turnovers \
                    personal_fouls field_goals_made field_goals_attempted three_pointers_made \
                    three_pointers_attempted free_throws_made free_throws_attempted offensive_rebounds \
                    defensive_rebounds total_rebounds plus_minus";
    assert_eq!(
        first(Feed::Gamebook, "none", gamebook, &curry),
        "Stephen Curry GSW LAL active 36:00 21 10 3 0 4 1 5 21 2 8 9 9 1 9 10 4"
    );
    let bdl = "minutes points assists rebounds offensive_rebounds defensive_rebounds steals blocks turnovers \
               personal_fouls field_goals_made field_goals_attempted three_pointers_made three_pointers_attempted \
               free_throws_made free_throws_attempted";
    assert_eq!(
        first(Feed::Bdl, "none", bdl, &curry),
        "36 21 10 10 1 9 3 0 4 1 5 21 2 8 9 9"
    );
    let team = "nba_game_id is_home minutes points fg_made fg_attempted three_pt_made three_pt_attempted ft_made \
                ft_attempted total_rebounds assists turnovers plus_minus";
    assert_eq!(
        first(Feed::TeamBox, "none", team, &[game, ("team_abbr", "GSW")]),
        "0022100002 false 240:00 121 41 93 14 39 25 30 50 30 17 7"
    );
    let shot = "event_subtype player_1_lookup player_1_team_abbr shot_made shot_type shot_distance";
    assert_eq!(
        first(
            Feed::PlayByPlay,
            "none",
            shot,
            &[("game_id", "20211019_BKN_MIL"), ("shot_type", "3PT")]
        ),
        "3pt jump shot graysonallen MIL false 3PT 26"
    );
}

#[test]
fn shooters_have_a_number_prefix_since_october_2024() {
    let shooters = rows(Feed::PlayByPlay, "none").map(|row| {
        let key = text(Feed::PlayByPlay, &row, "player_1_lookup");
        (
            cell(Feed::PlayByPlay.table(), &row, "game_date")
                .as_date()
                .unwrap(),
            key,
        )
    });
    let since = "2024-10-01".parse().unwrap();
    for (date, key) in shooters {
        assert_eq!(
            date >= since,
            key.starts_with(|first: char| first.is_ascii_digit()),
            "{date} {key}"
        );
    }
}

#[test]
fn january_2026_mixes_correct_and_inverted_home_flags() {
    let homes: BTreeMap<String, GameId> = LEAGUE
        .schedule()
        .into_iter()
        .map(|(nba_id, game)| (nba_id.to_string(), game))
        .collect();
    let mut dates: BTreeMap<NaiveDate, BTreeSet<bool>> = BTreeMap::new();
    for row in rows(Feed::TeamBox, "january-2026") {
        let game = homes[&text(Feed::TeamBox, &row, "nba_game_id")];
        let named: GameId = text(Feed::TeamBox, &row, "game_id").parse().unwrap();
        let right = named == game;
        assert_eq!(named.matchup(), game.matchup());
        let flagged = *cell(Feed::TeamBox.table(), &row, "is_home") == Value::Bool(true);
        assert_eq!(
            flagged,
            text(Feed::TeamBox, &row, "team_abbr") == named.home().as_str(),
            "{named}"
        );
        dates.entry(game.date()).or_default().insert(right);
    }
    let mixed = dates.values().filter(|found| found.len() == 2).count();
    assert!(mixed > 600, "{mixed} of {} dates are mixed", dates.len());
}

#[test]
fn january_2026_lacks_team_rows_since_may_2024() {
    let count = |profile: &str| {
        let mut count: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for row in rows(Feed::TeamBox, profile) {
            *count
                .entry(cell(Feed::TeamBox.table(), &row, "game_date").as_date().unwrap())
                .or_default() += 1;
        }
        count
    };
    let (clean, faulty) = (count("none"), count("january-2026"));
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!((clean[&day("2026-01-03")], faulty[&day("2026-01-03")]), (16, 2));
    assert_eq!((clean[&day("2025-12-26")], faulty[&day("2025-12-26")]), (18, 2));
    for (date, rows) in clean.range(..day("2024-05-01")) {
        assert_eq!(faulty.get(date), Some(rows), "{date}");
    }
    let since = |count: &BTreeMap<NaiveDate, usize>| {
        count
            .range(day("2024-05-01")..)
            .map(|(_, rows)| rows)
            .sum::<usize>()
    };
    let kept = since(&faulty) * 100 / since(&clean);
    assert!((58..70).contains(&kept), "{kept} % of the rows are left");
}

#[test]
fn january_2026_has_lost_gamebook_games_complete_in_bdl() {
    let all: BTreeSet<GameId> = LEAGUE.schedule().into_iter().map(|(_, game)| game).collect();
    let gamebook: BTreeSet<GameId> = rows(Feed::Gamebook, "january-2026")
        .map(|row| text(Feed::Gamebook, &row, "game_id").parse().unwrap())
        .collect();
    let lost: BTreeSet<GameId> = all.difference(&gamebook).copied().collect();
    assert!((100..180).contains(&lost.len()), "{} games", lost.len());
    assert!(
        lost.iter()
            .all(|game| [2021, 2022].contains(&SeasonYear::of(game.date()).year()))
    );
    let mut whole: BTreeSet<(NaiveDate, String, String)> = BTreeSet::new();
    for row in rows(Feed::Bdl, "january-2026") {
        let [team, player] = ["team_abbr", "player_lookup"].map(|column| text(Feed::Bdl, &row, column));
        whole.insert((
            cell(Feed::Bdl.table(), &row, "game_date").as_date().unwrap(),
            team,
            player,
        ));
    }
    assert_eq!(whole.len(), 123_475);
}

#[test]
fn january_2026_bdl_repeats_and_renumbers_whole_dates() {
    let mut read: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
    let (mut ids, mut numbered) = (BTreeSet::new(), BTreeSet::new());
    for row in rows(Feed::Bdl, "january-2026") {
        let [id, date, player] =
            ["game_id", "game_date", "player_lookup"].map(|column| text(Feed::Bdl, &row, column));
        if id.parse::<u32>().is_ok_and(|number| number >= 10_000_000) {
            numbered.insert(date.clone());
            ids.insert(id);
        } else {
            assert!(id.parse::<GameId>().is_ok(), "{id}");
        }
        read.entry((date, player)).or_default().push(row);
    }
    let repeated: BTreeSet<&String> = read
        .iter()
        .filter(|(_, rows)| rows.len() == 2)
        .map(|((date, _), _)| date)
        .collect();
    assert!(
        (80..150).contains(&repeated.len()),
        "{} dates repeated",
        repeated.len()
    );
    assert!(
        (100..180).contains(&numbered.len()),
        "{} dates numbered",
        numbered.len()
    );
    assert!(repeated.iter().any(|&date| numbered.contains(date)));
    for ((date, _), rows) in &read {
        assert_eq!(rows.len(), if repeated.contains(date) { 2 } else { 1 }, "{date}");
        if let [first, again] = &rows[..] {
            let (before, stamp) = (
                first.len() - 1,
                Feed::Bdl.table().position("processed_at").unwrap(),
            );
            assert_eq!(first[..before], again[..before]);
            assert!(first[stamp].to_string() < again[stamp].to_string());
        }
    }
    let games = LEAGUE
        .schedule()
        .into_iter()
        .filter(|(_, game)| numbered.contains(&game.date().to_string()));
    assert_eq!(ids.len(), games.count());
}

#[test]
fn flaky_outages_are_on_game_dates() {
    let dates: BTreeSet<NaiveDate> = LEAGUE
        .schedule()
        .into_iter()
        .map(|(_, game)| game.date())
        .collect();
    let flaky = Profile::open("flaky").unwrap();
    assert_eq!(flaky.outages.len(), 3);
    assert!(
        flaky
            .outages
            .iter()
            .all(|outage| dates.contains(&outage.date) && outage.feed == Feed::Gamebook)
    );
    assert!(Profile::open("january-2026").unwrap().outages.is_empty());
}

#[test]
fn the_same_profile_generates_the_same_rows() {
    for feed in [Feed::TeamBox, Feed::Bdl] {
        assert!(
            rows(feed, "january-2026")
                .step_by(31)
                .eq(rows(feed, "january-2026").step_by(31)),
            "{feed}"
        );
    }
}

fn csv(dir: &std::path::Path, text: &str) -> BoxScores {
    let path = dir.join("team_box.csv");
    std::fs::write(&path, text).unwrap();
    BoxScores::Csv(CsvFiles {
        team_box: Some(path),
        ..CsvFiles::default()
    })
}

#[tokio::test]
async fn a_load_fills_all_feeds_and_a_refused_load_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(&dir.path().join("warehouse")).unwrap();
    assert!(!is_loaded(&warehouse).await.unwrap());
    let header = "game_id,game_date,team,opponent,is_home,pts";
    let source = csv(
        dir.path(),
        &format!("{header}\n0022500001,2026-01-01,BOS,LAL,False,110\n"),
    );
    let clean = || Profile::open(source.default_faults()).unwrap();
    let written = AtomicUsize::new(0);
    let report = load(&warehouse, source.read().unwrap(), clean(), &written)
        .await
        .unwrap();
    let rows: Vec<usize> = report.rows.iter().map(|(_, rows)| *rows).collect();
    assert_eq!(
        (report.faults.as_str(), rows, written.load(Ordering::Relaxed)),
        ("none", vec![1, 0, 0, 1, 0], 2)
    );
    assert!(is_loaded(&warehouse).await.unwrap());

    let second = csv(
        dir.path(),
        &format!("{header}\n0022500009,2026-02-01,MIA,UTA,False,1x0\n"),
    );
    let refusal = second.read().unwrap_err().to_string();
    assert!(refusal.starts_with("nothing was loaded; "), "{refusal}");
    assert!(
        refusal.ends_with("line 2: pts \"1x0\" is not a whole number in the valid range"),
        "{refusal}"
    );
    let dates = ["2026-01-01", "2026-02-01"].map(|date| Partition::parse(date).unwrap());
    let read = Read {
        table: Feed::Schedule.table(),
        columns: &["game_date"],
        dates: Dates::Only(&dates),
    };
    assert_eq!(
        warehouse.read(read).await.unwrap(),
        [vec![Value::Date(dates[0].first_day())]]
    );
}

#[test]
fn own_files_have_no_faults_by_default() {
    assert_eq!(BoxScores::Shipped.default_faults(), "january-2026");
    assert_eq!(BoxScores::Csv(CsvFiles::default()).default_faults(), "none");
}
