//! The ledger data that runbook conditions are evaluated on.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::ledger::{CheckRecord, Ledger, LedgerError, StageTally, Target, Tick, UnitState, WrittenReport};
use crate::partition::Partition;
use crate::plan::{Condition, DoneWhen, Plan};

/// States of single dates of a stage, each with the time it was recorded.
pub(super) type DateStates = HashMap<Partition, (UnitState, DateTime<Utc>)>;

/// The data of one plan on one warehouse, over all dates of the plan: a run of some dates doesn't complete an item
/// about all of them.
#[derive(Debug, Clone, Default)]
pub struct RunbookFacts {
    /// Date counts by stage.
    pub tallies: HashMap<String, StageTally>,
    /// States of the dates named in conditions, by stage.
    pub dates: HashMap<String, DateStates>,
    /// The newest result of each check, by name.
    pub checks: HashMap<String, CheckRecord>,
    /// Checks that have ever passed or been waived.
    pub once_met: HashSet<String>,
    /// Time of the newest waiver of any check.
    pub waived_at: Option<DateTime<Utc>>,
    /// Ticks by item.
    pub ticks: HashMap<String, Tick>,
    /// The handoff report written last.
    pub report: Option<WrittenReport>,
}

impl RunbookFacts {
    /// Reads the data from the ledger; a few thousand adjacent rows.
    ///
    /// # Errors
    /// When the ledger cannot be read or contains an unknown value.
    pub fn gather(ledger: &Ledger, target: Target, plan: &Plan) -> Result<Self, LedgerError> {
        let mut dates: HashMap<String, DateStates> = HashMap::new();
        for condition in plan.runbook.iter().flat_map(|spec| match &spec.done_when {
            DoneWhen::Facts(conditions) => conditions.as_slice(),
            DoneWhen::Manual => &[],
        }) {
            if let Condition::Dates { stage, dates: named } = condition {
                let Some(spec) = plan.stage(stage) else { continue };
                let states = ledger.states_of(target, spec, named)?;
                dates.entry(stage.clone()).or_default().extend(states);
            }
        }
        let waivers = ledger.newest_waivers(target)?;
        Ok(Self {
            tallies: ledger.tallies(target, plan)?,
            dates,
            checks: ledger.newest_checks(target, plan)?,
            once_met: ledger.once_met(target)?,
            waived_at: waivers.values().map(|waiver| waiver.at).max(),
            ticks: ledger.ticks(target)?,
            report: ledger.newest_report(target)?,
        })
    }

    /// Time of the newest recorded result; an older report is out of date.
    pub(super) fn changed_at(&self) -> Option<DateTime<Utc>> {
        let units = self.tallies.values().filter_map(|tally| tally.last_at);
        let checks = self.checks.values().map(|check| check.at);
        units.chain(checks).chain(self.waived_at).max()
    }
}
