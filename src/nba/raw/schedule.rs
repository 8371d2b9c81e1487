//! A row of the schedule.

use super::BadRow;
use crate::nba::Refused;
use crate::nba::ids::TeamCode;
use crate::table::{Fields, Row};

/// How far a game is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GameStatus {
    /// Not begun, being played, or unknown.
    Open,
    /// Over: it counts.
    Final,
}

/// One game of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleRow<'a> {
    /// How far it is.
    pub status: GameStatus,
    /// Team at home.
    pub home: TeamCode,
    /// Visiting team.
    pub away: TeamCode,
    /// The league's ten-digit id.
    pub nba_game_id: Option<&'a str>,
}

impl<'a> ScheduleRow<'a> {
    /// The columns read.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "game_status",
        "home_team_tricode",
        "away_team_tricode",
        "nba_game_id",
    ];

    /// Reads a row of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// When a field is not what it should be or a team is none of the thirty.
    pub fn parse(row: &'a Row) -> Result<Self, BadRow> {
        let mut fields = Fields::new(Self::COLUMNS, row);
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
