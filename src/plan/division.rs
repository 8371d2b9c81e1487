//! How a plan divides time: the length of its partitions, and the zone in which their days begin.

use crate::partition::{Grain, PartitionRange, Timezone};

#[derive(Debug, Clone, Copy)]
pub(super) struct Division {
    pub(super) grain: Grain,
    pub(super) zone: Timezone,
}

impl Division {
    /// Parses the zone of a plan with partitions of this length, UTC if none is given.
    pub(super) fn new(grain: Grain, timezone: Option<&str>) -> Result<Self, String> {
        let zone = timezone.map_or(Ok(Timezone::UTC), Timezone::parse)?;
        if grain == Grain::Hour && !zone.is_utc() {
            return Err(format!(
                "timezone is {zone}, but hours are hours of UTC in every zone; leave it out"
            ));
        }
        Ok(Self { grain, zone })
    }

    /// Refuses days whose rows can't be told from those of the day before.
    pub(super) fn refuse_repeated_midnight(self, range: PartitionRange) -> Result<(), String> {
        let days = range.from().first_day().iter_days();
        // The end of the last day is the start of one more.
        let days = days.take_while(|day| day.pred_opt().is_none_or(|day| day <= range.to().last_day()));
        if self.zone.is_utc() {
            return Ok(());
        }
        self.zone.repeated_midnight(days).map_or(Ok(()), |day| {
            Err(format!(
                "clocks of {} go back over midnight on {day}, so that it begins twice; leave the day before and this one out of \
                 the range, or use another timezone",
                self.zone
            ))
        })
    }
}
