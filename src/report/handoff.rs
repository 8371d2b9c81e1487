//! The content of the handoff report: what was done, found and waived, what is left and the next steps.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::causes::{causes, quarantines};
use super::next::next_steps;
use super::{Cause, CommandFlags, PlanStatus, Quarantine};
use crate::ledger::{Acceptance, Ledger, LedgerError, RunRecord, RunState, StageWork, Waiver};
use crate::partition::Partition;
use crate::plan::Plan;

/// The `schema` value of the JSON object.
const SCHEMA: &str = "backcourt.report/1";

/// The handoff report; serialized for programs, printed for people by [`super::markdown()`].
#[derive(Debug, Serialize)]
pub struct Handoff {
    /// Identifies the format of this object.
    pub schema: &'static str,
    /// The plan's title.
    pub title: String,
    /// The progress of the plan, as in `status --json`.
    pub status: PlanStatus,
    /// Every run of the plan on this warehouse, oldest first.
    pub runs: Vec<PastRun>,
    /// The work done in each stage, in plan order.
    pub work: Vec<StageThroughput>,
    /// All waivers, oldest first.
    pub waivers: Vec<Waiver>,
    /// All acceptances of outdated rows, oldest first.
    pub acceptances: Vec<Acceptance>,
    /// Why dates need attention.
    pub causes: Vec<Cause>,
    /// Why rows are quarantined.
    pub quarantined: Vec<Quarantine>,
    /// The next steps, one sentence each.
    pub next: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct PastRun {
    pub id: String,
    pub state: RunState,
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` if its process died.
    pub ended_at: Option<DateTime<Utc>>,
    /// The closing message.
    pub ending: Option<String>,
    /// Source the stages read; `None` if none of them has a choice.
    pub source: Option<String>,
    pub workers: u32,
    pub from: Option<Partition>,
    pub to: Option<Partition>,
    pub dates: usize,
}

/// The work done in one stage.
#[derive(Debug, Serialize)]
pub struct StageThroughput {
    pub stage: String,
    /// What the runs did.
    #[serde(flatten)]
    pub work: StageWork,
    /// Dates with games per hour, over all runs that finished any; `None` if none did.
    pub dates_per_hour: Option<f64>,
}

impl Handoff {
    /// Gathers the report of a plan with this progress; `go` has the flags for its commands.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn gather(
        ledger: &Ledger,
        plan: &Plan,
        status: PlanStatus,
        go: &CommandFlags,
    ) -> Result<Self, LedgerError> {
        let mut handoff = Self {
            schema: SCHEMA,
            title: title(plan, &status),
            runs: Vec::new(),
            work: Vec::new(),
            waivers: Vec::new(),
            acceptances: Vec::new(),
            causes: status.stages.iter().flat_map(causes).collect(),
            quarantined: Vec::new(),
            next: next_steps(&status, plan, go),
            status,
        };
        let run = &handoff.status.run;
        let Some(target) = ledger.known_target(&run.plan, &run.warehouse)? else {
            return Ok(handoff);
        };
        let newest = (run.id.clone(), run.state);
        handoff.runs = ledger
            .runs(target)?
            .into_iter()
            .map(|run| past(run, plan, &newest))
            .collect();
        handoff.waivers = ledger.waivers(target)?;
        handoff.acceptances = ledger.acceptances(target)?;
        for stage in &handoff.status.stages {
            let work = ledger.work(target, &stage.name)?;
            handoff.work.push(StageThroughput {
                stage: stage.name.clone(),
                dates_per_hour: rate(&work),
                work,
            });
            let rows = ledger.quarantined(target, &stage.name)?;
            handoff.quarantined.extend(quarantines(&stage.name, rows));
        }
        Ok(handoff)
    }
}

/// The title of the plan. The variables of a run on another host may have other values than here.
fn title(plan: &Plan, status: &PlanStatus) -> String {
    let title = if status.recorded_by.is_some() {
        &plan.written_title
    } else {
        &plan.title
    };
    title.clone()
}

/// The newest run's state comes from the lock; an older run without an end was interrupted.
fn past(run: RunRecord, plan: &Plan, (newest, its_state): &(String, RunState)) -> PastRun {
    let state = match run.state {
        _ if run.id == *newest => *its_state,
        state if state.has_ended() => state,
        _ => RunState::Interrupted,
    };
    PastRun {
        id: run.id,
        state,
        started_at: run.started_at,
        ended_at: run.ended_at,
        ending: run.ending,
        source: plan.shown_source(&run.source),
        workers: run.workers,
        from: run.dates.first().copied(),
        to: run.dates.last().copied(),
        dates: run.dates.len(),
    }
}

/// Dates per hour over all runs that finished any.
fn rate(work: &StageWork) -> Option<f64> {
    let runs = || work.runs.iter().filter(|run| run.dates > 0);
    dates_per_hour(
        runs().map(|run| run.dates).sum(),
        runs().map(|run| run.seconds).sum(),
    )
}

/// Dates per hour; `None` if there is nothing to measure.
#[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 dates")]
pub(super) fn dates_per_hour(dates: u64, seconds: f64) -> Option<f64> {
    (dates > 0 && seconds > 0.0).then(|| (3_600.0 * dates as f64 / seconds).round())
}
