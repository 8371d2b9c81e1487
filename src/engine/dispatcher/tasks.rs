//! The tasks in flight, and what each of them is doing. It must not know what follows from their outcomes.

use std::collections::HashMap;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use super::super::preflight::{ChangedTables, Findings, TableChangeError};
use super::super::seen_sources::SeenSource;
use super::super::worker::{ComputedBatch, WorkerBatch};
use super::super::writer::Commit;
use super::super::{Correction, Estimate, Sampled, StageError};
use super::check_queue::CheckGroup;
use super::reloading::ReplySender;
use super::scoping::Scoped;
use crate::checks::{Breakdown, Measured};
use crate::partition::Partition;
use crate::warehouse::WarehouseError;

pub(super) enum TaskOutcome {
    Prepared(Result<Option<String>, StageError>),
    Examined(Result<Findings, StageError>),
    Looked(Result<Vec<SeenSource>, WarehouseError>),
    LookedAgain(ReplySender, Result<Vec<SeenSource>, WarehouseError>),
    TablesChanged(Result<ChangedTables, TableChangeError>),
    Estimated(Estimate, f64),
    Sampled(Result<Sampled, StageError>, f64),
    Scoped(usize, Result<Scoped, StageError>),
    Worked(WorkerBatch, Result<ComputedBatch, StageError>),
    Written(usize, Commit, Result<(), WarehouseError>),
    Checked(CheckGroup, CheckTicket, Result<Measured, WarehouseError>, f64),
    BrokenDown(CheckTicket, Result<Breakdown, WarehouseError>),
    Compared(ReplySender, Vec<Partition>, Result<Vec<Correction>, StageError>),
    Corrected(ReplySender, Vec<Correction>, usize, Result<(), WarehouseError>),
    Recorded(i64, Result<(), WarehouseError>),
    Pruned,
    Finished,
}

/// What a task was doing, kept outside it because a panicked task returns nothing.
pub(super) enum TaskKind {
    /// A step of the run, in words; if it panics, the run stops.
    Step(&'static str),
    Worker(WorkerBatch, AbortHandle),
    Commit(usize, Vec<WorkerBatch>),
    Check(CheckGroup, usize),
    Breakdown(usize),
    /// Work beside the run, in words.
    Background(&'static str),
    Recorder,
}

/// A check or breakdown in flight: its index, and how often the rows it counts had changed when the query started. If
/// they have changed again since, its result is outdated.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckTicket {
    pub(super) at: usize,
    pub(super) changes: u64,
}

/// A task that has ended, with its outcome unless it panicked or was aborted.
pub(super) type Joined = Result<(Id, TaskOutcome), JoinError>;

#[derive(Default)]
pub(super) struct Tasks {
    set: JoinSet<TaskOutcome>,
    kinds: HashMap<Id, TaskKind>,
}

impl Tasks {
    pub(super) fn spawn(
        &mut self,
        kind: impl FnOnce(AbortHandle) -> TaskKind,
        task: impl Future<Output = TaskOutcome> + Send + 'static,
    ) {
        let handle = self.set.spawn(task);
        self.kinds.insert(handle.id(), kind(handle));
    }

    /// Waits for the next task to end. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Joined> {
        self.set.join_next_with_id().await
    }

    /// The outcome of a task, or its kind if it failed; `None` if it was cancelled just as it finished.
    pub(super) fn outcome(&mut self, joined: Joined) -> Option<Result<TaskOutcome, (TaskKind, JoinError)>> {
        Some(match joined {
            Ok((id, outcome)) => self.kinds.remove(&id).map(|_| Ok(outcome))?,
            Err(error) => Err((self.kinds.remove(&error.id())?, error)),
        })
    }

    /// Aborts the workers' tasks and forgets their outcomes. Returns their batches.
    pub(super) fn abort_workers(&mut self) -> Vec<(WorkerBatch, AbortHandle)> {
        let workers = (self.kinds).extract_if(|_, kind| matches!(kind, TaskKind::Worker(..)));
        let aborted = workers.filter_map(|(_, kind)| match kind {
            TaskKind::Worker(batch, task) => Some((batch, task)),
            _ => None,
        });
        aborted.inspect(|(_, task)| task.abort()).collect()
    }

    pub(super) fn abort_all(&mut self) {
        self.set.abort_all();
    }

    pub(super) async fn shutdown(&mut self) {
        self.set.shutdown().await;
    }
}
