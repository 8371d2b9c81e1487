//! The current state of a run as plain data. Each snapshot is consistent and replaces the previous one as a whole.

mod delta;
mod group;
mod list;
mod stage;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checks::Breakdown;
use crate::ledger::{ANSWERS_SHOWN, CheckState, Coverage, GateCheck, PastAnswer, RunState, Waiver};
use crate::partition::Partition;
use crate::plan::{PlanEnvironment, Severity, slice_in};
use crate::runbook::Item;
use crate::warehouse::Cost;

use super::limit::times_as_long;
use super::{Estimate, Question, SampleView, Topic};
pub use delta::SnapshotDelta;
pub(super) use stage::judged;
pub use stage::{GapView, StageState, StageView, UnitView};

/// Everything a screen or client can show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows by one with each snapshot.
    pub version: u64,
    /// When the snapshot was made.
    pub at: DateTime<Utc>,
    /// The run as a whole.
    pub run: RunView,
    /// Stages in plan order.
    pub stages: Vec<StageView>,
    /// Workers by slot.
    pub workers: Vec<WorkerView>,
    /// Checks in plan order.
    pub checks: Vec<CheckView>,
    /// Runbook items in plan order. Shared, because they seldom change.
    pub runbook: Arc<Vec<Item>>,
    /// Raw-data checks in plan order.
    pub sources: Vec<CheckView>,
    /// Breakdowns in plan order.
    pub breakdowns: Vec<BreakdownView>,
    /// The cost estimate, if the warehouse bills and there is anything to do. Shared, because it doesn't change.
    pub estimate: Option<Arc<Estimate>>,
    /// The sample before the first unit, if the run takes one. Shared, because it seldom changes.
    #[serde(default)]
    pub sample: Option<Arc<SampleView>>,
}

impl Snapshot {
    /// An empty run with only its id.
    #[must_use]
    pub fn blank(run: &str, at: DateTime<Utc>) -> Self {
        Self {
            version: 0,
            at,
            run: RunView {
                id: run.to_owned(),
                plan: String::new(),
                title: String::new(),
                environment: None,
                warehouse: String::new(),
                source: None,
                first_month: 1,
                pid: 0,
                control: None,
                state: RunState::Running,
                pausing: false,
                preparing: None,
                active_seconds: 0.0,
                progress: Progress::default(),
                bottleneck: String::new(),
                workers: 0,
                enough_workers: None,
                billed: None,
                elsewhere: ElsewhereView::default(),
                question: None,
                ending: None,
                missing: Vec::new(),
            },
            stages: Vec::new(),
            workers: Vec::new(),
            checks: Vec::new(),
            runbook: Arc::default(),
            sources: Vec::new(),
            breakdowns: Vec::new(),
            estimate: None,
            sample: None,
        }
    }
}

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Run id.
    pub id: String,
    /// Plan name, with its environment and slice.
    #[serde(default)]
    pub plan: String,
    /// Plan title.
    pub title: String,
    /// The environment of the plan, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<PlanEnvironment>,
    /// Warehouse as the operator named it.
    pub warehouse: String,
    /// Source the stages read; `None` if none of them has a choice.
    pub source: Option<String>,
    /// The month in which a year of the plan begins, 1 to 12.
    #[serde(default = "january")]
    pub first_month: u32,
    /// Process id.
    pub pid: u32,
    /// Path of the control socket, if there is one.
    pub control: Option<String>,
    /// State of the run.
    pub state: RunState,
    /// A pause was requested and work is still in flight.
    pub pausing: bool,
    /// The step before the first unit, such as "loading the feeds", with its progress.
    pub preparing: Option<Preparing>,
    /// Seconds of work so far, without pauses.
    pub active_seconds: f64,
    /// Progress and ETA over all stages.
    pub progress: Progress,
    /// What limits the speed now, in words.
    #[serde(alias = "limit")]
    pub bottleneck: String,
    /// Workers requested. While the number shrinks, more may be busy with their last batch.
    #[serde(default)]
    pub workers: usize,
    /// Number of workers beyond which more don't help now; `None` if each one helps.
    #[serde(default)]
    pub enough_workers: Option<usize>,
    /// Total billed for the plan, by this run and earlier ones; `None` if the warehouse doesn't bill.
    pub billed: Option<BilledView>,
    /// What needs attention outside this run, on other dates or in other stages of the plan.
    #[serde(default)]
    pub elsewhere: ElsewhereView,
    /// The open question before the first unit. Shared between snapshots.
    #[serde(default)]
    pub question: Option<Arc<Question>>,
    /// The closing sentence, once the run has ended.
    pub ending: Option<String>,
    /// What of its log is missing, a clause each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Runs recorded before plans could say so.
