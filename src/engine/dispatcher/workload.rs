//! The state of one stage in a run.

use std::sync::Arc;

use super::super::board::StageBoard;
use super::super::queue::Queue;
use super::super::writer::TableWriter;
use super::super::{BatchReader, Stage};
use super::stage_errors::StageErrors;
use super::unit::UnitsByDate;
use crate::ledger::{Coverage, UnitRecord, UnitState};
use crate::partition::{Partition, PartitionRange};

/// Whether a stage's expected rows per date have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeState {
    Unknown,
    Requested,
    Known,
}

pub(super) struct StageWorkload {
    pub(super) stage: Arc<dyn Stage>,
    /// Reads its batches; made anew after an input has changed.
    pub(super) reader: Option<Arc<dyn BatchReader>>,
    /// Indexes of the stages in this run that must pass first.
    pub(super) needs: Vec<usize>,
    /// The dates of the stage in the plan, whether they are in this run or not.
    pub(super) range: PartitionRange,
    pub(super) board: StageBoard,
    pub(super) units: UnitsByDate,
    pub(super) queue: Queue,
    pub(super) writer: TableWriter,
    pub(super) errors: StageErrors,
    pub(super) scope: ScopeState,
    /// Whether the stage may start: it needs no approval, the operator gave it, or an earlier run started it.
    pub(super) released: bool,
    /// How many of the plan's dates were done when the run began.
    pub(super) covered_before: Coverage,
    /// Units to do when the stage started.
    pub(super) to_do: u64,
    /// How often stored rows of this stage have changed in this run.
    pub(super) changes: u64,
}

impl StageWorkload {
    /// Queues a date and shows it in this state.
    pub(super) fn requeue(&mut self, date: Partition, state: UnitState) {
        self.queue.add(date);
        self.board.change(date, |unit| {
            unit.state = state;
            unit.attempts = 0;
            unit.reason = None;
        });
    }

    /// The record of a requeued date; `None` outside the run. Its stored rows stay until they are replaced.
    pub(super) fn reopened(&self, date: Partition, usual_source: &str) -> Option<UnitRecord> {
        let unit = self.board.unit(date)?;
        let source = self.units.source(date).unwrap_or(usual_source);
        Some(UnitRecord {
            expected: unit.expected,
            rows: unit.rows,
            ..UnitRecord::new(date, UnitState::Pending, source)
        })
    }
}
