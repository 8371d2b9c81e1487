//! Stage `player_composite`: one row per player with a game, from the season so far and the zone tables of the date.

use super::expected_rows::ExpectedRows;
use super::look_back::LookBackStage;
use crate::nba::player_composite::player_composite;
use crate::nba::stored::Extract;
use crate::nba::tables;

pub(super) const PLAYER_COMPOSITE: LookBackStage = LookBackStage {
    name: "player_composite",
    table: tables::player_composite,
    reads: &[
        Extract::PlayerLogs,
        Extract::TeamLogs,
        Extract::Finals,
        Extract::Appearances,
        Extract::PlayerZones,
        Extract::DefenseZones,
    ],
    rows: ExpectedRows::Players(0),
    rule: player_composite,
};
