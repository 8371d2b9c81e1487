//! How a plan divides time: the length of its partitions, and the zone in which their days begin.

use std::collections::HashMap;

use toml::Spanned;

use super::raw::RawStage;
use crate::partition::{Grain, PartitionRange, Timezone};

/// How long the partitions of each stage are.
#[derive(Debug)]
pub(super) struct StageGrains {
    usual: Grain,
    own: HashMap<String, Grain>,
    shortest: Grain,
}

impl StageGrains {
    /// Those of these stages; `usual` is the plan's.
    pub(super) fn of(stages: &[Spanned<RawStage>], usual: Grain) -> Self {
        let own: HashMap<String, Grain> = (stages.iter())
            .filter_map(|stage| {
                let stage = stage.get_ref();
                Some((stage.name.clone()?, stage.partition?))
            })
            .collect();
        let all = stages
            .iter()
            .map(|stage| stage.get_ref().partition.unwrap_or(usual));
        Self {
            usual,
            shortest: all.chain([usual]).min().unwrap_or(usual),
            own,
        }
    }

    /// Of a stage; the plan's if it has none of its own.
    pub(super) fn of_stage(&self, name: &str) -> Grain {
        self.own.get(name).copied().unwrap_or(self.usual)
    }

    /// The shortest of the plan and all stages: all others consist of it.
    pub(super) const fn shortest(&self) -> Grain {
        self.shortest
    }
}

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

    /// The dates of a stage with this division: all that lie completely in the range of the plan.
    pub(super) fn range_in(self, plan: PartitionRange) -> Result<PartitionRange, String> {
        let (grain, shortest) = (self.grain, plan.grain());
        if !shortest.divides(grain) {
            return Err(format!(
                "partition is \"{grain}\", but that of the plan or another stage is \"{shortest}\": a {grain} doesn't consist \
                 of whole {shortest}s; write partition = \"day\" for the plan and give stages their own"
            ));
        }
        plan.whole(grain).ok_or_else(|| {
            format!(
                "no {grain} lies completely in the plan's dates, {} to {}; widen them",
                plan.from(),
                plan.to()
            )
        })
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
