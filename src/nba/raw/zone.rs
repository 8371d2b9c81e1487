//! Where on the floor a shot was taken.

/// A zone of the floor, nearest to the basket first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Eight feet from the basket or nearer.
    Paint,
    /// Two-pointers from farther away.
    MidRange,
    /// Three-pointers.
    Three,
}

impl Zone {
    /// How many zones there are.
    pub const COUNT: usize = 3;

    const PAINT_FEET: f64 = 8.0;

    /// The arc at its farthest; nearer to the side lines it is at 22 feet.
    const ARC_FEET: f64 = 23.75;

    /// The zone of a shot from `feet` away, which the feed may call a three-pointer.
    #[must_use]
    pub fn of(feet: f64, called_three: bool) -> Self {
        if feet <= Self::PAINT_FEET {
            Self::Paint
        } else if called_three || feet >= Self::ARC_FEET {
            Self::Three
        } else {
            Self::MidRange
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, false, Zone::Paint)]
    #[case(8.0, false, Zone::Paint)]
    #[case(8.1, false, Zone::MidRange)]
    #[case(23.0, false, Zone::MidRange)]
    #[case(23.75, false, Zone::Three)]
    #[case(22.0, true, Zone::Three)]
    #[case(8.0, true, Zone::Paint)]
    fn distance_decides_and_beyond_the_paint_the_feeds_word(
        #[case] feet: f64,
        #[case] called_three: bool,
        #[case] zone: Zone,
    ) {
        assert_eq!(Zone::of(feet, called_three), zone);
    }
}
