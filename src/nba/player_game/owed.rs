//! How many rows a date owes, from who is named alone: known before anything is computed, and also where a player's
//! line cannot be read.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::nba::games::FEWEST_PLAYERS;
use crate::nba::ids::PlayerLookup;
use crate::nba::raw::{BadRow, BdlRow, Feed, Feeds, GamebookRow, Listed};
use crate::nba::{Notes, Slate};

/// Whether the gamebook names nobody for some game of the date, so that bdl must be asked.
/// Of the gamebook [`GamebookRow::LISTING`] will do, here and below.
#[must_use]
pub fn lacks_gamebook(date: NaiveDate, feeds: &Feeds) -> bool {
    let slate = Slate::read(date, feeds.on(Feed::Schedule, date), &mut Notes::default());
    gamebook(&slate, feeds).iter().any(HashSet::is_empty)
}

/// The players of the date, each once; for a game nobody is named for, as many as it takes to play one.
#[must_use]
pub fn owed(date: NaiveDate, feeds: &Feeds) -> u32 {
    let slate = Slate::read(date, feeds.on(Feed::Schedule, date), &mut Notes::default());
    let mut players = gamebook(&slate, feeds);
    if players.iter().any(HashSet::is_empty) {
        for (listed, other) in players.iter_mut().zip(bdl(&slate, feeds)) {
            if listed.is_empty() {
                *listed = other;
            }
        }
    }
    let owed = players.iter().map(|listed| listed.len().max(2 * FEWEST_PLAYERS));
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

/// The players a feed names for each game of the slate. What cannot be read or placed, the rule itself remarks on.
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
