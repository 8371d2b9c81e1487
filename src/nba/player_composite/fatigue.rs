//! The fatigue score of a player.

use crate::nba::workload::Workload;

/// 100 is fresh, 0 exhausted. The player's age, worth up to ten points, is unknown.
pub(super) fn score(load: &Workload) -> i64 {
    let rest = match load.days_rest {
        Some(1) => -15,
        Some(days) if days >= 3 => 5,
        _ => 0,
    };
    let games = if load.week.games >= 4 { -10 } else { 0 };
    let minutes = if load.week.minutes > 240.0 { -10 } else { 0 };
    let per_game = match load.week.minutes_per_game() {
        Some(minutes) if minutes > 35.0 => -8,
        _ => 0,
    };
    let back_to_backs = match load.back_to_backs {
        0 => 0,
        1 => -5,
        _ => -12,
    };
    (100 + rest + games + minutes + per_game + back_to_backs).clamp(0, 100)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::nba::workload::Span;

    #[rstest]
    #[case::first_game(None, 0, 0.0, 0, 100)]
    #[case::rested_is_no_more_than_fresh(Some(3), 2, 50.0, 0, 100)]
    #[case::rest_makes_up_for_a_back_to_back(Some(3), 3, 90.0, 1, 100)]
    #[case::played_yesterday(Some(1), 3, 90.0, 1, 80)]
    #[case::two_days_are_no_rest(Some(2), 3, 90.0, 1, 95)]
    #[case::four_games(Some(2), 4, 120.0, 0, 90)]
    #[case::thirty_five_a_game_is_not_above(Some(2), 3, 105.0, 0, 100)]
    #[case::above_thirty_five(Some(2), 3, 105.1, 0, 92)]
    #[case::two_hundred_and_forty_is_not_above(Some(2), 7, 240.0, 0, 90)]
    #[case::everything(Some(1), 5, 241.0, 3, 45)]
    fn every_workload_factor_adds_fatigue(
        #[case] days_rest: Option<i64>,
        #[case] games: usize,
        #[case] minutes: f64,
        #[case] back_to_backs: usize,
        #[case] fatigue: i64,
    ) {
        let week = Span { games, minutes };
        let load = Workload {
            days_rest,
            week,
            fortnight: week,
            back_to_backs,
        };
        assert_eq!(score(&load), fatigue);
    }
}
