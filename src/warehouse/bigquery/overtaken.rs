//! Jobs that an earlier holder of a lease sent and nobody waits for any more: found by their labels, cancelled, and
//! waited for, so that none of them lands on top of what the next holder writes.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use gcp_bigquery_client::Client;
use gcp_bigquery_client::model::job_list_jobs::JobListJobs;
use gcp_bigquery_client::model::job_list_parameters::{JobListParameters, Projection, StateFilter};
use gcp_bigquery_client::model::job_reference::JobReference;

use super::fault::Fault;
use super::job::Account;

/// Pauses between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Ends every job under way whose labels say it is an earlier holder's.
pub(super) async fn end(
    client: &Client,
    canceller: &Client,
    account: &Account,
    is_before: impl Fn(&HashMap<String, String>) -> bool,
) -> Result<(), Fault> {
    let mut known: HashSet<String> = HashSet::new();
    loop {
        let under_way = under_way(client, account, &is_before).await?;
        if under_way.is_empty() {
            return Ok(());
        }
        for reference in under_way {
            let Some(id) = reference.job_id else { continue };
            let place = reference.location.as_deref().or(account.place());
            // A server may take a cancellation and go on, so it is asked again as long as the job is there.
            if let Err(error) = canceller.job().cancel_job(&account.project, &id, place).await {
                tracing::debug!("job {id} was not cancelled: {error}");
            }
            if known.insert(id.clone()) {
                tracing::info!(
                    "job {id} was sent by who had the lease before; it is cancelled and waited for"
                );
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The jobs that wait or run. Those of other accounts are seen only by who may see them; else one's own must do.
async fn under_way(
    client: &Client,
    account: &Account,
    is_before: impl Fn(&HashMap<String, String>) -> bool,
) -> Result<Vec<JobReference>, Fault> {
    let mut found = Vec::new();
    for state in [StateFilter::Pending, StateFilter::Running] {
        let jobs = match listed(client, account, true, state.clone()).await {
            Err(fault) if fault.class == crate::warehouse::ErrorClass::Auth => {
                listed(client, account, false, state).await?
            }
            jobs => jobs?,
        };
        let labels = |job: &JobListJobs| job.configuration.as_ref().and_then(|set| set.labels.clone());
        let theirs = jobs
            .into_iter()
            .filter(|job| labels(job).is_some_and(|labels| is_before(&labels)));
        found.extend(theirs.filter_map(|job| job.job_reference));
    }
    Ok(found)
}

async fn listed(
    client: &Client,
    account: &Account,
    of_everybody: bool,
    state: StateFilter,
) -> Result<Vec<JobListJobs>, Fault> {
    let asked = JobListParameters {
        all_users: Some(of_everybody),
        projection: Some(Projection::Full),
        state_filter: Some(state),
        ..JobListParameters::default()
    };
    let jobs = client.job();
    let mut pages = pin!(jobs.get_job_list(&account.project, Some(asked)));
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        listed.extend(page.map_err(Fault::from)?.jobs.unwrap_or_default());
    }
    Ok(listed)
}
