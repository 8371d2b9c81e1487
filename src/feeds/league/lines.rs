//! Player lines, team lines, shots and people. Compact, so that the whole league fits into about 30 MB.

use crate::nba::Minutes;
use crate::nba::ids::TeamCode;

use super::NbaGameId;

/// A count in a box score, named like the league's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// Field goals made, including three-pointers.
    Fgm,
    /// Field goals attempted, including three-pointers.
    Fga,
    /// Three-pointers made.
    Fg3m,
    /// Three-pointers attempted.
    Fg3a,
    /// Free throws made.
    Ftm,
    /// Free throws attempted.
    Fta,
    /// Offensive rebounds.
    Oreb,
    /// Defensive rebounds.
    Dreb,
    /// Total rebounds.
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
    /// All counts with their column names, in column order.
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

    /// The column name.
    #[must_use]
    pub const fn column(self) -> &'static str {
        Self::COLUMNS[self as usize].1
    }
}

/// The counts of one line, each 0 to 255 or unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatCounts([Option<u8>; Stat::COLUMNS.len()]);

impl StatCounts {
    /// Reads all counts, in column order.
    ///
    /// # Errors
    /// The first error returned by `reader`.
    pub fn read<E>(mut reader: impl FnMut(&'static str) -> Result<Option<u8>, E>) -> Result<Self, E> {
        let mut counts = Self::default();
        for (stat, column) in Stat::COLUMNS {
            counts.0[stat as usize] = reader(column)?;
        }
        Ok(counts)
    }

    /// A count, if known.
    #[must_use]
    pub const fn get(&self, stat: Stat) -> Option<u8> {
        self.0[stat as usize]
    }
}

/// A person, as identified by the feeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// The league's player number, if known.
    pub number: Option<u32>,
    /// Name as printed.
    pub name: String,
    /// The key used across feeds: lower-case letters and digits.
    pub lookup: String,
}

/// A player's participation in a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Participation {
    /// Was on the floor.
    Played,
    /// Dressed but didn't play.
    DidNotPlay,
    /// Not dressed.
    Inactive,
}

/// A player's box score line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerLine {
    /// Number of the game.
    pub game: NbaGameId,
    /// Index in [`super::League::people`].
    pub person: u32,
    /// The player's team.
    pub team: TeamCode,
    /// Participation in the game.
    pub appearance: Participation,
    /// Time on the floor, if known.
    pub minutes: Option<Minutes>,
    /// The player's counts; all unknown if he didn't play.
    pub counts: StatCounts,
    /// Point difference while on the floor.
    pub plus_minus: Option<i16>,
}

/// A team's official totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TeamLine {
    /// Number of the game.
    pub game: NbaGameId,
    /// The team.
    pub team: TeamCode,
    /// Player-minutes: 240, plus 25 per overtime, up to rounding.
    pub minutes: Option<Minutes>,
    /// The totals. Turnovers include team turnovers.
    pub counts: StatCounts,
    /// Final margin.
    pub plus_minus: Option<i16>,
}

/// A field goal attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shot {
    /// Number of the game.
    pub game: NbaGameId,
    /// Index of the shooter in [`super::League::people`], if his number is listed there.
    pub shooter: Option<u32>,
    /// The shooter's team.
    pub team: TeamCode,
    /// 1 to 4, then 5 for the first overtime and so on.
    pub period: Option<u8>,
    /// Whether it was a three-pointer.
    pub three: bool,
    /// Whether it was made.
    pub made: Option<bool>,
    /// Shot type: an index in [`super::League::actions`].
    pub action: Option<u16>,
    /// Distance from the basket in feet, rounded down.
    pub distance: Option<u8>,
}