const fn january() -> u32 {
    1
}

impl RunView {
    /// The slice of the tables that the plan fills, if it fills one, as `country=DE`.
    #[must_use]
    pub fn slice(&self) -> Option<&str> {
        slice_in(&self.plan)
    }

    /// Whether the open question has this topic.
    #[must_use]
    pub fn waits_for(&self, topic: Topic) -> bool {
        (self.question.iter()).any(|question| question.topic == topic)
    }

    /// The ETA, in seconds, with this many workers; `None` while there is no ETA.
    #[must_use]
    pub fn eta_with(&self, wanted: usize) -> Option<(f64, f64)> {
        let times = times_as_long(self.enough_workers, self.workers, wanted);
        let (soonest, latest) = self.progress.eta?;
        Some((soonest * times, latest * times))
    }
}

/// What needs attention in the plan, outside the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereView {
    /// Units that are failed, partial or empty and not covered by a waived check.
    pub attention: u64,
    /// Stale units.
    pub stale: u64,
    /// Outdated units: computed with another definition of their stage.
    #[serde(default)]
    pub outdated: u64,
    /// Failing blocking checks of stages outside the run.
    pub checks: u64,
}

impl ElsewhereView {
    /// Whether anything outside the run failed; the plan is then not healthy, even if the run is.
    #[must_use]
    pub const fn has_failures(&self) -> bool {
        self.attention > 0 || self.checks > 0
    }
}

/// What the warehouse billed for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledView {
    /// All of it.
    pub total: Cost,
    /// The part that belongs to no stage or check, such as loading or a sample.
    #[serde(alias = "aside")]
    pub other: Cost,
}

/// A step before the first unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    /// What is being done.
    pub what: String,
    /// Share done, 0 to 1.
    pub share: f64,
}

/// Progress over all stages of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Units to do when the run began, plus those added since.
    pub total: u64,
    /// Units of `total` that have ended.
    pub done: u64,
    /// Units per minute over the recent past; `None` until enough is measured.
    pub per_minute: Option<f64>,
    /// Remaining seconds (soonest, latest) for the stages whose speed is known; `None` below 1 % done and while no
    /// batches are handed out.
    pub eta: Option<(f64, f64)>,
    /// Stages with work left whose speed has not been measured, in this run or an earlier one.
    #[serde(default)]
    pub unmeasured: usize,
}

impl Progress {
    /// Percent done, 0 to 100; 100 only when nothing is left.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.done >= self.total {
            return 100.0;
        }
        (100.0 * self.done as f64 / self.total as f64).min(99.9)
    }
}

/// What a worker is doing with its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Waiting for a read slot of the warehouse.
    Queue,
    /// Reading the feeds.
    Read,
    /// Computing rows.
    Compute,
    /// Waiting for a commit, or committing.
    Write,
    /// Waiting to retry.
    Backoff,
}

impl Phase {
    /// The word shown on screen.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Read => "read",
            Self::Compute => "compute",
            Self::Write => "write",
            Self::Backoff => "backoff",
        }
    }
}

/// A worker as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerView {
    /// Slot, from 1.
    pub slot: usize,
    /// The batch it works on; `None` if idle.
    pub task: Option<TaskView>,
    /// Units it has finished in this run.
    pub units_done: u64,
    /// Share of the run's active time it was busy, 0 to 1.
    pub busy: f64,
}

