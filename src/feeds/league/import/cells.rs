//! The cells of one row, parsed by column type or rejected with a reason. Only an empty cell or a missing column counts
//! as unknown.

use std::str::FromStr;

use chrono::NaiveDate;
use csv::StringRecord;

use crate::feeds::league::fixtures::GameSide;
use crate::feeds::league::{Stat, StatCounts};
use crate::nba::ids::TeamCode;
use crate::nba::{Minutes, Refused};

pub(super) struct Cells<'a> {
    pub(super) header: &'a StringRecord,
    pub(super) record: &'a StringRecord,
    pub(super) line: u64,
}

/// Shots made can't exceed shots attempted.
const MADE_OF_ATTEMPTED: [(Stat, Stat); 3] = [
    (Stat::Fgm, Stat::Fga),
    (Stat::Fg3m, Stat::Fg3a),
    (Stat::Ftm, Stat::Fta),
];

impl<'a> Cells<'a> {
    /// The text of a column, if it isn't empty.
    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        let at = self.header.iter().position(|name| name == column)?;
        self.record.get(at).map(str::trim).filter(|text| !text.is_empty())
    }

    /// A team code, if the cell isn't empty.
    pub(super) fn team(&self, column: &str) -> Result<Option<TeamCode>, String> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|refused: Refused| format!("{column} {text:?} {}", refused.reason))
    }

    /// A date, if the cell isn't empty.
    pub(super) fn date(&self, column: &str) -> Result<Option<NaiveDate>, String> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| format!("{column} {text:?} is not a valid date; write it like 2026-01-03"))
    }

    /// A whole number. Accepts `6.0`, because columns with gaps are often written that way.
    pub(super) fn whole<T: FromStr>(&self, column: &str) -> Result<Option<T>, String> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let digits = text
            .split_once('.')
            .filter(|(_, zeros)| zeros.bytes().all(|byte| byte == b'0'));
        let number = digits.map_or(text, |(digits, _)| digits).parse();
        number
            .map(Some)
            .map_err(|_| format!("{column} {text:?} is not a whole number in the valid range"))
    }

    /// A boolean, in any of the usual spellings.
    pub(super) fn truth(&self, column: &str) -> Result<Option<bool>, String> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "1.0" => Ok(Some(true)),
            "false" | "f" | "0" | "0.0" => Ok(Some(false)),
            _ => Err(format!("{column} {text:?} is neither true nor false")),
        }
    }

    /// Minutes, as a decimal number or as `MM:SS`.
    pub(super) fn minutes(&self, column: &str) -> Result<Option<Minutes>, String> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let four_decimals = text.parse::<f64>().map(|minutes| format!("{minutes:.4}"));
        let parsed = four_decimals.as_deref().unwrap_or(text).parse();
        parsed
            .map(Some)
            .map_err(|refused: Refused| format!("{column} {text:?} {}", refused.reason))
    }

    /// All counts of a box score, each 0 to 255.
    pub(super) fn counts(&self) -> Result<StatCounts, String> {
        let counts = StatCounts::read(|column| self.whole(column))?;
        for (made, tried) in MADE_OF_ATTEMPTED {
            if let (Some(made_of), Some(tried_of)) = (counts.get(made), counts.get(tried))
                && made_of > tried_of
            {
                return Err(format!(
                    "{} {made_of} is more than {} {tried_of}",
                    made.column(),
                    tried.column()
                ));
            }
        }
        Ok(counts)
    }

    /// What the row states about its game.
    pub(super) fn game_side(&self) -> Result<GameSide, String> {
        Ok(GameSide {
            game: known("game_id", self.text("game_id"))?.parse()?,
            date: known("game_date", self.date("game_date")?)?,
            team: known("team", self.team("team")?)?,
            is_home: known("is_home", self.truth("is_home")?)?,
            opponent: self.team("opponent")?,
        })
    }
}

pub(super) fn known<T>(column: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("{column} is empty"))
}
