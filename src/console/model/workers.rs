//! The Workers pane: the selected row, and per slot the recent utilisation and the number of panics.

use std::collections::{BTreeMap, VecDeque};

use ratatui::layout::Rect;

use super::list::first_in_view;
use crate::engine::Snapshot;

/// Samples kept per slot.
const SAMPLES: usize = 32;

/// Active seconds between two samples, so that the strip covers several seconds.
const BETWEEN: f64 = 0.25;

/// Selected row and utilisation history.
#[derive(Debug, Clone, Default)]
pub struct WorkersState {
    pub cursor: usize,
    /// First row in view when it was last drawn.
    pub top: usize,
    /// Number of workers requested; `None` once the snapshot has as many.
    pub wanted: Option<usize>,
    slots: BTreeMap<usize, WorkerHistory>,
    sampled_at: f64,
}

#[derive(Debug, Clone, Default)]
struct WorkerHistory {
    busy_seconds: f64,
    samples: VecDeque<f64>,
    deaths: u32,
}

/// Rows above the workers: process metrics and column headings.
pub const ABOVE: usize = 2;

impl WorkersState {
    /// Workers that fit in a pane of this size.
    pub fn page(area: Rect) -> usize {
        usize::from(area.height).saturating_sub(ABOVE)
    }

    /// Index of the first of `len` workers in view.
    pub fn first_in_view(&self, page: usize, len: usize) -> usize {
        first_in_view(self.top, self.cursor, page, len)
    }

    /// Updates cursor and history from a new snapshot.
    pub fn take(&mut self, snapshot: &Snapshot) {
        self.cursor = self.cursor.min(snapshot.workers.len().saturating_sub(1));
        if self.wanted == Some(snapshot.workers.len()) {
            self.wanted = None;
        }
        let active = snapshot.run.active_seconds;
        let passed = active - self.sampled_at;
        if (0.0..BETWEEN).contains(&passed) {
            return;
        }
        self.sampled_at = active;
        self.slots
            .retain(|slot, _| snapshot.workers.iter().any(|worker| worker.slot == *slot));
        for worker in &snapshot.workers {
            let slot = self.slots.entry(worker.slot).or_default();
            let busy_seconds = worker.busy * active;
            if passed > 0.0 {
                let share = (busy_seconds - slot.busy_seconds) / passed;
                slot.samples.push_back(share.clamp(0.0, 1.0));
            }
            slot.busy_seconds = busy_seconds;
            while slot.samples.len() > SAMPLES {
                slot.samples.pop_front();
            }
        }
    }

    pub fn died(&mut self, slot: usize) {
        self.slots.entry(slot).or_default().deaths += 1;
    }

    /// How often the worker of this slot panicked.
    pub fn deaths(&self, slot: usize) -> u32 {
        self.slots.get(&slot).map_or(0, |slot| slot.deaths)
    }

    /// Utilisation of the slot, 0 to 1, oldest first.
    pub fn samples(&self, slot: usize) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.slots
            .get(&slot)
            .into_iter()
            .flat_map(|slot| slot.samples.iter().copied())
    }
}
