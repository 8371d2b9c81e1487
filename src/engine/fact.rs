//! Events: appended to `events.jsonl` and shown by every presenter.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::figures::counted;
use crate::ledger::{CheckState, Coverage, RunState, UnitState};
use crate::partition::Partition;
use crate::plan::{Fingerprint, Severity};
use crate::warehouse::ErrorClass;

use super::{Estimate, Question, SnapshotDelta, StageNulls, Topic, UnitSample};

/// The `schema` value of every line.
pub const EVENT_SCHEMA: &str = "backcourt.event/1";

/// An event with its number, time and run: one line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Always [`EVENT_SCHEMA`].
    pub schema: String,
    /// Sequence number within the run, from 1. A snapshot delta has the number of the event before it, and the mark of
    /// a gap that of the last missing event.
    pub seq: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Run id.
    pub run: String,
    /// The event itself.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run started.
    RunStarted {
        /// Plan name.
        plan: String,
        /// Warehouse as the operator named it.
        warehouse: String,
        /// Source the stages read; `None` if none of them has a choice.
        source: Option<String>,
        /// Workers at the start.
        workers: usize,
        /// Process id.
        pid: u32,
        /// The version of the program; `None` in an event that is older than this field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// Path of the control socket, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        control: Option<String>,
    },
    /// The run continues a run that this ledger doesn't know: its progress was imported from the warehouse.
    Continued {
        /// Whose run it continues and its progress, in one sentence.
        message: String,
    },
    /// Parts of the log, of `events.jsonl` or of standard output are missing, because they couldn't be written.
    OutputIncomplete {
        /// A clause for each incomplete output.
        lost: Vec<String>,
    },
    /// Events are missing from this output here, because it couldn't be written. Other outputs don't have this event.
    EventsMissing {
        /// How many.
        events: u64,
        /// When the first of them happened.
        from: DateTime<Utc>,
        /// When the last of them happened.
        to: DateTime<Utc>,
        /// Why the output couldn't be written.
        cause: String,
    },
    /// A preparation before the first unit finished, such as loading the feeds.
    Prepared {
        /// The result in one sentence.
        message: String,
        /// Duration in seconds.
        seconds: f64,
    },
    /// The cost of the run was estimated.
    Estimated {
        /// The estimate in one sentence.
        message: String,
        /// Whether the run awaits approval.
        #[serde(alias = "held")]
        awaiting_approval: bool,
        /// The estimate by stage.
        estimate: Estimate,
        /// Duration in seconds.
        seconds: f64,
    },
    /// One date of a stage was sampled: computed and compared with its stored rows, but not written.
    UnitSampled(UnitSample),
    /// The sample finished.
    SampleFinished {
        /// Whether the sample found nothing that blocks the full run.
        #[serde(alias = "sound")]
        passed: bool,
        /// Whether the run is paused for review.
        #[serde(alias = "held")]
        awaiting_approval: bool,
        /// The result in one sentence.
        message: String,
        /// NULLs per column, for every stage with sampled rows.
        nulls: Vec<StageNulls>,
        /// Duration in seconds.
        seconds: f64,
    },
    /// The plan doesn't fit the warehouse: the run ends before anything is created or written.
    PlanRefused {
        /// The problems, one sentence each.
        problems: Vec<String>,
    },
    /// The plan became the owner of another plan's table.
    TableTakenOver {
        /// `dataset.table`.
        table: String,
        /// The previous owner.
        from: String,
        /// The operator who asked for it.
        by: String,
    },
    /// A table was altered to match the plan.
    TableAltered {
        /// `dataset.table`.
        table: String,
        /// The statement, or a description of the change.
        statement: String,
    },
    /// A question was asked before the first unit; the run waits for the answer.
    QuestionAsked(Question),
    /// The open question was answered.
    QuestionAnswered {
        /// Topic of the question.
        topic: Topic,
        /// The choice, as on the command line.
        answer: String,
        /// The operator who answered.
        by: String,
    },
    /// A stage started: its units are known.
    StageStarted {
        /// Stage name.
        stage: String,
        /// Dates in the range.
        dates: u64,
        /// Dates to do.
        to_do: u64,
        /// What is stored for those dates and will be replaced.
        #[serde(default)]
        replaces: Replaces,
    },
    /// A unit ended, in any final state.
    UnitFinished {
        /// Stage name.
        stage: String,
        /// Date of the unit.
        date: Partition,
        /// Its final state.
        state: UnitState,
        /// Rows stored.
        rows: u32,
        /// Rows expected.
        expected: u32,
        /// Attempts used.
        attempts: u32,
        /// Class of the last error, if it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<ErrorClass>,
        /// Why it is not ok, in one sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A unit failed and is queued for a retry.
    UnitRetried {
        /// Stage name.
        stage: String,
        /// Date of the unit.
        date: Partition,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Class of the error.
        class: ErrorClass,
        /// The error.
        message: String,
        /// Pause before the next attempt, in milliseconds.
        wait_ms: u64,
    },
    /// A program's call for several dates failed and is repeated as a whole.
    CallRetried {
        /// Stage name.
        stage: String,
        /// Its dates.
        dates: Vec<Partition>,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Class of the error.
        class: ErrorClass,
        /// The error.
        message: String,
        /// Pause before the next attempt, in milliseconds.
        wait_ms: u64,
    },
    /// A transaction has replaced the rows of some dates.
    Committed {
        /// Stage name.
        stage: String,
        /// Its dates.
        dates: Vec<Partition>,
    },
    /// A commit failed, or its outcome is unknown, and is sent again.
    CommitRetried {
        /// Stage name.
        stage: String,
        /// Its dates.
        dates: Vec<Partition>,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Class of the error.
        class: ErrorClass,
        /// The error.
        message: String,
        /// Pause before the next attempt, in milliseconds.
        wait_ms: u64,
    },
    /// The operator requeued units.
    RerunQueued {
        /// Stage name.
        stage: String,
        /// The requeued dates.
        dates: Vec<Partition>,
    },
    /// Raw rows were reloaded, and some differed.
    FeedCorrected {
        /// `dataset.table`.
        table: String,
        /// The dates that differed.
        dates: Vec<Partition>,
    },
    /// A declared source has other rows than dates were computed from.
    SourceChanged {
        /// `dataset.table`, as declared.
        table: String,
        /// Its changed dates that were read; empty if its earlier state isn't known here.
        dates: Vec<Partition>,
        /// What changed and how many dates are stale, in one sentence.
        message: String,
    },
    /// Dates became stale: their inputs changed after they were computed.
    #[serde(alias = "units_overtaken")]
    UnitsInvalidated {
        /// Stage name.
        stage: String,
        /// The stale dates.
        dates: Vec<Partition>,
        /// What changed.
        reason: String,
    },
    /// The operator approved the start of stages.
    #[serde(alias = "stages_released")]
    StagesApproved {
        /// Stage names.
        stages: Vec<String>,
        /// The operator who approved.
        by: String,
    },
    /// A stage's table is throttled: its quota is used up.
    #[serde(alias = "stage_parked")]
    StageThrottled {
        /// Stage name.
        stage: String,
        /// When the table is tried again.
        until: DateTime<Utc>,
        /// The warehouse's error.
        message: String,
    },
    /// A stage stopped after the same error on date after date.
    StageStopped {
        /// Stage name.
        stage: String,
        /// Dates that failed in a row.
        failed: u64,
        /// Dates not tried.
        left: u64,
        /// The error.
        message: String,
    },
    /// A stage has no open units left.
    StageFinished {
        /// Stage name.
        stage: String,
        /// Units that are ok.
        ok: u64,
        /// Units that keep the rows of another definition.
        #[serde(default)]
        outdated: u64,
        /// Units that need attention.
        failed: u64,
        /// Rows stored for the dates in the range.
        rows: u64,
        /// Seconds of work, without pauses.
        seconds: f64,
    },
    /// Dates of the run are outdated: the plan's definition of their stage has changed.
    DatesOutdated {
        /// Stage name.
        stage: String,
        /// The dates, in order.
        dates: Vec<Partition>,
        /// Whether they are rerun; otherwise they keep their rows.
        rerun: bool,
        /// The same in one sentence, with the number of dates per definition.
        message: String,
    },
    /// A check's query was sent.
    CheckStarted {
        /// Check name.
        check: String,
    },
    /// A check has a result.
    CheckFinished {
        /// Check name.
        check: String,
        /// Stage it belongs to.
        stage: String,
        /// Whether a failure closes the gate.
        severity: Severity,
        /// State after this result.
        state: CheckState,
        /// The measured value.
        value: String,
        /// The expected value.
        target: String,
        /// Failing dates.
        #[serde(alias = "offending")]
        failing_dates: Vec<Partition>,
        /// How many of the table's dates the result covers; `None` if the check could not run or is limited to named
        /// dates.
        #[serde(alias = "over", default, skip_serializing_if = "Option::is_none")]
        coverage: Option<Coverage>,
        /// Other dates the query returned: not run yet, or outside the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A raw-data check has a result.
    SourceChecked {
        /// Check name.
        check: String,
        /// Feed it belongs to.
        feed: String,
        /// State after this result.
        state: CheckState,
        /// The measured value.
        value: String,
        /// The expected value.
        target: String,
        /// Failing dates.
        #[serde(alias = "offending")]
        failing_dates: Vec<Partition>,
    },
    /// An operator waived a failing check.
    CheckWaived {
        /// Check name.
        check: String,
        /// The reason given.
        reason: String,
        /// The operator who waived it.
        by: String,
        /// The measured value.
        value: String,
        /// The expected value.
        target: String,
        /// Fingerprint of the failing definition; `None` in logs older than fingerprints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
    },
    /// An operator ticked or unticked a runbook item.
    ItemTicked {
        /// Item id.
        item: String,
        /// `true` for ticked, `false` for unticked.
        done: bool,
        /// What was done, or why the tick no longer counts.
        note: String,
        /// The operator.
        by: String,
    },
    /// The run is paused.
    Paused,
    /// The operator resumed the run.
    Resumed,
    /// The number of workers changed.
    WorkersChanged {
        /// Previous number of workers.
        from: usize,
        /// New number of workers.
        to: usize,
    },
    /// A worker panicked; its units are retried.
    #[serde(alias = "worker_died")]
    WorkerPanicked {
        /// Slot, from 1.
        slot: usize,
        /// Panic message.
        message: String,
    },
    /// State that the events alone don't show, written to `events.jsonl` at intervals so that a replay can
    /// show the whole snapshot. It repeats the sequence number of the event before it and is not sent to
    /// listeners.
    #[serde(rename = "snapshot", alias = "pictured")]
    SnapshotDelta(Box<SnapshotDelta>),
    /// The run ended.
    RunFinished {
        /// Final state.
        state: RunState,
        /// The result in one sentence.
        message: String,
        /// Exit code of the process.
        exit_code: u8,
    },
}

/// Stored rows that will be replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Dates with rows.
    pub dates: u64,
    /// Rows on those dates.
    pub rows: u64,
}

impl Replaces {
    /// A clause for a message about the work to do; empty if no rows are replaced.
    #[must_use]
    pub fn clause(self) -> String {
        let Self { dates, rows } = self;
        match dates {
            0 => String::new(),
            _ => format!(
                "; {} already {} {}",
                counted(dates, "date"),
                if dates == 1 { "has" } else { "have" },
                counted(rows, "row")
            ),
        }
    }
}
