//! The newest consistent picture of a run: plain data, replaced whole, never patched.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::checks::Breakdown;
use crate::ledger::{
    ANSWERS_SHOWN, CheckState, Counts, Coverage, GateCheck, PastAnswer, RunState, UnitState, Waiver,
};
use crate::plan::Severity;
use crate::runbook::Item;
use crate::warehouse::Cost;

use super::limit::times_as_long;
use super::{Estimate, Question, Topic};

/// Everything a reader may show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows by one with each picture.
    pub version: u64,
    /// When the picture was taken.
    pub at: DateTime<Utc>,
    /// The run as a whole.
    pub run: RunView,
    /// Stages in plan order.
    pub stages: Vec<StageView>,
    /// Workers by slot.
    pub workers: Vec<WorkerView>,
    /// Checks in plan order.
    pub checks: Vec<CheckView>,
    /// The runbook's items in plan order. Shared: it changes seldom.
    pub runbook: Arc<Vec<Item>>,
    /// Checks of the raw tables in plan order.
    pub sources: Vec<CheckView>,
    /// Breakdowns in plan order.
    pub breakdowns: Vec<BreakdownView>,
    /// What the run is going to be billed, where the warehouse bills and there is anything to do. Shared: it stays.
    pub estimate: Option<Arc<Estimate>>,
}

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Run id.
    pub id: String,
    /// Plan title.
    pub title: String,
    /// Warehouse as the operator named it.
    pub warehouse: String,
    /// Source the stages read.
    pub source: String,
    /// Process id.
    pub pid: u32,
    /// Where it takes orders from other processes, if it does.
    pub control: Option<String>,
    /// How it stands.
    pub state: RunState,
    /// Pausing has been asked for and something is still in flight.
    pub pausing: bool,
    /// What goes on before the first unit, such as "loading the feeds", with its share done.
    pub preparing: Option<Preparing>,
    /// Seconds of work so far, pauses left out.
    pub active_seconds: f64,
    /// How far it is and how long it will take.
    pub progress: Progress,
    /// The one thing that limits the speed now, in words.
    pub limit: String,
    /// Workers that were asked for; more may still be at their last batch.
    #[serde(default)]
    pub workers: usize,
    /// Workers from which on more of them bring nothing now; none where each would make it faster.
    #[serde(default)]
    pub enough_workers: Option<usize>,
    /// What was billed for the plan, by this run and those before it; none where the warehouse bills nothing.
    pub billed: Option<BilledView>,
    /// What needs attention outside this run: on dates or in stages of the plan that take no part in it.
    #[serde(default)]
    pub elsewhere: ElsewhereView,
    /// The question it holds for; nothing was begun. Shared: it stays the same from picture to picture.
    #[serde(default)]
    pub question: Option<Arc<Question>>,
    /// The sentence that goes with the end of the run, once it has ended.
    pub ending: Option<String>,
}

impl RunView {
    /// Whether it holds for the answer to a question about this.
    #[must_use]
    pub fn waits_for(&self, topic: Topic) -> bool {
        (self.question.iter()).any(|question| question.topic == topic)
    }

    /// The ETA with so many workers; none while there is no ETA.
    #[must_use]
    pub fn eta_with(&self, wanted: usize) -> Option<(f64, f64)> {
        let times = times_as_long(self.enough_workers, self.workers, wanted);
        let (soonest, latest) = self.progress.eta?;
        Some((soonest * times, latest * times))
    }
}

/// What needs attention in a plan and is not part of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElsewhereView {
    /// Units that failed, are short of rows or have none, and that no waived check names.
    pub attention: u64,
    /// Units that are stale.
    pub stale: u64,
    /// Units that another definition of their stage made.
    #[serde(default)]
    pub outdated: u64,
    /// Blocking checks that fail, of stages that take no part.
    pub checks: u64,
}

impl ElsewhereView {
    /// Whether something failed: a run that goes well does not make the plan well.
    #[must_use]
    pub const fn has_failures(&self) -> bool {
        self.attention > 0 || self.checks > 0
    }
}

/// What the warehouse billed for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BilledView {
    /// For everything.
    pub total: Cost,
    /// Of that, for what belongs to no stage and no check: loading, a sample.
    pub aside: Cost,
}

/// Work before the first unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparing {
    /// What is being done.
    pub what: String,
    /// Share done, 0 to 1.
    pub share: f64,
}

/// How far a run is, over all its stages.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Units that were to be done when the run began or were added since.
    pub total: u64,
    /// Of these, units that ended.
    pub done: u64,
    /// Units a minute over the last stretch; none before enough was measured.
    pub per_minute: Option<f64>,
    /// Seconds still to go, (soonest, latest), of the stages whose speed is known; none below 1 % done or while nothing
    /// moves.
    pub eta: Option<(f64, f64)>,
    /// Stages with work left whose speed nobody has measured yet, in this run or an earlier one.
    #[serde(default)]
    pub unmeasured: usize,
}

impl Progress {
    /// Percent done, 0 to 100; 100 only when nothing is left.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    pub fn percent(self) -> f64 {
        if self.done >= self.total {
            return 100.0;
        }
        (100.0 * self.done as f64 / self.total as f64).min(99.9)
    }
}

