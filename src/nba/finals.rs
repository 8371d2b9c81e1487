//! Finished games per team from the schedule: how many games each team has played, and the age of the season.

use chrono::NaiveDate;

use super::ids::TeamCode;
use super::window::{GameLog, Played, days_before};
use super::{Notes, Slate};
use crate::table::{Row, Value};

/// The dates of each team's finished games.
#[derive(Debug, Clone, Default)]
pub struct Finals {
    of_team: [GameLog<NaiveDate>; TeamCode::COUNT],
    days: GameLog<NaiveDate>,
}

impl Finals {
    /// Reads schedule rows in the columns of [`super::raw::ScheduleRow::COLUMNS`], ordered by date. [`Slate`] decides
    /// which rows count. Skipped rows are noted where the games themselves are computed.
    #[must_use]
    pub fn read(rows: &[Row]) -> Self {
        let day = |row: &Row| row.first().and_then(Value::as_date);
        let mut finals = Self::default();
        for rows in rows.chunk_by(|one, two| day(one) == day(two)) {
            let Some(date) = day(&rows[0]) else { continue };
            let slate = Slate::read(date, rows, &mut Notes::default());
            if !slate.games().is_empty() {
                finals.days.enter(date);
            }
            for game in slate.games() {
                for team in [game.id.away(), game.id.home()] {
                    finals.of_team[team.index()].enter(date);
                }
            }
        }
        finals
    }

    /// Age of the season in days: 0 on the day of its first game and before it.
    #[must_use]
    pub fn day_of_season(&self, date: NaiveDate) -> i64 {
        let opener = self.days.before(date).first();
        opener.map_or(0, |opener| (date - *opener).num_days())
    }

    /// Number of games the team finished in the season strictly before the date.
    #[must_use]
    pub fn before(&self, team: TeamCode, date: NaiveDate) -> usize {
        self.of_team[team.index()].before(date).len()
    }

    /// Number of games that the player's teams finished from the first of `games` to the day before the date. A traded
    /// player counts for the new team from his first game there.
    #[must_use]
    pub fn alongside<G: Played>(&self, games: &[G], date: NaiveDate) -> usize {
        games
            .first()
            .map_or(0, |oldest| self.alongside_since(oldest.date(), games, date))
    }

    /// Like [`Self::alongside`], but only in the `days` days before the date. `games` are all of the season so far;
    /// before the first of them the player counts as already with its team.
    #[must_use]
    pub fn in_last_days<G: Played>(&self, days: u64, games: &[G], date: NaiveDate) -> usize {
        self.alongside_since(days_before(days, date), games, date)
    }

    fn alongside_since<G: Played>(&self, day: NaiveDate, games: &[G], date: NaiveDate) -> usize {
        let mut stints = games.chunk_by(|one, two| one.team() == two.team()).peekable();
        let mut finals = 0;
        let mut begin = day;
        while let Some(stint) = stints.next() {
            let (Some(first), Some(last)) = (stint.first(), stint.last()) else {
                continue;
            };
            let end = match stints.peek() {
                Some(_) => last.date().succ_opt().unwrap_or(date),
                None => date,
            };
            finals += self.of_team[first.team().index()].since(begin, end).len();
            begin = stints
                .peek()
                .and_then(|stint| stint.first())
                .map_or(date, |next| next.date().max(day));
        }
        finals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nba::Dated;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn game(date: &str, away: &str, home: &str, status: i64) -> Row {
        vec![
            day(date).into(),
            status.into(),
            home.to_owned().into(),
            away.to_owned().into(),
            Value::Null,
        ]
    }

    /// A player's game, with his team.
    struct GameOfPlayer(NaiveDate, TeamCode);

    impl Dated for GameOfPlayer {
        fn date(&self) -> NaiveDate {
            self.0
        }
    }

    impl Played for GameOfPlayer {
        fn team(&self) -> TeamCode {
            self.1
        }
    }

    fn finals() -> Finals {
        Finals::read(&[
            game("2023-10-24", "LAL", "DEN", 3),
            game("2023-10-26", "PHI", "MIL", 3),
            game("2023-10-27", "DEN", "MEM", 3),
            game("2023-10-27", "PHI", "DEN", 1),
            game("2023-10-29", "DEN", "OKC", 3),
            game("2023-10-29", "PHI", "TOR", 3),
            game("2023-10-30", "UTA", "DEN", 3),
            game("2023-11-02", "TOR", "PHI", 3),
        ])
    }

    #[test]
    fn only_finished_games_before_the_date_count() {
        let finals = finals();
        let before = |team: &str, date: &str| finals.before(team.parse().unwrap(), day(date));
        assert_eq!(before("DEN", "2023-10-24"), 0);
        assert_eq!(before("DEN", "2023-10-30"), 3);
        assert_eq!(before("DEN", "2023-10-31"), 4);
        assert_eq!(
            before("PHI", "2023-10-28"),
            1,
            "a game not finished does not count"
        );
        assert_eq!(before("DEN", "2024-10-25"), 0, "nor does last season");
    }

    #[test]
    fn the_season_opener_is_day_0() {
        let finals = finals();
        for (date, age) in [
            ("2023-10-20", 0),
            ("2023-10-24", 0),
            ("2023-10-25", 1),
            ("2023-11-07", 14),
        ] {
            assert_eq!(finals.day_of_season(day(date)), age, "{date}");
        }
    }

    // Two games for DEN on the 24th and 27th, then a trade to PHI, who play on the 29th without the player and on 2
    // November with him. Counted: DEN on the 24th and 27th, PHI on 2 November.
    #[test]
    fn a_traded_player_counts_for_the_new_team_from_the_first_game() {
        let finals = finals();
        let games = [
            ("2023-10-24", "DEN"),
            ("2023-10-27", "DEN"),
            ("2023-11-02", "PHI"),
        ]
        .map(|(date, team)| GameOfPlayer(day(date), team.parse().unwrap()));
        assert_eq!(finals.alongside(&games, day("2023-11-03")), 3);
        assert_eq!(
            finals.alongside(&games[..2], day("2023-10-31")),
            4,
            "the 29th and the 30th missed"
        );
        assert_eq!(
            finals.alongside(&games[..2], day("2023-10-30")),
            3,
            "the date itself is not looked at"
        );
        assert_eq!(finals.alongside(&games[..0], day("2023-10-30")), 0);
        let lately = |days: u64| finals.in_last_days(days, &games, day("2023-11-03"));
        assert_eq!(lately(14), 3);
        assert_eq!(lately(7), 2, "DEN on the 27th, PHI on 2 November");
        assert_eq!(
            lately(6),
            1,
            "neither DEN after the 27th nor PHI before 2 November"
        );
        assert_eq!(
            finals.in_last_days(14, &games[1..2], day("2023-10-31")),
            4,
            "DEN from the opener on"
        );
    }
}
