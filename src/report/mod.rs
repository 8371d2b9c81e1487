//! The handoff report, from the ledger alone, for the operator who takes over. It reads the same during a run and
//! after it. This module knows no engine and no warehouse.

mod breakdown;
mod causes;
mod gaps;
mod handoff;
mod markdown;
mod next;
mod plan_status;

pub(crate) use breakdown::explained;
pub(crate) use causes::{Cause, Quarantine};
pub use handoff::Handoff;
pub(crate) use handoff::{PastRun, StageThroughput};
pub(crate) use markdown::by_state;
pub use markdown::markdown;
pub use next::CommandFlags;
pub use plan_status::PlanStatus;
pub(crate) use plan_status::{CheckStatus, IncompleteDate, StageStatus};
