//! The slate: the finished games of one date according to the schedule. It is the only source of home, away and the
//! number of games.

use chrono::NaiveDate;

use super::Notes;
use super::ids::{GameId, TeamCode};
use super::raw::{Feed, FeedGame, GameStatus, ScheduleRow};
use crate::table::Row;

/// A finished game of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledGame<'a> {
    /// The id, with the correct home team.
    pub id: GameId,
    /// The league's ten-digit id, if the schedule has it.
    pub nba_game_id: Option<&'a str>,
}

/// The finished games of a date, ordered by id. No team plays twice on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slate<'a> {
    date: NaiveDate,
    games: Vec<ScheduledGame<'a>>,
    of_team: [Option<usize>; TeamCode::COUNT],
}

impl<'a> Slate<'a> {
    /// Builds the slate of a date from its schedule rows, in the columns of [`ScheduleRow::COLUMNS`]. Duplicates count
    /// once; implausible rows are skipped and noted.
    #[must_use]
    pub fn read(date: NaiveDate, rows: &'a [Row], notes: &mut Notes) -> Self {
        let mut slate = Self {
            date,
            games: Vec::new(),
            of_team: [None; TeamCode::COUNT],
        };
        for row in rows {
            let entered = match ScheduleRow::parse(row) {
                Ok(game) if game.status == GameStatus::Final => slate.enter(game),
                Ok(_) => Ok(()),
                Err(bad) => Err(bad.to_string()),
            };
            if let Err(reason) = entered {
                notes.add(format!("{}: {reason}", Feed::Schedule.label()));
            }
        }
        slate.games.sort_by_key(|game| game.id);
        for (at, game) in slate.games.iter().enumerate() {
            slate.of_team[game.id.away().index()] = Some(at);
            slate.of_team[game.id.home().index()] = Some(at);
        }
        slate
    }

    fn enter(&mut self, row: ScheduleRow<'a>) -> Result<(), String> {
        let id = GameId::new(self.date, row.away, row.home).map_err(|refused| refused.to_string())?;
        if let Some(known) = self.games.iter_mut().find(|game| game.id == id) {
            known.nba_game_id = known.nba_game_id.or(row.nba_game_id);
            return Ok(());
        }
        for team in [row.away, row.home] {
            if let Some(at) = self.of_team[team.index()] {
                let other = self.games[at].id.teams();
                return Err(format!("{} left out, {team} already plays {other}", id.teams()));
            }
        }
        for team in [row.away, row.home] {
            self.of_team[team.index()] = Some(self.games.len());
        }
        self.games.push(ScheduledGame {
            id,
            nba_game_id: row.nba_game_id,
        });
        Ok(())
    }

    /// The date of the slate.
    #[must_use]
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// The games, ordered by id.
    #[must_use]
    pub fn games(&self) -> &[ScheduledGame<'a>] {
        &self.games
    }

    /// Rows expected of a team stage on this date: two per game.
    #[must_use]
    pub fn team_rows(&self) -> u32 {
        // Thirty teams that play once each are at most fifteen games.
        u32::try_from(2 * self.games.len()).unwrap_or(u32::MAX)
    }

    /// The index in [`Self::games`] of a feed's game, even if the feed swaps home and away.
    ///
    /// # Errors
    /// If the team has no finished game, or the feed refers to another game than the team's.
    pub fn locate(&self, game: FeedGame, team: TeamCode) -> Result<usize, String> {
        let at = self.of_team[team.index()]
            .ok_or_else(|| format!("{team} has no finished game on {}", self.date))?;
        match game {
            FeedGame::Named(id) if id.date() != self.date || id.matchup() != self.games[at].id.matchup() => {
                Err(format!("{id} is not the game of {team} on {}", self.date))
            }
            FeedGame::Named(_) | FeedGame::Numbered => Ok(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    fn date() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 4).unwrap()
    }

    fn row(away: &str, home: &str, status: i64, nba_game_id: Option<&str>) -> Row {
        vec![
            date().into(),
            status.into(),
            home.to_owned().into(),
            away.to_owned().into(),
            Value::from(nba_game_id.map(str::to_owned)),
        ]
    }

    #[test]
    fn only_finished_games_count_once_each() {
        let rows = [
            row("MIL", "SAS", 3, None),
            row("DEN", "GSW", 3, None),
            row("DEN", "GSW", 3, Some("0022300490")),
            row("BOS", "LAL", 1, None),
        ];
        let mut notes = Notes::default();
        let slate = Slate::read(date(), &rows, &mut notes);
        let games: Vec<_> = slate
            .games()
            .iter()
            .map(|game| (game.id.to_string(), game.nba_game_id))
            .collect();
        assert_eq!(
            games,
            [
                ("20240104_DEN_GSW".to_owned(), Some("0022300490")),
                ("20240104_MIL_SAS".to_owned(), None)
            ]
        );
        assert_eq!(slate.team_rows(), 4);
        assert!(notes.lines().is_empty());
    }

    #[test]
    fn impossible_rows_are_skipped_and_noted() {
        let rows = [
            row("DEN", "GSW", 3, None),
            row("GSW", "DEN", 3, None),
            row("EST", "WST", 3, None),
            row("BOS", "BOS", 3, None),
            row("MIL", "SAS", 7, None),
        ];
        let mut notes = Notes::default();
        let slate = Slate::read(date(), &rows, &mut notes);
        assert_eq!(slate.games().len(), 1);
        assert_eq!(
            notes.lines(),
            [
                "nbac_schedule: GSW@DEN left out, GSW already plays DEN@GSW",
                "nbac_schedule: game \"BOS\" has the same team on both sides",
                "nbac_schedule: game_status \"7\" is not 1, 2 or 3",
                "nbac_schedule: team \"WST\" is not one of the 30 NBA codes",
            ]
        );
    }

    #[test]
    fn games_are_found_by_matchup_or_team() {
        let rows = [row("DEN", "GSW", 3, None), row("MIL", "SAS", 3, None)];
        let slate = Slate::read(date(), &rows, &mut Notes::default());
        let locate =
            |game: &str, team: &str| slate.locate(FeedGame::parse(game).unwrap(), team.parse().unwrap());
        assert_eq!(locate("20240104_DEN_GSW", "GSW"), Ok(0));
        assert_eq!(locate("20240104_GSW_DEN", "GSW"), Ok(0));
        assert_eq!(locate("18447218", "MIL"), Ok(1));
        assert_eq!(
            locate("18447218", "BOS"),
            Err("BOS has no finished game on 2024-01-04".to_owned())
        );
        assert_eq!(
            locate("20240104_DEN_GSW", "MIL"),
            Err("20240104_DEN_GSW is not the game of MIL on 2024-01-04".to_owned())
        );
        assert_eq!(
            locate("20240103_DEN_GSW", "GSW"),
            Err("20240103_DEN_GSW is not the game of GSW on 2024-01-04".to_owned())
        );
    }
}
