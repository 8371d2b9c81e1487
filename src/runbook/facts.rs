//! What the ledger knows that can tick an item.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::ledger::{CheckRecord, Ledger, LedgerError, Tally, Target, Tick, UnitState, WrittenReport};
use crate::plan::{Condition, DoneWhen, Plan};

/// States of single dates of a stage, each with when it was recorded.
pub(super) type DateStates = HashMap<NaiveDate, (UnitState, DateTime<Utc>)>;

/// The facts of one plan on one warehouse, over the dates of the plan: a run of a part of them ticks nothing that asks
/// for all.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Dates of each stage, by stage.
    pub tallies: HashMap<String, Tally>,
    /// Dates that are asked after one by one, by stage.
    pub dates: HashMap<String, DateStates>,
    /// The newest answer of each check, by name.
    pub checks: HashMap<String, CheckRecord>,
    /// Checks that were met or waived at some time.
    pub once_met: HashSet<String>,
    /// The newest waiver's moment, over all checks.
    pub waived_at: Option<DateTime<Utc>>,
    /// What was ticked by hand, by item.
    pub ticks: HashMap<String, Tick>,
    /// The document that was written last.
    pub report: Option<WrittenReport>,
}

impl Facts {
    /// Reads the facts of a plan; all it needs is a few thousand rows that stand together.
    ///
    /// # Errors
    /// When the ledger cannot be read or holds a word it should not.
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

    /// When a result was recorded last; a document written before is behind.
    pub(super) fn changed_at(&self) -> Option<DateTime<Utc>> {
        let units = self.tallies.values().filter_map(|tally| tally.last_at);
        let checks = self.checks.values().map(|check| check.at);
        units.chain(checks).chain(self.waived_at).max()
    }
}
