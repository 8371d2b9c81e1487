//! The state of one stage in a run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::super::board::StageBoard;
use super::super::queue::Queue;
use super::super::writer::Writer;
use super::super::{Options, Stage};
use super::trouble::Trouble;
use super::unit::UnitsByDate;
use crate::ledger::{Coverage, StageTally, UnitRecord, UnitState};
use crate::plan::{Advance, Plan};

/// Whether a stage's expected rows per date have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeState {
    Unknown,
    Requested,
    Known,
}

/// A stage of this run.
pub(super) struct StageRun {
    pub(super) stage: Arc<dyn Stage>,
    /// Indexes of the stages in this run that must pass first.
    pub(super) needs: Vec<usize>,
    pub(super) board: StageBoard,
    pub(super) units: UnitsByDate,
    pub(super) queue: Queue,
    pub(super) writer: Writer,
    pub(super) trouble: Trouble,
    pub(super) scope: ScopeState,
    /// Whether the stage may start without approval: the plan doesn't ask for one, the operator gave it, or an earlier
    /// run started the stage.
    pub(super) released: bool,
    /// How many of the plan's dates were done when the run began.
    pub(super) covered_before: Coverage,
    /// Units to do when the stage started.
    pub(super) to_do: u64,
    /// How often stored rows of this stage have changed in this run.
    pub(super) changes: u64,
}

impl StageRun {
    /// Queues a date and shows it in this state.
    pub(super) fn requeue(&mut self, date: NaiveDate, state: UnitState) {
        self.queue.add(date);
        self.board.change(date, |unit| {
            unit.state = state;
            unit.attempts = 0;
            unit.reason = None;
        });
    }

    /// The record of a requeued date; `None` outside the run. Its stored rows stay until they are replaced.
    pub(super) fn reopened(&self, date: NaiveDate, usual_source: &str) -> Option<UnitRecord> {
        let unit = self.board.unit(date)?;
        let source = self.units.source(date).unwrap_or(usual_source);
        Some(UnitRecord {
            expected: unit.expected,
            rows: unit.rows,
            ..UnitRecord::new(date, UnitState::Pending, source)
        })
    }
}

/// One `StageRun` per stage, none of them started.
pub(super) fn stage_runs(
    plan: &Plan,
    stages: Vec<Arc<dyn Stage>>,
    options: &Options,
    begun: &HashSet<String>,
    done: &HashMap<String, StageTally>,
    values_at_once: usize,
) -> Vec<StageRun> {
    let names: Vec<String> = stages.iter().map(|stage| stage.name().to_owned()).collect();
    let released = |name: &str| {
        let asks = plan.stage(name).is_some_and(|spec| spec.advance == Advance::Ask);
        !asks || begun.contains(name) || options.released.iter().any(|released| released == name)
    };
    let covered = |name: &str| done.get(name).cloned().unwrap_or_default().coverage(plan.range);
    let stage_run = |stage: Arc<dyn Stage>| StageRun {
        released: released(stage.name()),
        covered_before: covered(stage.name()),
        needs: needs_of(plan, stage.name(), &names),
        board: StageBoard::new(stage.name(), stage.fills().path(), &options.dates),
        units: UnitsByDate::default(),
        queue: Queue::new(if stage.runs_a_program() {
            1
        } else {
            options.largest_batch
        }),
        stage,
        writer: Writer::new(values_at_once),
        trouble: Trouble::default(),
        scope: ScopeState::Unknown,
        to_do: 0,
        changes: 0,
    };
    stages.into_iter().map(stage_run).collect()
}

/// Indexes of the stages this stage needs. Stages outside this run are ignored.
fn needs_of(plan: &Plan, stage: &str, names: &[String]) -> Vec<usize> {
    let needs = plan
        .stage(stage)
        .map(|spec| spec.needs.as_slice())
        .unwrap_or_default();
    let place = |need: &String| names.iter().position(|name| name == need);
    needs.iter().filter_map(place).collect()
}
