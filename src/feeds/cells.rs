//! Conversion to raw cells, shared by the feeds.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::league::{Counts, Stat};
use crate::nba::ids::{GameId, SeasonYear};
use crate::table::Value;

/// The counts in the order of a table's columns.
pub fn counted<const N: usize>(counts: &Counts, stats: [Stat; N]) -> [Value; N] {
    stats.map(|stat| counts.get(stat).map(i64::from).into())
}

/// Date and season, which are adjacent in most feeds.
pub fn day(game: GameId) -> [Value; 2] {
    [game.date().into(), SeasonYear::of(game.date()).year().into()]
}

/// The collection time of a feed: this hour, UTC, this many days after the game. Never the current time, so that the
/// same box scores always give the same rows.
pub fn collected(date: NaiveDate, days: u64, hour: u32) -> DateTime<Utc> {
    let day = date.checked_add_days(Days::new(days)).unwrap_or(date);
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
        .and_utc()
}
