//! A worker's job: read a batch once, compute it date by date, validate the rows, return the result. It decides nothing.

use std::mem;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;
use tokio::time::Instant;

use crate::partition::Partition;
use crate::warehouse::Warehouse;

use super::unit_result::{ComputedUnit, UnitResult, judge_unit};
use super::{BatchDates, BatchReader, Phase, Stage, StageError};
use crate::table::digest;

#[derive(Debug, Clone)]
pub(super) struct WorkerBatch {
    /// The worker's slot, from 0.
    pub(super) slot: usize,
    /// Index of the stage in the run.
    pub(super) stage: usize,
    pub(super) intent: i64,
    pub(super) dates: Vec<Partition>,
}

/// A date, and its result with the notes for the log.
pub(super) type ComputedDate = (Partition, Result<(UnitResult, Vec<String>), StageError>);

pub(super) struct ComputedBatch {
    pub(super) dates: Vec<ComputedDate>,
    /// Its read slot, occupied until its rows fit in a commit: that limits the rows in memory.
    pub(super) read_slot: Option<OwnedSemaphorePermit>,
}

/// What a worker needs to compute a batch.
pub(super) struct BatchWork {
    pub(super) stage: Arc<dyn Stage>,
    pub(super) reader: Arc<dyn BatchReader>,
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) source: Arc<str>,
    /// The dates of the stage still to be computed, those of the batch included.
    pub(super) upcoming: Arc<[Partition]>,
    /// The read slots, if they are shared.
    pub(super) lanes: Option<Arc<Semaphore>>,
    pub(super) phases: UnboundedSender<(usize, Phase)>,
}

/// Reads and computes a batch, in one of the read slots if there are any to share. An outer error concerns the batch as a
/// whole.
pub(super) async fn compute_batch(
    batch: WorkerBatch,
    work: BatchWork,
) -> (WorkerBatch, Result<ComputedBatch, StageError>) {
    let BatchWork {
        stage,
        reader,
        warehouse,
        source,
        upcoming,
        lanes,
        phases,
    } = work;
    let (read_slot, first) = match lanes {
        None => (None, Phase::Compute),
        // The semaphore is never closed. Working without a permit would only be slower.
        Some(lanes) => (lanes.acquire_owned().await.ok(), Phase::Read),
    };
    // If the dispatcher is gone, the phase no longer matters.
    let _ = phases.send((batch.slot, first));
    let began = Instant::now();
    let to_read = BatchDates {
        dates: &batch.dates,
        upcoming: &upcoming,
    };
    let inputs = match reader.read(warehouse.as_ref(), to_read, &source).await {
        Ok(inputs) => inputs,
        Err(error) => return (batch, Err(error)),
    };
    let _ = phases.send((batch.slot, Phase::Compute));
    #[allow(clippy::cast_precision_loss, reason = "a batch has few dates")]
    let reading = began.elapsed().as_secs_f64() / batch.dates.len() as f64;
    let mut dates = Vec::with_capacity(batch.dates.len());
    for &date in &batch.dates {
        let began = Instant::now();
        let result = inputs.compute(date).map(|mut outcome| {
            let notes = mem::take(&mut outcome.notes);
            let computed = ComputedUnit {
                digest: digest(&outcome.rows),
                outcome,
                seconds: reading + began.elapsed().as_secs_f64(),
            };
            (judge_unit(stage.fills(), date, computed, &source), notes)
        });
        dates.push((date, result));
        tokio::task::yield_now().await;
    }
    (batch, Ok(ComputedBatch { dates, read_slot }))
}

pub(super) fn panic_message(error: JoinError) -> String {
    error.try_into_panic().map_or_else(
        |error| error.to_string(),
        |panic| {
            panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".to_owned())
        },
    )
}
