//! How a plan divides time: the length of its partitions, and the zone in which their days begin.

use crate::partition::{Grain, Timezone};

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
}
