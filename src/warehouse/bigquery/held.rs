//! The lease that a warehouse holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::fence::WriteFence;
use crate::warehouse::Lease;

/// The lease this warehouse holds, if any. Shared by all clones of the warehouse.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldLease(Arc<Mutex<Option<HeartbeatLease>>>);

/// A held lease, as published by the latest heartbeat.
#[derive(Debug, Clone)]
pub(super) struct HeartbeatLease {
    pub(super) fence: WriteFence,
    pub(super) lease: Lease,
}

impl HeldLease {
    fn lease(&self) -> Option<HeartbeatLease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, lease: Option<HeartbeatLease>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lease;
    }

    pub(super) fn fence(&self) -> Option<WriteFence> {
        self.lease().map(|lease| lease.fence)
    }

    /// Increments the heartbeat counter and returns the lease to publish.
    pub(super) fn next_heartbeat(&self) -> Option<HeartbeatLease> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lease = held.as_mut()?;
        lease.lease.heartbeat += 1;
        Some(lease.clone())
    }

    /// SQL at the start of every write transaction, which fails the write if the lease was taken. Empty if no
    /// lease is held.
    pub(super) fn guard(&self) -> String {
        self.fence().map_or_else(String::new, |fence| fence.guard())
    }

    /// Labels of jobs sent to a project, so that the next lease holder can find them.
    pub(super) fn labels(&self, project: &str) -> HashMap<String, String> {
        self.fence()
            .map_or_else(HashMap::new, |fence| fence.labels(project))
    }
}
