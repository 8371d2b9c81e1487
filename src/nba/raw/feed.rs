//! The five feeds, and the rows of each that a stage has read.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;

use super::{BdlRow, GamebookRow, PlayByPlayRow, ScheduleRow, TeamBoxRow};
use crate::nba::tables;
use crate::table::{Row, TableDef, rows_on};

/// A raw source of box scores, with its own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// The league's schedule: authoritative for games, home and away.
    Schedule,
    /// Player lines of the official gamebook.
    Gamebook,
    /// Player lines of Ball Don't Lie.
    Bdl,
    /// The official team box score.
    TeamBox,
    /// Shots from the play-by-play.
    PlayByPlay,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 5] = [
        Self::Schedule,
        Self::Gamebook,
        Self::Bdl,
        Self::TeamBox,
        Self::PlayByPlay,
    ];

    /// The name used in fault profiles and stored rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Gamebook => "gamebook",
            Self::Bdl => "bdl",
            Self::TeamBox => "team_box",
            Self::PlayByPlay => "play_by_play",
        }
    }

    /// Parses the name of a feed.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.word() == word)
    }

    /// The name used in a row's `data_sources` and in messages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Schedule => "nbac_schedule",
            Self::Gamebook => "nbac_gamebook",
            Self::Bdl => "bdl",
            Self::TeamBox => "nbac_team_boxscore",
            Self::PlayByPlay => "bigdataball_play_by_play",
        }
    }

    /// The raw table of this feed.
    #[must_use]
    pub fn table(self) -> &'static TableDef {
        match self {
            Self::Schedule => tables::schedule(),
            Self::Gamebook => tables::gamebook_player_stats(),
            Self::Bdl => tables::bdl_player_boxscores(),
            Self::TeamBox => tables::team_boxscore(),
            Self::PlayByPlay => tables::bigdataball_play_by_play(),
        }
    }

    /// The columns to read, in the required order; the date is always first.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Schedule => ScheduleRow::COLUMNS,
            Self::Gamebook => GamebookRow::COLUMNS,
            Self::Bdl => BdlRow::COLUMNS,
            Self::TeamBox => TeamBoxRow::COLUMNS,
            Self::PlayByPlay => PlayByPlayRow::COLUMNS,
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The inputs of a batch of dates: the rows of each feed, ordered by date. Feeds that weren't added are empty.
#[derive(Debug, Default)]
pub struct Feeds {
    rows: [Vec<Row>; Feed::ALL.len()],
}

impl Feeds {
    /// Adds the rows of a feed, in [`Feed::columns`] and ordered by date, as read from a warehouse.
    pub fn put(&mut self, feed: Feed, rows: Vec<Row>) {
        self.rows[feed as usize] = rows;
    }

    /// The rows of one date.
    #[must_use]
    pub fn on(&self, feed: Feed, date: NaiveDate) -> &[Row] {
        rows_on(&self.rows[feed as usize], date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    #[test]
    fn feeds_are_found_by_their_profile_name() {
        #[derive(Deserialize)]
        struct Named {
            feed: Feed,
        }
        for feed in Feed::ALL {
            assert_eq!(Feed::of(feed.word()), Some(feed));
            assert_eq!(
                toml::from_str::<Named>(&format!("feed = \"{feed}\""))
                    .unwrap()
                    .feed,
                feed
            );
        }
        assert_eq!(Feed::of("box_score"), None);
    }

    #[test]
    fn columns_read_exist_in_their_table_with_the_date_first() {
        for feed in Feed::ALL {
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
    fn a_date_gets_its_own_rows_and_an_off_day_gets_none() {
        let day = |number| NaiveDate::from_ymd_opt(2024, 1, number).unwrap();
        let row = |number, team: &str| vec![Value::from(day(number)), Value::from(team.to_owned())];
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
