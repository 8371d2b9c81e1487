//! The sample before a full run: reads and computes a few representative dates in every stage and compares them with
//! the stored rows. Writes nothing. It uses the ledger's state from the start of the run.

mod difference;
mod needs;
mod nulls;
mod unit;
mod view;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

pub use difference::{Change, ChangedColumn, Difference};
pub use needs::KnownUnits;
pub use nulls::{ColumnNulls, StageNulls};
pub use view::{SampleState, SampleView, UnitSample};

use super::worker::panic_message;
use super::{Meter, RetryPolicy, Stage, StageError};
use crate::figures::counted;
use crate::partition::{Partition, PartitionRange};
use crate::plan::SampleDate;
use crate::warehouse::Warehouse;
use needs::Fillers;
use nulls::Nulls;
use unit::{SampledUnit, sample_unit};

/// What to sample.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The dates, in order.
    pub dates: Vec<SampleDate>,
    /// The stages to sample, in plan order.
    pub stages: Vec<Arc<dyn Stage>>,
    /// Every stage of the plan, since stages outside the sample may fill its inputs.
    pub every: Vec<Arc<dyn Stage>>,
    /// The dates of the plan. Dates outside it are never filled, so they can't be missing.
    pub range: PartitionRange,
    /// The source the stages read.
    pub source: String,
    /// Whether the operator named the source; otherwise stored rows are recomputed from their own source.
    pub source_is_explicit: bool,
    /// Number of attempts and pauses between them.
    pub retry: RetryPolicy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// Whether something was sampled and nothing blocks the full run.
    pub passed: bool,
    pub message: String,
    /// NULLs of every stage with sampled rows.
    pub nulls: Vec<StageNulls>,
}

impl Sample {
    /// Number of units to sample.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.dates.len() * self.stages.len()
    }

    /// What is being done, for the screen.
    #[must_use]
    pub fn what(&self) -> String {
        let (dates, stages) = (self.dates.len(), self.stages.len());
        format!(
            "sampling {} in {}",
            counted(dates, "date"),
            counted(stages, "stage")
        )
    }

    /// Takes the sample, with as many units at once as the warehouse has read slots. Each result is sent in plan order
    /// once all previous units have finished. A unit that panics fails; the others continue.
    ///
    /// # Errors
    /// If the stored rows of the stages can't be counted.
    pub async fn take(
        self,
        known: KnownUnits,
        warehouse: Arc<dyn Warehouse>,
        meter: Arc<Meter>,
        sender: UnboundedSender<UnitSample>,
    ) -> Result<Sampled, StageError> {
        meter
            .total
            .store(u32::try_from(self.units()).unwrap_or(u32::MAX), Ordering::Relaxed);
        let fillers = Fillers::read(&self.every, &known, self.range, warehouse.as_ref()).await?;
        let sample = Arc::new(self);
        let (known, fillers) = (Arc::new(known), Arc::new(fillers));
        let slots = Arc::new(Semaphore::new(warehouse.read_slots().min(Semaphore::MAX_PERMITS)));
        // Dropping this future aborts its tasks.
        let mut tasks = JoinSet::new();
        let mut places = HashMap::new();
        for place in 0..sample.units() {
            let (sample, known, fillers) = (Arc::clone(&sample), Arc::clone(&known), Arc::clone(&fillers));
            let (warehouse, slots) = (Arc::clone(&warehouse), Arc::clone(&slots));
            let task = tasks.spawn(async move {
                // The semaphore is never closed. Working without a permit would only be slower.
                let _slot = slots.acquire().await;
                sample.unit(place, &known, &fillers, warehouse.as_ref()).await
            });
            places.insert(task.id(), place);
        }
        let mut finished: Vec<Option<SampledUnit>> = (0..sample.units()).map(|_| None).collect();
        let mut sent = 0;
        while let Some(joined) = tasks.join_next_with_id().await {
            let (id, found) = match joined {
                Ok((id, found)) => (id, Ok(found)),
                Err(error) => (error.id(), Err(panic_message(error))),
            };
            let Some(&place) = places.get(&id) else { continue };
            let found = found.unwrap_or_else(|message| sample.panicked(place, &message));
            finished[place] = Some(found);
            meter.done.fetch_add(1, Ordering::Relaxed);
            while let Some(Some(found)) = finished.get(sent) {
                // The listener may be gone.
                let _ = sender.send(found.unit.clone());
                sent += 1;
            }
        }
        let found: Vec<SampledUnit> = finished.into_iter().flatten().collect();
        Ok(sample.summed_up(&found))
    }

    /// The stage and date at an index: stage by stage, each with all its dates.
    fn at(&self, place: usize) -> (&Arc<dyn Stage>, &SampleDate) {
        let dates = self.dates.len();
        (&self.stages[place / dates], &self.dates[place % dates])
    }

    async fn unit(
        &self,
        place: usize,
        known: &KnownUnits,
        fillers: &Fillers,
        warehouse: &dyn Warehouse,
    ) -> SampledUnit {
        let (stage, SampleDate { date, why }) = self.at(place);
        if let Some(needs) = fillers.missing(stage.as_ref(), *date, warehouse).await {
            let state = SampleState::Unsampled;
            return SampledUnit::nothing(UnitSample::bare(stage.name(), *date, why, state, &needs));
        }
        let source = self.source_of(known, stage.name(), *date);
        sample_unit(stage.as_ref(), warehouse, *date, why, source, self.retry).await
    }

    fn source_of<'a>(&'a self, known: &'a KnownUnits, stage: &str, date: Partition) -> &'a str {
        let recorded = known.source(stage, date).filter(|_| !self.source_is_explicit);
        recorded.unwrap_or(&self.source)
    }

    fn panicked(&self, place: usize, message: &str) -> SampledUnit {
        let (stage, SampleDate { date, why }) = self.at(place);
        let (state, message) = (SampleState::Failed, format!("panicked: {message}"));
        SampledUnit::nothing(UnitSample::bare(stage.name(), *date, why, state, &message))
    }

    fn summed_up(&self, found: &[SampledUnit]) -> Sampled {
        let states: Vec<SampleState> = found.iter().map(|found| found.unit.state).collect();
        let nulls = self.stages.iter().filter_map(|stage| {
            let table = stage.fills().definition()?;
            let (mut sampled, mut stored) = (Nulls::default(), Nulls::default());
            for found in found.iter().filter(|found| found.unit.stage == stage.name()) {
                sampled.join(&found.sampled);
                stored.join(&found.stored);
            }
            Some(StageNulls::new(stage.name(), table, &sampled, &stored))
        });
        Sampled {
            passed: !states.iter().any(|state| state.blocks_run())
                && states.iter().any(|state| state.is_as_expected()),
            message: sample_message(&states),
            nulls: nulls.filter(|nulls| nulls.sampled > 0).collect(),
        }
    }
}

/// The result of a sample in one sentence.
#[must_use]
pub fn sample_message(states: &[SampleState]) -> String {
    let good = states.iter().filter(|state| state.is_as_expected()).count();
    let mut message = format!("sample: {good} of {} as expected", counted(states.len(), "unit"));
    for (state, words) in [
        (SampleState::Differs, "different from the stored rows"),
        (SampleState::Short, "with missing rows"),
        (SampleState::Failed, "failed"),
        (SampleState::Unsampled, "not sampled yet"),
    ] {
        let number = states.iter().filter(|other| **other == state).count();
        if number > 0 {
            message = format!("{message}, {number} {words}");
        }
    }
    message
}
