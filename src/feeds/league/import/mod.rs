//! Imports box scores from the operator's CSV files, which have the columns of the built-in league. Every invalid row
//! is listed with line and reason. If there is any, nothing is imported, because a partial league is worse than none.

mod cells;
mod file;
mod findings;
mod player_box;
mod shots;
mod team_box;
#[cfg(test)]
mod tests;

pub use findings::Rejected;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::League;
use findings::ImportFindings;

/// The files to read. At least one of player box and team box is required, because they define the games.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvFiles {
    /// One row per player and game.
    pub player_box: Option<PathBuf>,
    /// One row per team and game.
    pub team_box: Option<PathBuf>,
    /// One row per shot, for games in the other files.
    pub shots: Option<PathBuf>,
}

/// A rejected import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRefused {
    /// Every rejected row or file, in reading order.
    pub rejected: Vec<Rejected>,
}

impl CsvFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// If a file can't be read, a column is unknown, a required column is missing, or any row is invalid.
    pub fn read(&self) -> Result<League, CsvRefused> {
        let mut found = ImportFindings::default();
        let players = self
            .player_box
            .as_deref()
            .map(|path| player_box::read(path, &mut found));
        let teams = self
            .team_box
            .as_deref()
            .map(|path| team_box::read(path, &mut found));
        if let (None, None, Some(shots)) = (&players, &teams, &self.shots) {
            let reason = "--shots needs --player-box or --team-box too, to know the home team";
            found.reject(shots, None, reason);
            return Err(CsvRefused {
                rejected: found.rejected,
            });
        }
        let games = found.games();
        let shots = self
            .shots
            .as_deref()
            .map(|path| shots::read(path, games.as_ref(), &mut found));
        let (shots, actions) = shots.unwrap_or_default();
        match games {
            Some(games) if found.rejected.is_empty() => {
                let (players, teams) = (players.unwrap_or_default(), teams.unwrap_or_default());
                Ok(League {
                    games,
                    people: found.people,
                    actions,
                    players,
                    teams,
                    shots,
                }
                .in_schedule_order())
            }
            _ => Err(CsvRefused {
                rejected: found.rejected,
            }),
        }
    }
}

impl fmt::Display for CsvRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nothing was loaded; correct this and load again ({} in total):",
            self.rejected.len()
        )?;
        self.rejected
            .iter()
            .try_for_each(|rejected| write!(f, "\n  {rejected}"))
    }
}

impl std::error::Error for CsvRefused {}
