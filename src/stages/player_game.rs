//! Stage `player_game`: one row per player who played, always from the player feeds, whatever the source of team
//! totals.

use super::feed_stage::{FeedStage, RowsPer};
use crate::nba::player_game::{FEEDS, player_game};
use crate::nba::tables;

pub(super) const PLAYER_GAME: FeedStage = FeedStage {
    name: "player_game",
    table: tables::player_game,
    rows_per: RowsPer::Players,
    feeds: |_| FEEDS.to_vec(),
    rule: |date, _, feeds| player_game(date, feeds),
};
