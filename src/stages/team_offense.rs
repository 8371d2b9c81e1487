//! Stage `team_offense`: one row per team and finished game, from the feeds its source names.

use super::feed_stage::{FeedStage, Owes};
use crate::nba::tables;
use crate::nba::team_offense::team_offense;

pub(super) const TEAM_OFFENSE: FeedStage = FeedStage {
    name: "team_offense",
    table: tables::team_offense,
    owes: Owes::Teams,
    feeds: |source| source.feeds().to_vec(),
    rule: team_offense,
};
