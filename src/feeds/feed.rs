//! The five feeds by name.

use std::fmt;

use serde::Deserialize;

use crate::nba::tables;
use crate::table::TableDef;

/// A raw source of box scores, each with a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// The league's schedule: the truth about games, home and away.
    Schedule,
    /// The official gamebook's player lines.
    Gamebook,
    /// Ball Don't Lie's player lines.
    Bdl,
    /// The official team box score.
    TeamBox,
    /// Shots from the play-by-play.
    PlayByPlay,
}

impl Feed {
    /// Every feed.
    pub const ALL: [Self; 5] = [
        Self::Schedule,
        Self::Gamebook,
        Self::Bdl,
        Self::TeamBox,
        Self::PlayByPlay,
    ];

    /// The table it fills.
    #[must_use]
    pub fn table(self) -> &'static TableDef {
        match self {
            Self::Schedule => tables::schedule(),
            Self::Gamebook => tables::gamebook_player_stats(),
            Self::Bdl => tables::bdl_player_boxscores(),
            Self::TeamBox => tables::team_boxscore(),
            Self::PlayByPlay => tables::bigdataball_play_by_play(),
        }
    }

    /// The word for it in a profile and in a stored row.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Gamebook => "gamebook",
            Self::Bdl => "bdl",
            Self::TeamBox => "team_box",
            Self::PlayByPlay => "play_by_play",
        }
    }

    /// The feed of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feed| feed.word() == word)
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_found_by_the_word_a_profile_uses() {
        #[derive(Deserialize)]
        struct Named {
            feed: Feed,
        }
        for feed in Feed::ALL {
            assert_eq!(Feed::of(feed.word()), Some(feed));
            assert_eq!(
                toml::from_str::<Named>(&format!("feed = \"{feed}\""))
                    .unwrap()
                    .feed,
                feed
            );
        }
        assert_eq!(Feed::of("box_score"), None);
    }
}
