//! No look-ahead: a player's cache on the morning of a game equals averages recomputed from the box scores of earlier
//! games in the season, and of no others.

use backcourt::feeds::league::{PlayerLine, Stat};

use super::player_game::{Played, count, rounded};
use super::{LEAGUE, State, number, rate};

/// The number of randomly drawn rows, and the fixed seed.
const DRAWN: usize = 200;
const SEED: u64 = 20_240_104;

/// Draws rows and compares them. The first day of the season separates its games from the previous season's.
pub fn averages_are_of_earlier_games(state: &State, opener: &str) {
    let box_scores = Played::gather();
    let db = state.warehouse();
    let mut query = db
        .prepare("SELECT * FROM nba_precompute.player_daily_cache ORDER BY cache_date, player_lookup")
        .unwrap();
    let stored: Vec<(String, String, Cached)> = query
        .query_map([], |row| {
            Ok((
                row.get("player_lookup")?,
                row.get("cache_date")?,
                Cached {
                    games: number(row, "games_played_season"),
                    points: ["points_avg_last_5", "points_avg_last_10", "points_avg_season"]
                        .map(|column| rate(row, column)),
                    minutes: rate(row, "minutes_avg_last_10"),
                    usage: ["usage_rate_last_10", "player_usage_rate_season"].map(|column| rate(row, column)),
                    true_shooting: rate(row, "ts_pct_last_10"),
                },
            ))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(
        stored.len() > 10 * DRAWN,
        "{} rows are too few to draw from",
        stored.len()
    );
    let mut chance = fastrand::Rng::with_seed(SEED);
    for (player, date, cached) in chance.choose_multiple(&stored, DRAWN) {
        let earlier = earlier_games(&box_scores, player, opener, date);
        assert_eq!(*cached, Cached::of(&box_scores, &earlier), "{player} on {date}");
    }
}

/// The earlier games in which a player had minutes or points, oldest first.
fn earlier_games(box_scores: &Played, player: &str, opener: &str, date: &str) -> Vec<&'static PlayerLine> {
    let day = |line: &PlayerLine| LEAGUE.game(line.game).unwrap().date().to_string();
    let mut games: Vec<(String, &PlayerLine)> = box_scores
        .lines_of(player)
        .map(|line| (day(line), line))
        .filter(|(day, _)| opener <= day.as_str() && day.as_str() < date)
        .filter(|(_, line)| rounded(box_scores.rates(line).minutes, 1) > 0.0 || count(line, Stat::Pts) > 0.0)
        .collect();
    games.sort_by(|a, b| a.0.cmp(&b.0));
    games.into_iter().map(|(_, line)| line).collect()
}

#[derive(Debug, PartialEq)]
struct Cached {
    games: Option<i64>,
    /// Over 5 games, 10 games and the season.
    points: [Option<f64>; 3],
    minutes: Option<f64>,
    /// Over 10 games and the season.
    usage: [Option<f64>; 2],
    true_shooting: Option<f64>,
}

impl Cached {
    fn of(box_scores: &Played, games: &[&'static PlayerLine]) -> Self {
        let newest = |most: usize| &games[games.len().saturating_sub(most)..];
        let points = |games: &[&PlayerLine]| mean(games.iter().map(|line| Some(count(line, Stat::Pts))), 1);
        let usage = |games: &[&PlayerLine]| mean(games.iter().map(|line| box_scores.rates(line).usage), 2);
        let minutes = |line: &&PlayerLine| Some(rounded(box_scores.rates(line).minutes, 1));
        Self {
            games: i64::try_from(games.len()).ok(),
            points: [points(newest(5)), points(newest(10)), points(games)],
            minutes: mean(newest(10).iter().map(minutes), 1),
            usage: [usage(newest(10)), usage(games)],
            true_shooting: mean(
                newest(10).iter().map(|line| box_scores.rates(line).true_shooting),
                3,
            ),
        }
    }
}

/// The mean of the known values; `None` without any.
fn mean(values: impl Iterator<Item = Option<f64>>, digits: usize) -> Option<f64> {
    let known: Vec<f64> = values.flatten().collect();
    let count = f64::from(u32::try_from(known.len()).unwrap());
    (!known.is_empty()).then(|| rounded(known.iter().sum::<f64>() / count, digits))
}
