//! The difference between two snapshots. Among the events it records what they don't contain (dates at the start,
//! workers, rates, gates, the runbook), so that both together reproduce the run as shown; on the control socket it is
//! what a console has not received yet.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::UnitGroup;
use super::list::ListDelta;
use super::{BreakdownView, CheckView, GapView, RunView, Snapshot, StageState, StageView, WorkerView};
use crate::engine::{Cost, Estimate, SampleView};
use crate::runbook::Item;

/// What a snapshot adds to an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotDelta {
    /// The run as a whole.
    #[serde(rename = "overview", alias = "of")]
    pub run: RunView,
    /// Stages that differ; all of them in the first delta.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageDelta>,
    /// Changes in the workers.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub workers: ListDelta<WorkerView>,
    /// Changes in the checks.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub checks: ListDelta<CheckView>,
    /// Changes in the runbook items.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub runbook: ListDelta<Item>,
    /// Changes in the raw-data checks.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub sources: ListDelta<CheckView>,
    /// Changes in the breakdowns.
    #[serde(default, skip_serializing_if = "ListDelta::is_nothing")]
    pub breakdowns: ListDelta<BreakdownView>,
    /// The cost estimate, if it has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Arc<Estimate>>,
    /// The sample, if it has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Arc<SampleView>>,
}

/// One stage, without the sums that follow from its units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageDelta {
    pub name: String,
    /// `dataset.table`; `None` if the stage has no table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    pub state: StageState,
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<(f64, f64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// NULLs and data issues; `None` if unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<GapView>>,
    /// Whether `units` replaces all units of the stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitGroup>,
}

impl SnapshotDelta {
    /// The delta that turns `before` into `now`.
    #[must_use]
    pub fn between(before: Option<&Snapshot>, now: &Snapshot) -> Self {
        let stages = now.stages.iter().filter_map(|stage| {
            let known = before.and_then(|before| before.stages.iter().find(|known| known.name == stage.name));
            StageDelta::between(known, stage)
        });
        let estimate = before.and_then(|before| before.estimate.as_ref());
        let sample = before.and_then(|before| before.sample.as_ref());
        Self {
            run: now.run.clone(),
            stages: stages.collect(),
            workers: ListDelta::between(before.map_or(&[], |before| &before.workers), &now.workers),
            checks: ListDelta::between(before.map_or(&[], |before| &before.checks), &now.checks),
            runbook: ListDelta::between(before.map_or(&[], |before| &before.runbook), &now.runbook),
            sources: ListDelta::between(before.map_or(&[], |before| &before.sources), &now.sources),
            breakdowns: ListDelta::between(before.map_or(&[], |before| &before.breakdowns), &now.breakdowns),
            estimate: (now.estimate.clone()).filter(|now| Some(now) != estimate),
            sample: (now.sample.clone()).filter(|now| Some(now) != sample),
        }
    }

    /// Turns the snapshot it was made from into the one it was made for, except its version and time.
    pub fn apply(&self, snapshot: &mut Snapshot) {
        snapshot.run = self.run.clone();
        for delta in &self.stages {
            delta.apply(StageView::named(&mut snapshot.stages, &delta.name));
        }
        self.workers.apply(&mut snapshot.workers);
        self.checks.apply(&mut snapshot.checks);
        self.runbook.apply(Arc::make_mut(&mut snapshot.runbook));
        self.sources.apply(&mut snapshot.sources);
        self.breakdowns.apply(&mut snapshot.breakdowns);
        if let Some(estimate) = &self.estimate {
            snapshot.estimate = Some(Arc::clone(estimate));
        }
        if let Some(sample) = &self.sample {
            snapshot.sample = Some(Arc::clone(sample));
        }
    }
}

impl StageDelta {
    /// `None` if both are the same.
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
            eta: now.eta,
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
        stage.eta = self.eta;
        stage.cost = self.cost;
        if let Some(gaps) = &self.gaps {
            stage.gaps.clone_from(gaps);
        }
        if self.whole {
            stage.forget_units();
        }
        stage.put_units(self.units.iter().flat_map(UnitGroup::units));
    }
}
