//! Conversion to raw cells, shared by the feeds.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::league::{Stat, StatCounts};
use crate::nba::ids::{GameId, SeasonYear};
use crate::table::RowBuilder;

/// Columns that are adjacent in both feeds of players.
pub const STEALS_TO_FREE_THROWS: [(&str, Stat); 10] = [
    ("steals", Stat::Stl),
    ("blocks", Stat::Blk),
    ("turnovers", Stat::Tov),
    ("personal_fouls", Stat::Pf),
    ("field_goals_made", Stat::Fgm),
    ("field_goals_attempted", Stat::Fga),
    ("three_pointers_made", Stat::Fg3m),
    ("three_pointers_attempted", Stat::Fg3a),
    ("free_throws_made", Stat::Ftm),
    ("free_throws_attempted", Stat::Fta),
];

/// Adds counts, each in its column.
pub fn push_counts(row: &mut RowBuilder, counts: &StatCounts, columns: &[(&str, Stat)]) {
    for &(column, stat) in columns {
        row.push(column, counts.get(stat).map(i64::from));
    }
}

/// Adds date and season, which are adjacent in most feeds.
pub fn push_day(row: &mut RowBuilder, game: GameId) {
    row.push("game_date", game.date());
    row.push("season_year", SeasonYear::of(game.date()).year());
}

/// The collection time of a feed: this hour, UTC, this many days after the game. Never the current time, so that the
/// same box scores always give the same rows.
pub fn collected(date: NaiveDate, days: u64, hour: u32) -> DateTime<Utc> {
    let day = date.checked_add_days(Days::new(days)).unwrap_or(date);
    day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default())
        .and_utc()
}
