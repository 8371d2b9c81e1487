//! One line of a box score, one shot, one person: small, so that the whole league fits into some 30 MB.

use crate::nba::Minutes;
use crate::nba::ids::TeamCode;

use super::NbaGameId;

/// A count of a box score, named as the league's own columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// Field goals made, threes included.
    Fgm,
    /// Field goals tried, threes included.
    Fga,
    /// Three-pointers made.
    Fg3m,
    /// Three-pointers tried.
    Fg3a,
    /// Free throws made.
    Ftm,
    /// Free throws tried.
    Fta,
    /// Offensive rebounds.
    Oreb,
    /// Defensive rebounds.
    Dreb,
    /// All rebounds.
    Reb,
    /// Assists.
    Ast,
    /// Steals.
    Stl,
    /// Blocked shots.
    Blk,
    /// Turnovers.
    Tov,
    /// Personal fouls.
    Pf,
    /// Points.
    Pts,
}

impl Stat {
    /// Every count with the name of its column, in the order of the columns.
    pub const COLUMNS: [(Self, &'static str); 15] = [
        (Self::Fgm, "fgm"),
        (Self::Fga, "fga"),
        (Self::Fg3m, "fg3m"),
        (Self::Fg3a, "fg3a"),
        (Self::Ftm, "ftm"),
        (Self::Fta, "fta"),
        (Self::Oreb, "oreb"),
        (Self::Dreb, "dreb"),
        (Self::Reb, "reb"),
        (Self::Ast, "ast"),
        (Self::Stl, "stl"),
        (Self::Blk, "blk"),
        (Self::Tov, "tov"),
        (Self::Pf, "pf"),
        (Self::Pts, "pts"),
    ];

    /// The name of its column.
    #[must_use]
    pub const fn column(self) -> &'static str {
        Self::COLUMNS[self as usize].1
    }
}

/// The counts of one line, 0 to 255, each known or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([Option<u8>; Stat::COLUMNS.len()]);

impl Counts {
    /// Asks for every count in turn.
    ///
    /// # Errors
    /// The first refusal of the reader.
    pub fn read<E>(mut reader: impl FnMut(&'static str) -> Result<Option<u8>, E>) -> Result<Self, E> {
        let mut counts = Self::default();
        for (stat, column) in Stat::COLUMNS {
            counts.0[stat as usize] = reader(column)?;
        }
        Ok(counts)
    }

    /// One count, if it is known.
    #[must_use]
    pub const fn get(&self, stat: Stat) -> Option<u8> {
        self.0[stat as usize]
    }
}

/// A person, as feeds name him.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// The league's number, where it is known.
    pub number: Option<u32>,
    /// Name as printed.
    pub name: String,
    /// The key between feeds: lower-case letters and digits.
    pub lookup: String,
}

/// In what way a player was part of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Appearance {
    /// Was on the floor.
    Played,
    /// Dressed and stayed on the bench.
    DidNotPlay,
    /// Not dressed.
    Inactive,
}

/// A player's line in a box score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerLine {
    /// The game.
    pub game: NbaGameId,
    /// His place in [`super::League::people`].
    pub person: u32,
    /// His team.
    pub team: TeamCode,
    /// Whether he played.
    pub appearance: Appearance,
    /// Time on the floor, if he played and it is known.
    pub minutes: Option<Minutes>,
    /// What he did; nothing is known of a player who did not play.
    pub counts: Counts,
    /// Point difference while he was on the floor.
    pub plus_minus: Option<i16>,
}

/// A team's official totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamLine {
    /// The game.
    pub game: NbaGameId,
    /// The team.
    pub team: TeamCode,
    /// Player-minutes: 240 and 25 for each overtime, give or take rounding.
    pub minutes: Option<Minutes>,
    /// The totals; turnovers include those of the team as a whole.
    pub counts: Counts,
    /// Final margin.
    pub plus_minus: Option<i16>,
}

/// A shot from the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shot {
    /// The game.
    pub game: NbaGameId,
    /// The shooter's place in [`super::League::people`], if anyone of his number is there.
    pub shooter: Option<u32>,
    /// The shooter's team.
    pub team: TeamCode,
    /// 1 to 4, then 5 for the first overtime and so on.
    pub period: Option<u8>,
    /// Whether it was a three-pointer.
    pub three: bool,
    /// Whether it went in.
    pub made: Option<bool>,
    /// Kind of shot: a place in [`super::League::actions`].
    pub action: Option<u16>,
    /// Feet from the basket, rounded down.
    pub distance: Option<u8>,
}
