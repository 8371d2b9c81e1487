//! A fault profile: a TOML file, documented in `docs/nba.md`.

use std::fs;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::Share;
use crate::feeds::Feed;
use crate::feeds::league::NbaGameId;
use crate::nba::ids::{GameId, SeasonYear, TeamCode};
use crate::plan::{near_miss, toml_mistake};

const SHIPPED: [(&str, &str); 3] = [
    ("none", include_str!("../../../assets/faults/none.toml")),
    (
        "january-2026",
        include_str!("../../../assets/faults/january-2026.toml"),
    ),
    ("flaky", include_str!("../../../assets/faults/flaky.toml")),
];

/// The faults of all feeds. None by default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// The name or path it was opened by.
    #[serde(skip)]
    pub name: String,
    /// A description in one sentence.
    pub about: String,
    /// Dates on which a feed fails at first.
    pub outages: Vec<Outage>,
    team_box: TeamBox,
    gamebook: Gamebook,
    bdl: Bdl,
}

/// A date on which the first reads fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// The feed that fails.
    pub feed: Feed,
    /// The date of the failing reads.
    pub date: NaiveDate,
    /// How many reads fail before one succeeds.
    pub failing_reads: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TeamBox {
    inverted_home_flag: Option<GameFault>,
    lost_rows: Option<GameFault>,
    only: Vec<PartialDate>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Gamebook {
    lost_games: Option<GameFault>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Bdl {
    numeric_ids: Option<GameFault>,
    repeated_rows: Option<GameFault>,
}

/// A fault that affects a share of the games or dates in a period.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GameFault {
    share: Share,
    from: Option<NaiveDate>,
    seasons: Option<Vec<i64>>,
}

/// A date with rows for these games only.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartialDate {
    date: NaiveDate,
    #[serde(deserialize_with = "game_ids")]
    games: Vec<GameId>,
}

/// A profile that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault profile {name} {reason}")]
pub struct ProfileError {
    /// The requested name or path.
    pub name: String,
    /// What is wrong, and what to do next.
    pub reason: String,
}

impl Profile {
    /// The names of the built-in profiles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.into_iter().map(|(name, _)| name)
    }

    /// Opens the built-in profile of this name, or else the file at this path.
    ///
    /// # Errors
    /// If neither exists, or the file isn't a valid profile.
    pub fn open(name: &str) -> Result<Self, ProfileError> {
        if let Some((_, text)) = SHIPPED.into_iter().find(|&(shipped, _)| shipped == name) {
            return Self::parse(name, text);
        }
        let text = fs::read_to_string(name).map_err(|error| {
            let near = near_miss(name, Self::names()).map(|near| format!("; did you mean '{near}'?"));
            let known = Self::names().collect::<Vec<_>>().join(", ");
            let reason = format!("is neither one of {known} nor a readable file ({error})");
            ProfileError {
                name: name.to_owned(),
                reason: reason + &near.unwrap_or_default(),
            }
        })?;
        Self::parse(name, &text)
    }

    /// Parses a profile.
    ///
    /// # Errors
    /// If the text isn't TOML or has an unknown key or value; the message has the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let profile = toml::from_str::<Self>(text).map_err(|error| ProfileError {
            name: name.to_owned(),
            reason: toml_mistake(text, &error),
        })?;
        Ok(Self {
            name: name.to_owned(),
            ..profile
        })
    }

    /// Whether the team box score swaps home and away in this game.
    #[must_use]
    pub fn inverts_home_flag(&self, nba_id: NbaGameId, game: GameId) -> bool {
        affects(
            self.team_box.inverted_home_flag.as_ref(),
            "inverted_home_flag",
            game.date(),
            nba_id,
        )
    }

    /// Whether the team box score is missing this team's row.
    #[must_use]
    pub fn loses_team_row(&self, nba_id: NbaGameId, game: GameId, team: TeamCode) -> bool {
        let only = self.team_box.only.iter().find(|only| only.date == game.date());
        only.map_or_else(
            || {
                affects(
                    self.team_box.lost_rows.as_ref(),
                    "lost_rows",
                    game.date(),
                    format!("{nba_id} {team}"),
                )
            },
            |only| !only.games.contains(&game),
        )
    }

    /// Whether the gamebook is missing this game.
    #[must_use]
    pub fn loses_gamebook(&self, nba_id: NbaGameId, game: GameId) -> bool {
        affects(
            self.gamebook.lost_games.as_ref(),
            "lost_games",
            game.date(),
            nba_id,
        )
    }

    /// Whether bdl uses its own game numbers on this date.
    #[must_use]
    pub fn numbers_bdl(&self, date: NaiveDate) -> bool {
        affects(self.bdl.numeric_ids.as_ref(), "numeric_ids", date, date)
    }

    /// Whether bdl duplicates all rows of this date.
    #[must_use]
    pub fn repeats_bdl(&self, date: NaiveDate) -> bool {
        affects(self.bdl.repeated_rows.as_ref(), "repeated_rows", date, date)
    }
}

