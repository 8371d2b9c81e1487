//! The counts of one box score line, for a player or a team. A sum with an unknown count is unknown.

use std::ops::Add;

use crate::table::{FieldError, FieldReader};

/// Defines [`BoxLine`] by its counts, each with its description: the offensive ones, then the defensive ones.
macro_rules! box_line {
    (attack { $($attack:ident: $attack_doc:literal,)* } defence { $($defence:ident: $defence_doc:literal,)* }) => {
        /// A box score line. An unrecorded count is `None`, which is different from zero.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct BoxLine {
            $(#[doc = $attack_doc] pub $attack: Option<u32>,)*
            $(#[doc = $defence_doc] pub $defence: Option<u32>,)*
        }

        impl BoxLine {
            /// All counts known to be zero: the start of a sum.
            pub const ZERO: Self = Self { $($attack: Some(0),)* $($defence: Some(0),)* };

            /// Reads one field per count, in the order of this type.
            ///
            /// # Errors
            /// If a field is neither a count nor NULL.
            pub fn read(fields: &mut FieldReader<'_>) -> Result<Self, FieldError> {
                Ok(Self {
                    $($attack: fields.optional_count()?,)*
                    $($defence: fields.optional_count()?,)*
                })
            }

            /// The offensive counts with their names.
            #[must_use]
            pub const fn attack(&self) -> [(&'static str, Option<u32>); 11] {
                [$((stringify!($attack), self.$attack)),*]
            }

            /// The defensive counts with their names.
            #[must_use]
            pub const fn defence(&self) -> [(&'static str, Option<u32>); 4] {
                [$((stringify!($defence), self.$defence)),*]
            }
        }

        impl Add for BoxLine {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                let sum = |one: Option<u32>, two: Option<u32>| Some(one? + two?);
                Self {
                    $($attack: sum(self.$attack, other.$attack),)*
                    $($defence: sum(self.$defence, other.$defence),)*
                }
            }
        }
    };
}

box_line! {
    attack {
        points: "Points.",
        fg_attempts: "Field goal attempts, including threes.",
        fg_makes: "Field goals made, including threes.",
        three_pt_attempts: "Three-point attempts.",
        three_pt_makes: "Three-pointers made.",
        ft_attempts: "Free throw attempts.",
        ft_makes: "Free throws made.",
        offensive_rebounds: "Offensive rebounds.",
        rebounds: "Total rebounds.",
        assists: "Assists.",
        turnovers: "Turnovers.",
    }
    defence {
        personal_fouls: "Personal fouls.",
        steals: "Steals.",
        blocks: "Blocked shots.",
        defensive_rebounds: "Defensive rebounds.",
    }
}

impl BoxLine {
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
