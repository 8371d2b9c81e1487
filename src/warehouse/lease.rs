//! Leases: the right to write a plan's tables, stored in the warehouse, where every host that writes sees it.
//! `fence` takes leases and waits for silent holders.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ErrorClass, WarehouseError};

/// A process that holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Host name, for display.
    pub host: String,
    /// Identifies the machine and PID namespace that `pid` belongs to; `None` if the system doesn't provide
    /// it.
    pub machine: Option<String>,
    /// Process id.
    pub pid: u32,
    /// Start time of the process, to detect a reused process id; `None` if the system doesn't provide it.
    pub started: Option<String>,
    /// When it took the lease.
    pub since: DateTime<Utc>,
    /// State folder, as shown to the operator.
    pub folder: String,
    /// Projects where jobs sent under this lease may run: first the holder's own, then those of earlier
    /// holders that never released it. Set by warehouses that run jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs_in: Vec<String>,
}

/// The state of a plan's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Increases by one with each holder.
    pub epoch: i64,
    /// Heartbeat counter; increases while the holder is alive.
    pub heartbeat: i64,
    /// The current holder; `None` after release.
    pub holder: Option<Holder>,
}

/// The timing of heartbeats, and how long a silent holder keeps its lease. It depends on the warehouse's
/// latency: a late heartbeat must not cost a live holder its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatTiming {
    /// Heartbeat interval.
    pub heartbeat: Duration,
    /// Timeout of a heartbeat. The next one is sent as scheduled.
    pub heartbeat_limit: Duration,
    /// Time without a heartbeat after which another process may take the lease.
    pub silence: Duration,
    /// Polling interval while waiting for a silent holder.
    pub look: Duration,
}

/// The error of a process that has lost its lease; `to` is the new holder.
pub(super) fn lost(plan: &str, to: Option<&Holder>) -> WarehouseError {
    let by = match to {
        Some(Holder {
            host, pid, folder, ..
        }) => format!("process {pid} on {host}, state folder {folder}"),
        None => "another process".to_owned(),
    };
    let sentence = format!(
        "lost the lease of plan {plan} to {by} because no heartbeat of this process arrived in time; stopped writing; \
         check that run first, then start again"
    );
    WarehouseError::new(ErrorClass::Auth, sentence)
}

/// The leases of a warehouse.
#[async_trait]
pub trait Leases: Send + Sync {
    /// The timing in this warehouse.
    fn heartbeat_timing(&self) -> HeartbeatTiming;

    /// The state of a plan's lease; `None` if it was never taken.
    async fn look(&self, plan: &str) -> Result<Option<Lease>, WarehouseError>;

    /// Takes the lease of a plan if no other process took it since `seen`, and returns whether it did. From
    /// then on this warehouse writes only while it holds the lease: every write checks it in its own
    /// transaction.
    async fn take(&self, plan: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError>;

    /// Sends a heartbeat, which also publishes the holder. Call it right after taking the lease. The error
    /// class is `auth` if another process has taken it.
    async fn heartbeat(&self) -> Result<(), WarehouseError>;

    /// Releases the lease if it is still held. Fails if one of its writes may still be running.
    async fn give_back(&self) -> Result<(), WarehouseError>;
}
