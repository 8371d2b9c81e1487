//! Jobs: each is sent under an id we choose and polled to its end; query results are fetched page by page. A job whose
//! id is already taken is not sent again but looked up.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::api_error::ApiError;
use super::charge::{JobKind, cost};
use super::held::HeldLease;
use super::in_flight::InFlight;
use super::rest::RestClient;
use super::statement::{JobResult, Statement};
use super::wire::{JobConfiguration, JobConfigurationQuery, JobInfo, JobReference, NewJob, QueryResults};
use crate::warehouse::{Bill, Charge, Cost, DryRun, ErrorClass};

/// Long-poll timeout: how long the server may wait for a result before it answers.
const LONG_POLL: Duration = Duration::from_secs(10);
/// Minimum bytes billed per table of a query.
const MIN_BYTES_PER_TABLE: u64 = 10 << 20;
/// Maximum polling interval for a job without a result.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Maximum number of attempts for a lost status request, which is safe to repeat.
const MAX_STATUS_REQUESTS: u32 = 5;

/// The project and options shared by all jobs.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) project: String,
    /// The location of the datasets given by the operator.
    pub(super) location: Option<String>,
    /// Labels that identify the jobs in bills and audits.
    pub(super) labels: HashMap<String, String>,
    /// Maximum bytes billed per job.
    pub(super) most_bytes: Option<u64>,
    /// Initial backoff before a lost call is retried.
    pub(super) first_pause: Duration,
    /// The location of the datasets, or else of the first job as reported by `BigQuery`. Outside the multi-regions a
    /// job can be looked up only with its location.
    pub(super) learned: Arc<OnceLock<String>>,
    /// The lease that jobs are sent under, if one was taken.
    pub(super) held: HeldLease,
    /// Jobs whose end is not known.
    pub(super) in_flight: InFlight,
    pub(super) bill: Option<Arc<Bill>>,
}

impl Account {
    /// The backoff before the next attempt: doubled each time, with jitter so that workers don't retry in step.
    pub(super) fn pause_after(&self, lost: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(lost.saturating_sub(1)));
        doubled.mul_f64(0.75 + fastrand::f64() / 2.0)
    }

    /// The location of the next job, if known.
    pub(super) fn place(&self) -> Option<&str> {
        let learned = self.learned.get();
        learned.or(self.location.as_ref()).map(String::as_str)
    }

    fn learn(&self, sent: &JobInfo) {
        let reference = sent.reference.as_ref();
        if let Some(place) = reference.and_then(|reference| reference.location.clone()) {
            // All jobs of a run have the same location, so the first one to report it wins.
            let _ = self.learned.set(place);
        }
    }
}

/// Runs a statement under an id and waits for its result.
pub(super) async fn run(
    client: &RestClient,
    account: &Account,
    id: &str,
    statement: Statement,
) -> Result<JobResult, ApiError> {
    // Boxed, because every future of a warehouse call contains these two.
    let sent = Box::pin(send(client, account, id, statement));
    let first = Box::pin(results(client, account, id, None));
    let first = send_and_wait(client, account, id, JobKind::Query, sent, first).await?;
    collect(client, account, id, first).await
}

/// Sends a job and waits for its end. It is in flight until its end is known and is then charged. A job refused on
/// sending is neither.
pub(super) async fn send_and_wait<T>(
    client: &RestClient,
    account: &Account,
    id: &str,
    kind: JobKind,
    sending: impl Future<Output = Result<(), ApiError>>,
    ending: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let awaited = account.in_flight.await_job(id, kind, account.bill.as_ref());
    let ended = match sending.await {
        Ok(()) => {
            let ended = ending.await;
            charge(client, account, id, kind, ended.as_ref().err()).await;
            ended
        }
        Err(error) => Err(error),
    };
    match &ended {
        Err(error) if error.class == ErrorClass::Unknown => awaited.unknown(),
        _ => awaited.ended(),
    }
    ended
}

