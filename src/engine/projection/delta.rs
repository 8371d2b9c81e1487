//! What of a picture the facts before it do not tell: how the dates stood at the start, who works on what, the rate,
//! gates, the runbook. Recorded beside the facts, so that both together are the run as it was shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::UnitGroup;
use super::list::ListDelta;
use super::stage;
use crate::engine::{
    BreakdownView, CheckView, Cost, Estimate, GapView, RunView, Snapshot, StageState, StageView, WorkerView,
};
use crate::runbook::Item;

/// The rest of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotDelta {
    /// The run as a whole.
    #[serde(rename = "of")]
    pub run: RunView,
    /// Stages that changed otherwise than was told; all of them at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageDelta>,
    /// Workers.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub workers: ListDelta<WorkerView>,
    /// Checks.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub checks: ListDelta<CheckView>,
    /// Items of the runbook.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub runbook: ListDelta<Item>,
    /// Checks of the raw tables.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub sources: ListDelta<CheckView>,
    /// Breakdowns.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub breakdowns: ListDelta<BreakdownView>,
    /// What the run is going to be billed, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Arc<Estimate>>,
}

/// One stage. What follows from its units is not said again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageDelta {
    /// Name.
    pub name: String,
    /// `dataset.table`; none if it fills none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// How it stands.
    pub state: StageState,
    /// Seconds of work, pauses left out.
    pub seconds: f64,
    /// What was billed for it and its checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What its rows do not know; none if that is as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<GapView>>,
    /// Whether its dates are these and no others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Its units that changed otherwise than was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitGroup>,
}

impl SnapshotDelta {
    /// What is to be said of `now` to somebody who knows `before`.
    pub(super) fn between(before: Option<&Snapshot>, now: &Snapshot) -> Self {
        let stages = now.stages.iter().filter_map(|stage| {
            let known = before.and_then(|before| before.stages.iter().find(|known| known.name == stage.name));
            StageDelta::between(known, stage)
        });
        let estimate = before.and_then(|before| before.estimate.as_ref());
        Self {
            run: now.run.clone(),
            stages: stages.collect(),
            workers: ListDelta::between(before.map_or(&[], |before| &before.workers), &now.workers),
            checks: ListDelta::between(before.map_or(&[], |before| &before.checks), &now.checks),
            runbook: ListDelta::between(before.map_or(&[], |before| &before.runbook), &now.runbook),
            sources: ListDelta::between(before.map_or(&[], |before| &before.sources), &now.sources),
            breakdowns: ListDelta::between(before.map_or(&[], |before| &before.breakdowns), &now.breakdowns),
            estimate: (now.estimate.clone()).filter(|now| Some(now) != estimate),
        }
    }

    pub(super) fn apply(&self, snapshot: &mut Snapshot) {
        snapshot.run = self.run.clone();
        for delta in &self.stages {
            delta.apply(stage::of_name(&mut snapshot.stages, &delta.name));
        }
        self.workers.apply(&mut snapshot.workers);
        self.checks.apply(&mut snapshot.checks);
        self.runbook.apply(Arc::make_mut(&mut snapshot.runbook));
        self.sources.apply(&mut snapshot.sources);
        self.breakdowns.apply(&mut snapshot.breakdowns);
        if let Some(estimate) = &self.estimate {
            snapshot.estimate = Some(Arc::clone(estimate));
        }
    }
}

impl StageDelta {
    /// None if both are the same.
    fn between(before: Option<&StageView>, now: &StageView) -> Option<Self> {
        if before == Some(now) {
            return None;
        }
        let known = before.filter(|before| {
            let dates = |stage: &StageView| stage.units.iter().map(|unit| unit.date).collect::<Vec<_>>();
            Arc::ptr_eq(&before.units, &now.units) || dates(before) == dates(now)
        });
        let units = match known {
            Some(before) => UnitGroup::gathered(
                (before.units.iter().zip(now.units.iter()))
                    .filter(|(old, new)| old != new)
                    .map(|(_, new)| new),
            ),
            None => UnitGroup::gathered(now.units.iter()),
        };
        Some(Self {
            name: now.name.clone(),
            table: now.table.clone(),
            state: now.state,
            seconds: now.seconds,
            cost: now.cost,
            gaps: before
                .is_none_or(|before| before.gaps != now.gaps)
                .then(|| now.gaps.clone()),
            whole: known.is_none(),
            units,
        })
    }

    fn apply(&self, stage: &mut StageView) {
        stage.table.clone_from(&self.table);
        stage.state = self.state;
        stage.seconds = self.seconds;
        stage.cost = self.cost;
        if let Some(gaps) = &self.gaps {
            stage.gaps.clone_from(gaps);
        }
        if self.whole {
            stage::forget_units(stage);
        }
        stage::put_units(stage, self.units.iter().flat_map(UnitGroup::units));
    }
}
