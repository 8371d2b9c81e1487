//! In-flight jobs. An aborted task leaves its job running on the server, where it still costs money and may still
//! write. Such jobs are found, cancelled and charged here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::job::{self, Account};
use super::rest::RestClient;
use super::wire::Job;
use crate::warehouse::{AbandonedJob, Bill, Charge, Cost, JobEnd};

/// How long to wait for a job to stop. Cancelling is a request; most jobs stop within a second or two.
const LIMIT: Duration = Duration::from_secs(10);

/// Polling interval while a job stops.
const PAUSE: Duration = Duration::from_millis(500);

/// How often to look up a job that the server doesn't know. It may not have arrived yet.
const LOOKS: u32 = 3;

/// Whether a task waits for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Waiting,
    /// The outcome is unknown, and the job is looked up again under the same id.
    InDoubt,
    Abandoned,
}

/// The type of a job, which determines its billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Load,
}

/// A job that may be running.
#[derive(Debug)]
struct Flight {
    wait: Wait,
    kind: Kind,
    bill: Option<Arc<Bill>>,
}

/// The jobs of a warehouse that may be running. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<String, Flight>>>);

impl InFlight {
    /// Registers a job before it is sent or looked up. It is charged to `bill`.
    pub(super) fn await_job(&self, id: &str, kind: Kind, bill: Option<&Arc<Bill>>) -> Awaited<'_> {
        let flight = Flight {
            wait: Wait::Waiting,
            kind,
            bill: bill.cloned(),
        };
        self.jobs().insert(id.to_owned(), flight);
        Awaited {
            jobs: self,
            id: id.to_owned(),
            left: Some(Wait::Abandoned),
        }
    }

    /// Charges a job that ended after its task had stopped waiting for it.
    fn end(&self, id: &str, ended: &Job) {
        let flight = self.jobs().remove(id);
        if let Some(Flight {
            kind,
            bill: Some(bill),
            ..
        }) = flight
        {
            let cost = job::cost(ended, kind).unwrap_or_else(Cost::untold);
            bill.charge(Charge {
                job: id.to_owned(),
                cost,
            });
        }
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn those(&self, is_meant: impl Fn(Wait) -> bool) -> Vec<String> {
        let jobs = self.jobs();
        let meant = jobs.iter().filter(|(_, flight)| is_meant(flight.wait));
        meant.map(|(id, _)| id.clone()).collect()
    }

    /// Jobs that no task waits for any more.
    pub(super) fn abandoned(&self) -> Vec<String> {
        self.those(|wait| wait == Wait::Abandoned)
    }

    /// Jobs that may be running without a task waiting for them.
    pub(super) fn loose(&self) -> Vec<String> {
        self.those(|wait| wait != Wait::Waiting)
    }
}

/// A job that a task waits for. Dropping this marks the job as abandoned.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    jobs: &'a InFlight,
    id: String,
    /// The state to record when the wait ends; `None` once the job is known to have ended.
    left: Option<Wait>,
}

impl Awaited<'_> {
    /// Marks the job as ended or never accepted.
    pub(super) fn ended(mut self) {
        self.left = None;
    }

    /// Marks the outcome of the job as unknown for now.
    pub(super) fn in_doubt(mut self) {
        self.left = Some(Wait::InDoubt);
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut jobs = self.jobs.jobs();
        match (self.left, jobs.get_mut(&self.id)) {
            (Some(wait), Some(flight)) => flight.wait = wait,
            (Some(_), None) => {}
            (None, _) => drop(jobs.remove(&self.id)),
        }
    }
}

/// Cancels jobs concurrently and returns how each ended. Jobs the server never accepted are omitted.
pub(super) async fn cancel(client: &RestClient, account: &Account, jobs: Vec<String>) -> Vec<AbandonedJob> {
    let cancelling = jobs.into_iter().map(|job| async move {
        let ended = timeout(LIMIT, cancel_one(client, account, &job)).await;
        match ended {
            Ok(None) => {
                account.in_flight.jobs().remove(&job);
                None
            }
            Ok(Some((end, ended))) => {
                account.in_flight.end(&job, &ended);
                let bytes = processed(&ended);
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

/// Cancels a job until it ends. `None` if there is no such job.
async fn cancel_one(client: &RestClient, account: &Account, id: &str) -> Option<(JobEnd, Job)> {
    let mut looks = 0;
    loop {
        // A server may accept a cancellation and keep running the job, so it is repeated while the job runs.
        if let Err(fault) = client.cancel_job(&account.project, id, account.place()).await {
            tracing::debug!("cannot cancel job {id}: {}", fault.message);
        }
        match client.job(&account.project, id, account.place()).await {
            Ok(job) => {
                if let Some(end) = end_of(&job) {
                    return Some((end, job));
                }
            }
            Err(fault) if fault.is_not_found() => {
                looks += 1;
                if looks == LOOKS {
                    return None;
                }
            }
            Err(fault) => tracing::debug!("cannot look up job {id}: {}", fault.message),
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

/// Bytes processed by a job; for a script, including its child jobs.
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
