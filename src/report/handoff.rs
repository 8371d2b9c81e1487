//! Everything the document says: what was done, what was found, what was waived, what is left and how to go on.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::causes::{causes, quarantines};
use super::next::next_steps;
use super::{Cause, Go, Quarantine, Standing};
use crate::ledger::{Acceptance, Ledger, LedgerError, RunRecord, RunState, StageWork, Waiver};
use crate::plan::Plan;

/// The `schema` value of the object.
const SCHEMA: &str = "backcourt.report/1";

/// The document, for programs as it is and for people through [`super::markdown()`].
#[derive(Debug, Serialize)]
pub struct Handoff {
    /// Names the form of this object.
    pub schema: &'static str,
    /// The plan's title.
    pub title: String,
    /// How everything stands, as `status --json` says it.
    pub standing: Standing,
    /// Every run of the plan on this warehouse, oldest first.
    pub runs: Vec<PastRun>,
    /// What was done in each stage, in plan order.
    pub work: Vec<Work>,
    /// Every waiver there ever was, oldest first.
    pub waivers: Vec<Waiver>,
    /// Every acceptance of rows of another definition there ever was, oldest first.
    pub acceptances: Vec<Acceptance>,
    /// Why dates are not as they should be.
    pub causes: Vec<Cause>,
    /// Why rows could not be stored.
    pub quarantined: Vec<Quarantine>,
    /// What to do next, one sentence each.
    pub next: Vec<String>,
}

/// A run, as it is told afterwards.
#[derive(Debug, Serialize)]
pub struct PastRun {
    /// Run id.
    pub id: String,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none of one that died.
    pub ended_at: Option<DateTime<Utc>>,
    /// The sentence it ended with.
    pub ending: Option<String>,
    /// Source the stages read.
    pub source: String,
    /// Workers at its start.
    pub workers: u32,
    /// The first date it was about.
    pub from: Option<NaiveDate>,
    /// The last date it was about.
    pub to: Option<NaiveDate>,
    /// How many dates it was about.
    pub dates: usize,
}

/// What was done in one stage.
#[derive(Debug, Serialize)]
pub struct Work {
    /// The stage.
    pub stage: String,
    /// What was done.
    #[serde(flatten)]
    pub work: StageWork,
    /// Dates with games an hour, over all runs that finished any; none before any did.
    pub dates_per_hour: Option<f64>,
}

impl Handoff {
    /// Gathers the document about a plan that stands like this.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn gather(ledger: &Ledger, plan: &Plan, standing: Standing, go: &Go) -> Result<Self, LedgerError> {
        let mut handoff = Self {
            schema: SCHEMA,
            title: plan.title.clone(),
            runs: Vec::new(),
            work: Vec::new(),
            waivers: Vec::new(),
            acceptances: Vec::new(),
            causes: standing.stages.iter().flat_map(causes).collect(),
            quarantined: Vec::new(),
            next: next_steps(&standing, plan, go),
            standing,
        };
        let run = &handoff.standing.run;
        let Some(target) = ledger.known_target(&run.plan, &run.warehouse)? else {
            return Ok(handoff);
        };
        let newest = (run.id.clone(), run.state);
        handoff.runs = ledger
            .runs(target)?
            .into_iter()
            .map(|run| past(run, &newest))
            .collect();
        handoff.waivers = ledger.waivers(target)?;
        handoff.acceptances = ledger.acceptances(target)?;
        for stage in &handoff.standing.stages {
            let work = ledger.work(target, &stage.name)?;
            handoff.work.push(Work {
                stage: stage.name.clone(),
                dates_per_hour: rate(&work),
                work,
            });
            let rows = ledger.set_aside(target, &stage.name)?;
            handoff.quarantined.extend(quarantines(&stage.name, rows));
        }
        Ok(handoff)
    }
}

/// Only the lock can tell whether the newest run lives; an older one that never ended was interrupted.
fn past(run: RunRecord, (newest, its_state): &(String, RunState)) -> PastRun {
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
        source: run.source,
        workers: run.workers,
        from: run.dates.first().copied(),
        to: run.dates.last().copied(),
        dates: run.dates.len(),
    }
}

/// The rate of all runs together that came to anything.
fn rate(work: &StageWork) -> Option<f64> {
    let runs = || work.runs.iter().filter(|run| run.dates > 0);
    dates_per_hour(
        runs().map(|run| run.dates).sum(),
        runs().map(|run| run.seconds).sum(),
    )
}

/// Dates an hour; none where there is nothing to measure.
#[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 dates")]
pub(super) fn dates_per_hour(dates: u64, seconds: f64) -> Option<f64> {
    (dates > 0 && seconds > 0.0).then(|| (3_600.0 * dates as f64 / seconds).round())
}
