//! The Checks pane: checks in the order of their stages, and which one is marked.

use crate::engine::{CheckView, Snapshot};

/// The marked row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checklist {
    /// Counts in the order of [`by_stage`].
    pub cursor: usize,
}

/// The checks, those of one stage together, stages in plan order; a check of no known stage comes last.
pub fn by_stage(snapshot: &Snapshot) -> Vec<&CheckView> {
    let place = |check: &CheckView| {
        let stages = snapshot.stages.iter();
        stages.take_while(|stage| stage.name != check.stage).count()
    };
    let mut checks: Vec<_> = snapshot.checks.iter().collect();
    checks.sort_by_key(|check| place(check));
    checks
}

impl Checklist {
    /// The marked check.
    pub fn marked(self, snapshot: &Snapshot) -> Option<&CheckView> {
        by_stage(snapshot).get(self.cursor).copied()
    }
}
