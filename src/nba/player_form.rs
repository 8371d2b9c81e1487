//! A player's recent form: averages over the last games of the season strictly before a date, rounded as in the daily
//! cache.

use chrono::NaiveDate;

use super::GameLog;
use super::averages::{mean, sample_deviation};
use super::rounding::rounded;
use super::stored::{FORM, PlayerGame};

/// Number of games in the shortest average.
pub(super) const LATEST: usize = 5;

/// A player's form on the morning of a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlayerForm {
    /// Points per game over the last 5 games.
    pub(super) points_last_5: Option<f64>,
    /// Points per game over the last 10 games.
    pub(super) points_last_10: Option<f64>,
    /// Points per game over the season.
    pub(super) points_season: Option<f64>,
    /// Standard deviation of the points of the last 10 games.
    pub(super) points_deviation: Option<f64>,
    /// Minutes per game over the last 10 games.
    pub(super) minutes_last_10: Option<f64>,
    /// Usage rate over the last 10 games, percent.
    pub(super) usage_last_10: Option<f64>,
    /// Usage rate over the season, percent.
    pub(super) usage_season: Option<f64>,
    /// True shooting over the last 10 games, a fraction.
    pub(super) shooting_last_10: Option<f64>,
}

impl PlayerForm {
    pub(super) fn of(log: &GameLog<PlayerGame>, date: NaiveDate) -> Self {
        let season = log.before(date);
        let (last_5, last_10) = (log.newest(LATEST, date), log.newest(FORM, date));
        let points = |games: &[PlayerGame]| rounded(mean(points(games)), 1);
        let usage = |games: &[PlayerGame]| rounded(mean(games.iter().filter_map(|game| game.usage_rate)), 2);
        Self {
            points_last_5: points(last_5),
            points_last_10: points(last_10),
            points_season: points(season),
            points_deviation: rounded(sample_deviation(self::points(last_10)), 2),
            minutes_last_10: rounded(mean(last_10.iter().filter_map(|game| game.minutes)), 1),
            usage_last_10: usage(last_10),
            usage_season: usage(season),
            shooting_last_10: rounded(mean(last_10.iter().filter_map(|game| game.ts_pct)), 3),
        }
    }
}

/// The points of the games whose points are known.
pub(super) fn points(games: &[PlayerGame]) -> impl DoubleEndedIterator<Item = f64> + Clone {
    games.iter().filter_map(|game| game.points).map(f64::from)
}
