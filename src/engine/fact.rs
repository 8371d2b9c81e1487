//! What happened and must not be lost: appended to `events.jsonl`, shown by every presenter.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ledger::{CheckState, Coverage, RunState, UnitState};
use crate::plan::{Fingerprint, Severity};
use crate::warehouse::ErrorClass;

use super::{Estimate, Question, Replaces, SnapshotDelta, StageNulls, Topic, UnitSample};

/// The `schema` value of every JSON line.
pub const EVENT_SCHEMA: &str = "backcourt.event/1";

/// One thing that happened, with the moment it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Always [`EVENT_SCHEMA`].
    pub schema: String,
    /// Counts from 1 within the run; a picture has the number of the fact before it.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The run it happened in.
    pub run: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The kinds of things that happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    RunStarted {
        /// Plan name.
        plan: String,
        /// Warehouse as the operator named it.
        warehouse: String,
        /// Source the stages read.
        source: String,
        /// Workers at the start.
        workers: usize,
        /// Process id.
        pid: u32,
        /// Where it takes orders from other processes, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        control: Option<String>,
    },
    /// The plan was begun by a run this ledger knew nothing of: its progress was taken over from the warehouse.
    Continued {
        /// Whose run it is and how far, in one sentence.
        message: String,
    },
    /// Something before the first unit is done, such as loading the feeds.
    Prepared {
        /// One sentence.
        message: String,
        /// How long it took.
        seconds: f64,
    },
    /// It is known what the run is going to be billed, as far as it can be.
    Estimated {
        /// One sentence.
        message: String,
        /// Whether the run holds until the operator has said yes.
        held: bool,
        /// Stage by stage.
        estimate: Estimate,
        /// How long it took.
        seconds: f64,
    },
    /// One date of a stage was sampled: computed, held against what is stored, and not written.
    UnitSampled(UnitSample),
    /// The sample is through.
    SampleFinished {
        /// Whether nothing stands against the full run.
        sound: bool,
        /// Whether the run holds until the operator lets it go on.
        held: bool,
        /// One sentence.
        message: String,
        /// How often columns are NULL, for every stage that has sampled rows.
        nulls: Vec<StageNulls>,
        /// How long it took.
        seconds: f64,
    },
    /// The plan and the warehouse do not fit: the run ends before anything is made or written.
    PlanRefused {
        /// What stands against it, a sentence each.
        problems: Vec<String>,
    },
    /// A table of another plan belongs to this one from now on.
    TableTakenOver {
        /// `dataset.table`.
        table: String,
        /// The plan it belonged to.
        from: String,
        /// Who ordered it.
        by: String,
    },
    /// A table was altered to be as the plan has it.
    TableAltered {
        /// `dataset.table`.
        table: String,
        /// The statement, or what was done in words.
        statement: String,
    },
    /// The run holds for the answer to a question; nothing was begun.
    QuestionAsked(Question),
    /// The question it held for is answered.
    QuestionAnswered {
        /// Which.
        topic: Topic,
        /// The word of the answer.
        answer: String,
        /// Who.
        by: String,
    },
    /// A stage's units are known and it begins.
    StageStarted {
        /// Stage name.
        stage: String,
        /// Dates in the range.
        dates: u64,
        /// Dates that still are to be done.
        to_do: u64,
        /// What those dates hold now and is replaced.
        #[serde(default)]
        replaces: Replaces,
    },
    /// One unit ended, in whatever way.
    UnitFinished {
        /// Stage name.
        stage: String,
        /// Date.
        date: NaiveDate,
        /// How it ended.
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
    /// A unit failed and will be tried again.
    UnitRetried {
        /// Stage name.
        stage: String,
        /// Date.
        date: NaiveDate,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Class of the error.
        class: ErrorClass,
        /// What happened.
        message: String,
        /// Pause before the next attempt, milliseconds.
        wait_ms: u64,
    },
    /// Units were put back to pending by the operator.
    RerunQueued {
        /// Stage name.
        stage: String,
        /// The dates.
        dates: Vec<NaiveDate>,
    },
    /// Raw rows were fetched again and differed.
    FeedCorrected {
        /// `dataset.table`.
        table: String,
        /// The dates that differed.
        dates: Vec<NaiveDate>,
    },
    /// Dates rest on something that changed after they were computed.
    UnitsOvertaken {
        /// Stage name.
        stage: String,
        /// Which.
        dates: Vec<NaiveDate>,
        /// What changed.
        reason: String,
    },
    /// The operator let stages begin that waited for his word.
    StagesReleased {
        /// Which.
        stages: Vec<String>,
        /// Who.
        by: String,
    },
    /// The warehouse takes nothing more for a stage's table for a while.
    StageParked {
        /// Stage name.
        stage: String,
        /// When it is tried again.
        until: DateTime<Utc>,
        /// What the warehouse says.
        message: String,
    },
    /// The same error met date after date: the rest of the stage is not tried.
    StageStopped {
        /// Stage name.
        stage: String,
        /// The dates that met it, one after the other.
        failed: u64,
        /// Dates that are left undone.
        left: u64,
        /// The error.
        message: String,
    },
    /// A stage has no open unit left.
    StageFinished {
        /// Stage name.
        stage: String,
        /// Units that are ok.
        ok: u64,
        /// Units that need attention.
        failed: u64,
        /// Rows stored for the dates in the range.
        rows: u64,
        /// Time spent, pauses left out.
        seconds: f64,
    },
    /// Dates of the run were made by another definition of their stage than the plan has now.
    DatesOutdated {
        /// Stage.
        stage: String,
        /// The dates, in order.
        dates: Vec<NaiveDate>,
        /// Whether they are rerun; if not, they keep their rows.
        rerun: bool,
        /// The same in one sentence, with how many dates each definition made.
        message: String,
    },
    /// A check's query was sent.
    CheckStarted {
        /// Check name.
        check: String,
    },
    /// A check was answered.
    CheckFinished {
        /// Check name.
        check: String,
        /// Stage it belongs to.
        stage: String,
        /// Whether it blocks.
        severity: Severity,
        /// How it stands now.
        state: CheckState,
        /// What was measured.
        value: String,
        /// What was expected.
        target: String,
        /// Dates that offend.
        offending: Vec<NaiveDate>,
        /// Over how many of its table's dates the answer speaks; none of a check that could not be asked or is about named
        /// dates.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<Coverage>,
        /// What else the query named: dates that were not run yet, dates outside the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A check of the raw tables was answered.
    SourceChecked {
        /// Check name.
        check: String,
        /// Feed it is about.
        feed: String,
        /// How it stands now.
        state: CheckState,
        /// What was measured.
        value: String,
        /// What was expected.
        target: String,
        /// Dates that offend.
        offending: Vec<NaiveDate>,
    },
    /// An operator let a failed check pass.
    CheckWaived {
        /// Check name.
        check: String,
        /// Why.
        reason: String,
        /// Who.
        by: String,
        /// What was measured.
        value: String,
        /// What was expected.
        target: String,
        /// Of the definition that failed; none in a log older than fingerprints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
    },
    /// An operator ticked an item of the runbook by hand, or withdrew that.
    ItemTicked {
        /// The item.
        item: String,
        /// Whether it is done; if not, its tick was withdrawn.
        done: bool,
        /// What was done, or why it counts no more.
        note: String,
        /// Who.
        by: String,
    },
    /// The operator's pause took hold.
    Paused,
    /// The operator let it go on.
    Resumed,
    /// The number of workers changed.
    WorkersChanged {
        /// Workers before.
        from: usize,
        /// Workers now.
        to: usize,
    },
    /// A worker panicked; its units are tried again.
    WorkerDied {
        /// Slot, from 1.
        slot: usize,
        /// Panic message.
        message: String,
    },
    /// How things stood, as far as the facts before do not tell. Kept in `events.jsonl` now and then and told to nobody:
    /// it is no fact, but the rest of the picture for whoever shows the run again.
    #[serde(rename = "pictured")]
    SnapshotDelta(Box<SnapshotDelta>),
    /// The run ended.
    RunFinished {
        /// How.
        state: RunState,
        /// One sentence.
        message: String,
        /// Exit code of a process that ends with this.
        exit_code: u8,
    },
}
