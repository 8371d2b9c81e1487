//! One run at a time per warehouse and plan, across hosts: takes the lease, sends heartbeats, detects its loss.
//! Independent of what is written and who controls the run.

mod host;
mod lease_guard;
mod waiting;
mod watch;

pub use host::name as host_name;
pub use lease_guard::LeaseGuard;
pub use waiting::{FenceError, LeaseWait};