/// Estimates what a statement would be billed, by a dry run. That is free and creates no job.
pub(super) async fn dry_run(
    client: &RestClient,
    account: &Account,
    statement: Statement,
) -> Result<DryRun, ApiError> {
    let result = dry(client, account, statement).await?;
    let statistics = result.statistics.unwrap_or_default();
    let processed = statistics.total_bytes_processed.as_ref();
    let bytes = processed
        .and_then(|bytes| bytes.parse().ok())
        .ok_or_else(|| ApiError::new(ErrorClass::Data, "the dry run returns no byte count"))?;
    let tables = statistics.query.and_then(|query| query.referenced_tables);
    let tables = tables.map_or(1, |tables| tables.len().max(1) as u64);
    Ok(DryRun {
        bytes,
        least: tables * MIN_BYTES_PER_TABLE,
        jobs: 1,
    })
}

/// Charges a finished job, whether it succeeded or failed: failed jobs use slots too. A job that may still run is
/// charged once its end is known.
async fn charge(client: &RestClient, account: &Account, id: &str, kind: JobKind, failed: Option<&ApiError>) {
    let Some(bill) = &account.bill else { return };
    let mut asked = 1;
    let result = loop {
        match client.job(&account.project, id, account.place()).await {
            Ok(job) => break cost(&job, kind),
            Err(error) => tracing::debug!("cannot determine the cost of job {id}: {}", error.message),
        }
        if asked == MAX_STATUS_REQUESTS || failed.is_some() {
            break None;
        }
        tokio::time::sleep(account.pause_after(asked)).await;
        asked += 1;
    };
    if let Some(cost) = result.or_else(|| failed.is_none().then(Cost::unreported)) {
        let job = id.to_owned();
        bill.charge(Charge { job, cost });
    }
}

