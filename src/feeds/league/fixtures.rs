//! The games with date, home and away team, derived from the lines of all files.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::nba::ids::{GameId, TeamCode};

/// The league's ten-digit game number: 002 regular season, 004 playoffs, 005 play-in, 006 cup final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NbaGameId(u32);

impl NbaGameId {
    /// The number without leading zeros.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for NbaGameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

impl FromStr for NbaGameId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.len() {
            10 if digits && text.starts_with("00") => text.parse().map(Self).map_err(|_| malformed(text)),
            8 if digits => Err(format!(
                "game_id {text:?} has lost its leading zeros; it is written 00{text}"
            )),
            _ => Err(malformed(text)),
        }
    }
}

fn malformed(text: &str) -> String {
    format!("game_id {text:?} is not one of ten digits such as 0022400561")
}

/// One side of a game, as a line states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GameSide {
    pub game: NbaGameId,
    pub date: NaiveDate,
    pub team: TeamCode,
    /// Whether that team played at home.
    pub is_home: bool,
    pub opponent: Option<TeamCode>,
}

/// Games whose lines are consistent with each other.
#[derive(Debug, Default)]
pub struct Fixtures {
    games: BTreeMap<NbaGameId, Sides>,
}

#[derive(Debug, Clone, Copy)]
struct Sides {
    date: NaiveDate,
    home: Option<TeamCode>,
    away: Option<TeamCode>,
}

impl Fixtures {
    /// Adds a side of a game.
    ///
    /// # Errors
    /// If it contradicts an earlier one; the message describes the contradiction.
    pub fn note(&mut self, side: GameSide) -> Result<(), String> {
        let GameSide {
            game,
            date,
            team,
            is_home,
            opponent,
        } = side;
        let known = self.games.entry(game).or_insert(Sides {
            date,
            home: None,
            away: None,
        });
        if known.date != date {
            return Err(format!(
                "game {game} is on {date} here and on {} before",
                known.date
            ));
        }
        if opponent == Some(team) {
            return Err(format!("{team} plays itself"));
        }
        let (home, away) = if is_home {
            (Some(team), opponent)
        } else {
            (opponent, Some(team))
        };
        for (name, place, team) in [("home", &mut known.home, home), ("away", &mut known.away, away)] {
            match (*place, team) {
                (_, None) => {}
                (None, Some(team)) => *place = Some(team),
                (Some(before), Some(team)) if before == team => {}
                (Some(before), Some(team)) => {
                    return Err(format!(
                        "the {name} team of game {game} is {team} here and {before} before"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The games, or the reason for each game that is incomplete or inconsistent.
    pub fn finish(self) -> Result<BTreeMap<NbaGameId, GameId>, Vec<(NbaGameId, String)>> {
        let mut games = BTreeMap::new();
        let mut taken: HashMap<(NaiveDate, TeamCode), NbaGameId> = HashMap::new();
        let mut refused = Vec::new();
        for (nba_id, Sides { date, home, away }) in self.games {
            let (Some(home), Some(away)) = (home, away) else {
                refused.push((nba_id, format!("no line names the second team of game {nba_id}")));
                continue;
            };
            match GameId::new(date, away, home) {
                Ok(game) => games.insert(nba_id, game),
                Err(reason) => {
                    refused.push((nba_id, reason.to_string()));
                    continue;
                }
            };
            for team in [home, away] {
                if let Some(other) = taken.insert((date, team), nba_id) {
                    refused.push((nba_id, format!("{team} plays game {other} on {date} as well")));
                }
            }
        }
        if refused.is_empty() {
            Ok(games)
        } else {
            Err(refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(game: &str, day: u32, team: &str, is_home: bool, opponent: Option<&str>) -> GameSide {
        GameSide {
            game: game.parse().unwrap(),
            date: NaiveDate::from_ymd_opt(2026, 1, day).unwrap(),
            team: team.parse().unwrap(),
            is_home,
            opponent: opponent.map(|team| team.parse().unwrap()),
        }
    }

    #[test]
    fn a_game_needs_one_line_with_an_opponent_or_two_without() {
        let mut fixtures = Fixtures::default();
        fixtures
            .note(side("0022500001", 1, "BOS", false, Some("LAL")))
            .unwrap();
        fixtures.note(side("0022500002", 1, "MIA", true, None)).unwrap();
        fixtures.note(side("0022500002", 1, "GSW", false, None)).unwrap();
        let games: Vec<String> = fixtures
            .finish()
            .unwrap()
            .values()
            .map(GameId::to_string)
            .collect();
        assert_eq!(games, ["20260101_BOS_LAL", "20260101_GSW_MIA"]);
    }

    #[test]
    fn contradicting_lines_are_refused_and_both_are_shown() {
        let mut fixtures = Fixtures::default();
        fixtures
            .note(side("0022500001", 1, "BOS", false, Some("LAL")))
            .unwrap();
        let refusal = |fixtures: &mut Fixtures, line| fixtures.note(line).unwrap_err();
        assert_eq!(
            refusal(&mut fixtures, side("0022500001", 2, "BOS", false, None)),
            "game 0022500001 is on 2026-01-02 here and on 2026-01-01 before"
        );
        assert_eq!(
            refusal(&mut fixtures, side("0022500001", 1, "LAL", false, None)),
            "the away team of game 0022500001 is LAL here and BOS before"
        );
        assert_eq!(
            refusal(&mut fixtures, side("0022500003", 1, "UTA", true, Some("UTA"))),
            "UTA plays itself"
        );
    }

    #[test]
    fn games_with_one_team_and_teams_with_two_games_a_day_are_refused() {
        let mut fixtures = Fixtures::default();
        fixtures
            .note(side("0022500001", 1, "BOS", false, Some("LAL")))
            .unwrap();
        fixtures
            .note(side("0022500002", 1, "BOS", true, Some("MIA")))
            .unwrap();
        fixtures.note(side("0022500003", 1, "UTA", true, None)).unwrap();
        let reasons: Vec<String> = fixtures
            .finish()
            .unwrap_err()
            .into_iter()
            .map(|(_, reason)| reason)
            .collect();
        assert_eq!(
            reasons,
            [
                "BOS plays game 0022500001 on 2026-01-01 as well",
                "no line names the second team of game 0022500003",
            ]
        );
    }

    #[test]
    fn game_numbers_keep_leading_zeros() {
        assert_eq!(
            "0022100001".parse::<NbaGameId>().unwrap().to_string(),
            "0022100001"
        );
        let refusal = "22100001".parse::<NbaGameId>().unwrap_err();
        assert!(
            refusal.ends_with("has lost its leading zeros; it is written 0022100001"),
            "{refusal}"
        );
        assert!("20211019_BKN_MIL".parse::<NbaGameId>().is_err());
        assert!("9922100001".parse::<NbaGameId>().is_err());
    }
}
