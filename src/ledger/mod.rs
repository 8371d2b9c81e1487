//! The ledger: the local record of every unit and check result, and the only source of truth about progress. A result
//! is on disk before it is announced. This module knows no warehouse connection and no worker.

mod checks;
mod counts;
mod definition;
mod digests;
mod entry;
mod error;
mod filled;
mod folder;
mod gaps;
mod gate;
mod import;
mod jobs;
mod lock;
mod open;
mod outbox;
mod plans;
mod reasons;
mod runs;
mod state;
mod tallies;
mod ticks;
mod units;
mod waivers;
mod work;

pub use checks::{ANSWERS_SHOWN, CheckRecord, PastAnswer};
pub use counts::{Counts, Coverage};
pub use definition::{Acceptance, CurrentUnits, Definition, Definitions, MadeBy};
pub use digests::{Digests, KnownDigests};
pub use entry::draft;
pub use error::LedgerError;
pub use gaps::Gap;
pub use gate::{GateCheck, gate_is_open, unwaived};
pub use import::Imported;
pub use jobs::{Costs, Purpose};
pub use lock::{Holder, LockError, RunLock};
pub use open::Ledger;
pub use outbox::Synced;
pub use plans::KnownPlan;
pub use reasons::{SameReason, by_reason, fingerprint};
pub use runs::{RunRecord, Target};
pub use state::{CheckState, RunState, UnitState};
pub use tallies::Tally;
pub use ticks::{Tick, WrittenReport};
pub use units::{
    Intent, Invalidated, QuarantinedRow, SetAside, Settled, Settlement, UnitRecord, UnsettledIntent,
};
pub use waivers::Waiver;
pub use work::{FailedAttempts, StageRun, StageWork};
