//! Who may write what a plan fills: a lease in the warehouse itself, where every host that could write sees it.
//! How long one waits for a holder that is silent is not known here.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ErrorClass, WarehouseError};

/// A process that has a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of its host, for people.
    pub host: String,
    /// What tells the place its process id counts in from every other; none if the system does not say.
    pub machine: Option<String>,
    /// Process id.
    pub pid: u32,
    /// What tells it from an earlier process of that id; none if the system does not say.
    pub started: Option<String>,
    /// Since when it has the lease.
    pub since: DateTime<Utc>,
    /// Its state folder.
    pub folder: String,
    /// The projects in which jobs may run that were sent under this lease: those of the holder first, then those of
    /// earlier holders that never gave it back. Filled in by a warehouse that has jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs_in: Vec<String>,
}

/// The lease of a plan, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Grows by one with each holder.
    pub epoch: i64,
    /// Grows as long as the holder lives.
    pub heartbeat: i64,
    /// Who has it; none once it was given back.
    pub holder: Option<Holder>,
}

/// How often a holder shows that it lives, and how long a silent one keeps its lease. Each warehouse knows its own
/// latencies: a heartbeat that is late must not cost a living holder its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The pause between two heartbeats.
    pub heartbeat: Duration,
    /// A heartbeat that takes longer is given up; the next one is sent at its time.
    pub heartbeat_limit: Duration,
    /// A holder without a heartbeat for this long loses its lease to the next process that asks for it.
    pub silence: Duration,
    /// The pause between two looks of a process that waits for a silent holder.
    pub look: Duration,
}

/// The error of a process that lost the lease of a plan to this holder.
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
    /// How heartbeats and waiting are timed here.
    fn rhythm(&self) -> Rhythm;

    /// How the lease of a plan stands; none if nobody ever had it.
    async fn look(&self, plan: &str) -> Result<Option<Lease>, WarehouseError>;

    /// Takes the lease of a plan, if it still stands as it was seen, and says whether it did. From then on this
    /// warehouse writes only as long as it has the lease: each write looks, in its own transaction.
    async fn take(&self, plan: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError>;

    /// Shows who holds the lease and that it lives; to be called at once after the lease was taken. The class of the error
    /// is `auth` once another process has it.
    async fn heartbeat(&self) -> Result<(), WarehouseError>;

    /// Gives the lease back, if it is still held and no write of its holder may still be running.
    async fn give_back(&self) -> Result<(), WarehouseError>;
}
