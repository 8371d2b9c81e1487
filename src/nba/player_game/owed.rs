//! The number of rows expected for a date, by listed players only: a player with an invalid line is expected, too.

use std::collections::HashSet;

use crate::nba::Slate;
use crate::nba::games::MIN_PLAYERS;
use crate::nba::ids::PlayerLookup;
use crate::nba::raw::{BadRow, BdlRow, Feed, Feeds, GamebookRow, Listed};

/// The number of distinct players of the slate. A game without listed players counts with the minimum number of
/// players.
pub(super) fn owed(slate: &Slate<'_>, feeds: &Feeds) -> u32 {
    let mut players = gamebook(slate, feeds);
    if players.iter().any(HashSet::is_empty) {
        for (listed, other) in players.iter_mut().zip(bdl(slate, feeds)) {
            if listed.is_empty() {
                *listed = other;
            }
        }
    }
    let owed = players.iter().map(|listed| listed.len().max(2 * MIN_PLAYERS));
    u32::try_from(owed.sum::<usize>()).unwrap_or(u32::MAX)
}

fn gamebook<'a>(slate: &Slate<'_>, feeds: &'a Feeds) -> Vec<HashSet<PlayerLookup<'a>>> {
    let rows = feeds.on(Feed::Gamebook, slate.date()).iter();
    sorted(slate, rows.map(GamebookRow::listed_active))
}

fn bdl<'a>(slate: &Slate<'_>, feeds: &'a Feeds) -> Vec<HashSet<PlayerLookup<'a>>> {
    let rows = feeds.on(Feed::Bdl, slate.date()).iter();
    sorted(slate, rows.map(BdlRow::listed_played))
}

/// The players listed by a feed for each game of the slate. Invalid rows are skipped; the rule itself notes them.
fn sorted<'a>(
    slate: &Slate<'_>,
    rows: impl Iterator<Item = Result<Option<Listed<'a>>, BadRow>>,
) -> Vec<HashSet<PlayerLookup<'a>>> {
    let mut players = vec![HashSet::new(); slate.games().len()];
    for listed in rows.filter_map(Result::ok).flatten() {
        if let Ok(at) = slate.locate(listed.game, listed.team) {
            players[at].insert(listed.player);
        }
    }
    players
}
