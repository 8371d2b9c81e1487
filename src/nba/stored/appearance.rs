//! The players of a date, from `player_game_summary`: only who, for which team and where, not how the game ended.

use crate::nba::Refused;
use crate::nba::ids::{GameId, TeamCode};
use crate::nba::raw::BadRow;
use crate::table::{FieldReader, Row, RowBuilder, TableDef};

/// A player with a game on the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance<'a> {
    /// The player's key.
    pub player: &'a str,
    /// Player id in the registry.
    pub universal_player_id: Option<&'a str>,
    /// The game of this row.
    pub game: GameId,
    /// The player's team.
    pub team: TeamCode,
}

impl<'a> Appearance<'a> {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "player_lookup",
        "universal_player_id",
        "game_id",
        "team_abbr",
    ];

    /// Parses a row of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// If a field is invalid, or the team doesn't play in the game.
    pub fn parse(row: &'a Row) -> Result<Self, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let player = fields.text()?;
        let universal_player_id = fields.optional_text()?;
        let game: GameId = fields.text()?.parse()?;
        let team: TeamCode = fields.text()?.parse()?;
        if !game.matchup().includes(team) {
            return Err(Refused::new("team", team.as_str(), "does not play in the row's game").into());
        }
        Ok(Self {
            player,
            universal_player_id,
            game,
            team,
        })
    }

    /// Whether the player's team is at home.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.team == self.game.home()
    }

    /// The opponent.
    #[must_use]
    pub fn opponent(&self) -> TeamCode {
        if self.is_home() {
            self.game.away()
        } else {
            self.game.home()
        }
    }

    /// Begins a Phase-4 row of this player: key, registry id and date.
    #[must_use]
    pub fn begin_row(&self, table: &'static TableDef) -> RowBuilder {
        let mut row = RowBuilder::new(table);
        row.push("player_lookup", self.player.to_owned());
        row.push("universal_player_id", self.universal_player_id.map(str::to_owned));
        row.push(&table.date_column, self.game.date());
        row
    }
}
