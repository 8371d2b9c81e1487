//! The workers of a run, and whose turn it is to give one a batch. It must not know how a batch is computed.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::super::board::WorkerSlot;
use super::super::{Phase, TaskView};

#[derive(Debug)]
pub(super) struct WorkerPool {
    pub(super) slots: Vec<WorkerSlot>,
    /// Number of workers requested. While it shrinks, more may be busy with their last batch.
    pub(super) wanted: usize,
    /// Permits for reading and computing: the warehouse's limit, whatever the number of workers.
    pub(super) lanes: Arc<Semaphore>,
    /// Index of the stage that hands out the next batch first (round robin).
    pub(super) turn: usize,
    pub(super) phases: UnboundedSender<(usize, Phase)>,
    pub(super) reports: UnboundedReceiver<(usize, Phase)>,
}

impl WorkerPool {
    pub(super) fn new(wanted: usize, lanes: usize) -> Self {
        let (phases, reports) = mpsc::unbounded_channel();
        Self {
            slots: (0..wanted).map(|_| WorkerSlot::idle()).collect(),
            wanted,
            lanes: Arc::new(Semaphore::new(lanes.min(Semaphore::MAX_PERMITS))),
            turn: 0,
            phases,
            reports,
        }
    }

    pub(super) fn tasks(&self) -> impl Iterator<Item = &TaskView> {
        self.slots.iter().filter_map(|slot| slot.task.as_ref())
    }

    pub(super) fn idle(&self) -> Vec<usize> {
        let is_idle = |slot: &usize| self.slots[*slot].task.is_none();
        (0..self.wanted).filter(is_idle).collect()
    }

    pub(super) fn busy_with(&self, stage: &str) -> usize {
        self.tasks().filter(|task| task.stage == stage).count()
    }

    pub(super) fn enter(&mut self, slots: impl IntoIterator<Item = usize>, phase: Phase) {
        for slot in slots {
            self.slots[slot].enter(phase);
        }
    }

    /// Frees these workers, and removes workers above the wanted number.
    pub(super) fn free(&mut self, slots: impl IntoIterator<Item = usize>) {
        for slot in slots {
            self.slots[slot].end();
        }
        self.drop_surplus();
    }

    /// Changes the number of workers; those above it go once they are idle.
    pub(super) fn resize(&mut self, wanted: usize) {
        self.wanted = wanted;
        let more = wanted.saturating_sub(self.slots.len());
        self.slots.extend((0..more).map(|_| WorkerSlot::idle()));
        self.drop_surplus();
    }

    pub(super) fn drop_surplus(&mut self) {
        while self.slots.len() > self.wanted && self.slots.last().is_some_and(|slot| slot.task.is_none()) {
            self.slots.pop();
        }
    }
}
