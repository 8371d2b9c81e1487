//! Previews what a run would do in each stage, using the run's own work list. Writes nothing and creates no table.

use std::collections::BTreeSet;

use crate::ledger::{CurrentUnits, Ledger, LedgerError, Target};
use crate::partition::Partition;
use crate::plan::Plan;
use crate::warehouse::Warehouse;

use super::seen_sources::SeenSource;
use super::stored::stored_rows_if_any;
use super::waiting_dates::WaitingDates;
use super::worklist::{StageFacts, WorkList};
use super::{Demand, Lineage, Provenance, Replaces, Stage, StageError, Units};

#[derive(Debug)]
pub struct Preview<'a> {
    plan: &'a Plan,
    dates: &'a [Partition],
    demand: Demand<'a>,
    lineage: Lineage,
    waiting: WaitingDates,
    known: Option<EarlierRuns<'a>>,
    /// Units that become stale if earlier stages get different rows.
    following: Units,
}

#[derive(Debug)]
struct EarlierRuns<'a> {
    ledger: &'a Ledger,
    target: Target,
    provenance: Provenance,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StagePreview {
    pub to_do: Vec<Partition>,
    pub replaces: Replaces,
    /// Dates left alone.
    pub done: usize,
    pub outdated: usize,
    /// Dates without work.
    pub skipped: usize,
    /// Dates that wait for a source.
    pub waiting: usize,
    /// Further dates it would compute if an earlier stage gets different rows.
    pub following: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl<'a> Preview<'a> {
    /// Previews these dates, in order, with the sources as seen. Without a ledger, nothing counts as done.
    pub fn of(
        dates: &'a [Partition],
        demand: Demand<'a>,
        lineage: Lineage,
        plan: &'a Plan,
        ledger: Option<(&'a Ledger, Target)>,
        seen: Vec<SeenSource>,
    ) -> Result<Self, LedgerError> {
        let of_runs = lineage.clone();
        let known = |(ledger, target)| {
            Ok(EarlierRuns {
                ledger,
                target,
                provenance: Provenance::read(of_runs, ledger, target)?,
            })
        };
        Ok(Self {
            plan,
            dates,
            demand,
            lineage,
            waiting: WaitingDates::of(seen),
            known: ledger.map(known).transpose()?,
            following: Units::new(),
        })
    }

    /// Previews one stage. Call in plan order, upstream stages first.
    pub async fn stage(
        &mut self,
        stage: &dyn Stage,
        warehouse: &dyn Warehouse,
    ) -> Result<StagePreview, PreviewError> {
        let name = stage.name();
        let dates = self.plan.dates_of(name, self.dates);
        let scopes = stage.scope(warehouse, &dates).await?;
        let stored = stored_rows_if_any(warehouse, stage.fills(), &dates).await;
        let stored = stored.map_err(StageError::from)?;
        let (current, unsettled, invalidated) = match &self.known {
            None => Default::default(),
            Some(known) => known.of(self.plan, name, self.demand)?,
        };
        let facts = StageFacts {
            dates: &dates,
            scopes: &scopes,
            current,
            stored: &stored,
            unsettled: &unsettled,
            invalidated: &invalidated,
            waiting: &self.waiting.among(&self.lineage, name, &dates),
            depends_on_past: stage.depends_on_past(),
            failing: &[],
        };
        let list = WorkList::of(self.demand, facts);
        let waiting = list.waiting.len();
        self.waiting.keep(name, list.waiting);
        let to_do: BTreeSet<Partition> = list.to_do.iter().copied().collect();
        let follows = |date: &Partition| !to_do.contains(date) && dates.contains(date);
        self.follow(stage, &to_do);
        let following = self.following.remove(name).unwrap_or_default();
        let following = following.into_iter().filter(follows).count();
        Ok(StagePreview {
            replaces: list.replaces,
            outdated: (list.changed.iter())
                .filter(|date| dates.contains(date) && !to_do.contains(date))
                .count(),
            done: dates.len() - list.to_do.len() - list.skipped.len() - waiting,
            skipped: list.skipped.len(),
            waiting,
            to_do: list.to_do,
            following,
        })
    }

    /// Adds the units that depend on the dates a stage would compute.
    fn follow(&mut self, stage: &dyn Stage, to_do: &BTreeSet<Partition>) {
        let Some(known) = &self.known else {
            return;
        };
        let output = stage.fills().path().unwrap_or_else(|| stage.name().to_owned());
        for dependent in known.provenance.invalidated(&output, to_do) {
            let dates = self.following.entry(dependent.stage).or_default();
            dates.extend(dependent.dates);
        }
    }
}

/// A stage in the ledger: its units, the dates in open intents, and the dates whose inputs changed.
type OfStage = (CurrentUnits, BTreeSet<Partition>, BTreeSet<Partition>);

impl EarlierRuns<'_> {
    fn of(&self, plan: &Plan, stage: &str, demand: Demand<'_>) -> Result<OfStage, LedgerError> {
        let current = match plan.stage(stage) {
            Some(spec) => self.ledger.current_units(self.target, spec)?,
            None => CurrentUnits::default(),
        };
        let unsettled = if demand.settles_intents() {
            self.ledger.open_intents(self.target, stage)?
        } else {
            Vec::new()
        };
        Ok((
            current,
            unsettled.into_iter().flat_map(|intent| intent.dates).collect(),
            self.provenance.invalidated_before(stage),
        ))
    }
}
