//! The handoff report, from the ledger alone, for the operator who takes over. It reads the same during a run and
//! after it. This module knows no engine and no warehouse.

mod breakdown;
mod causes;
mod gaps;
mod handoff;
mod markdown;
mod next;
mod plan_status;

pub use breakdown::explained;
pub use causes::{Cause, Quarantine};
pub use gaps::StageGap;
pub use handoff::{Handoff, PastRun, StageThroughput};
pub use markdown::{by_state, markdown};
pub use next::CommandFlags;
pub use plan_status::{CheckStatus, IncompleteDate, PlanStatus, RunStatus, StageStatus};
