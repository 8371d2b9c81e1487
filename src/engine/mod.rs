//! Runs a plan: one dispatcher that decides, workers that read and compute, one writer per table.
//!
//! Knows nothing of basketball, screens or the command line.

mod board;
mod command;
mod dispatcher;
mod elsewhere;
mod estimate;
mod eta;
mod events;
mod fact;
mod gaps;
mod handover;
mod judging;
mod launch;
mod limit;
mod lineage;
mod link;
mod observer;
mod origin;
pub mod preflight;
mod preview;
mod projection;
mod provenance;
mod question;
mod queue;
mod rate;
mod reason;
mod retry;
mod sample;
mod snapshot;
mod stage;
mod stored;
mod summary;
mod unit_result;
mod worker;
mod worklist;
mod writer;

pub use crate::checks::{Breakdown, Dimension, Tally};
pub use crate::table::Part;
pub use crate::warehouse::Cost;
pub use command::{Checks, Command, Order, Reply, Selection, StoredRows};
pub use estimate::{Estimate, Expected, Planned, PlannedStage, StageEstimate};
pub use events::EventLogError;
pub use fact::{EVENT_SCHEMA, Event, Fact};
pub use handover::{HandoverError, take_over};
pub use launch::{
    Ceilings, Ending, Engine, LaunchError, Meter, OnChange, Options, Prepare, Setup, THREAD_NAME, Work,
    threads,
};
pub use limit::Limit;
pub use lineage::{Input, Lineage, Reach, Units};
pub use link::{Access, Link};
pub use observer::{Observed, Observer};
pub use origin::{Correction, Origin};
pub use preflight::Permits;
pub use preview::{Preview, PreviewError, StagePreview};
pub use projection::{ListDelta, Projector, SnapshotDelta, StageDelta, UnitGroup};
pub use provenance::Provenance;
pub use question::{Choice, Question, Topic};
pub use retry::RetryPolicy;
pub use sample::{
    Change, ChangedColumn, ColumnNulls, Difference, Known, Sample, SampleState, SampleView, Sampled,
    StageNulls, UnitSample,
};
pub use snapshot::{
    BilledView, BreakdownState, BreakdownView, CheckView, ElsewhereView, GapView, Phase, Preparing, Progress,
    RunView, Snapshot, StageState, StageView, TaskView, UnitView, WorkerView,
};
pub use stage::{CountedTable, Fills, Inputs, Outcome, Scope, Stage, StageError};
pub use summary::summary;
pub use worklist::{Demand, Replaces};
