//! A finished game with both teams' totals, whichever source it came from.

use crate::nba::TeamMinutes;
use crate::nba::formulas::{Plays, Possessions, true_shooting};
use crate::nba::ids::{GameId, TeamCode};
use crate::nba::raw::{BoxLine, Feed};

/// Scores outside are not believed.
const BELIEVABLE_POINTS: std::ops::RangeInclusive<u32> = 50..=200;

/// A game both of whose teams have totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayedGame<'a> {
    /// Its id as it will be stored: the schedule's, or what the team box score claims.
    pub id: GameId,
    /// The league's ten-digit id.
    pub nba_game_id: Option<&'a str>,
    /// The feed the totals were made from.
    pub feed: Feed,
    /// Totals of `id.away()`.
    pub away: Totals,
    /// Totals of `id.home()`.
    pub home: Totals,
}

/// A game as one of its teams sees it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The game.
    pub game: &'a PlayedGame<'a>,
    /// The team.
    pub team: TeamCode,
    /// The other team.
    pub opponent: TeamCode,
    /// Totals of the team.
    pub own: &'a Totals,
    /// Totals of the other team.
    pub other: &'a Totals,
}

/// One team's totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Points, without which there is no winner and no row.
    pub points: u32,
    /// All counts.
    pub line: BoxLine,
    /// Length of the game, when the feed knows the minutes.
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

    /// The side of one of its teams.
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
    /// Whether the team was at home.
    #[must_use]
    pub fn at_home(&self) -> bool {
        self.team == self.game.id.home()
    }

    /// Own points less the opponent's.
    #[must_use]
    pub fn margin(&self) -> i64 {
        i64::from(self.own.points) - i64::from(self.other.points)
    }
}

impl Totals {
    /// # Errors
    /// When nobody knows the points.
    pub fn new(team: TeamCode, line: BoxLine, length: Option<TeamMinutes>) -> Result<Self, String> {
        let points = line.points.ok_or_else(|| format!("points of {team} unknown"))?;
        Ok(Self { points, line, length })
    }

    /// The team's possessions, when all they are estimated from is known.
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

    /// What the team did with the ball, when all of it is known.
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

    /// True shooting.
    #[must_use]
    pub fn true_shooting(&self) -> Option<f64> {
        true_shooting(self.points, self.line.fg_attempts?, self.line.ft_attempts?)
    }

    /// Overtimes played.
    #[must_use]
    pub fn overtimes(&self) -> Option<u32> {
        self.length.map(TeamMinutes::overtimes)
    }

    /// The plausibility rules the totals break, in the words of a row's issues.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.line.faults();
        if !BELIEVABLE_POINTS.contains(&self.points) {
            faults.push("points_out_of_range".to_owned());
        }
        faults
    }
}
