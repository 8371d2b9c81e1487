//! Jobs that an earlier lease holder left running: found by their labels, cancelled and awaited, so that none of them
//! overwrites what the next holder writes.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::api_error::ApiError;
use super::job::Account;
use super::rest::{Listing, RestClient};
use super::wire::{JobInfo, JobReference};
use crate::warehouse::ErrorClass;

const PAUSE: Duration = Duration::from_millis(500);

/// Ends all running jobs in a project whose labels belong to an earlier holder.
pub(super) async fn end(
    client: &RestClient,
    account: &Account,
    project: &str,
    is_before: impl Fn(&HashMap<String, String>) -> bool,
) -> Result<(), ApiError> {
    let mut known: HashSet<String> = HashSet::new();
    loop {
        let under_way = running_jobs(client, project, &is_before).await?;
        if under_way.is_empty() {
            return Ok(());
        }
        for reference in under_way {
            let Some(id) = reference.job_id else { continue };
            let place = reference.location.as_deref().or(account.place());
            // A server may accept a cancellation and keep running the job, so it is repeated while the job exists.
            if let Err(error) = client.cancel_job(project, &id, place).await {
                tracing::debug!("cannot cancel job {id}: {}", error.message);
            }
            if known.insert(id.clone()) {
                tracing::info!("cancelling job {id} of the previous lease holder and waiting for it");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Pending and running jobs of earlier holders. Without permission to list the jobs of all accounts, only those of the
/// caller are found.
async fn running_jobs(
    client: &RestClient,
    project: &str,
    is_before: impl Fn(&HashMap<String, String>) -> bool,
) -> Result<Vec<JobReference>, ApiError> {
    let mut found = Vec::new();
    for state in ["pending", "running"] {
        let listed = async |of_everybody| {
            let which = Listing { of_everybody, state };
            client.jobs(project, which).await
        };
        let jobs = match listed(true).await {
            Err(error) if error.class == ErrorClass::Auth => listed(false).await?,
            jobs => jobs?,
        };
        let labels = |job: &JobInfo| job.configuration.as_ref().and_then(|set| set.labels.clone());
        let theirs = jobs
            .into_iter()
            .filter(|job| labels(job).is_some_and(|labels| is_before(&labels)));
        found.extend(theirs.filter_map(|job| job.reference));
    }
    Ok(found)
}
