//! The features in order, each with its default for unknown values.

use super::inputs::FeatureInputs;
use super::origin::Feature;
use crate::nba::averages::mean;
use crate::nba::player_form::{LATEST, PlayerForm, points};
use crate::nba::rounding::{round, rounded};
use crate::nba::stored::{FORM, PlayerGame, TeamGame};

/// The feature names, in order.
pub(super) const NAMES: [&str; 25] = [
    "points_avg_last_5",
    "points_avg_last_10",
    "points_avg_season",
    "points_std_last_10",
    "games_in_last_7_days",
    "fatigue_score",
    "shot_zone_mismatch_score",
    "pace_score",
    "usage_spike_score",
    "rest_advantage",
    "injury_risk",
    "recent_trend",
    "minutes_change",
    "opponent_def_rating",
    "opponent_pace",
    "home_away",
    "back_to_back",
    "playoff_game",
    "pct_paint",
    "pct_mid_range",
    "pct_three",
    "pct_free_throw",
    "team_pace",
    "team_off_rating",
    "team_win_pct",
];

/// Minimum number of games for a trend, a free-throw share or a win share.
const MIN_GAMES: usize = 5;

/// The features, in the order of [`NAMES`].
pub(super) fn features(known: &FeatureInputs<'_>) -> [Feature; NAMES.len()] {
    let date = known.date();
    let form = PlayerForm::of(known.log, date);
    let (cached, factors) = (&known.cached, &known.factors);
    let (zones, defense) = (&known.zones, &known.defense);
    let team = known.appearance.team;
    [
        Feature::stored(cached.points_last_5, form.points_last_5, 10.0),
        Feature::stored(cached.points_last_10, form.points_last_10, 10.0),
        Feature::stored(cached.points_season, form.points_season, 10.0),
        Feature::stored(cached.points_deviation, form.points_deviation, 5.0),
        Feature::stored(cached.games_in_week, games(known.log.last_days(7, date)), 3.0),
        Feature::stored(factors.fatigue, None, 50.0),
        Feature::stored(factors.mismatch, None, 0.0),
        Feature::stored(factors.pace, None, 0.0),
        Feature::stored(factors.usage_spike, None, 0.0),
        Feature::calculated(rest_advantage(known), 0.0),
        // No feed has injury reports, and whether a player plays isn't known before the game.
        Feature::calculated(None, 0.0),
        Feature::calculated(recent_trend(known.log.newest(LATEST, date)), 0.0),
        Feature::calculated(
            minutes_change(known.log.newest(FORM, date), known.log.before(date)),
            0.0,
        ),
        Feature::stored(defense.rating, None, 112.0),
        Feature::stored(defense.opponent_pace, None, 100.0),
        Feature::calculated(Some(flag(known.appearance.is_home())), 0.0),
        Feature::calculated(Some(flag(known.days_rest() == Some(1))), 0.0),
        Feature::calculated(known.is_playoff().map(flag), 0.0),
        Feature::stored(zones.paint.map(fraction), None, 0.3),
        Feature::stored(zones.mid_range.map(fraction), None, 0.2),
        Feature::stored(zones.three_pt.map(fraction), None, 0.35),
        Feature::calculated(free_throw_share(known.log.newest(FORM, date)), 0.15),
        Feature::stored(cached.team_pace, rounded(known.teams.pace(team, date), 1), 100.0),
        Feature::stored(
            cached.team_rating,
            rounded(known.teams.offensive_rating(team, date), 2),
            112.0,
        ),
        Feature::calculated(win_share(known.team_games()), 0.5),
    ]
}

/// The player's rest days minus the opponent's, −2 to 2.
fn rest_advantage(known: &FeatureInputs<'_>) -> Option<f64> {
    let (own, opponent) = (known.days_rest()?, known.opponent_days_rest()?);
    // Differences beyond two days have no further effect.
    Some(match own - opponent {
        ..=-2 => -2.0,
        -1 => -1.0,
        0 => 0.0,
        1 => 1.0,
        2.. => 2.0,
    })
}

/// The trend of the last five games, oldest first: the mean of the newest three minus that of the oldest two. 2 for a
/// rise of 5 points or more, 1 for 2 or more, negative for a fall.
fn recent_trend(games: &[PlayerGame]) -> Option<f64> {
    let points: Vec<f64> = points(games).collect();
    if points.len() < MIN_GAMES {
        return None;
    }
    let (oldest, newest) = points.split_at(2);
    let rise = mean(newest.iter().copied())? - mean(oldest.iter().copied())?;
    Some(step(rise, 2.0, 5.0))
}

