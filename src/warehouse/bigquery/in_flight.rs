//! Jobs that were sent and whose end is not known. A task that is aborted leaves its job running on the server, where it
//! goes on costing money and may still write; here it is found and cancelled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::job::Account;
use super::rest::Client;
use super::wire::Job;
use crate::warehouse::{AbandonedJob, JobEnd};

/// How long a job is given to stop. Cancelling is a request, and most jobs follow it within a second or two.
const LIMIT: Duration = Duration::from_secs(10);

/// The pause between two looks at it.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a job is looked for that the server does not know: it may still be on its way there.
const LOOKS: u32 = 3;

/// Whether a task waits for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Waiting,
    /// Its outcome is not known, and it is asked about again under the same id.
    InDoubt,
    Abandoned,
}

/// The jobs of a warehouse that may be running. Copies share them.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<String, Wait>>>);

impl InFlight {
    /// A job is about to be sent, or asked about again.
    pub(super) fn await_job(&self, id: &str) -> Awaited<'_> {
        self.set(id, Wait::Waiting);
        Awaited {
            jobs: self,
            id: id.to_owned(),
            left: Some(Wait::Abandoned),
        }
    }

    fn set(&self, id: &str, wait: Wait) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(id.to_owned(), wait);
    }

    fn remove(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn those(&self, is_meant: impl Fn(Wait) -> bool) -> Vec<String> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = jobs.iter().filter(|(_, wait)| is_meant(**wait));
        meant.map(|(id, _)| id.clone()).collect()
    }

    /// Jobs that no task waits for any more.
    pub(super) fn abandoned(&self) -> Vec<String> {
        self.those(|wait| wait == Wait::Abandoned)
    }

    /// Jobs that may be running although no task waits for them.
    pub(super) fn loose(&self) -> Vec<String> {
        self.those(|wait| wait != Wait::Waiting)
    }
}

/// A job that is waited for; dropped with its task, it is abandoned.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    jobs: &'a InFlight,
    id: String,
    /// What to remember of it when the wait ends; nothing once it is known to be over.
    left: Option<Wait>,
}

impl Awaited<'_> {
    /// It is over, or was never taken.
    pub(super) fn ended(mut self) {
        self.left = None;
    }

    /// Nothing is known of it for now.
    pub(super) fn in_doubt(mut self) {
        self.left = Some(Wait::InDoubt);
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        match self.left {
            Some(wait) => self.jobs.set(&self.id, wait),
            None => self.jobs.remove(&self.id),
        }
    }
}

/// Cancels jobs side by side and returns what became of each; those the server never took are left out.
pub(super) async fn cancel(client: &Client, account: &Account, jobs: Vec<String>) -> Vec<AbandonedJob> {
    let cancelling = jobs.into_iter().map(|job| async move {
        let ended = timeout(LIMIT, cancel_one(client, account, &job)).await;
        match ended {
            Ok(None) => {
                account.in_flight.remove(&job);
                None
            }
            Ok(Some((end, bytes))) => {
                account.in_flight.remove(&job);
                Some(AbandonedJob { job, end, bytes })
            }
            Err(_) => Some(AbandonedJob {
                job,
                end: JobEnd::Running,
                bytes: None,
            }),
        }
    });
    join_all(cancelling).await.into_iter().flatten().collect()
}

/// Asks for the end of a job until it is over. None if there is no such job.
async fn cancel_one(client: &Client, account: &Account, id: &str) -> Option<(JobEnd, Option<u64>)> {
    let mut looks = 0;
    loop {
        // A server may take a cancellation and go on, so it is asked again as long as the job runs.
        if let Err(fault) = client.cancel_job(&account.project, id, account.place()).await {
            tracing::debug!("job {id} was not cancelled: {}", fault.message);
        }
        match client.job(&account.project, id, account.place()).await {
            Ok(job) => {
                if let Some(end) = end_of(&job) {
                    return Some((end, processed(&job)));
                }
            }
            Err(fault) if fault.is_not_found() => {
                looks += 1;
                if looks == LOOKS {
                    return None;
                }
            }
            Err(fault) => tracing::debug!("job {id} was not looked up: {}", fault.message),
        }
        sleep(PAUSE).await;
    }
}

fn end_of(job: &Job) -> Option<JobEnd> {
    let status = job.status.as_ref()?;
    if status.state.as_deref() != Some("DONE") {
        return None;
    }
    Some(match &status.error_result {
        None => JobEnd::Finished,
        Some(error) if error.reason.as_deref() == Some("stopped") => JobEnd::Cancelled,
        Some(error) => JobEnd::Failed(error.message.clone().unwrap_or_default()),
    })
}

/// What a job has processed; of a script, with everything that ran within it.
fn processed(job: &Job) -> Option<u64> {
    let statistics = job.statistics.as_ref()?;
    let of_query = statistics
        .query
        .as_ref()
        .and_then(|query| query.total_bytes_processed.as_ref());
    statistics
        .total_bytes_processed
        .as_ref()
        .or(of_query)?
        .parse()
        .ok()
}
