//! Everything known about a player's game before it starts.

use chrono::NaiveDate;

use crate::nba::ids::TeamCode;
use crate::nba::stored::{
    Appearance, Cached, DefenseZones, Factors, PlayerGame, PlayerZones, TeamGame, TeamLogs,
};
use crate::nba::{Dated, GameLog, ScheduledGame};

/// The inputs of the features. Where an upstream stage has no row, all its values are `None`.
pub(super) struct Known<'a> {
    /// The player, his team and the game.
    pub(super) appearance: Appearance<'a>,
    /// The player's games.
    pub(super) log: &'a GameLog<PlayerGame>,
    /// The teams' games.
    pub(super) teams: &'a TeamLogs,
    /// The scheduled game.
    pub(super) scheduled: Option<&'a ScheduledGame<'a>>,
    /// The player's form.
    pub(super) cached: Cached,
    /// The player's composite scores.
    pub(super) factors: Factors,
    /// The player's shots by zone.
    pub(super) zones: PlayerZones,
    /// The opponent's defence.
    pub(super) defense: DefenseZones,
}

impl Known<'_> {
    pub(super) const fn date(&self) -> NaiveDate {
        self.appearance.game.date()
    }

    /// Days since the player's last game of the season.
    pub(super) fn days_rest(&self) -> Option<i64> {
        days_since_last(self.log, self.date())
    }

    /// Days since the opponent's last game of the season.
    pub(super) fn opponent_days_rest(&self) -> Option<i64> {
        days_since_last(self.teams.of(self.appearance.opponent()), self.date())
    }

    /// The games of the player's team in the season so far.
    pub(super) fn team_games(&self) -> &[TeamGame] {
        let team: TeamCode = self.appearance.team;
        self.teams.of(team).before(self.date())
    }

    /// Whether it is a playoff game, play-in excluded; `None` without the league's id.
    pub(super) fn is_playoff(&self) -> Option<bool> {
        let id = self.scheduled?.nba_game_id?;
        (id.len() == 10).then(|| id.starts_with("004"))
    }
}

fn days_since_last<G: Dated>(log: &GameLog<G>, date: NaiveDate) -> Option<i64> {
    log.newest(1, date)
        .last()
        .map(|last| (date - last.date()).num_days())
}
