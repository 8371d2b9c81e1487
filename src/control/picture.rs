//! Snapshots on the socket: the first in full, the next with changed units only. A run has thousands of units and sends
//! up to ten snapshots a second.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{Snapshot, StageView, UnitView};

/// A full or partial snapshot, as sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Whether the stages list every unit; if not, only the units that changed since the previous snapshot.
    pub whole: bool,
    /// The snapshot; complete except for its units.
    pub snapshot: Snapshot,
}

impl Picture {
    /// What to send to a reader that has `before` so that it gets `now`.
    #[must_use]
    pub fn since(before: Option<&Snapshot>, now: &Snapshot) -> Self {
        let changed = before.and_then(|before| changes(before, now));
        Self {
            whole: changed.is_none(),
            snapshot: changed.unwrap_or_else(|| now.clone()),
        }
    }

    /// The full snapshot, for a reader that has `before`; `None` if it doesn't apply to it.
    #[must_use]
    pub fn onto(self, before: Option<&Snapshot>) -> Option<Snapshot> {
        let Self { whole, mut snapshot } = self;
        if whole {
            return Some(snapshot);
        }
        let before = before?;
        if before.stages.len() != snapshot.stages.len() {
            return None;
        }
        for (stage, old) in snapshot.stages.iter_mut().zip(&before.stages) {
            stage.units = patched(old, stage)?;
        }
        Some(snapshot)
    }
}

/// A snapshot with only the changed units; `None` if its stages or dates differ from before.
fn changes(before: &Snapshot, now: &Snapshot) -> Option<Snapshot> {
    if before.stages.len() != now.stages.len() {
        return None;
    }
    let mut stages = Vec::new();
    for (stage, old) in now.stages.iter().zip(&before.stages) {
        let mut units = Vec::new();
        if !Arc::ptr_eq(&stage.units, &old.units) {
            if stage.units.len() != old.units.len() {
                return None;
            }
            for (unit, old) in stage.units.iter().zip(old.units.iter()) {
                if unit.date != old.date {
                    return None;
                }
                if unit != old {
                    units.push(unit.clone());
                }
            }
        }
        stages.push(StageView {
            units: Arc::new(units),
            ..stage.clone()
        });
    }
    Some(Snapshot {
        stages,
        ..now.clone()
    })
}

fn patched(old: &StageView, changed: &StageView) -> Option<Arc<Vec<UnitView>>> {
    if changed.units.is_empty() {
        return Some(Arc::clone(&old.units));
    }
    let mut units = old.units.to_vec();
    for unit in changed.units.iter() {
        let at = units.binary_search_by_key(&unit.date, |unit| unit.date).ok()?;
        units[at] = unit.clone();
    }
    Some(Arc::new(units))
}
