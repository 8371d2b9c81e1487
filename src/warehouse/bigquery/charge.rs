//! The cost of a job as reported by the server.

use super::wire::JobInfo;
use crate::warehouse::Cost;

/// The type of a job, which determines its billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobKind {
    Query,
    Load,
}

/// The cost of a finished job as reported by the server; for a script, including its child jobs. Loads are free.
pub(super) fn cost(job: &JobInfo, kind: JobKind) -> Option<Cost> {
    let is_over = job.status.as_ref()?.state.as_deref() == Some("DONE");
    let statistics = job.statistics.as_ref().filter(|_| is_over)?;
    let query = statistics.query.as_ref();
    let number = |text: &Option<String>| text.as_ref()?.parse().ok();
    let billed = match kind {
        JobKind::Query => query.and_then(|query| number(&query.total_bytes_billed))?,
        JobKind::Load => 0,
    };
    let slots = number(&statistics.total_slot_ms).or_else(|| number(&query?.total_slot_ms));
    Some(Cost::of_job(billed, slots.unwrap_or(0)))
}
