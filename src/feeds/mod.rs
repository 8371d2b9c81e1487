//! The raw tables: box scores, the five feeds derived from them, and the feeds' faults. This module does not depend on
//! stages, runs or the console.

mod again;
mod bdl;
mod cells;
pub mod faults;
mod foreign;
mod gamebook;
pub mod league;
mod load;
mod outage;
mod play_by_play;
mod schedule;
mod team_box;

pub use again::{DifferingTable, Filled};
pub use foreign::{Foreign, foreign};
pub use load::{BoxScores, LoadError, LoadReport, is_loaded, load};
pub use outage::{feed_outages, unavailable, with_outages};

use std::sync::Arc;

pub use crate::nba::raw::Feed;
use crate::table::Row;
use crate::warehouse::Filling;
use faults::Profile;
use league::League;

/// The rows of a feed, produced one at a time, ordered by date.
fn filling(feed: Feed, league: &Arc<League>, faults: &Arc<Profile>) -> Filling {
    let rows: Box<dyn Iterator<Item = Row> + Send> = match feed {
        Feed::Schedule => Box::new(schedule::rows(league)),
        Feed::Gamebook => Box::new(gamebook::rows(league, faults)),
        Feed::Bdl => Box::new(bdl::rows(league, faults)),
        Feed::TeamBox => Box::new(team_box::rows(league, faults)),
        Feed::PlayByPlay => Box::new(play_by_play::rows(league)),
    };
    Filling {
        table: feed.table().clone(),
        rows,
    }
}

#[cfg(test)]
mod tests;
