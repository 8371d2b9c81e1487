//! Stage `team_defense`: one row per team and finished game, from the feeds of its source and the play-by-play.

use super::feed_stage::{FeedStage, RowsPer};
use crate::nba::raw::Feed;
use crate::nba::tables;
use crate::nba::team_defense::team_defense;

pub(super) const TEAM_DEFENSE: FeedStage = FeedStage {
    name: "team_defense",
    table: tables::team_defense,
    rows_per: RowsPer::Teams,
    feeds: |source| [source.feeds(), &[Feed::PlayByPlay]].concat(),
    rule: team_defense,
};
