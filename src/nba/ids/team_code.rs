//! The thirty teams.

use std::fmt;
use std::str::FromStr;

use crate::nba::Refused;

/// In alphabetical order, so that codes can be looked up by binary search and compare like text.
const CODES: [&str; 30] = [
    "ATL", "BKN", "BOS", "CHA", "CHI", "CLE", "DAL", "DEN", "DET", "GSW", "HOU", "IND", "LAC", "LAL", "MEM",
    "MIA", "MIL", "MIN", "NOP", "NYK", "OKC", "ORL", "PHI", "PHX", "POR", "SAC", "SAS", "TOR", "UTA", "WAS",
];

/// The codes as numbers in the same order: every row of a box score names a team, and numbers compare faster.
const KEYS: [Option<u32>; CODES.len()] = {
    let mut keys = [None; CODES.len()];
    let mut at = 0;
    while at < CODES.len() {
        keys[at] = key(CODES[at].as_bytes());
        at += 1;
    }
    keys
};

const fn key(code: &[u8]) -> Option<u32> {
    match *code {
        [one, two, three] => Some(u32::from_be_bytes([0, one, two, three])),
        _ => None,
    }
}

/// One of the thirty NBA teams, ordered like its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TeamCode(u8);

impl TeamCode {
    /// Number of teams.
    pub const COUNT: usize = CODES.len();

    /// All teams, in alphabetical order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).map(Self).take(Self::COUNT)
    }

    /// The three-letter code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        CODES[self.index()]
    }

    /// Index of this team in [`Self::all`], for arrays with one slot per team.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl FromStr for TeamCode {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let key = key(text.as_bytes());
        key.and_then(|_| KEYS.binary_search(&key).ok())
            .and_then(|at| u8::try_from(at).ok())
            .map(Self)
            .ok_or_else(|| Refused::new("team", text, "is not one of the 30 NBA codes"))
    }
}

impl fmt::Display for TeamCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TeamCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_sort_like_text() {
        assert!(CODES.is_sorted());
        assert_eq!(TeamCode::all().count(), 30);
        for team in TeamCode::all() {
            assert_eq!(team.as_str().parse(), Ok(team));
        }
    }

    #[test]
    fn an_unknown_code_is_refused_by_name() {
        for text in ["", "bos", "EST", "BOSX"] {
            let refused = text.parse::<TeamCode>().unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("team {text:?} is not one of the 30 NBA codes")
            );
        }
    }
}
