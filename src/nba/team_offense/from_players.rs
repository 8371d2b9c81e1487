//! Team totals added up from the players: the gamebook's where it has the game, else Ball Don't Lie's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Games;
use super::played::{PlayedGame, Totals};
use crate::nba::ids::{PlayerLookup, TeamCode};
use crate::nba::raw::{BadRow, BdlRow, BoxLine, Feed, Feeds, GamebookRow, PlayerRow};
use crate::nba::{Minutes, Notes, ScheduledGame, Slate, TeamMinutes};

/// A game cannot be played with fewer; a team with fewer rows has lost some.
const FEWEST_PLAYERS: usize = 5;

/// Who played in one game, each once.
#[derive(Default)]
struct Roster<'a> {
    players: HashMap<PlayerLookup<'a>, PlayerRow<'a>>,
}

/// Every game of the slate from its players. A player listed by both feeds counts once, because a game is taken
/// from one feed alone; one listed twice by a feed counts as the newer row has it.
pub(super) fn games<'a>(slate: &Slate<'a>, feeds: &'a Feeds, notes: &mut Notes) -> Games<'a> {
    let rows = feeds.on(Feed::Gamebook, slate.date()).iter();
    let rows = rows.map(|row| GamebookRow::parse(row).map(GamebookRow::into_played));
    let gamebook = rosters(slate, Feed::Gamebook, rows, |_| true, notes);

    let rows = feeds.on(Feed::Bdl, slate.date()).iter();
    let rows = rows.map(|row| BdlRow::parse(row).map(BdlRow::into_played));
    let bdl = rosters(
        slate,
        Feed::Bdl,
        rows,
        |at| gamebook[at].players.is_empty(),
        notes,
    );

    let rosters = gamebook.iter().zip(&bdl).map(|(gamebook, bdl)| {
        if gamebook.players.is_empty() {
            (Feed::Bdl, bdl)
        } else {
            (Feed::Gamebook, gamebook)
        }
    });
    slate
        .games()
        .iter()
        .zip(rosters)
        .map(|(game, (feed, roster))| {
            played(game, feed, roster).map_err(|reason| format!("{}: {reason}", game.id.teams()))
        })
        .collect()
}

/// Sorts the players of a feed into the games of the slate that are wanted from it.
fn rosters<'a>(
    slate: &Slate<'_>,
    feed: Feed,
    rows: impl Iterator<Item = Result<Option<PlayerRow<'a>>, BadRow>>,
    wanted: impl Fn(usize) -> bool,
    notes: &mut Notes,
) -> Vec<Roster<'a>> {
    let mut rosters: Vec<Roster<'a>> = slate.games().iter().map(|_| Roster::default()).collect();
    let mut enter = |row: Result<Option<PlayerRow<'a>>, BadRow>| -> Result<(), String> {
        let Some(row) = row.map_err(|bad| bad.to_string())? else {
            return Ok(());
        };
        let at = slate.locate(row.game, row.team)?;
        if wanted(at) {
            rosters[at].enter(row)
        } else {
            Ok(())
        }
    };
    for row in rows {
        if let Err(reason) = enter(row) {
            notes.add(format!("{}: {reason}", feed.label()));
        }
    }
    rosters
}

fn played<'a>(game: &ScheduledGame<'a>, feed: Feed, roster: &Roster<'_>) -> Result<PlayedGame<'a>, String> {
    if roster.players.is_empty() {
        let (first, second) = (Feed::Gamebook.label(), Feed::Bdl.label());
        return Err(format!("neither {first} nor {second} names a player"));
    }
    Ok(PlayedGame {
        id: game.id,
        nba_game_id: game.nba_game_id,
        feed,
        away: roster.totals(game.id.away())?,
        home: roster.totals(game.id.home())?,
    })
}

impl<'a> Roster<'a> {
    /// Of two rows for one player the newer stays; of equally new ones the later.
    ///
    /// # Errors
    /// When the player was there already, which is worth a note.
    fn enter(&mut self, row: PlayerRow<'a>) -> Result<(), String> {
        match self.players.entry(row.player.clone()) {
            Entry::Vacant(place) => {
                place.insert(row);
                Ok(())
            }
            Entry::Occupied(mut place) => {
                if row.processed_at >= place.get().processed_at {
                    place.insert(row);
                }
                Err("a player stands twice, the newer row counts".to_owned())
            }
        }
    }

    fn totals(&self, team: TeamCode) -> Result<Totals, String> {
        let players = || self.players.values().filter(|player| player.team == team);
        let found = players().count();
        if found < FEWEST_PLAYERS {
            return Err(format!(
                "{found} players of {team} found, {FEWEST_PLAYERS} needed"
            ));
        }
        let line = players().fold(BoxLine::ZERO, |sum, player| sum + player.line);
        let minutes: Option<Minutes> = players().map(|player| player.minutes).sum();
        Totals::new(team, line, minutes.map(TeamMinutes::nearest))
    }
}
