//! A row of the schedule.

use super::BadRow;
use crate::nba::Refused;
use crate::nba::ids::TeamCode;
use crate::table::{FieldReader, Row};

/// The progress of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GameStatus {
    /// Not started, in progress, or unknown.
    Open,
    /// Finished, so it counts.
    Final,
}

/// One game of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleRow<'a> {
    /// The progress of the game.
    pub status: GameStatus,
    /// The home team.
    pub home: TeamCode,
    /// The away team.
    pub away: TeamCode,
    /// The league's ten-digit id.
    pub nba_game_id: Option<&'a str>,
}

impl<'a> ScheduleRow<'a> {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "game_status",
        "home_team_tricode",
        "away_team_tricode",
        "nba_game_id",
    ];

    /// Parses a row of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// If a field is invalid or a team is unknown.
    pub fn parse(row: &'a Row) -> Result<Self, BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let status = match fields.optional_int()? {
            Some(3) => GameStatus::Final,
            None | Some(1 | 2) => GameStatus::Open,
            Some(other) => {
                return Err(Refused::new("game_status", &other.to_string(), "is not 1, 2 or 3").into());
            }
        };
        Ok(Self {
            status,
            home: fields.text()?.parse()?,
            away: fields.text()?.parse()?,
            nba_game_id: fields.optional_text()?,
        })
    }
}
