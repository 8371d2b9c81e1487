//! Box score rates, rounded as in the existing tables.

use super::raw::BoxLine;
use super::rounding::round;
use super::{Minutes, TeamMinutes};

/// A team's possessions in one game, with one decimal, estimated from its own box score.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Possessions(f64);

impl Possessions {
    /// Field goal attempts + 0.44 · free throw attempts + turnovers − offensive rebounds. Arguments are attempts, not
    /// makes.
    #[must_use]
    pub fn estimate(field_goals: u32, free_throws: u32, turnovers: u32, offensive_rebounds: u32) -> Self {
        let used = f64::from(field_goals) + 0.44 * f64::from(free_throws) + f64::from(turnovers);
        Self(round(used - f64::from(offensive_rebounds), 1))
    }

    /// Possessions truncated to an integer.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "cutting the decimal is the rule, and a box score stays far below 2^53"
    )]
    pub const fn whole(self) -> i64 {
        self.0 as i64
    }

    /// Points per 100 possessions, with two decimals; `None` without possessions.
    #[must_use]
    pub fn offensive_rating(self, points: u32) -> Option<f64> {
        (self.0 > 0.0).then(|| round(100.0 * f64::from(points) / self.0, 2))
    }

    /// Possessions per 48 minutes, with one decimal. `length` includes overtime.
    #[must_use]
    pub fn pace(self, length: TeamMinutes) -> f64 {
        round(self.0 * 48.0 / (f64::from(length.player_minutes()) / 5.0), 1)
    }
}

/// True shooting, a fraction with three decimals: points / (2 · (field goal attempts + 0.44 · free throw attempts));
/// `None` without attempts.
#[must_use]
pub fn true_shooting(points: u32, field_goals: u32, free_throws: u32) -> Option<f64> {
    let tries = 2.0 * (f64::from(field_goals) + 0.44 * f64::from(free_throws));
    (tries > 0.0).then(|| round(f64::from(points) / tries, 3))
}

/// Effective field goal percentage, a fraction with three decimals: (field goals made + 0.5 · threes made) / field goal
/// attempts; `None` without attempts.
#[must_use]
pub fn effective_shooting(made: u32, threes_made: u32, tried: u32) -> Option<f64> {
    let worth = f64::from(made) + 0.5 * f64::from(threes_made);
    (tried > 0).then(|| round(worth / f64::from(tried), 3))
}

/// Plays used by a player or team: field goal attempts + 0.44 · free throw attempts + turnovers.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Plays(f64);

impl Plays {
    /// The plays of a line; `None` if a count is unknown.
    #[must_use]
    pub fn of(line: &BoxLine) -> Option<Self> {
        let (field_goals, free_throws) = (f64::from(line.fg_attempts?), f64::from(line.ft_attempts?));
        Some(Self(
            field_goals + 0.44 * free_throws + f64::from(line.turnovers?),
        ))
    }

