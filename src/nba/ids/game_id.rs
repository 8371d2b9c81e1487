//! The canonical game id, `YYYYMMDD_AWAY_HOME`, and the pair of teams in it.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::TeamCode;
use crate::nba::Refused;

/// A game: date, away team and home team. Formatted as `YYYYMMDD_AWAY_HOME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GameId {
    date: NaiveDate,
    away: TeamCode,
    home: TeamCode,
}

/// The two teams of a game, without home and away. Reliable even in a feed that swaps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Matchup {
    first: TeamCode,
    second: TeamCode,
}

impl GameId {
    /// The game of `away` at `home`.
    ///
    /// # Errors
    /// If both are the same team.
    pub fn new(date: NaiveDate, away: TeamCode, home: TeamCode) -> Result<Self, Refused> {
        if away == home {
            return Err(Refused::new(
                "game",
                away.as_str(),
                "has the same team on both sides",
            ));
        }
        Ok(Self { date, away, home })
    }

    /// Date of the game.
    #[must_use]
    pub const fn date(self) -> NaiveDate {
        self.date
    }

    /// The away team.
    #[must_use]
    pub const fn away(self) -> TeamCode {
        self.away
    }

    /// The home team.
    #[must_use]
    pub const fn home(self) -> TeamCode {
        self.home
    }

    /// The opponent of `team`, which must be one of the two.
    #[must_use]
    pub fn opponent(self, team: TeamCode) -> TeamCode {
        if team == self.home { self.away } else { self.home }
    }

    /// The two teams, without home and away.
    #[must_use]
    pub fn matchup(self) -> Matchup {
        Matchup {
            first: self.away.min(self.home),
            second: self.away.max(self.home),
        }
    }

    /// `AWAY@HOME`, for messages about one date.
    #[must_use]
    pub fn teams(self) -> String {
        format!("{}@{}", self.away, self.home)
    }
}

impl Matchup {
    /// Whether this team plays in the game.
    #[must_use]
    pub fn includes(self, team: TeamCode) -> bool {
        team == self.first || team == self.second
    }
}

impl fmt::Display for GameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.date.year(), self.date.month(), self.date.day());
        write!(f, "{year:04}{month:02}{day:02}_{}_{}", self.away, self.home)
    }
}

impl FromStr for GameId {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let parse = || {
            let mut parts = text.split('_');
            let (date, away, home) = (parts.next()?, parts.next()?, parts.next()?);
            let date = calendar_day(date)?;
            let id = Self::new(date, away.parse().ok()?, home.parse().ok()?).ok()?;
            parts.next().is_none().then_some(id)
        };
        parse().ok_or_else(|| Refused::new("game id", text, "does not read YYYYMMDD_AWAY_HOME"))
    }
}

fn calendar_day(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    NaiveDate::from_ymd_opt(
        text[..4].parse().ok()?,
        text[4..6].parse().ok()?,
        text[6..].parse().ok()?,
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn game_ids_round_trip() {
        let id: GameId = "20240104_DEN_GSW".parse().unwrap();
        assert_eq!(id.date(), NaiveDate::from_ymd_opt(2024, 1, 4).unwrap());
        assert_eq!((id.away().as_str(), id.home().as_str()), ("DEN", "GSW"));
        assert_eq!(id.to_string(), "20240104_DEN_GSW");
        assert_eq!(id.teams(), "DEN@GSW");
        assert_eq!(
            (id.opponent(id.home()), id.opponent(id.away())),
            (id.away(), id.home())
        );
    }

    #[test]
    fn a_reversed_id_is_another_game_of_the_same_matchup() {
        let id: GameId = "20240104_DEN_GSW".parse().unwrap();
        let reversed: GameId = "20240104_GSW_DEN".parse().unwrap();
        assert_ne!(id, reversed);
        assert_eq!(id.matchup(), reversed.matchup());
        assert!(id.matchup().includes(id.home()));
        assert!(!id.matchup().includes("LAL".parse().unwrap()));
    }

    #[rstest]
    #[case::numeric("18447218")]
    #[case::no_such_day("20230229_DEN_GSW")]
    #[case::foreign_team("20240218_EST_WST")]
    #[case::one_team("20240104_GSW_GSW")]
    #[case::too_long("20240104_DEN_GSW_1")]
    #[case::signed("+2240104_DEN_GSW")]
    #[case::empty("")]
    fn malformed_game_ids_are_refused(#[case] text: &str) {
        let refused = text.parse::<GameId>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("game id {text:?} does not read YYYYMMDD_AWAY_HOME")
        );
    }
}