/// Sends a job. The id makes it safe to send again when the answer is lost.
async fn send(
    client: &RestClient,
    account: &Account,
    id: &str,
    statement: Statement,
) -> Result<(), ApiError> {
    let job = job(account, id, statement);
    let mut lost = 0;
    loop {
        match client.insert_job(&account.project, &job).await {
            Ok(sent) => {
                account.learn(&sent);
                return Ok(());
            }
            Err(error) if error.is_duplicate() => {
                tracing::info!("job {id} was already sent; using its outcome");
                return Ok(());
            }
            Err(error) if error.class == ErrorClass::Transient => {
                lost += 1;
                if lost == MAX_STATUS_REQUESTS {
                    return Err(outcome_unknown(error, id));
                }
                tracing::debug!("resending job {id}: {}", error.message);
                tokio::time::sleep(account.pause_after(lost)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until a job ends, whatever its outcome. Returns whether there is such a job.
pub(super) async fn await_orphaned_write(
    client: &RestClient,
    account: &Account,
    id: &str,
) -> Result<bool, ApiError> {
    let asked = results(client, account, id, None).await;
    match &asked {
        Ok(_) => {}
        Err(error) if error.is_not_found() => return Ok(false),
        Err(_) => match state_of(client, account, id).await? {
            JobState::InProgress => return asked.map(|_| true).map_err(|error| outcome_unknown(error, id)),
            JobState::Done | JobState::Failed(_) => {}
        },
    }
    charge(client, account, id, JobKind::Query, asked.as_ref().err()).await;
    Ok(true)
}

/// The state of a job looked up by id.
enum JobState {
    InProgress,
    Done,
    Failed(ApiError),
}

async fn state_of(client: &RestClient, account: &Account, id: &str) -> Result<JobState, ApiError> {
    let job = client.job(&account.project, id, account.place()).await?;
    let status = job.status.unwrap_or_default();
    Ok(match (status.error_result, status.state.as_deref()) {
        (Some(error), _) => JobState::Failed(ApiError::of_job(&error)),
        (None, Some("DONE")) => JobState::Done,
        (None, _) => JobState::InProgress,
    })
}

/// Fetches all pages of a finished job.
async fn collect(
    client: &RestClient,
    account: &Account,
    id: &str,
    first: QueryResults,
) -> Result<JobResult, ApiError> {
    let mut answered = JobResult {
        schema: first.schema.unwrap_or_default(),
        rows: first.rows.unwrap_or_default(),
    };
    let mut next = first.page_token;
    while let Some(token) = next {
        let page = results(client, account, id, Some(token)).await?;
        answered.rows.extend(page.rows.unwrap_or_default());
        next = page.page_token;
    }
    Ok(answered)
}

/// Fetches one page of a job's result once it is ready. Lost requests are retried. After an error, the state
/// of the job shows whether the request failed or the job.
async fn results(
    client: &RestClient,
    account: &Account,
    id: &str,
    page: Option<String>,
) -> Result<QueryResults, ApiError> {
    let mut lost = 0;
    loop {
        let answer = client
            .query_results(
                &account.project,
                id,
                account.place(),
                page.as_deref(),
                LONG_POLL.as_millis(),
            )
            .await;
        match answer {
            Ok(answer) if answer.job_complete == Some(true) => return Ok(answer),
            Ok(_) => lost = 0,
            Err(error) if matches!(error.class, ErrorClass::Transient | ErrorClass::Rate) => {
                if let Ok(JobState::Failed(why)) = state_of(client, account, id).await {
                    return Err(why);
                }
                lost += 1;
                if lost == MAX_STATUS_REQUESTS {
                    return Err(outcome_unknown(error, id));
                }
                tokio::time::sleep(account.pause_after(lost)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The error for a job that can't be looked up any more. It may have been applied.
fn outcome_unknown(error: ApiError, id: &str) -> ApiError {
    ApiError {
        class: ErrorClass::Unknown,
        message: format!("job {id} was sent but its outcome is unknown: {}", error.message),
        ..error
    }
}

/// Checks a statement by a dry run. Nothing is run and no job is created.
pub(super) async fn dry(
    client: &RestClient,
    account: &Account,
    statement: Statement,
) -> Result<JobInfo, ApiError> {
    let mut asked = job(account, "", statement);
    asked.job_reference.job_id = None;
    asked.configuration.dry_run = Some(true);
    client.insert_job(&account.project, &asked).await
}

/// Waits until a job without a result ends.
pub(super) async fn ended(client: &RestClient, account: &Account, id: &str) -> Result<(), ApiError> {
    let mut lost = 0;
    let mut looks = 0;
    loop {
        match state_of(client, account, id).await {
            Ok(JobState::Done) => return Ok(()),
            Ok(JobState::Failed(why)) => return Err(why),
            Ok(JobState::InProgress) => lost = 0,
            Err(error) if matches!(error.class, ErrorClass::Transient | ErrorClass::Rate) => {
                lost += 1;
                if lost == MAX_STATUS_REQUESTS {
                    return Err(outcome_unknown(error, id));
                }
            }
            Err(error) => return Err(error),
        }
        looks += 1;
        tokio::time::sleep(account.pause_after(looks).min(MAX_POLL_INTERVAL)).await;
    }
}

pub(super) fn labels(account: &Account) -> HashMap<String, String> {
    let mut labels = account.labels.clone();
    labels.extend(account.held.labels(&account.project));
    labels
}

/// The reference to a job: id, location and project.
pub(super) fn reference(account: &Account, id: &str) -> JobReference {
    JobReference {
        job_id: Some(id.to_owned()),
        location: account.place().map(ToOwned::to_owned),
        project_id: Some(account.project.clone()),
    }
}

fn job(account: &Account, id: &str, statement: Statement) -> NewJob {
    NewJob {
        job_reference: reference(account, id),
        configuration: JobConfiguration {
            labels: labels(account),
            query: Some(JobConfigurationQuery {
                query: statement.sql,
                parameter_mode: (!statement.parameters.is_empty()).then(|| "NAMED".to_owned()),
                query_parameters: statement.parameters,
                maximum_bytes_billed: account.most_bytes.map(|most| most.to_string()),
                ..JobConfigurationQuery::default()
            }),
            ..JobConfiguration::default()
        },
    }
}
