//! Team statistics per game, from `team_offense_game_summary`.

use chrono::NaiveDate;

use super::FORM;
use crate::nba::averages::mean;
use crate::nba::ids::TeamCode;
use crate::nba::raw::BadRow;
use crate::nba::{Dated, GameLog};
use crate::table::{FieldReader, Row};

/// A game of a team.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TeamGame {
    /// Date of the game.
    pub date: NaiveDate,
    /// Possessions per 48 minutes.
    pub pace: Option<f64>,
    /// Points per 100 possessions.
    pub offensive_rating: Option<f64>,
    /// Whether the team won.
    pub won: bool,
}

impl Dated for TeamGame {
    fn date(&self) -> NaiveDate {
        self.date
    }
}

/// The games of every team, oldest first.
#[derive(Debug, Clone, Default)]
pub struct TeamLogs([GameLog<TeamGame>; TeamCode::COUNT]);

impl TeamLogs {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] =
        &["game_date", "team_abbr", "pace", "offensive_rating", "win_flag"];

    /// Reads rows of [`Self::COLUMNS`], ordered by date.
    ///
    /// # Errors
    /// If a row has an invalid field.
    pub fn read(rows: &[Row]) -> Result<Self, BadRow> {
        let mut logs = Self::default();
        for row in rows {
            let mut fields = FieldReader::new(Self::COLUMNS, row);
            let date = fields.date()?;
            let team: TeamCode = fields.text()?.parse()?;
            logs.0[team.index()].enter(TeamGame {
                date,
                pace: fields.optional_number()?,
                offensive_rating: fields.optional_number()?,
                won: fields.bool()?,
            });
        }
        Ok(logs)
    }

    /// The team's games.
    #[must_use]
    pub const fn of(&self, team: TeamCode) -> &GameLog<TeamGame> {
        &self.0[team.index()]
    }

    /// Mean pace of the team over its last ten games of the season before the date.
    #[must_use]
    pub fn pace(&self, team: TeamCode, date: NaiveDate) -> Option<f64> {
        mean(self.form(team, date).iter().filter_map(|game| game.pace))
    }

    /// Mean offensive rating of the team over its last ten games of the season before the date.
    #[must_use]
    pub fn offensive_rating(&self, team: TeamCode, date: NaiveDate) -> Option<f64> {
        mean(
            self.form(team, date)
                .iter()
                .filter_map(|game| game.offensive_rating),
        )
    }

    fn form(&self, team: TeamCode, date: NaiveDate) -> &[TeamGame] {
        self.of(team).newest(FORM, date)
    }
}