fn affects(fault: Option<&GameFault>, name: &str, date: NaiveDate, key: impl std::fmt::Display) -> bool {
    fault.is_some_and(|GameFault { share, from, seasons }| {
        from.is_none_or(|from| from <= date)
            && seasons
                .as_ref()
                .is_none_or(|seasons| seasons.contains(&SeasonYear::of(date).year()))
            && share.affects(name, key)
    })
}

fn game_ids<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<GameId>, D::Error> {
    let texts = Vec::<String>::deserialize(source)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Profile::parse("mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn shipped_profiles_parse_and_have_a_description() {
        for name in Profile::names() {
            let profile = Profile::open(name).unwrap();
            assert_eq!(profile.name, name);
            assert!(profile.about.ends_with('.'), "{name}");
        }
        let clean = Profile {
            about: String::new(),
            name: String::new(),
            ..Profile::open("none").unwrap()
        };
        assert_eq!(clean, Profile::default());
    }

    #[test]
    fn a_bad_profile_is_refused_with_its_line() {
        assert_eq!(
            refusal("about = \"x\"\n[bdl.numeric_id]\nshare = 0.1\n"),
            "fault profile mine.toml line 2: unknown field `numeric_id`; did you mean 'numeric_ids'?"
        );
        assert_eq!(
            refusal("[[outages]]\nfeed = \"gamebok\"\n"),
            "fault profile mine.toml line 2: unknown variant `gamebok`; did you mean 'gamebook'?"
        );
        let share = refusal("[gamebook.lost_games]\nshare = 2\n");
        assert_eq!(
            share,
            "fault profile mine.toml line 2: a share of 2 is not between 0 and 1"
        );
        let game = refusal("[[team_box.only]]\ndate = \"2026-01-03\"\ngames = [\"MIN_MIA\"]\n");
        assert!(game.contains("line 3: game id \"MIN_MIA\""), "{game}");
        assert!(refusal("[bdl").starts_with("fault profile mine.toml line 1: "));
    }

    #[test]
    fn an_unknown_profile_gets_a_hint() {
        let refusal = Profile::open("januar-2026").unwrap_err().to_string();
        assert!(
            refusal.starts_with("fault profile januar-2026 is neither one of none, january-2026, flaky"),
            "{refusal}"
        );
        assert!(refusal.ends_with("; did you mean 'january-2026'?"), "{refusal}");
    }

    #[test]
    fn a_fault_applies_only_to_its_seasons_and_dates() {
        let profile = Profile::parse(
            "mine.toml",
            "[gamebook.lost_games]\nshare = 1\nseasons = [2022]\n[team_box.lost_rows]\nshare = 1\nfrom = \"2023-01-02\"\n",
        );
        let profile = profile.unwrap();
        let nba_id: NbaGameId = "0022200001".parse().unwrap();
        let affected = |game: &str| {
            let game: GameId = game.parse().unwrap();
            (
                profile.loses_gamebook(nba_id, game),
                profile.loses_team_row(nba_id, game, game.home()),
            )
        };
        assert_eq!(affected("20220930_BOS_LAL"), (false, false));
        assert_eq!(affected("20230101_BOS_LAL"), (true, false));
        assert_eq!(affected("20230102_BOS_LAL"), (true, true));
        assert_eq!(affected("20231024_BOS_LAL"), (false, true));
    }
}
