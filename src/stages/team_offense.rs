//! Stage `team_offense`: one row per team and finished game, from the feeds of its source.

use super::feed_stage::{FeedStage, RowsPer};
use crate::nba::tables;
use crate::nba::team_offense::team_offense;

pub(super) const TEAM_OFFENSE: FeedStage = FeedStage {
    name: "team_offense",
    table: tables::team_offense,
    rows_per: RowsPer::Teams,
    feeds: |source| source.feeds().to_vec(),
    rule: team_offense,
};
