//! Roles of columns: what a row is about, where it came from and how reliable it is. Code that shows rows one by one
//! uses them and needs to know no table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The role of a column. Most have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What several rows belong to: a game.
    Group,
    /// A participant of the group: a team.
    Side,
    /// A member of a side: a player.
    Member,
    /// The opposing side. If no row has it as its side, that side is missing.
    #[serde(alias = "against")]
    Opponent,
    /// Whether the side is at home.
    Home,
    /// Points of the side.
    Scored,
    /// Points of the opposing side.
    Allowed,
    /// A number worth showing next to the name.
    #[serde(alias = "telling")]
    Summary,
    /// Where the row came from.
    Source,
    /// The feeds it was computed from.
    Feeds,
    /// Quality of the row.
    Quality,
    /// Issues of the row: errors and missing values.
    Issues,
}

impl Part {
    /// The roles that rows are looked up by, outermost first.
    pub const LEVELS: [Self; 3] = [Self::Group, Self::Side, Self::Member];

    /// The roles for origin and quality of a row, in display order.
    pub const ORIGIN: [Self; 4] = [Self::Source, Self::Feeds, Self::Quality, Self::Issues];
}
