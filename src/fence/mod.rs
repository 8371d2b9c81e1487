//! One run at a time per warehouse and plan, across hosts: takes the lease, shows that its holder lives, hears of its
//! loss. What is written and by whom it is ordered is not known here.

mod host;
mod lease_guard;
mod waiting;
mod watch;

pub use host::name as host_name;
pub use lease_guard::LeaseGuard;
pub use waiting::{FenceError, Waiting};
