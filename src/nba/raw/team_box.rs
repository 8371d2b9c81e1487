//! A row of the official team box score.

use chrono::{DateTime, Utc};

use super::{BadRow, BoxLine, FeedGame, minutes};
use crate::nba::ids::TeamCode;
use crate::nba::{Minutes, TeamMinutes};
use crate::table::{FieldReader, Row};

/// One team of one game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamBoxRow {
    /// The game of this row.
    pub game: FeedGame,
    /// The team.
    pub team: TeamCode,
    /// Whether the feed lists the team as home; often wrong.
    pub is_home: bool,
    /// The player-minutes in the feed.
    pub minutes: Option<Minutes>,
    /// The counts.
    pub line: BoxLine,
    /// When the feed was collected.
    pub processed_at: Option<DateTime<Utc>>,
}

impl TeamBoxRow {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "game_id",
        "team_abbr",
        "is_home",
        "minutes",
        "points",
        "fg_attempted",
        "fg_made",
        "three_pt_attempted",
        "three_pt_made",
        "ft_attempted",
        "ft_made",
        "offensive_rebounds",
        "total_rebounds",
        "assists",
        "turnovers",
        "personal_fouls",
        "steals",
        "blocks",
        "defensive_rebounds",
        "processed_at",
    ];

    /// Parses a row of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// If a field is invalid: an unknown team, an unreadable game id, malformed minutes.
    pub fn parse(row: &Row) -> Result<Self, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        Ok(Self {
            game: FeedGame::parse(fields.text()?)?,
            team: fields.text()?.parse()?,
            is_home: fields.bool()?,
            minutes: minutes(fields.optional_text()?)?,
            line: BoxLine::read(&mut fields)?,
            processed_at: fields.optional_timestamp()?,
        })
    }

    /// The length of the game. Official totals are off by up to three minutes in some games.
    #[must_use]
    pub fn length(&self) -> Option<TeamMinutes> {
        self.minutes.map(TeamMinutes::nearest)
    }
}
