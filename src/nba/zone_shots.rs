//! Shots by zone, of one or several games. A game has shot data for all zones or for none.

use std::iter::Sum;
use std::ops::Add;

use super::raw::Zone;
use super::rounding::round;
use crate::table::{FieldError, FieldReader};

/// Shots from one zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shots {
    /// Attempts.
    pub attempts: u32,
    /// Makes.
    pub makes: u32,
}

impl Shots {
    /// Makes divided by attempts; `None` without attempts.
    #[must_use]
    pub fn fraction(self) -> Option<f64> {
        (self.attempts > 0).then(|| f64::from(self.makes) / f64::from(self.attempts))
    }
}

/// Shots from all zones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZoneShots([Shots; Zone::COUNT]);

impl ZoneShots {
    /// Reads six fields: attempts and makes in the paint, from mid-range and of three. `None` if any of them is
    /// unknown: threes are in every box score, and shares need all zones of the same games.
    ///
    /// # Errors
    /// If a field is neither a count nor NULL.
    pub fn read(fields: &mut FieldReader<'_>) -> Result<Option<Self>, FieldError> {
        let mut zone = || {
            let (attempts, makes) = (fields.optional_count()?, fields.optional_count()?);
            Ok(attempts
                .zip(makes)
                .map(|(attempts, makes)| Shots { attempts, makes }))
        };
        let zones = [zone()?, zone()?, zone()?];
        Ok(match zones {
            [Some(paint), Some(mid_range), Some(three)] => Some(Self([paint, mid_range, three])),
            _ => None,
        })
    }

    /// The shots from one zone.
    #[must_use]
    pub const fn from(&self, zone: Zone) -> Shots {
        self.0[zone as usize]
    }

    /// Total attempts.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.iter().map(|shots| shots.attempts).sum()
    }

    /// Share of attempts from this zone, in percent with two decimals; `None` without attempts.
    #[must_use]
    pub fn rate(&self, zone: Zone) -> Option<f64> {
        let (from_here, all) = (self.from(zone).attempts, self.attempts());
        (all > 0).then(|| round(100.0 * f64::from(from_here) / f64::from(all), 2))
    }
}

impl Add for ZoneShots {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let mut sum = self;
        for (shots, more) in sum.0.iter_mut().zip(other.0) {
            shots.attempts += more.attempts;
            shots.makes += more.makes;
        }
        sum
    }
}

impl Sum for ZoneShots {
    fn sum<I: Iterator<Item = Self>>(games: I) -> Self {
        games.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    fn read(values: [Option<i64>; 6]) -> Option<ZoneShots> {
        let row = values.map(Value::from);
        let columns = ["", "", "", "", "", ""];
        ZoneShots::read(&mut FieldReader::new(&columns, &row)).unwrap()
    }

    // 8 + 3 + 5 = 16 shots, of which 100·8/16 = 50, 100·3/16 = 18.75 and 100·5/16 = 31.25 percent.
    #[test]
    fn shares_are_of_all_shots_in_the_same_games() {
        let game = read([Some(8), Some(5), Some(3), Some(1), Some(5), Some(0)]).unwrap();
        let rates = [Zone::Paint, Zone::MidRange, Zone::Three].map(|zone| game.rate(zone));
        assert_eq!(rates, [Some(50.0), Some(18.75), Some(31.25)]);
        assert_eq!(game.from(Zone::Paint).fraction(), Some(0.625));
        assert_eq!(
            game.from(Zone::Three).fraction(),
            Some(0.0),
            "missed is not unknown"
        );
        assert_eq!(
            (game + game).from(Zone::MidRange),
            Shots {
                attempts: 6,
                makes: 2
            }
        );
        assert_eq!(ZoneShots::default().rate(Zone::Paint), None);
    }

    #[test]
    fn threes_alone_are_not_shot_data() {
        assert_eq!(read([None, None, None, None, Some(5), Some(2)]), None);
        assert!(read([Some(0); 6]).is_some());
    }
}
