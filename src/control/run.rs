//! The run that the control socket gives access to.

use crate::engine::Access;
use crate::telemetry::LogRing;

use super::control_lock::ControlLock;

/// What clients access of a run, and the control lock they share.
#[derive(Debug, Clone)]
pub struct RunAccess {
    /// Snapshots, events and commands of its engine.
    pub access: Access,
    /// Its log.
    pub log: LogRing,
    /// Its control lock.
    pub control_lock: ControlLock,
}
