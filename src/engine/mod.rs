//! Runs a plan: one dispatcher that decides, workers that read and compute, one writer a table.
//! This room knows nothing of basketball, screens or the command line.

mod command;
mod fact;
mod snapshot;
mod stage;

pub use command::{Checks, Command, Order, Reply, Selection, StoredRows};
pub use fact::{EVENT_SCHEMA, Event, Fact};
pub use snapshot::{
    CheckView, Counts, Phase, Preparing, Progress, RunView, Snapshot, StageState, StageView, TaskView,
    UnitView, WorkerView,
};
pub use stage::{Inputs, Outcome, Scope, Stage, StageError};