    /// Usage rate: the player's share of the team's plays while on the floor, assuming an even pace. In percent with
    /// one decimal; above 100 for a shot within seconds. `None` if the player had no minutes or the team no plays.
    #[must_use]
    pub fn usage(self, minutes: Minutes, of_team: Self, length: TeamMinutes) -> Option<f64> {
        let plays_beside = minutes.decimal() * of_team.0;
        let game = f64::from(length.player_minutes()) / 5.0;
        (plays_beside > 0.0).then(|| round(100.0 * self.0 * game / plays_beside, 1))
    }
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    reason = "these numbers are decimals by rule, equal or wrong"
)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::nba::Minutes;

    // 88 + 0.44·25 + 14 − 10 = 103.0; 100·114/103 = 110.679…; 103·48/(240/5) = 103.0.
    #[test]
    fn a_regulation_game() {
        let possessions = Possessions::estimate(88, 25, 14, 10);
        assert_eq!(possessions.whole(), 103);
        assert_eq!(possessions.offensive_rating(114), Some(110.68));
        assert_eq!(possessions.pace(length("240")), 103.0);
    }

    // 110 possessions in 53 minutes are 110·48/53 = 99.62 per 48 minutes; in 58 minutes 110·48/58 = 91.03.
    #[rstest]
    #[case("240", 110.0)]
    #[case("265", 99.6)]
    #[case("290", 91.0)]
    fn overtime_does_not_inflate_pace(#[case] played: &str, #[case] pace: f64) {
        assert_eq!(Possessions::estimate(100, 0, 20, 10).pace(length(played)), pace);
    }

    // 90 + 0.44·23 + 12 − 11 = 101.12, rounded to 101.1 first: 100·101/101.1 = 99.901…, not 100·101/101.12 = 99.881…
    #[test]
    fn possessions_are_rounded_in_formulas_and_truncated_when_stored() {
        let possessions = Possessions::estimate(90, 23, 12, 11);
        assert_eq!(possessions.offensive_rating(101), Some(99.9));
        assert_eq!(possessions.whole(), 101);
        assert_eq!(
            Possessions::estimate(90, 22, 12, 10).whole(),
            101,
            "101.68 is cut, not rounded"
        );
    }

    #[test]
    fn no_attempts_give_null_and_zero_stays_zero() {
        let none = Possessions::estimate(0, 0, 0, 0);
        assert_eq!(
            (none.whole(), none.offensive_rating(0), none.pace(length("240"))),
            (0, None, 0.0)
        );
        assert_eq!(true_shooting(0, 0, 0), None);
        assert_eq!(true_shooting(0, 7, 0), Some(0.0));
        assert_eq!(Possessions::estimate(7, 0, 0, 0).offensive_rating(0), Some(0.0));
    }

    // 114 / (2·(88 + 0.44·25)) = 114 / 198 = 0.57575…
    #[test]
    fn true_shooting_counts_free_throws_by_their_share() {
        assert_eq!(true_shooting(114, 88, 25), Some(0.576));
    }

    // (7 + 0.5·2) / 16 = 0.5.
    #[test]
    fn effective_shooting_weights_threes_by_one_and_a_half() {
        assert_eq!(effective_shooting(7, 2, 16), Some(0.5));
        assert_eq!(effective_shooting(0, 0, 3), Some(0.0));
        assert_eq!(effective_shooting(0, 0, 0), None);
    }

    // 16 + 0.44·5 + 3 = 21.2 of the team's 80 + 0.44·25 + 15 = 106. In 40 of 48 minutes: 100·21.2·48 / (40·106) = 24.0;
    // in 40 of 53 minutes 26.5. In 2 s, or 0.03 min: 100·21.2·48 / 3.18 = 32000.
    #[rstest]
    #[case("40:00", "240", Some(24.0))]
    #[case("40:00", "265", Some(26.5))]
    #[case("00:02", "240", Some(32_000.0))]
    #[case("00:00", "240", None)]
    fn usage_is_the_share_of_team_plays_while_on_court(
        #[case] minutes: Minutes,
        #[case] played: &str,
        #[case] usage: Option<f64>,
    ) {
        let line = |field_goals, free_throws, turnovers| BoxLine {
            fg_attempts: Some(field_goals),
            ft_attempts: Some(free_throws),
            turnovers: Some(turnovers),
            ..BoxLine::ZERO
        };
        let plays = |line| Plays::of(&line).unwrap();
        let (own, team) = (plays(line(16, 5, 3)), plays(line(80, 25, 15)));
        assert_eq!(own.usage(minutes, team, length(played)), usage);
        let idle = plays(BoxLine::ZERO);
        assert_eq!(idle.usage(minutes, team, length(played)), usage.map(|_| 0.0));
        assert_eq!(idle.usage(minutes, idle, length(played)), None);
        assert_eq!(
            Plays::of(&BoxLine {
                turnovers: None,
                ..BoxLine::ZERO
            }),
            None
        );
    }

    fn length(played: &str) -> TeamMinutes {
        TeamMinutes::nearest(played.parse::<Minutes>().unwrap())
    }
}
