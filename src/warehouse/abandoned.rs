//! Warehouse jobs that no task waits for any more, and how each ended once it was cancelled.

use std::fmt;

use crate::figures::bytes;

/// A job that no task waits for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedJob {
    /// The job's id in the warehouse's job history.
    pub job: String,
    /// How it ended.
    pub end: JobEnd,
    /// Bytes processed, if the warehouse reports them.
    pub bytes: Option<u64>,
}

/// How a cancelled job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// Cancelled before it finished; it stored nothing.
    Cancelled,
    /// Finished before the cancellation; its writes are kept.
    Finished,
    /// Failed, with the error message.
    Failed(String),
    /// Still running after the cancel request, or the warehouse didn't answer.
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
