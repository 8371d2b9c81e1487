//! The proof of the whole: team totals rebuilt from the player feeds, clean or as bad as in January 2026, equal the
//! official ones, which the rebuilding never sees.

use std::collections::HashMap;
use std::iter::Peekable;
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::league::{PlayerLine, Stat};
use super::*;
use crate::nba::raw::Feeds;
use crate::nba::tables::team_offense as table;
use crate::nba::team_offense::team_offense;
use crate::nba::{DateOutcome, Source, TeamMinutes};
use crate::table::Value;

static LEAGUE: LazyLock<Arc<League>> = LazyLock::new(|| Arc::new(league::shipped().unwrap()));

const READ: [Feed; 4] = [Feed::Schedule, Feed::Gamebook, Feed::Bdl, Feed::TeamBox];

/// A feed read the way a warehouse reads it: some columns, one date at a time.
struct Reading {
    feed: Feed,
    positions: Vec<usize>,
    rows: Peekable<Box<dyn Iterator<Item = Row> + Send>>,
}

impl Reading {
    fn new(feed: Feed, faults: &Arc<Profile>) -> Self {
        let positions = feed
            .columns()
            .iter()
            .map(|column| feed.table().position(column).unwrap())
            .collect();
        Self {
            feed,
            positions,
            rows: filling(feed, &LEAGUE, faults).rows.peekable(),
        }
    }

    fn on(&mut self, date: NaiveDate, feeds: &mut Feeds) {
        let mut read = Vec::new();
        let at = self.positions[0];
        while let Some(row) = self.rows.next_if(|row| row[at].as_date() == Some(date)) {
            read.push(
                self.positions
                    .iter()
                    .map(|&position| row[position].clone())
                    .collect(),
            );
        }
        feeds.put(self.feed, read);
    }
}

fn outcomes(profile: &str, source: Source) -> impl Iterator<Item = (NaiveDate, DateOutcome)> {
    let faults = Arc::new(Profile::open(profile).unwrap());
    let mut readings: Vec<Reading> = READ.iter().map(|&feed| Reading::new(feed, &faults)).collect();
    let mut dates: Vec<NaiveDate> = LEAGUE.schedule().iter().map(|(_, game)| game.date()).collect();
    dates.dedup();
    dates.into_iter().map(move |date| {
        let mut feeds = Feeds::default();
        for reading in &mut readings {
            reading.on(date, &mut feeds);
        }
        (date, team_offense(date, source, &feeds))
    })
}

fn cell(row: &Row, column: &str) -> Value {
    row[table().position(column).unwrap()].clone()
}

fn rebuilt_equals_the_official_totals(profile: &str) {
    let official: HashMap<(String, String), &league::TeamLine> = LEAGUE
        .teams
        .iter()
        .map(|line| {
            (
                (LEAGUE.game(line.game).unwrap().to_string(), line.team.to_string()),
                line,
            )
        })
        .collect();
    let mut turnovers: HashMap<(String, String), i64> = HashMap::new();
    for PlayerLine {
        game, team, counts, ..
    } in &LEAGUE.players
    {
        let key = (LEAGUE.game(*game).unwrap().to_string(), team.to_string());
        *turnovers.entry(key).or_default() += counts.get(Stat::Tov).map_or(0, i64::from);
    }
    let totals = [
        ("points_scored", Stat::Pts),
        ("fg_makes", Stat::Fgm),
        ("fg_attempts", Stat::Fga),
        ("three_pt_makes", Stat::Fg3m),
        ("three_pt_attempts", Stat::Fg3a),
        ("ft_makes", Stat::Ftm),
        ("ft_attempts", Stat::Fta),
        ("rebounds", Stat::Reb),
        ("assists", Stat::Ast),
    ];
    let (mut rows, mut compared, mut unrated, mut overtime) = (0, 0, 0, 0);
    for (date, outcome) in outcomes(profile, Source::Reconstruct { forced: false }) {
        assert_eq!(outcome.missing, [] as [&str; 0], "{date}");
        for row in &outcome.rows {
            rows += 1;
            let key = (
                cell(row, "game_id").to_string(),
                cell(row, "team_abbr").to_string(),
            );
            assert_eq!(cell(row, "turnovers"), Value::Int(turnovers[&key]), "{key:?}");
            assert_eq!(
                cell(row, "home_game"),
                Value::Bool(key.0.ends_with(&key.1)),
                "{key:?}"
            );
            unrated += u32::from(cell(row, "offensive_rating") == Value::Null);
            let Some(line) = official.get(&key) else { continue };
            compared += 1;
            for (column, stat) in totals {
                assert_eq!(
                    cell(row, column),
                    line.counts.get(stat).map(i64::from).into(),
                    "{key:?} {column}"
                );
            }
            let overtimes = TeamMinutes::nearest(line.minutes.unwrap()).overtimes();
            assert_eq!(
                cell(row, "overtime_periods"),
                Value::Int(overtimes.into()),
                "{key:?}"
            );
            assert_eq!(
                cell(row, "margin_of_victory"),
                line.plus_minus.map(i64::from).into(),
                "{key:?}"
            );
            overtime += u32::from(overtimes > 0);
        }
    }
    assert_eq!((rows, compared, unrated, overtime), (11_592, 11_586, 168, 600));
}

#[test]
fn clean_feeds_rebuild_the_official_totals() {
    rebuilt_equals_the_official_totals("none");
}

#[test]
fn the_feeds_of_january_2026_rebuild_the_official_totals() {
    rebuilt_equals_the_official_totals("january-2026");
}

#[test]
fn the_team_box_score_of_january_2026_does_not_do() {
    let (mut missing, mut reversed) = (0, 0);
    let games: Vec<String> = LEAGUE
        .schedule()
        .iter()
        .map(|(_, game)| game.to_string())
        .collect();
    for (_, outcome) in outcomes("january-2026", Source::Boxscore) {
        missing += outcome.expected - u32::try_from(outcome.rows.len()).unwrap();
        reversed += outcome
            .rows
            .iter()
            .filter(|row| !games.contains(&cell(row, "game_id").to_string()))
            .count();
    }
    assert!(missing > 1_500, "only {missing} rows are missing");
    assert!(
        reversed > 4_000,
        "only {reversed} rows have their teams the wrong way round"
    );
}
