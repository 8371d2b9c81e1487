//! A finished game with the totals of both teams, from any source.

use crate::nba::TeamMinutes;
use crate::nba::formulas::{Plays, Possessions, true_shooting};
use crate::nba::ids::{GameId, TeamCode};
use crate::nba::raw::{BoxLine, Feed};

/// The range of plausible scores.
const PLAUSIBLE_POINTS: std::ops::RangeInclusive<u32> = 50..=200;

/// A game with totals for both teams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayedGame<'a> {
    /// The id to store: the schedule's, or the one claimed by the team box score.
    pub id: GameId,
    /// The league's ten-digit id.
    pub nba_game_id: Option<&'a str>,
    /// The feed of the totals.
    pub feed: Feed,
    /// Totals of `id.away()`.
    pub away: TeamTotals,
    /// Totals of `id.home()`.
    pub home: TeamTotals,
}

/// A game from the view of one team.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The game of this row.
    pub game: &'a PlayedGame<'a>,
    /// The team.
    pub team: TeamCode,
    /// The opponent.
    pub opponent: TeamCode,
    /// Totals of the team.
    pub own: &'a TeamTotals,
    /// Totals of the opponent.
    pub other: &'a TeamTotals,
}

/// The totals of one team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamTotals {
    /// Points. Required, because there is no winner and no row without them.
    pub points: u32,
    /// All box score counts.
    pub line: BoxLine,
    /// Length of the game, if the feed has the minutes.
    pub length: Option<TeamMinutes>,
}

impl PlayedGame<'_> {
    /// Both sides, in alphabetical order of the teams.
    #[must_use]
    pub fn sides(&self) -> [Side<'_>; 2] {
        let (away, home) = (self.side(self.id.away()), self.side(self.id.home()));
        if away.team < home.team {
            [away, home]
        } else {
            [home, away]
        }
    }

    /// The side of one of the two teams.
    #[must_use]
    pub fn side(&self, team: TeamCode) -> Side<'_> {
        let (own, other) = if team == self.id.home() {
            (&self.home, &self.away)
        } else {
            (&self.away, &self.home)
        };
        Side {
            game: self,
            team,
            opponent: self.id.opponent(team),
            own,
            other,
        }
    }
}

impl Side<'_> {
    /// Whether the team played at home.
    #[must_use]
    pub fn at_home(&self) -> bool {
        self.team == self.game.id.home()
    }

    /// Point difference: own points minus the opponent's.
    #[must_use]
    pub fn margin(&self) -> i64 {
        i64::from(self.own.points) - i64::from(self.other.points)
    }
}

impl TeamTotals {
    /// # Errors
    /// If the points are unknown.
    pub fn new(team: TeamCode, line: BoxLine, length: Option<TeamMinutes>) -> Result<Self, String> {
        let points = line.points.ok_or_else(|| format!("points of {team} unknown"))?;
        Ok(Self { points, line, length })
    }

    /// The team's possessions, if all counts they are estimated from are known.
    #[must_use]
    pub fn possessions(&self) -> Option<Possessions> {
        let line = &self.line;
        Some(Possessions::estimate(
            line.fg_attempts?,
            line.ft_attempts?,
            line.turnovers?,
            line.offensive_rebounds?,
        ))
    }

    /// The team's plays, if all their counts are known.
    #[must_use]
    pub fn plays(&self) -> Option<Plays> {
        Plays::of(&self.line)
    }

    /// Points per 100 possessions.
    #[must_use]
    pub fn rating(&self) -> Option<f64> {
        self.possessions()?.offensive_rating(self.points)
    }

    /// Possessions per 48 minutes.
    #[must_use]
    pub fn pace(&self) -> Option<f64> {
        Some(self.possessions()?.pace(self.length?))
    }

    /// True shooting, if the attempts are known.
    #[must_use]
    pub fn true_shooting(&self) -> Option<f64> {
        true_shooting(self.points, self.line.fg_attempts?, self.line.ft_attempts?)
    }

    /// Number of overtimes, if the length is known.
    #[must_use]
    pub fn overtimes(&self) -> Option<u32> {
        self.length.map(TeamMinutes::overtimes)
    }

    /// The plausibility rules violated by the totals, as issues of the row.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.line.faults();
        if !PLAUSIBLE_POINTS.contains(&self.points) {
            faults.push("points_out_of_range".to_owned());
        }
        faults
    }
}
