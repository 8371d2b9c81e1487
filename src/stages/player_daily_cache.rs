//! Stage `player_daily_cache`: one row per player with a game and enough games before it, from the season so far.

use super::expected_rows::ExpectedRows;
use super::look_back::LookBackStage;
use crate::nba::player_daily_cache::{MIN_GAMES, player_daily_cache};
use crate::nba::stored::Extract;
use crate::nba::tables;

pub(super) const PLAYER_DAILY_CACHE: LookBackStage = LookBackStage {
    name: "player_daily_cache",
    table: tables::player_daily_cache,
    reads: &[
        Extract::PlayerLogs,
        Extract::TeamLogs,
        Extract::Finals,
        Extract::Appearances,
        Extract::PlayerZones,
    ],
    rows: ExpectedRows::Players(MIN_GAMES),
    rule: player_daily_cache,
};
