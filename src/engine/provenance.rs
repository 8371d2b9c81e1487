//! What each unit was computed from, kept current during a run. Decides which units a change invalidates.

use std::collections::BTreeSet;

use crate::figures::counted;
use crate::ledger::{
    Digests, InputDigests, Invalidated, KnownDigests, Ledger, LedgerError, Settled, SourceRecord, Target,
    UnitState,
};
use crate::partition::Partition;

use super::seen_sources::{SeenSource, SourceChange, SourceDigests};
use super::{Lineage, Units};

/// The lineage of a plan with the digests of its units.
#[derive(Debug)]
pub struct Provenance {
    lineage: Lineage,
    digests: KnownDigests,
    sources: SourceDigests,
    /// Units that are done or in flight; only these can be invalidated.
    units: Units,
}

impl Provenance {
    /// Reads the units and digests from the ledger.
    pub fn read(lineage: Lineage, ledger: &Ledger, target: Target) -> Result<Self, LedgerError> {
        let mut units = Units::new();
        for stage in lineage.stages() {
            let done = ledger.units(target, stage)?;
            let done = done.iter().filter(|unit| can_be_invalidated(unit.state));
            units.insert(stage.to_owned(), done.map(|unit| unit.date).collect());
        }
        Ok(Self {
            digests: ledger.digests(target)?,
            sources: SourceDigests::read(ledger, target)?,
            lineage,
            units,
        })
    }

    pub(super) const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Units that depend on these dates of a table, or of a stage without one, with the reason to record.
    pub fn invalidated(&self, output: &str, dates: &BTreeSet<Partition>) -> Vec<Invalidated> {
        let what = match (dates.first(), dates.last()) {
            (Some(first), Some(last)) if first < last => {
                format!(
                    "{} of {output} from {first} to {last}",
                    counted(dates.len(), "date")
                )
            }
            (Some(date), _) => format!("{date} of {output}"),
            (None, _) => return Vec::new(),
        };
        let found = self.lineage.dependants(output, dates, &self.units);
        found
            .into_iter()
            .map(|(stage, dates)| Invalidated {
                stage,
                dates: dates.into_iter().collect(),
                reason: format!("{what} changed after it was computed"),
            })
            .collect()
    }

    /// Adds units that are now being computed, so that a change from now on invalidates them.
    pub(super) fn begin(&mut self, stage: &str, dates: &[Partition]) {
        self.sources.begin(&self.lineage, stage, dates);
        self.units.entry(stage.to_owned()).or_default().extend(dates);
    }

    /// What a unit in flight reads.
    pub(super) fn input(&self, stage: &str, date: Partition) -> InputDigests {
        InputDigests {
            stages: self.lineage.input_digest(stage, date, &self.digests),
            sources: self.sources.of_begun(stage, date),
        }
    }

    /// Takes a new look at the sources. Returns the units it makes stale, by source, and what to record of it without
    /// them.
    pub(super) fn see(
        &mut self,
        seen: Vec<SeenSource>,
        ledger: &Ledger,
        target: Target,
    ) -> Result<(Vec<SourceChange>, SourceRecord), LedgerError> {
        let before = |source: &str| ledger.source_state(target, source);
        self.sources.see(seen, &self.lineage, &self.units, before)
    }

    /// Whether no date of the stage before this one has been stored.
    pub(super) fn is_first(&self, stage: &str, date: Partition) -> bool {
        let known = self.digests.get(stage);
        known.is_none_or(|known| known.range(..date).next().is_none())
    }

    /// Records the digests of stored units; kept rows keep theirs. Returns the dates whose rows have changed.
    pub(super) fn end(&mut self, stage: &str, settled: &mut [Settled]) -> BTreeSet<Partition> {
        let mut changed = BTreeSet::new();
        for Settled {
            unit,
            digests,
            sources,
            ..
        } in settled
        {
            *sources = self.sources.end(stage, unit.date);
            let input = self.lineage.input_digest(stage, unit.date, &self.digests);
            let known = self.digests.entry(stage.to_owned()).or_default();
            let before = known.get(&unit.date).copied();
            if before.is_none() && unit.state == UnitState::Skipped && self.lineage.depends_on_past(stage) {
                // It leaves nothing for a later date to read.
                *digests = None;
                continue;
            }
            let Some(output) = digests.or(before).map(|digests| digests.output) else {
                continue;
            };
            let now = Digests { input, output };
            *digests = Some(now);
            known.insert(unit.date, now);
            if before.map(|before| before.output) != Some(output) {
                changed.insert(unit.date);
            }
        }
        changed
    }

    /// Removes units that are now stale or pending, so that further changes don't invalidate them again.
    pub fn forget(&mut self, stage: &str, dates: &[Partition]) {
        if let Some(units) = self.units.get_mut(stage) {
            for date in dates {
                units.remove(date);
            }
        }
    }

    /// Dates computed from inputs other than those stored now.
    pub(super) fn invalidated_before(&self, stage: &str) -> BTreeSet<Partition> {
        self.lineage.outrun(stage, &self.digests)
    }
}

/// A unit that is not done yet will be computed from its inputs at that time.
pub(super) const fn can_be_invalidated(state: UnitState) -> bool {
    state.is_done()
}
