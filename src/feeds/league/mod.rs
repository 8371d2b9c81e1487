//! The box scores of a league: games, people and statistics. Independent of the feeds derived from them.

mod fixtures;
mod import;
mod lines;
mod packed;
mod shipped;

pub use fixtures::NbaGameId;
pub use import::{CsvFiles, CsvRefused, Rejected};
pub use lines::{Participation, Person, PlayerLine, Shot, Stat, StatCounts, TeamLine};
pub use packed::Damaged;
pub use shipped::shipped;

use std::collections::BTreeMap;

use crate::nba::ids::GameId;

/// The box scores of some games. Each list is ordered by date and game.
#[derive(Debug, Default)]
pub struct League {
    games: BTreeMap<NbaGameId, GameId>,
    /// Everyone named in a line or a shot.
    pub people: Vec<Person>,
    /// Shot types, as worded by the source.
    pub actions: Vec<String>,
    /// One line per player listed for a game.
    pub players: Vec<PlayerLine>,
    /// Two lines per game with official totals.
    pub teams: Vec<TeamLine>,
    /// Shots of the charted games, in play order.
    pub shots: Vec<Shot>,
}

impl League {
    /// All games, by date and game number.
    #[must_use]
    pub fn schedule(&self) -> Vec<(NbaGameId, GameId)> {
        let mut games: Vec<_> = self.games.iter().map(|(&nba_id, &game)| (nba_id, game)).collect();
        games.sort_by_key(|&(nba_id, game)| (game.date(), nba_id));
        games
    }

    /// The game with this number, if any line refers to it.
    #[must_use]
    pub fn game(&self, nba_id: NbaGameId) -> Option<GameId> {
        self.games.get(&nba_id).copied()
    }

    /// Sorts every list by schedule. Lines of the same game keep their order.
    fn in_schedule_order(mut self) -> Self {
        let games = &self.games;
        let place = |nba_id: NbaGameId| (games.get(&nba_id).map(|game| game.date()), nba_id);
        self.players.sort_by_key(|line| place(line.game));
        self.teams.sort_by_key(|line| place(line.game));
        self.shots.sort_by_key(|shot| place(shot.game));
        self
    }
}
