//! The players of each game, without duplicates: from the gamebook if it has the game, else from Ball Don't Lie; and
//! the team totals summed from them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::FoundGames;
use super::game::{PlayedGame, TeamTotals};
use crate::nba::ids::{PlayerLookup, TeamCode};
use crate::nba::raw::{BadRow, BdlRow, BoxLine, Feed, Feeds, GamebookRow, PlayerRow};
use crate::nba::{Minutes, Notes, ScheduledGame, Slate, TeamMinutes};

/// Minimum number of players in a game. A team with fewer rows has lost some.
pub const MIN_PLAYERS: usize = 5;

/// The players of one game, without duplicates.
#[derive(Debug)]
pub struct Roster<'a> {
    /// The feed of all these players.
    pub feed: Feed,
    players: HashMap<PlayerLookup<'a>, PlayerRow<'a>>,
}

/// All games of the slate, from their players.
pub(super) fn games<'a>(slate: &Slate<'a>, feeds: &'a Feeds, notes: &mut Notes) -> FoundGames<'a> {
    slate
        .games()
        .iter()
        .zip(rosters(slate, feeds, notes))
        .map(|(game, roster)| roster.game(game))
        .collect()
}

/// The players of every game of the slate. A player in both feeds counts once, because each game is taken from one
/// feed; for duplicates within a feed the newer row counts.
pub fn rosters<'a>(slate: &Slate<'_>, feeds: &'a Feeds, notes: &mut Notes) -> Vec<Roster<'a>> {
    let rows = feeds.on(Feed::Gamebook, slate.date()).iter();
    let rows = rows.map(|row| GamebookRow::parse(row).map(GamebookRow::into_played));
    let gamebook = sorted(slate, Feed::Gamebook, rows, |_| true, notes);

    let rows = feeds.on(Feed::Bdl, slate.date()).iter();
    let rows = rows.map(|row| BdlRow::parse(row).map(BdlRow::into_played));
    let lacking = |at: usize| gamebook[at].players.is_empty();
    let bdl = sorted(slate, Feed::Bdl, rows, lacking, notes);

    gamebook
        .into_iter()
        .zip(bdl)
        .map(|(gamebook, bdl)| {
            if gamebook.players.is_empty() {
                bdl
            } else {
                gamebook
            }
        })
        .collect()
}

/// Assigns the players of a feed to the wanted games of the slate.
fn sorted<'a>(
    slate: &Slate<'_>,
    feed: Feed,
    rows: impl Iterator<Item = Result<Option<PlayerRow<'a>>, BadRow>>,
    wanted: impl Fn(usize) -> bool,
    notes: &mut Notes,
) -> Vec<Roster<'a>> {
    let mut rosters: Vec<Roster<'a>> = slate.games().iter().map(|_| Roster::of(feed)).collect();
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

impl<'a> Roster<'a> {
    fn of(feed: Feed) -> Self {
        Self {
            feed,
            players: HashMap::new(),
        }
    }

    /// The players, ordered by key.
    #[must_use]
    pub fn players(&self) -> Vec<&PlayerRow<'a>> {
        let mut players: Vec<_> = self.players.values().collect();
        players.sort_by(|one, two| one.player.cmp(&two.player));
        players
    }

    /// The game with the totals of its players.
    ///
    /// # Errors
    /// If a team has too few players or unknown points.
    pub fn game<'s>(&self, game: &ScheduledGame<'s>) -> Result<PlayedGame<'s>, String> {
        let about_it = |reason: String| format!("{}: {reason}", game.id.teams());
        if self.players.is_empty() {
            let (first, second) = (Feed::Gamebook.label(), Feed::Bdl.label());
            return Err(about_it(format!("neither {first} nor {second} names a player")));
        }
        Ok(PlayedGame {
            id: game.id,
            nba_game_id: game.nba_game_id,
            feed: self.feed,
            away: self.totals(game.id.away()).map_err(about_it)?,
            home: self.totals(game.id.home()).map_err(about_it)?,
        })
    }

    /// Adds a player. Of two rows for a player the newer one is kept; if they are equally new, the later one.
    ///
    /// # Errors
    /// If the player was already there, which is noted.
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

    fn totals(&self, team: TeamCode) -> Result<TeamTotals, String> {
        let players = || self.players.values().filter(|player| player.team == team);
        let found = players().count();
        if found < MIN_PLAYERS {
            return Err(format!("{found} players of {team} found, {MIN_PLAYERS} needed"));
        }
        let line = players().fold(BoxLine::ZERO, |sum, player| sum + player.line);
        let minutes: Option<Minutes> = players().map(|player| player.minutes).sum();
        TeamTotals::new(team, line, minutes.map(TeamMinutes::nearest))
    }
}
