//! The part a column plays in telling one row from the next: what a row is about, where it came from, how far to trust
//! it. Whoever shows rows one by one reads this and need not know any table.

use serde::{Deserialize, Serialize};

/// The part of a column. Most play none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What several rows belong to: a game.
    Group,
    /// One of those that meet in it: a team.
    Side,
    /// One of a side: a player.
    Member,
    /// The other side. Where no row has it as its side, that side is lacking.
    Against,
    /// Whether the side is at home.
    Home,
    /// What the side scored.
    Scored,
    /// What the other side scored.
    Allowed,
    /// A number worth seeing beside the name.
    Telling,
    /// Where the row came from.
    Source,
    /// The feeds it was made from.
    Feeds,
    /// How far to trust the row.
    Quality,
    /// What is wrong with the row, or unknown.
    Issues,
}

impl Part {
    /// The parts that rows are found by, outermost first.
    pub const LEVELS: [Self; 3] = [Self::Group, Self::Side, Self::Member];

    /// The parts that say where a row came from and how good it is, in the order they are told.
    pub const ORIGIN: [Self; 4] = [Self::Source, Self::Feeds, Self::Quality, Self::Issues];
}
