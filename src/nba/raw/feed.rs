//! The feeds a stage can ask for, and the rows of them it was given.

use chrono::NaiveDate;

use super::{BdlRow, GamebookRow, ScheduleRow, TeamBoxRow};
use crate::nba::tables;
use crate::table::{Row, TableDef, Value};

/// A feed a stage reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The league's schedule.
    Schedule,
    /// The official gamebook.
    Gamebook,
    /// Ball Don't Lie.
    Bdl,
    /// The official team box score.
    TeamBox,
}

impl Feed {
    const COUNT: usize = 4;

    /// The name a row's `data_sources` and every message give it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Schedule => "nbac_schedule",
            Self::Gamebook => "nbac_gamebook",
            Self::Bdl => "bdl",
            Self::TeamBox => "nbac_team_boxscore",
        }
    }

    /// The raw table it fills.
    #[must_use]
    pub fn table(self) -> &'static TableDef {
        match self {
            Self::Schedule => tables::schedule(),
            Self::Gamebook => tables::gamebook_player_stats(),
            Self::Bdl => tables::bdl_player_boxscores(),
            Self::TeamBox => tables::team_boxscore(),
        }
    }

    /// The columns to read, in the order the rows must come; the date is always first.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Schedule => ScheduleRow::COLUMNS,
            Self::Gamebook => GamebookRow::COLUMNS,
            Self::Bdl => BdlRow::COLUMNS,
            Self::TeamBox => TeamBoxRow::COLUMNS,
        }
    }
}

/// What was read for a batch of dates: the rows of each feed, ordered by date. A feed nobody put in is empty.
#[derive(Debug, Default)]
pub struct Feeds {
    rows: [Vec<Row>; Feed::COUNT],
}

impl Feeds {
    /// Hands over the rows of a feed, in [`Feed::columns`] and ordered by date, as a warehouse reads them.
    pub fn put(&mut self, feed: Feed, rows: Vec<Row>) {
        self.rows[feed as usize] = rows;
    }

    /// The rows of one date.
    #[must_use]
    pub fn on(&self, feed: Feed, date: NaiveDate) -> &[Row] {
        let rows = &self.rows[feed as usize];
        let day = |row: &Row| row.first().and_then(Value::as_date);
        let start = rows.partition_point(|row| day(row) < Some(date));
        let end = start + rows[start..].partition_point(|row| day(row) == Some(date));
        &rows[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEEDS: [Feed; Feed::COUNT] = [Feed::Schedule, Feed::Gamebook, Feed::Bdl, Feed::TeamBox];

    #[test]
    fn every_column_that_is_read_is_in_its_table_and_the_date_comes_first() {
        for feed in FEEDS {
            assert_eq!(feed.columns()[0], feed.table().date_column);
            for column in feed.columns() {
                assert!(
                    feed.table().column(column).is_some(),
                    "{} has no {column}",
                    feed.label()
                );
            }
        }
    }

    #[test]
    fn a_date_gets_its_own_rows_and_a_day_off_gets_none() {
        let day = |number| NaiveDate::from_ymd_opt(2024, 1, number).unwrap();
        let row = |number, team: &str| vec![Value::from(day(number)), Value::from(team)];
        let mut feeds = Feeds::default();
        feeds.put(
            Feed::Bdl,
            vec![row(3, "BOS"), row(5, "LAL"), row(5, "MIA"), row(6, "DEN")],
        );
        assert_eq!(feeds.on(Feed::Bdl, day(5)), [row(5, "LAL"), row(5, "MIA")]);
        assert_eq!(feeds.on(Feed::Bdl, day(6)), [row(6, "DEN")]);
        for number in [2, 4, 7] {
            assert!(feeds.on(Feed::Bdl, day(number)).is_empty());
        }
        assert!(feeds.on(Feed::Gamebook, day(5)).is_empty());
    }
}