/// Minutes of the last ten games relative to the season: 2 for a fifth more, 1 for a tenth more, negative for fewer.
fn minutes_change(last_10: &[PlayerGame], season: &[PlayerGame]) -> Option<f64> {
    let minutes = |games: &[PlayerGame]| {
        mean(games.iter().filter_map(|game| game.minutes)).filter(|minutes| *minutes > 0.0)
    };
    let (recent, usual) = (minutes(last_10)?, minutes(season)?);
    Some(step((recent - usual) / usual, 0.1, 0.2))
}

/// 0, ±1 or ±2, by the size of a change.
fn step(change: f64, some: f64, much: f64) -> f64 {
    let size = match change.abs() {
        size if size >= much => 2.0,
        size if size >= some => 1.0,
        _ => 0.0,
    };
    if change < 0.0 { 0.0 - size } else { size }
}

/// Share of free throws in the points of the last ten games, at most one half.
fn free_throw_share(last_10: &[PlayerGame]) -> Option<f64> {
    if last_10.len() < MIN_GAMES {
        return None;
    }
    let made: u32 = last_10.iter().filter_map(|game| game.ft_makes).sum();
    let points: u32 = last_10.iter().filter_map(|game| game.points).sum();
    (points > 0).then(|| round((f64::from(made) / f64::from(points)).min(0.5), 4))
}

/// Share of the season's games that were won.
fn win_share(team: &[TeamGame]) -> Option<f64> {
    if team.len() < MIN_GAMES {
        return None;
    }
    mean(team.iter().map(|game| flag(game.won))).map(|share| round(share, 4))
}

fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn fraction(percent: f64) -> f64 {
    round(percent / 100.0, 4)
}

#[allow(
    clippy::unnecessary_wraps,
    clippy::cast_precision_loss,
    reason = "no game in a week is a number of games, and never many"
)]
const fn games(games: &[PlayerGame]) -> Option<f64> {
    Some(games.len() as f64)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "steps are whole numbers")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::nba::stored::fixture::day;

    fn games(points: &[u32], minutes: f64) -> Vec<PlayerGame> {
        points
            .iter()
            .map(|&points| PlayerGame {
                date: day("2024-01-01"),
                team: "BOS".parse().unwrap(),
                points: Some(points),
                minutes: Some(minutes),
                usage_rate: None,
                ts_pct: None,
                ft_makes: Some(points / 5),
            })
            .collect()
    }

    // Oldest first: (18 + 21 + 24) / 3 − (14 + 18) / 2 = 5.
    #[rstest]
    #[case::rising(&[14, 18, 18, 21, 24], Some(2.0))]
    #[case::rising_a_little(&[14, 18, 18, 18, 18], Some(1.0))]
    #[case::level(&[20, 20, 20, 21, 22], Some(0.0))]
    #[case::falling_a_little(&[20, 20, 18, 18, 18], Some(-1.0))]
    #[case::falling(&[24, 21, 15, 18, 18], Some(-2.0))]
    #[case::too_few(&[10, 20, 30, 40], None)]
    fn a_rising_player_has_a_positive_trend(#[case] points: &[u32], #[case] trend: Option<f64>) {
        assert_eq!(recent_trend(&games(points, 30.0)), trend);
    }

    #[rstest]
    #[case(36.0, 30.0, Some(2.0))]
    #[case(33.0, 30.0, Some(1.0))]
    #[case(32.9, 30.0, Some(0.0))]
    #[case(27.0, 30.0, Some(-1.0))]
    #[case(24.0, 30.0, Some(-2.0))]
    #[case(24.0, 0.0, None)]
    fn minutes_change_is_in_tenths_of_the_season_average(
        #[case] recent: f64,
        #[case] usual: f64,
        #[case] change: Option<f64>,
    ) {
        assert_eq!(
            minutes_change(&games(&[10], recent), &games(&[10], usual)),
            change
        );
    }

    // In each game a fifth of the points are free throws. Without points there is no share, and it is capped at one
    // half.
    #[test]
    fn the_share_of_free_throws_needs_five_games_and_points() {
        assert_eq!(free_throw_share(&games(&[10, 20, 30, 20, 20], 30.0)), Some(0.2));
        assert_eq!(free_throw_share(&games(&[10, 20, 30, 20], 30.0)), None);
        assert_eq!(free_throw_share(&games(&[0; 5], 30.0)), None);
        let mut all_from_the_line = games(&[2; 5], 30.0);
        for game in &mut all_from_the_line {
            game.ft_makes = Some(2);
        }
        assert_eq!(free_throw_share(&all_from_the_line), Some(0.5));
    }
}
