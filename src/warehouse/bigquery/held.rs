//! The lease that a warehouse holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::fence::Fence;
use crate::warehouse::Lease;

/// The lease this warehouse holds, if any. Shared by all clones of the warehouse.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldLease(Arc<Mutex<Option<Tenancy>>>);

/// A held lease, as published by the latest heartbeat.
#[derive(Debug, Clone)]
pub(super) struct Tenancy {
    pub(super) fence: Fence,
    pub(super) lease: Lease,
}

impl HeldLease {
    fn tenancy(&self) -> Option<Tenancy> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, tenancy: Option<Tenancy>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tenancy;
    }

    pub(super) fn fence(&self) -> Option<Fence> {
        self.tenancy().map(|tenancy| tenancy.fence)
    }

    /// Increments the heartbeat counter and returns the lease to publish.
    pub(super) fn next_heartbeat(&self) -> Option<Tenancy> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tenancy = held.as_mut()?;
        tenancy.lease.heartbeat += 1;
        Some(tenancy.clone())
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
