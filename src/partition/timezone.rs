//! The time zone in which the days of a plan begin. Knows the calendar of a place, not plans or tables.

use std::cmp::Ordering;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The time zone of a plan's days, UTC unless the plan names one. Hours are hours of UTC in every zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timezone(Tz);

impl Default for Timezone {
    fn default() -> Self {
        Self::UTC
    }
}

impl PartialOrd for Timezone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By name.
impl Ord for Timezone {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl Timezone {
    /// Days begin at midnight UTC.
    pub const UTC: Self = Self(Tz::UTC);

    /// Parses a name of the IANA database, such as `America/New_York`.
    ///
    /// # Errors
    /// When there is no such zone; returns a sentence for the operator.
    pub fn parse(name: &str) -> Result<Self, String> {
        const SAME_AS_UTC: [&str; 8] = [
            "UTC",
            "UCT",
            "Zulu",
            "Universal",
            "Etc/UTC",
            "Etc/UCT",
            "Etc/Zulu",
            "Etc/Universal",
        ];
        if SAME_AS_UTC.contains(&name) {
            return Ok(Self::UTC);
        }
        name.parse().map(Self).map_err(|_| {
            format!(
                "'{name}' is not a time zone; write a name of the IANA database, for example America/New_York"
            )
        })
    }

    /// The name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether its days are those of UTC.
    #[must_use]
    pub fn is_utc(self) -> bool {
        self == Self::UTC
    }

    /// The day of an instant: the last one that has begun. Where clocks go back over midnight, a day that has begun doesn't
    /// end again.
    #[must_use]
    pub fn day_of(self, at: DateTime<Utc>) -> NaiveDate {
        let day = self.clock(at).date();
        match day.succ_opt() {
            Some(next) if self.start_of(next) <= at => next,
            _ => day,
        }
    }

    /// The first of some days, in order, after whose start clocks go back to the day before: its first hour comes twice,
    /// and SQL counts a part of it for the day before.
    #[must_use]
    pub fn repeated_midnight(self, mut days: impl Iterator<Item = NaiveDate>) -> Option<NaiveDate> {
        days.find(|day| {
            let start = self.start_of(*day);
            let later = |minutes: i64| self.clock(start + TimeDelta::minutes(minutes));
            let goes_back = later(180) < self.clock(start) + TimeDelta::minutes(180);
            goes_back && (0..180).any(|minutes| later(minutes).date() < *day)
        })
    }

    /// What clocks show.
    #[must_use]
    pub fn clock(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.0).naive_local()
    }

    /// The first instant of a day, in UTC. Where clocks skip midnight, it is the instant at which they do; a day that they
    /// skip as a whole begins with the next one.
    #[must_use]
    pub fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        if self.is_utc() {
            return midnight.and_utc();
        }
        if let Some(first) = self.0.from_local_datetime(&midnight).earliest() {
            return first.with_timezone(&Utc);
        }
        // Midnight by the clock as it was before, which is the instant at which it is changed.
        let before = midnight
            .checked_sub_signed(TimeDelta::hours(12))
            .unwrap_or(midnight);
        let offset = self.0.offset_from_utc_datetime(&before).fix().local_minus_utc();
        let behind = TimeDelta::seconds(offset.into());
        midnight.checked_sub_signed(behind).unwrap_or(midnight).and_utc()
    }
}

impl fmt::Display for Timezone {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The hours of a day by the almanac.
    #[rstest]
    #[case("UTC", "2024-03-10", "2024-03-10T00:00:00Z", 24)]
    #[case("America/New_York", "2024-03-10", "2024-03-10T05:00:00Z", 23)]
    #[case("America/New_York", "2024-11-03", "2024-11-03T04:00:00Z", 25)]
    #[case("Asia/Kolkata", "2024-03-10", "2024-03-09T18:30:00Z", 24)]
    // Clocks went from 0:00 to 1:00.
    #[case("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", 23)]
    // From 1:00 back to 0:00.
    #[case("America/Havana", "2023-11-05", "2023-11-05T04:00:00Z", 25)]
    // There was no 30 December.
    #[case("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0)]
    #[case("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24)]
    fn a_day_begins_at_local_midnight(
        #[case] zone: &str,
        #[case] date: &str,
        #[case] start: &str,
        #[case] hours: i64,
    ) {
        let (zone, date) = (Timezone::parse(zone).unwrap(), day(date));
        assert_eq!(zone.start_of(date), start.parse::<DateTime<Utc>>().unwrap());
        let end = zone.start_of(date.succ_opt().unwrap());
        assert_eq!((end - zone.start_of(date)).num_hours(), hours);
    }

    /// Newfoundland put its clocks back at 0:01; New York does at 2:00, Havana from 1:00 to 0:00.
    #[rstest]
    #[case("America/St_Johns", "2010-11-01", Some("2010-11-07"))]
    #[case("America/St_Johns", "2012-11-01", None)]
    #[case("America/New_York", "2010-11-01", None)]
    #[case("America/Havana", "2010-11-01", None)]
    fn a_midnight_that_comes_twice_is_found(
        #[case] zone: &str,
        #[case] from: &str,
        #[case] found: Option<&str>,
    ) {
        let month = day(from).iter_days().take(30);
        assert_eq!(
            Timezone::parse(zone).unwrap().repeated_midnight(month),
            found.map(day)
        );
    }

    #[test]
    fn every_name_of_utc_is_utc() {
        for name in ["UTC", "Etc/UTC", "Zulu"] {
            assert!(Timezone::parse(name).unwrap().is_utc(), "{name}");
        }
    }

    #[test]
    fn unknown_zones_are_refused() {
        for name in ["New York", "EST5EDT4", "", "america/new_york"] {
            assert!(
                Timezone::parse(name).unwrap_err().contains("is not a time zone"),
                "{name}"
            );
        }
    }

    proptest! {
        /// Every instant is in exactly one day, also where clocks change.
        #[test]
        fn days_cover_time_without_overlap(
            zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
            minutes in 0..30_000_000i64,
        ) {
            let zone = Timezone(zone);
            let at = "1980-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes);
            let day = zone.day_of(at);
            prop_assert!(zone.start_of(day) <= at, "{zone} {at}: {day}");
            prop_assert!(at < zone.start_of(day.succ_opt().unwrap()), "{zone} {at}: {day}");
        }
    }
}
