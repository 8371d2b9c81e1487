//! Shot zones of the floor.

/// A shot zone, from nearest to the basket outwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Within eight feet of the basket.
    Paint,
    /// Two-pointers from farther out.
    MidRange,
    /// Three-pointers.
    Three,
}

impl Zone {
    /// Number of zones.
    pub const COUNT: usize = 3;

    const PAINT_FEET: f64 = 8.0;

    /// The distance of the three-point line in feet; it is 22 feet in the corners.
    const ARC_FEET: f64 = 23.75;

    /// The zone of a shot from `feet` away. `called_three` is the feed's classification.
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
    fn zones_follow_distance_and_then_the_shot_type(
        #[case] feet: f64,
        #[case] called_three: bool,
        #[case] zone: Zone,
    ) {
        assert_eq!(Zone::of(feet, called_three), zone);
    }
}
