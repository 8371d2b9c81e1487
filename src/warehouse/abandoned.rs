//! Jobs of a warehouse that no task waits for any more: what became of each once it was cancelled.

use std::fmt;

use crate::figures::bytes;

/// One such job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedJob {
    /// Its id, by which the warehouse's own job history knows it.
    pub job: String,
    /// What became of it.
    pub end: JobEnd,
    /// What it had processed, where the warehouse says.
    pub bytes: Option<u64>,
}

/// What became of a job that was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// It was cancelled before its end; nothing of it was stored.
    Cancelled,
    /// It ended before the cancellation, and what it stored counts.
    Finished,
    /// It had failed.
    Failed(String),
    /// It was asked to stop and has not, or the warehouse did not answer.
    Running,
}

impl fmt::Display for AbandonedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (job, after) = (&self.job, self.bytes.map(bytes));
        let after = after.as_deref().unwrap_or("an unknown number of bytes");
        match &self.end {
            JobEnd::Cancelled => write!(f, "job {job} cancelled after {after}"),
            JobEnd::Finished => write!(
                f,
                "job {job} finished before it could be cancelled, after {after}"
            ),
            JobEnd::Failed(why) => write!(f, "job {job} failed after {after}: {why}"),
            JobEnd::Running => write!(
                f,
                "job {job} may still be running, cancellation was requested; the next start waits for it to end"
            ),
        }
    }
}
