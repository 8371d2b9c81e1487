//! Stage `player_shot_zone`: one row per game date and player with enough games, from his shots before that date.

use super::expected_rows::ExpectedRows;
use super::look_back::LookBackStage;
use crate::nba::player_shot_zone::player_shot_zone;
use crate::nba::stored::Extract;
use crate::nba::tables;

pub(super) const PLAYER_SHOT_ZONE: LookBackStage = LookBackStage {
    name: "player_shot_zone",
    table: tables::player_shot_zone,
    reads: &[Extract::ShotLogs, Extract::Finals],
    rows: ExpectedRows::Shooters,
    rule: |date, extracts| Ok(player_shot_zone(date, extracts)),
};
