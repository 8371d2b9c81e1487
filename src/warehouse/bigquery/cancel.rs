//! Cancels jobs that no task waits for any more, and waits for their end.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::job::Account;
use super::rest::RestClient;
use super::wire::JobInfo;
use crate::warehouse::{AbandonedJob, JobEnd};

/// How long to wait for a job to stop. Cancelling is a request; most jobs stop within a second or two.
const LIMIT: Duration = Duration::from_secs(10);

/// Polling interval while a job stops.
const PAUSE: Duration = Duration::from_millis(500);

/// How often to look up a job that the server doesn't know. It may not have arrived yet.
const MAX_LOOKUPS: u32 = 3;

/// Cancels jobs concurrently and returns how each ended. Jobs the server never accepted are omitted.
pub(super) async fn cancel(client: &RestClient, account: &Account, jobs: Vec<String>) -> Vec<AbandonedJob> {
    let cancelling = jobs.into_iter().map(|job| async move {
        let ended = timeout(LIMIT, cancel_one(client, account, &job)).await;
        match ended {
            Ok(None) => {
                account.in_flight.forget(&job);
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
async fn cancel_one(client: &RestClient, account: &Account, id: &str) -> Option<(JobEnd, JobInfo)> {
    let mut looks = 0;
    loop {
        // A server may accept a cancellation and keep running the job, so it is repeated while the job runs.
        if let Err(error) = client.cancel_job(&account.project, id, account.place()).await {
            tracing::debug!("cannot cancel job {id}: {}", error.message);
        }
        match client.job(&account.project, id, account.place()).await {
            Ok(job) => {
                if let Some(end) = end_of(&job) {
                    return Some((end, job));
                }
            }
            Err(error) if error.is_not_found() => {
                looks += 1;
                if looks == MAX_LOOKUPS {
                    return None;
                }
            }
            Err(error) => tracing::debug!("cannot look up job {id}: {}", error.message),
        }
        sleep(PAUSE).await;
    }
}

fn end_of(job: &JobInfo) -> Option<JobEnd> {
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
fn processed(job: &JobInfo) -> Option<u64> {
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
