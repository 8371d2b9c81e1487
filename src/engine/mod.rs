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
mod losses;
mod missing;
mod observer;
mod options;
mod origin;
pub(crate) mod preflight;
mod prepare;
mod preview;
mod projection;
mod provenance;
mod query_columns;
mod question;
mod queue;
mod rate;
mod retry;
mod row_memory;
mod sample;
mod seen_sources;
mod snapshot;
mod stage;
mod stored;
mod summary;
mod unit_result;
mod waiting_dates;
mod worker;
mod worklist;
mod writer;

pub use crate::checks::{Breakdown, Dimension, Tally};
pub use crate::table::Part;
pub use crate::warehouse::Cost;
pub use command::{Checks, Command, Order, Reply, Selection, StoredRows};
pub use dispatcher::Setup;
pub use estimate::{Estimate, Expected, StageEstimate};
pub use fact::{EVENT_SCHEMA, Event, Fact, Replaces};
pub use launch::Engine;
pub use limit::Limit;
pub use lineage::Lineage;
pub use losses::{Losses, RunOutput};
pub use missing::MissingEvents;
pub use options::{Ceilings, OnChange, Options, Work};
pub use preflight::Permits;
pub use projection::Projector;
pub use question::{Question, Topic};
pub use retry::RetryPolicy;
pub use row_memory::{MemoryShare, RowMemory};
pub use sample::{
    Change, ChangedColumn, ColumnNulls, Difference, Sample, SampleState, SampleView, StageNulls, UnitSample,
    sample_message,
};
pub use snapshot::{
    BilledView, BreakdownState, BreakdownView, CheckView, ElsewhereView, GapView, Phase, Preparing, Progress,
    RunView, Snapshot, SnapshotDelta, StageState, StageView, TaskView, UnitView, WorkerView,
};
pub use stage::{
    BatchDates, BatchReader, CallSize, Fills, Input, Inputs, Outcome, Reach, Scope, Stage, StageError,
};
pub use summary::{Ending, summary};
pub use worklist::INPUTS_CHANGED;

pub(crate) use estimate::{Planned, PlannedStage};
pub(crate) use handover::{HandoverError, take_over};
pub(crate) use launch::{LaunchError, threads};
pub(crate) use lineage::Units;
pub(crate) use link::{Access, Link};
pub(crate) use observer::{Observed, Observer};
pub(crate) use options::Demand;
pub(crate) use origin::{Correction, Origin};
pub(crate) use prepare::{Meter, Prepare};
pub(crate) use preview::{Preview, PreviewError, StagePreview};
pub(crate) use provenance::Provenance;
pub(crate) use query_columns::{has_unknown_columns, with_query_columns};
pub(crate) use sample::{KnownUnits, Sampled};
pub(crate) use seen_sources::{SeenSource, dates_of_sources, look_at_sources, record_look};
pub(crate) use stage::CountedTable;