/// The batch a worker works on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    /// Stage name.
    pub stage: String,
    /// First date of the batch.
    pub first: Partition,
    /// Last date of the batch.
    pub last: Partition,
    /// Number of dates in the batch.
    pub dates: usize,
    /// What the worker is doing now.
    pub phase: Phase,
    /// When the worker took the batch.
    pub since: DateTime<Utc>,
}

/// A check as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckView {
    /// Check name.
    pub name: String,
    /// Stage it belongs to; for a raw-data check, the feed.
    pub stage: String,
    /// What it tests.
    pub title: String,
    /// Whether a failure closes the gate.
    pub severity: Severity,
    /// State of the check.
    pub state: CheckState,
    /// Latest measured value.
    pub value: Option<String>,
    /// The expected value.
    pub target: String,
    /// The value before the backfill, as noted in the plan.
    pub before: Option<String>,
    /// Failing dates.
    #[serde(alias = "offending")]
    pub failing_dates: Arc<Vec<Partition>>,
    /// How many of the table's dates the result covers; `None` without a result, for a check limited to named dates,
    /// and for a raw-data check.
    #[serde(alias = "over", default)]
    pub coverage: Option<Coverage>,
    /// Other dates the query returned: not run yet, or outside the plan.
    #[serde(default)]
    pub note: Option<String>,
    /// When it last ran.
    #[serde(alias = "asked_at")]
    pub run_at: Option<DateTime<Utc>>,
    /// Duration of the query, in seconds.
    pub seconds: Option<f64>,
    /// Billed for all its queries; `None` if nothing was.
    pub cost: Option<Cost>,
    /// The latest waiver, whether it still applies or not.
    pub waiver: Option<Waiver>,
    /// A remark on the result: it belongs to another definition, or why the waiver doesn't apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The latest results including this one, oldest first. Shared, because most checks don't change between snapshots.
    pub history: Arc<Vec<PastAnswer>>,
}

impl CheckView {
    /// A check without a result; advisory until the plan says otherwise.
    #[must_use]
    pub fn blank(name: &str, stage: &str) -> Self {
        Self {
            name: name.to_owned(),
            stage: stage.to_owned(),
            title: String::new(),
            severity: Severity::Advisory,
            state: CheckState::Pending,
            value: None,
            target: String::new(),
            before: None,
            failing_dates: Arc::default(),
            coverage: None,
            note: None,
            run_at: None,
            seconds: None,
            cost: None,
            waiver: None,
            remark: None,
            history: Arc::default(),
        }
    }

    /// The check as seen by its stage's gate.
    pub(super) fn at_gate(&self) -> GateCheck<'_> {
        GateCheck {
            severity: self.severity,
            state: self.state,
            failing_dates: &self.failing_dates,
        }
    }

    /// Adds a result to the history and drops the oldest beyond the limit.
    pub(super) fn remember(&mut self, answer: PastAnswer) {
        let history = Arc::make_mut(&mut self.history);
        history.push(answer);
        let surplus = history.len().saturating_sub(usize::from(ANSWERS_SHOWN));
        history.drain(..surplus);
    }
}

/// State of a breakdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BreakdownState {
    /// Not run yet.
    Pending,
    /// Its query is in flight.
    Running,
    /// Matches the stored rows.
    Current,
    /// Stored rows have changed since.
    Outdated,
    /// Could not run.
    Failed,
}

/// Why values that a check counts are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakdownView {
    /// The check it explains.
    pub check: String,
    /// What is complete or missing.
    pub title: String,
    /// State of the breakdown.
    pub state: BreakdownState,
    /// The latest result; kept while a new one is computed.
    pub found: Option<Arc<Breakdown>>,
    /// When it last ran.
    #[serde(alias = "asked_at")]
    pub run_at: Option<DateTime<Utc>>,
    /// Why it could not run, if it couldn't.
    pub problem: Option<String>,
}
