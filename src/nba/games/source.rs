//! The source of team totals.

use std::fmt;
use std::str::FromStr;

use crate::nba::Refused;
use crate::nba::raw::Feed;

/// The source of team totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The team box score of a date if it is complete and agrees with the schedule, else the players.
    Auto,
    /// The players' box scores, summed.
    Reconstruct {
        /// Selected by the environment variable of the old runbook rather than by plan or flag.
        forced: bool,
    },
    /// The team box score, with its home and away flags.
    Boxscore,
}

impl Source {
    /// The feeds to read.
    #[must_use]
    pub const fn feeds(self) -> &'static [Feed] {
        match self {
            Self::Auto => &[Feed::Schedule, Feed::TeamBox, Feed::Gamebook, Feed::Bdl],
            Self::Reconstruct { .. } => &[Feed::Schedule, Feed::Gamebook, Feed::Bdl],
            Self::Boxscore => &[Feed::Schedule, Feed::TeamBox],
        }
    }
}

impl FromStr for Source {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "auto" => Ok(Self::Auto),
            "reconstruct" => Ok(Self::Reconstruct { forced: false }),
            "forced-reconstruction" => Ok(Self::Reconstruct { forced: true }),
            "boxscore" => Ok(Self::Boxscore),
            _ => Err(Refused::new(
                "source",
                text,
                "is not auto, reconstruct or boxscore",
            )),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Reconstruct { forced: false } => "reconstruct",
            Self::Reconstruct { forced: true } => "forced-reconstruction",
            Self::Boxscore => "boxscore",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("auto", Source::Auto)]
    #[case("reconstruct", Source::Reconstruct { forced: false })]
    #[case("forced-reconstruction", Source::Reconstruct { forced: true })]
    #[case("boxscore", Source::Boxscore)]
    fn sources_round_trip_through_text(#[case] text: &str, #[case] source: Source) {
        assert_eq!(text.parse(), Ok(source));
        assert_eq!(source.to_string(), text);
    }

    #[test]
    fn an_unknown_source_is_refused_with_the_valid_three() {
        let refused = "box".parse::<Source>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "source \"box\" is not auto, reconstruct or boxscore"
        );
    }
}
