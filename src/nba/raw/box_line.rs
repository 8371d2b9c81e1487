//! The counts of one box score line, for a player or a team. A sum with an unknown count is unknown.

use std::ops::Add;

use crate::table::{FieldError, Fields};

/// A box score line. An unrecorded count is `None`, which is different from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxLine {
    /// Points.
    pub points: Option<u32>,
    /// Field goal attempts, including threes.
    pub fg_attempts: Option<u32>,
    /// Field goals made, including threes.
    pub fg_makes: Option<u32>,
    /// Three-point attempts.
    pub three_pt_attempts: Option<u32>,
    /// Three-pointers made.
    pub three_pt_makes: Option<u32>,
    /// Free throw attempts.
    pub ft_attempts: Option<u32>,
    /// Free throws made.
    pub ft_makes: Option<u32>,
    /// Offensive rebounds.
    pub offensive_rebounds: Option<u32>,
    /// Total rebounds.
    pub rebounds: Option<u32>,
    /// Assists.
    pub assists: Option<u32>,
    /// Turnovers.
    pub turnovers: Option<u32>,
    /// Personal fouls.
    pub personal_fouls: Option<u32>,
    /// Steals.
    pub steals: Option<u32>,
    /// Blocked shots.
    pub blocks: Option<u32>,
    /// Defensive rebounds.
    pub defensive_rebounds: Option<u32>,
}

impl BoxLine {
    /// All counts known to be zero: the start of a sum.
    pub const ZERO: Self = Self {
        points: Some(0),
        fg_attempts: Some(0),
        fg_makes: Some(0),
        three_pt_attempts: Some(0),
        three_pt_makes: Some(0),
        ft_attempts: Some(0),
        ft_makes: Some(0),
        offensive_rebounds: Some(0),
        rebounds: Some(0),
        assists: Some(0),
        turnovers: Some(0),
        personal_fouls: Some(0),
        steals: Some(0),
        blocks: Some(0),
        defensive_rebounds: Some(0),
    };

    /// Reads fifteen fields, in the order of this type.
    ///
    /// # Errors
    /// If a field is neither a count nor NULL.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            points: fields.optional_count()?,
            fg_attempts: fields.optional_count()?,
            fg_makes: fields.optional_count()?,
            three_pt_attempts: fields.optional_count()?,
            three_pt_makes: fields.optional_count()?,
            ft_attempts: fields.optional_count()?,
            ft_makes: fields.optional_count()?,
            offensive_rebounds: fields.optional_count()?,
            rebounds: fields.optional_count()?,
            assists: fields.optional_count()?,
            turnovers: fields.optional_count()?,
            personal_fouls: fields.optional_count()?,
            steals: fields.optional_count()?,
            blocks: fields.optional_count()?,
            defensive_rebounds: fields.optional_count()?,
        })
    }

    /// The offensive counts with their names.
    #[must_use]
    pub const fn attack(&self) -> [(&'static str, Option<u32>); 11] {
        [
            ("points", self.points),
            ("fg_attempts", self.fg_attempts),
            ("fg_makes", self.fg_makes),
            ("three_pt_attempts", self.three_pt_attempts),
            ("three_pt_makes", self.three_pt_makes),
            ("ft_attempts", self.ft_attempts),
            ("ft_makes", self.ft_makes),
            ("offensive_rebounds", self.offensive_rebounds),
            ("rebounds", self.rebounds),
            ("assists", self.assists),
            ("turnovers", self.turnovers),
        ]
    }

    /// The defensive counts with their names.
    #[must_use]
    pub const fn defence(&self) -> [(&'static str, Option<u32>); 4] {
        [
            ("personal_fouls", self.personal_fouls),
            ("steals", self.steals),
            ("blocks", self.blocks),
            ("defensive_rebounds", self.defensive_rebounds),
        ]
    }

    /// Every count with its name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, Option<u32>)> {
        self.attack().into_iter().chain(self.defence())
    }

    /// Whether any count is known to be above zero.
    #[must_use]
    pub fn did_anything(&self) -> bool {
        self.counts()
            .any(|(_, count)| count.is_some_and(|count| count > 0))
    }

    /// The plausibility rules violated by the line, as issues of the row. Unknown counts don't violate any.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let contradicts = self
            .points
            .zip(self.points_from_shots())
            .is_some_and(|(points, worth)| points != worth);
        let exceeds = [
            (self.fg_makes, self.fg_attempts),
            (self.three_pt_makes, self.three_pt_attempts),
            (self.ft_makes, self.ft_attempts),
        ]
        .iter()
        .any(|(makes, attempts)| attempts.is_some() && makes > attempts);
        let broken = [
            (contradicts, "points_contradict_shots"),
            (exceeds, "makes_exceed_attempts"),
        ];
        let broken = broken.iter().filter(|(broken, _)| *broken);
        broken.map(|&(_, rule)| rule.to_owned()).collect()
    }

    /// The points from made shots: 2 per field goal, 1 more per three, 1 per free throw.
    #[must_use]
    pub fn points_from_shots(&self) -> Option<u32> {
        Some(2 * self.fg_makes? + self.three_pt_makes? + self.ft_makes?)
    }
}

impl Add for BoxLine {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = |one: Option<u32>, two: Option<u32>| Some(one? + two?);
        Self {
            points: sum(self.points, other.points),
            fg_attempts: sum(self.fg_attempts, other.fg_attempts),
            fg_makes: sum(self.fg_makes, other.fg_makes),
            three_pt_attempts: sum(self.three_pt_attempts, other.three_pt_attempts),
            three_pt_makes: sum(self.three_pt_makes, other.three_pt_makes),
            ft_attempts: sum(self.ft_attempts, other.ft_attempts),
            ft_makes: sum(self.ft_makes, other.ft_makes),
            offensive_rebounds: sum(self.offensive_rebounds, other.offensive_rebounds),
            rebounds: sum(self.rebounds, other.rebounds),
            assists: sum(self.assists, other.assists),
            turnovers: sum(self.turnovers, other.turnovers),
            personal_fouls: sum(self.personal_fouls, other.personal_fouls),
            steals: sum(self.steals, other.steals),
            blocks: sum(self.blocks, other.blocks),
            defensive_rebounds: sum(self.defensive_rebounds, other.defensive_rebounds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_count_makes_only_its_own_sum_null() {
        let one = BoxLine {
            offensive_rebounds: None,
            points: Some(20),
            ..BoxLine::ZERO
        };
        let sum = one
            + BoxLine {
                offensive_rebounds: Some(3),
                points: Some(11),
                ..BoxLine::ZERO
            };
        assert_eq!(
            (sum.offensive_rebounds, sum.points, sum.assists),
            (None, Some(31), Some(0))
        );
    }

    // 9 field goals including 2 threes, and 5 free throws: 18 + 2 + 5.
    #[test]
    fn points_are_derived_from_made_shots() {
        let line = BoxLine {
            fg_makes: Some(9),
            three_pt_makes: Some(2),
            ft_makes: Some(5),
            ..BoxLine::ZERO
        };
        assert_eq!(line.points_from_shots(), Some(25));
        assert_eq!(
            BoxLine {
                ft_makes: None,
                ..line
            }
            .points_from_shots(),
            None
        );
        assert!(line.did_anything());
        assert!(
            !BoxLine {
                points: None,
                ..BoxLine::ZERO
            }
            .did_anything()
        );
    }
}
