//! A row of Ball Don't Lie's player box scores.

use super::{BadRow, BoxLine, FeedGame, Listed, PlayerRow, minutes};
use crate::nba::Minutes;
use crate::nba::ids::PlayerLookup;
use crate::table::{FieldReader, Row};

/// One player of one game. The feed doesn't say who played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BdlRow<'a> {
    /// The player and his counts, with whole minutes.
    pub row: PlayerRow<'a>,
}

impl<'a> BdlRow<'a> {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "game_id",
        "team_abbr",
        "player_lookup",
        "player_full_name",
        "minutes",
        "points",
        "field_goals_attempted",
        "field_goals_made",
        "three_pointers_attempted",
        "three_pointers_made",
        "free_throws_attempted",
        "free_throws_made",
        "offensive_rebounds",
        "rebounds",
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
    /// If a field is invalid: an unknown team, an unreadable game id, no name, malformed minutes.
    pub fn parse(row: &'a Row) -> Result<Self, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let row = PlayerRow {
            game: FeedGame::parse(fields.text()?)?,
            team: fields.text()?.parse()?,
            player: PlayerLookup::parse(fields.text()?)?,
            name: fields.optional_text()?,
            minutes: minutes(fields.optional_text()?)?,
            line: BoxLine::read(&mut fields)?,
            plus_minus: None,
            processed_at: fields.optional_timestamp()?,
        };
        Ok(Self { row })
    }

    /// The player of a row of [`Self::COLUMNS`], if he played.
    ///
    /// # Errors
    /// The errors of [`Self::parse`].
    pub fn listed_played(row: &'a Row) -> Result<Option<Listed<'a>>, BadRow> {
        let played = Self::parse(row)?.into_played();
        Ok(played.map(|row| Listed {
            game: row.game,
            team: row.team,
            player: row.player,
        }))
    }

    /// The player, if he has minutes or any count. Otherwise he didn't play, or too briefly to affect any total.
    #[must_use]
    pub fn into_played(self) -> Option<PlayerRow<'a>> {
        let played = self.row.minutes.unwrap_or_default() > Minutes::default();
        (played || self.row.line.did_anything()).then_some(self.row)
    }
}
