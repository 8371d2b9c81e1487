//! One run at a time per warehouse and plan, across hosts: takes the lease, shows that its holder lives, hears of its
//! loss. What is written and by whom it is ordered is not known here.

mod host;
mod tenure;
mod waiting;
mod watch;

pub use host::name as host_name;
pub use tenure::Tenure;
pub use waiting::{FenceError, Waiting};
