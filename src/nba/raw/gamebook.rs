//! A row of the official gamebook.

use std::str::FromStr;

use super::{BadRow, BoxLine, FeedGame, Listed, PlayerRow, minutes};
use crate::nba::Refused;
use crate::nba::ids::PlayerLookup;
use crate::table::{FieldReader, Row};

/// A player's participation in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayerStatus {
    /// Played.
    Active,
    /// Dressed but didn't play.
    Dnp,
    /// Not dressed.
    Inactive,
}

impl FromStr for PlayerStatus {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "active" => Ok(Self::Active),
            "dnp" => Ok(Self::Dnp),
            "inactive" => Ok(Self::Inactive),
            _ => Err(Refused::new(
                "player_status",
                text,
                "is not active, dnp or inactive",
            )),
        }
    }
}

/// One player listed for one game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GamebookRow<'a> {
    /// The player's participation.
    pub status: PlayerStatus,
    /// The player and, if active, his counts.
    pub row: PlayerRow<'a>,
}

impl<'a> GamebookRow<'a> {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "player_status",
        "game_id",
        "team_abbr",
        "player_lookup",
        "player_name",
        "minutes",
        "points",
        "field_goals_attempted",
        "field_goals_made",
        "three_pointers_attempted",
        "three_pointers_made",
        "free_throws_attempted",
        "free_throws_made",
        "offensive_rebounds",
        "total_rebounds",
        "assists",
        "turnovers",
        "personal_fouls",
        "steals",
        "blocks",
        "defensive_rebounds",
        "plus_minus",
        "processed_at",
    ];

    /// The player of a row of [`Self::COLUMNS`], if he played. The counts aren't parsed.
    ///
    /// # Errors
    /// If a field is invalid: an unknown team, an unreadable game id, no name.
    pub fn listed_active(row: &'a Row) -> Result<Option<Listed<'a>>, BadRow> {
        let (status, listed, _) = Self::listed(&mut FieldReader::new(Self::COLUMNS, row))?;
        Ok((status == PlayerStatus::Active).then_some(listed))
    }

    /// Parses a row of [`Self::COLUMNS`]. A player without a key is identified by the printed name.
    ///
    /// # Errors
    /// If a field is invalid: an unknown team, an unreadable game id, no name, malformed minutes.
    pub fn parse(row: &'a Row) -> Result<Self, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        let (status, Listed { game, team, player }, name) = Self::listed(&mut fields)?;
        let row = PlayerRow {
            game,
            team,
            player,
            name,
            minutes: minutes(fields.optional_text()?)?,
            line: BoxLine::read(&mut fields)?,
            plus_minus: fields.optional_int()?,
            processed_at: fields.optional_timestamp()?,
        };
        Ok(Self { status, row })
    }

    fn listed(fields: &mut FieldReader<'a>) -> Result<(PlayerStatus, Listed<'a>, Option<&'a str>), BadRow> {
        fields.date()?;
        let status = fields.text()?.parse()?;
        let game = FeedGame::parse(fields.text()?)?;
        let team = fields.text()?.parse()?;
        let (lookup, name) = (fields.optional_text()?, fields.optional_text()?);
        let player = PlayerLookup::parse(lookup.or(name).unwrap_or_default())?;
        Ok((status, Listed { game, team, player }, name))
    }

    /// The player, if active.
    #[must_use]
    pub fn into_played(self) -> Option<PlayerRow<'a>> {
        (self.status == PlayerStatus::Active).then_some(self.row)
    }
}
