//! A player's workload: rest, games and minutes in the days before a date.

use chrono::NaiveDate;

use super::GameLog;
use super::stored::PlayerGame;

/// A player's workload on the morning of a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Workload {
    /// Days since the last game of the season; 1 if it was the day before, `None` before the first.
    pub(super) days_rest: Option<i64>,
    /// The 7 days before the date.
    pub(super) week: Span,
    /// The 14 days before the date.
    pub(super) fortnight: Span,
    /// Games on consecutive days within the 14 days before the date.
    pub(super) back_to_backs: usize,
}

/// Games and minutes in a number of days before a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    /// Number of games.
    pub(super) games: usize,
    /// Minutes of the games whose minutes are known.
    pub(super) minutes: f64,
}

impl Workload {
    pub(super) fn of(log: &GameLog<PlayerGame>, date: NaiveDate) -> Self {
        let fortnight = log.last_days(14, date);
        let back_to_backs = fortnight
            .windows(2)
            .filter(|pair| (pair[1].date - pair[0].date).num_days() == 1)
            .count();
        Self {
            days_rest: log
                .newest(1, date)
                .last()
                .map(|last| (date - last.date).num_days()),
            week: Span::of(log.last_days(7, date)),
            fortnight: Span::of(fortnight),
            back_to_backs,
        }
    }

    /// Whether the player played the day before.
    pub(super) fn is_back_to_back(&self) -> bool {
        self.days_rest == Some(1)
    }
}

impl Span {
    fn of(games: &[PlayerGame]) -> Self {
        Self {
            games: games.len(),
            minutes: games.iter().filter_map(|game| game.minutes).sum(),
        }
    }

    /// Minutes per game; `None` without games.
    #[allow(clippy::cast_precision_loss, reason = "there are few games in a fortnight")]
    pub(super) fn minutes_per_game(&self) -> Option<f64> {
        (self.games > 0).then(|| self.minutes / self.games as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // For 15 January the 7 days are the 8th to the 14th, the 14 days the 1st to the 14th. The game on 31 December would
    // make the 1st a back-to-back if it were included, and the 15th is the date itself.
    #[test]
    fn workload_windows_cover_7_and_14_days_before_the_date() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut log = GameLog::default();
        for (date, minutes) in [
            ("2023-12-31", Some(40.0)),
            ("2024-01-01", Some(30.0)),
            ("2024-01-07", Some(20.5)),
            ("2024-01-08", Some(10.0)),
            ("2024-01-12", None),
            ("2024-01-15", Some(48.0)),
        ] {
            log.enter(PlayerGame {
                date: day(date),
                team: "BOS".parse().unwrap(),
                points: Some(10),
                minutes,
                usage_rate: None,
                ts_pct: None,
                ft_makes: None,
            });
        }
        let load = Workload::of(&log, day("2024-01-15"));
        assert_eq!(load.days_rest, Some(3));
        assert_eq!((load.week.games, load.week.minutes), (2, 10.0));
        assert_eq!((load.fortnight.games, load.fortnight.minutes), (4, 60.5));
        assert_eq!(load.back_to_backs, 1);
        assert!(!load.is_back_to_back());
        assert!(Workload::of(&log, day("2024-01-16")).is_back_to_back());
        assert_eq!(Workload::of(&log, day("2023-12-31")).days_rest, None);
    }
}