/// How a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StageState {
    /// Its turn has not come.
    Waiting,
    /// Units are being done.
    Running,
    /// Units are done, its checks are being asked.
    Checking,
    /// Done, and no blocking check or unit stands against it.
    Passed,
    /// Done, but a blocking check or a unit stands against it.
    Failed,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageView {
    /// Name.
    pub name: String,
    /// `dataset.table`; none if it fills none.
    pub table: Option<String>,
    /// How it stands.
    pub state: StageState,
    /// Units by state.
    pub counts: Counts,
    /// Rows stored for the dates in the range.
    pub rows: u64,
    /// Seconds of work, pauses left out.
    pub seconds: f64,
    /// What was billed for it and its checks, by this run and those before it; none if nothing was.
    pub cost: Option<Cost>,
    /// What its rows do not know, most rows first.
    pub gaps: Vec<GapView>,
    /// Every date of the range, in order. Shared: an unchanged stage costs nothing to publish.
    pub units: Arc<Vec<UnitView>>,
}

/// Something that rows of a stage do not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapView {
    /// The column without a value, or the issue that a column of issues names.
    pub what: Arc<str>,
    /// On how many dates.
    pub dates: u64,
    /// In how many rows.
    pub rows: u64,
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitView {
    /// Date.
    pub date: NaiveDate,
    /// How it stands.
    pub state: UnitState,
    /// Rows stored.
    pub rows: u32,
    /// Rows expected.
    pub expected: u32,
    /// Attempts used.
    pub attempts: u32,
    /// Why it is skipped, partial, empty or failed; shared, since hundreds of off-days say the same.
    pub reason: Option<Arc<str>>,
}

/// What a worker is doing with its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Waiting for one of the warehouse's lanes.
    Queue,
    /// Reading the feeds.
    Read,
    /// Computing rows.
    Compute,
    /// Waiting for or being in the warehouse's commit.
    Write,
    /// Waiting before another attempt.
    Backoff,
}

impl Phase {
    /// The word shown.
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

/// One worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerView {
    /// Slot, from 1.
    pub slot: usize,
    /// What it works on; none when idle.
    pub task: Option<TaskView>,
    /// Units it finished in this run.
    pub units_done: u64,
    /// Share of the run's active time it was busy, 0 to 1.
    pub busy: f64,
}

/// What a worker works on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    /// Stage name.
    pub stage: String,
    /// First date of the batch.
    pub first: NaiveDate,
    /// Last date of the batch.
    pub last: NaiveDate,
    /// Dates in the batch.
    pub dates: usize,
    /// Phase.
    pub phase: Phase,
    /// When the batch was taken.
    pub since: DateTime<Utc>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckView {
    /// Name.
    pub name: String,
    /// Stage it belongs to; for a check of the raw tables, the feed.
    pub stage: String,
    /// What it asks.
    pub title: String,
    /// Whether it blocks.
    pub severity: Severity,
    /// How it stands.
    pub state: CheckState,
    /// What was measured last.
    pub value: Option<String>,
    /// What is expected.
    pub target: String,
    /// The value before the backfill, as the operator noted it.
    pub before: Option<String>,
    /// Dates that offend.
    pub offending: Arc<Vec<NaiveDate>>,
    /// Over how many of its table's dates the answer speaks; none while there is no answer, and for a check that is about
    /// named dates or raw tables.
    #[serde(default)]
    pub over: Option<Coverage>,
    /// What else the query named: dates that were not run yet, dates outside the plan.
    #[serde(default)]
    pub note: Option<String>,
    /// When it was last answered.
    pub asked_at: Option<DateTime<Utc>>,
    /// How long the query took.
    pub seconds: Option<f64>,
    /// What was billed for it, all the times it was asked; none if nothing was.
    pub cost: Option<Cost>,
    /// The newest waiver, whether or not it still counts.
    pub waiver: Option<Waiver>,
    /// What else must be known of the answer: that it is of another definition, or why the waiver does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The newest answers, this one included, oldest first. Shared: most checks keep theirs from picture to picture.
    pub history: Arc<Vec<PastAnswer>>,
}

impl CheckView {
    /// As the gate of its stage sees it.
    pub(super) fn at_gate(&self) -> GateCheck<'_> {
        GateCheck {
            severity: self.severity,
            state: self.state,
            offending: &self.offending,
        }
    }

    /// Adds an answer to those that are shown.
    pub(super) fn remember(&mut self, answer: PastAnswer) {
        let history = Arc::make_mut(&mut self.history);
        history.push(answer);
        let surplus = history.len().saturating_sub(usize::from(ANSWERS_SHOWN));
        history.drain(..surplus);
    }
}

/// How a breakdown stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BreakdownState {
    /// Not asked yet.
    Pending,
    /// Its query is under way.
    Running,
    /// It shows the rows as they are.
    Current,
    /// A row it looked at has changed since.
    Outdated,
    /// It could not be asked.
    Failed,
}

/// Why what a check counts is not all known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakdownView {
    /// The check it explains.
    pub check: String,
    /// What is known or not.
    pub title: String,
    /// How it stands.
    pub state: BreakdownState,
    /// What was found last; kept while it is asked again.
    pub found: Option<Arc<Breakdown>>,
    /// When that was.
    pub asked_at: Option<DateTime<Utc>>,
    /// Why it could not be asked, if it could not.
    pub problem: Option<String>,
}
