//! A finished game with both teams' totals, whichever source it came from.

use crate::nba::TeamMinutes;
use crate::nba::ids::{GameId, TeamCode};
use crate::nba::raw::{BoxLine, Feed};

/// A game both of whose teams have totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlayedGame<'a> {
    /// Its id as it will be stored: the schedule's, or what the team box score claims.
    pub(super) id: GameId,
    /// The league's ten-digit id.
    pub(super) nba_game_id: Option<&'a str>,
    /// The feed the totals were made from.
    pub(super) feed: Feed,
    /// Totals of `id.away()`.
    pub(super) away: Totals,
    /// Totals of `id.home()`.
    pub(super) home: Totals,
}

/// One team's totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    /// Points, without which there is no winner and no row.
    pub(super) points: u32,
    /// All counts.
    pub(super) line: BoxLine,
    /// Length of the game, when the feed knows the minutes.
    pub(super) length: Option<TeamMinutes>,
}

impl Totals {
    /// # Errors
    /// When nobody knows the points.
    pub(super) fn new(team: TeamCode, line: BoxLine, length: Option<TeamMinutes>) -> Result<Self, String> {
        let points = line.points.ok_or_else(|| format!("points of {team} unknown"))?;
        Ok(Self { points, line, length })
    }

    /// Whether the points contradict the shots made. Unknown shots contradict nothing.
    pub(super) fn contradict_their_shots(&self) -> bool {
        self.line
            .points_from_shots()
            .is_some_and(|points| points != self.points)
    }
}
