//! A snapshot on the socket: as a delta, because a run has thousands of units and sends up to ten snapshots a second.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::{Snapshot, SnapshotDelta};

/// What a console needs to get from the snapshot it has to the newest one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotUpdate {
    /// Version of the newest snapshot.
    pub version: u64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The changes; everything in the first update of a connection.
    pub delta: SnapshotDelta,
}

impl SnapshotUpdate {
    /// The update for a console that has `before`.
    #[must_use]
    pub fn since(before: Option<&Snapshot>, now: &Snapshot) -> Self {
        Self {
            version: now.version,
            at: now.at,
            delta: SnapshotDelta::between(before, now),
        }
    }

    /// The newest snapshot, for a console that has `before`.
    #[must_use]
    pub fn onto(self, before: Option<Snapshot>) -> Snapshot {
        let blank = || Snapshot::blank(&self.delta.run.id, self.at);
        let mut snapshot = before.unwrap_or_else(blank);
        self.delta.apply(&mut snapshot);
        Snapshot {
            version: self.version,
            at: self.at,
            ..snapshot
        }
    }
}
