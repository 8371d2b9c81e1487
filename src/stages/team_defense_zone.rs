//! Stage `team_defense_zone`: one row per game date and team with enough games, from the shots it allowed before that
//! date.

use super::expected_rows::ExpectedRows;
use super::look_back::LookBackStage;
use crate::nba::stored::Extract;
use crate::nba::tables;
use crate::nba::team_defense_zone::team_defense_zone;

pub(super) const TEAM_DEFENSE_ZONE: LookBackStage = LookBackStage {
    name: "team_defense_zone",
    table: tables::team_defense_zone,
    reads: &[Extract::DefenseLogs, Extract::Finals],
    rows: ExpectedRows::Teams,
    rule: |date, extracts| Ok(team_defense_zone(date, extracts)),
};
