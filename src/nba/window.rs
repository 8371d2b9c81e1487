//! Lookback windows. This module alone decides which games a date may use: those of its season strictly before it.

use chrono::{Days, NaiveDate};

use super::ids::{SeasonYear, TeamCode};

/// Something with a date, such as a game.
pub trait Dated {
    /// The date.
    fn date(&self) -> NaiveDate;
}

impl Dated for NaiveDate {
    fn date(&self) -> NaiveDate {
        *self
    }
}

/// A game of a team, or of a player for a team.
pub trait Played: Dated {
    /// The team.
    fn team(&self) -> TeamCode;
}

/// The games of one team or player, oldest first, of one or several seasons.
#[derive(Debug, Clone, PartialEq)]
pub struct GameLog<G>(Vec<G>);

impl<G> Default for GameLog<G> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<G: Dated> GameLog<G> {
    /// Inserts a game by date. Appends if games arrive in order.
    pub fn enter(&mut self, game: G) {
        let at = self.0.partition_point(|known| known.date() <= game.date());
        self.0.insert(at, game);
    }

    /// The games of the season strictly before the date.
    #[must_use]
    pub fn before(&self, date: NaiveDate) -> &[G] {
        self.between(SeasonYear::of(date).first_day(), date)
    }

    /// The newest `most` games of the season strictly before the date, or all if there are fewer.
    #[must_use]
    pub fn newest(&self, most: usize, date: NaiveDate) -> &[G] {
        let games = self.before(date);
        &games[games.len().saturating_sub(most)..]
    }

    /// The games of the season in the `days` days ending on the day before the date.
    #[must_use]
    pub fn last_days(&self, days: u64, date: NaiveDate) -> &[G] {
        self.since(days_before(days, date), date)
    }

    /// The games of the season from `first` on, strictly before the date.
    #[must_use]
    pub fn since(&self, first: NaiveDate, date: NaiveDate) -> &[G] {
        self.between(first.max(SeasonYear::of(date).first_day()), date)
    }

    fn between(&self, first: NaiveDate, end: NaiveDate) -> &[G] {
        let games = &self.0[..self.0.partition_point(|game| game.date() < end)];
        // Most logs have the games of one season.
        match games.first() {
            Some(oldest) if oldest.date() < first => {
                &games[games.partition_point(|game| game.date() < first)..]
            }
            _ => games,
        }
    }
}

/// The first of the `days` days ending on the day before the date.
pub(super) fn days_before(days: u64, date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn log(dates: &[NaiveDate]) -> GameLog<NaiveDate> {
        let mut log = GameLog::default();
        for &date in dates {
            log.enter(date);
        }
        log
    }

    // With `<=` instead of `<`, the game on the 8th would be in every window of the 8th.
    #[test]
    fn a_window_ends_the_day_before_its_date() {
        let games = [
            "2024-01-01",
            "2024-01-04",
            "2024-01-07",
            "2024-01-08",
            "2024-01-10",
        ]
        .map(day);
        let log = log(&games);
        let date = day("2024-01-08");
        assert_eq!(log.before(date), &games[..3]);
        assert_eq!(log.newest(2, date), &games[1..3]);
        assert_eq!(log.last_days(4, date), &games[1..3]);
        assert_eq!(log.last_days(1, date), &games[2..3]);
        assert_eq!(log.since(games[2], date), &games[2..3]);
        assert_eq!(log.since(date, date), &[] as &[NaiveDate]);
    }

    #[test]
    fn windows_do_not_cross_seasons() {
        let log = log(&["2023-06-12", "2023-10-24", "2023-10-26"].map(day));
        assert_eq!(log.before(day("2023-10-25")), &[day("2023-10-24")]);
        assert_eq!(log.before(day("2023-10-24")), &[] as &[NaiveDate]);
        assert_eq!(log.newest(15, day("2023-09-30")), &[day("2023-06-12")]);
        assert_eq!(log.last_days(300, day("2023-10-27")).len(), 2);
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0..1600_u64).prop_map(|days| day("2021-10-19") + Days::new(days))
    }

    proptest! {
        #[test]
        fn windows_never_include_the_date_or_later_ones(
            dates in prop::collection::vec(any_day(), 0..200),
            picked in any::<prop::sample::Index>(),
            most in 0_usize..25,
            days in 0_u64..40,
        ) {
            let log = log(&dates);
            // Picks a date with a game, where an off-by-one error would show.
            let date = if dates.is_empty() { day("2024-01-04") } else { dates[picked.index(dates.len())] };
            let mut known: Vec<NaiveDate> = dates
                .iter()
                .copied()
                .filter(|&game| game < date && SeasonYear::of(game) == SeasonYear::of(date))
                .collect();
            known.sort();
            prop_assert_eq!(log.before(date), &known[..]);
            prop_assert_eq!(log.newest(most, date), &known[known.len().saturating_sub(most)..]);
            let oldest = date - Days::new(days);
            known.retain(|&game| game >= oldest);
            prop_assert_eq!(log.last_days(days, date), &known[..]);
        }
    }
}
