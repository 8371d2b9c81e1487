//! Playing time in whole seconds, and the length of a game derived from it.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use super::Refused;
use super::rounding::round;

/// Playing time in whole seconds. Feed formats are `34:05`, `34`, `00`, `34.5`, and `240:00` for a team.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u32);

impl Minutes {
    /// Creates a playing time from seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Total seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Minutes with two decimals, as in official box scores.
    #[must_use]
    pub fn decimal(self) -> f64 {
        round(f64::from(self.0) / 60.0, 2)
    }
}

/// Formats as `MM:SS`, like the gamebook.
impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Sum for Minutes {
    fn sum<I: Iterator<Item = Self>>(times: I) -> Self {
        Self(times.map(Self::seconds).sum())
    }
}

impl FromStr for Minutes {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let refused = |reason| Refused::new("minutes", text, reason);
        let (whole, rest) = text.find([':', '.']).map_or((text, ""), |at| text.split_at(at));
        let whole = digits(whole, 4).ok_or_else(|| refused("do not begin with up to four digits"))?;
        let seconds = match (rest.get(..1), rest.get(1..).unwrap_or_default()) {
            (None, _) => 0,
            (Some(":"), seconds) => digits(seconds, 2)
                .filter(|&count| seconds.len() == 2 && count < 60)
                .ok_or_else(|| refused("have seconds outside 00 to 59"))?,
            (Some(_), decimals) => {
                let part = digits(decimals, 4).ok_or_else(|| refused("have no one to four decimals"))?;
                let unit = 10_u32.pow(u32::try_from(decimals.len()).unwrap_or_default());
                (part * 60 + unit / 2) / unit
            }
        };
        Ok(Self(whole * 60 + seconds))
    }
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The length of a game in player-minutes: 240, plus 25 per overtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TeamMinutes {
    overtimes: u32,
}

impl TeamMinutes {
    const REGULATION: u32 = 240 * 60;
    const OVERTIME: u32 = 25 * 60;

    /// The length nearest to the total time of a team's players. Player times are rounded, so their sum is rarely
    /// exact. The midpoint between two lengths counts as the longer one.
    #[must_use]
    pub const fn nearest(on_the_floor: Minutes) -> Self {
        let over = on_the_floor.seconds().saturating_sub(Self::REGULATION);
        Self {
            overtimes: (over + Self::OVERTIME / 2) / Self::OVERTIME,
        }
    }

    /// Number of overtimes.
    #[must_use]
    pub const fn overtimes(self) -> u32 {
        self.overtimes
    }

    /// Player-minutes: 240 + 25 per overtime.
    #[must_use]
    pub const fn player_minutes(self) -> u32 {
        (Self::REGULATION + self.overtimes * Self::OVERTIME) / 60
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

    #[rstest]
    #[case("34:05", 2045)]
    #[case("5:07", 307)]
    #[case("00:00", 0)]
    #[case("240:00", 14_400)]
    #[case("32", 1920)]
    #[case("00", 0)]
    #[case("34.5", 2070)]
    #[case("0.43", 26)]
    #[case("12.9999", 780)]
    fn all_formats_are_parsed(#[case] text: &str, #[case] seconds: u32) {
        assert_eq!(text.parse(), Ok(Minutes::from_seconds(seconds)));
    }

    #[rstest]
    #[case("")]
    #[case("-")]
    #[case("-5")]
    #[case("+5")]
    #[case("34:60")]
    #[case("34:5")]
    #[case("34:")]
    #[case("34.")]
    #[case(".5")]
    #[case(":30")]
    #[case("34:05:00")]
    #[case("1.5e3")]
    #[case("34é05")]
    #[case("99999")]
    #[case("PT34M05S")]
    fn malformed_texts_are_refused(#[case] text: &str) {
        let refused = text.parse::<Minutes>().unwrap_err();
        assert_eq!((refused.what, refused.text.as_str()), ("minutes", text));
    }

    #[test]
    fn time_is_formatted_like_the_gamebook() {
        assert_eq!(Minutes::from_seconds(2045).to_string(), "34:05");
        assert_eq!(Minutes::from_seconds(14_400).to_string(), "240:00");
    }

    #[rstest]
    #[case("34:05", 34.08)]
    #[case("00:26", 0.43)]
    #[case("12", 12.0)]
    fn minutes_have_two_decimals(#[case] minutes: Minutes, #[case] decimal: f64) {
        assert_eq!(minutes.decimal(), decimal);
    }

    #[rstest]
    #[case("0", 240, 0)]
    #[case("239", 240, 0)]
    #[case("252", 240, 0)]
    #[case("252.5", 265, 1)]
    #[case("263:40", 265, 1)]
    #[case("290:00", 290, 2)]
    #[case("317", 315, 3)]
    fn a_sum_of_player_times_snaps_to_a_possible_length(
        #[case] sum: Minutes,
        #[case] player_minutes: u32,
        #[case] overtimes: u32,
    ) {
        let team = TeamMinutes::nearest(sum);
        assert_eq!(
            (team.player_minutes(), team.overtimes()),
            (player_minutes, overtimes)
        );
    }
}
