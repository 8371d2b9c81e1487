//! The box scores of a league as facts: games, people, what each did. What a feed makes of them is not known here.

mod fixtures;
mod import;
mod lines;
mod packed;
mod shipped;

pub use fixtures::NbaGameId;
pub use import::{CsvFiles, CsvRefused, Rejected};
pub use lines::{Appearance, Counts, Person, PlayerLine, Shot, Stat, TeamLine};
pub use packed::Damaged;
pub use shipped::shipped;

use std::collections::BTreeMap;

use crate::nba::ids::GameId;

/// Everything known about some games, each list ordered by date and game.
#[derive(Debug, Default)]
pub struct League {
    games: BTreeMap<NbaGameId, GameId>,
    /// Everyone named in a line or a shot.
    pub people: Vec<Person>,
    /// Kinds of shot, as the source words them.
    pub actions: Vec<String>,
    /// One line per player named for a game.
    pub players: Vec<PlayerLine>,
    /// Two lines per game whose official totals are known.
    pub teams: Vec<TeamLine>,
    /// Shots of the games that were charted, in the order they were taken.
    pub shots: Vec<Shot>,
}

impl League {
    /// Every game, by date and the league's number.
    #[must_use]
    pub fn schedule(&self) -> Vec<(NbaGameId, GameId)> {
        let mut games: Vec<_> = self.games.iter().map(|(&nba_id, &game)| (nba_id, game)).collect();
        games.sort_by_key(|&(nba_id, game)| (game.date(), nba_id));
        games
    }

    /// The game of this number, if any line was about it.
    #[must_use]
    pub fn game(&self, nba_id: NbaGameId) -> Option<GameId> {
        self.games.get(&nba_id).copied()
    }

    /// Brings every list into the order of the schedule; lines of one game keep theirs.
    fn in_schedule_order(mut self) -> Self {
        let games = &self.games;
        let place = |nba_id: NbaGameId| (games.get(&nba_id).map(|game| game.date()), nba_id);
        self.players.sort_by_key(|line| place(line.game));
        self.teams.sort_by_key(|line| place(line.game));
        self.shots.sort_by_key(|shot| place(shot.game));
        self
    }
}
