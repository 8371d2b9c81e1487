//! Jobs: each is sent under an id of our own and waited for; the rows of a query are fetched page by page.
//! An id that was sent before is not sent again: what became of it is asked instead.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::fault::Fault;
use super::in_flight::{InFlight, Kind};
use super::lease::Held;
use super::rest::RestClient;
use super::wire::{
    Job, JobConfiguration, JobConfigurationQuery, JobReference, NewJob, QueryParameter, QueryParameterType,
    QueryParameterValue, QueryResults, TableRow, TableSchema,
};
use crate::warehouse::{Bill, Charge, Cost, DryRun, ErrorClass};

/// How long the server may hold a question for an answer that is not ready.
const LONG_POLL: Duration = Duration::from_secs(10);
/// The least a query is billed for each table it looks into.
const LEAST_A_TABLE: u64 = 10 << 20;
/// The longest pause between two looks at a job that answers nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often a lost question after a job is put again; asking changes nothing.
const QUESTIONS: u32 = 5;

/// Who is asked, and what goes along with every job.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The project that is billed.
    pub(super) project: String,
    /// Where the operator says the datasets are.
    pub(super) location: Option<String>,
    /// What bills and audits find the jobs by.
    pub(super) labels: HashMap<String, String>,
    /// The most bytes one job may be billed for.
    pub(super) most_bytes: Option<u64>,
    /// The pause before a lost call is made again the first time.
    pub(super) first_pause: Duration,
    /// Where the datasets were found, or else where `BigQuery` ran the first job; outside of its multi-regions a job is
    /// found only by who knows its place.
    pub(super) learned: Arc<OnceLock<String>>,
    /// The lease jobs are sent under, if one was taken.
    pub(super) held: Held,
    /// Jobs whose end is not known.
    pub(super) in_flight: InFlight,
    /// What jobs are charged to, if anybody wants to know what they cost.
    pub(super) bill: Option<Arc<Bill>>,
}

impl Account {
    /// How long to wait before the next attempt: doubled each time, spread so that workers do not ask in step.
    pub(super) fn pause_after(&self, lost: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(lost.saturating_sub(1)));
        doubled.mul_f64(0.75 + fastrand::f64() / 2.0)
    }

    /// Where the next job is run or found, as far as it is known.
    pub(super) fn place(&self) -> Option<&str> {
        let learned = self.learned.get();
        learned.or(self.location.as_ref()).map(String::as_str)
    }

    fn learn(&self, sent: &Job) {
        let reference = sent.reference.as_ref();
        if let Some(place) = reference.and_then(|reference| reference.location.clone()) {
            // Every job of a run has the same place; the first one to tell it is as good as any.
            let _ = self.learned.set(place);
        }
    }
}

/// A query with its parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    sql: String,
    parameters: Vec<QueryParameter>,
}

impl Statement {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            parameters: Vec::new(),
        }
    }

    /// Binds a named parameter; its value never becomes part of the query's text.
    pub(super) fn with(mut self, name: &str, kind: &str, value: String) -> Self {
        self.parameters.push(QueryParameter {
            name: name.to_owned(),
            parameter_type: QueryParameterType {
                r#type: kind.to_owned(),
            },
            parameter_value: QueryParameterValue { value },
        });
        self
    }
}

/// What a job answered.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// The columns, none for a statement without rows.
    pub(super) schema: TableSchema,
    /// All rows.
    pub(super) rows: Vec<TableRow>,
}

/// Runs a statement under an id to its end.
pub(super) async fn run(
    client: &RestClient,
    account: &Account,
    id: &str,
    statement: Statement,
) -> Result<Answered, Fault> {
    // Every question that is put to the warehouse holds these two.
    let sent = Box::pin(send(client, account, id, statement));
    let first = Box::pin(results(client, account, id, None));
    let first = follow(client, account, id, Kind::Query, sent, first).await?;
    collect(client, account, id, first).await
}

/// Sends a job and sees it through, whatever it does: it is in flight until its end is known, and charged then. One
/// that was refused when it was sent is no job.
pub(super) async fn follow<T>(
    client: &RestClient,
    account: &Account,
    id: &str,
    kind: Kind,
    sending: impl Future<Output = Result<(), Fault>>,
    ending: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let awaited = account.in_flight.await_job(id, kind, account.bill.as_ref());
    let ended = match sending.await {
        Ok(()) => {
            let ended = ending.await;
            charge(client, account, id, kind, ended.as_ref().err()).await;
            ended
        }
        Err(fault) => Err(fault),
    };
    match &ended {
        Err(fault) if fault.class == ErrorClass::Unknown => awaited.in_doubt(),
        _ => awaited.ended(),
    }
    ended
}

/// What a statement would be billed: a dry run, which costs nothing and leaves no job behind.
pub(super) async fn dry_run(
    client: &RestClient,
    account: &Account,
    statement: Statement,
) -> Result<DryRun, Fault> {
    let told = dry(client, account, statement).await?;
    let statistics = told.statistics.unwrap_or_default();
    let processed = statistics.total_bytes_processed.as_ref();
    let bytes = processed
        .and_then(|bytes| bytes.parse().ok())
        .ok_or_else(|| Fault::new(ErrorClass::Data, "the dry run returns no byte count"))?;
    let tables = statistics.query.and_then(|query| query.referenced_tables);
    let tables = tables.map_or(1, |tables| tables.len().max(1) as u64);
    Ok(DryRun {
        bytes,
        least: tables * LEAST_A_TABLE,
    })
}

/// Charges a job that is over, whatever came of it: one that failed has used slots too. Where it is not known that it
/// is over, it is charged when that is found out.
async fn charge(client: &RestClient, account: &Account, id: &str, kind: Kind, failed: Option<&Fault>) {
    let Some(bill) = &account.bill else { return };
    let mut asked = 1;
    let told = loop {
        match client.job(&account.project, id, account.place()).await {
            Ok(job) => break cost(&job, kind),
            Err(fault) => tracing::debug!("cannot determine the cost of job {id}: {}", fault.message),
        }
        if asked == QUESTIONS || failed.is_some() {
            break None;
        }
        tokio::time::sleep(account.pause_after(asked)).await;
        asked += 1;
    };
    if let Some(cost) = told.or_else(|| failed.is_none().then(Cost::untold)) {
        let job = id.to_owned();
        bill.charge(Charge { job, cost });
    }
}

/// What the server says a job cost that is over; of a script, with everything that ran within it. Loading is free.
pub(super) fn cost(job: &Job, kind: Kind) -> Option<Cost> {
    let is_over = job.status.as_ref()?.state.as_deref() == Some("DONE");
    let statistics = job.statistics.as_ref().filter(|_| is_over)?;
    let query = statistics.query.as_ref();
    let number = |text: &Option<String>| text.as_ref()?.parse().ok();
    let billed = match kind {
        Kind::Query => query.and_then(|query| number(&query.total_bytes_billed))?,
        Kind::Load => 0,
    };
    let slots = number(&statistics.total_slot_ms).or_else(|| number(&query?.total_slot_ms));
    Some(Cost::of_job(billed, slots.unwrap_or(0)))
}

/// Sends a job. Sent again under its id it does not happen twice, so a lost answer costs nothing.
async fn send(client: &RestClient, account: &Account, id: &str, statement: Statement) -> Result<(), Fault> {
    let job = job(account, id, statement);
    let mut lost = 0;
    loop {
        match client.insert_job(&account.project, &job).await {
            Ok(sent) => {
                account.learn(&sent);
                return Ok(());
            }
            Err(fault) if fault.is_duplicate() => {
                tracing::info!("job {id} was already sent; using its outcome");
                return Ok(());
            }
            Err(fault) if fault.class == ErrorClass::Transient => {
                lost += 1;
                if lost == QUESTIONS {
                    return Err(outcome_unknown(fault, id));
                }
                tracing::debug!("resending job {id}: {}", fault.message);
                tokio::time::sleep(account.pause_after(lost)).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// Waits until a job is over, however it ends; says whether there is such a job at all.
pub(super) async fn await_orphaned_write(
    client: &RestClient,
    account: &Account,
    id: &str,
) -> Result<bool, Fault> {
    let asked = results(client, account, id, None).await;
    match &asked {
        Ok(_) => {}
        Err(fault) if fault.is_not_found() => return Ok(false),
        Err(_) => match standing(client, account, id).await? {
            Standing::UnderWay => return asked.map(|_| true).map_err(|fault| outcome_unknown(fault, id)),
            Standing::Done | Standing::Failed(_) => {}
        },
    }
    charge(client, account, id, Kind::Query, asked.as_ref().err()).await;
    Ok(true)
}

/// What the server says of a job that is asked about by name.
enum Standing {
    UnderWay,
    Done,
    Failed(Fault),
}

async fn standing(client: &RestClient, account: &Account, id: &str) -> Result<Standing, Fault> {
    let job = client.job(&account.project, id, account.place()).await?;
    let status = job.status.unwrap_or_default();
    Ok(match (status.error_result, status.state.as_deref()) {
        (Some(error), _) => Standing::Failed(Fault::of_job(&error)),
        (None, Some("DONE")) => Standing::Done,
        (None, _) => Standing::UnderWay,
    })
}

/// All pages of a job that is done.
async fn collect(
    client: &RestClient,
    account: &Account,
    id: &str,
    first: QueryResults,
) -> Result<Answered, Fault> {
    let mut answered = Answered {
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

/// One page of a job's answer, once there is one. A question that is lost is put again; whether it was the question
/// that failed or the job, the job itself tells.
async fn results(
    client: &RestClient,
    account: &Account,
    id: &str,
    page: Option<String>,
) -> Result<QueryResults, Fault> {
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
            Err(fault) if matches!(fault.class, ErrorClass::Transient | ErrorClass::Rate) => {
                if let Ok(Standing::Failed(why)) = standing(client, account, id).await {
                    return Err(why);
                }
                lost += 1;
                if lost == QUESTIONS {
                    return Err(outcome_unknown(fault, id));
                }
                tokio::time::sleep(account.pause_after(lost)).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// A job nobody could be asked about any more may have happened.
fn outcome_unknown(fault: Fault, id: &str) -> Fault {
    Fault {
        class: ErrorClass::Unknown,
        message: format!("job {id} was sent but its outcome is unknown: {}", fault.message),
        ..fault
    }
}

/// Asks what would become of a statement. It does not happen, and leaves no job behind.
pub(super) async fn dry(client: &RestClient, account: &Account, statement: Statement) -> Result<Job, Fault> {
    let mut asked = job(account, "", statement);
    asked.job_reference.job_id = None;
    asked.configuration.dry_run = Some(true);
    client.insert_job(&account.project, &asked).await
}

/// Waits until a job is over that answers nothing.
pub(super) async fn ended(client: &RestClient, account: &Account, id: &str) -> Result<(), Fault> {
    let mut lost = 0;
    let mut looks = 0;
    loop {
        match standing(client, account, id).await {
            Ok(Standing::Done) => return Ok(()),
            Ok(Standing::Failed(why)) => return Err(why),
            Ok(Standing::UnderWay) => lost = 0,
            Err(fault) if matches!(fault.class, ErrorClass::Transient | ErrorClass::Rate) => {
                lost += 1;
                if lost == QUESTIONS {
                    return Err(outcome_unknown(fault, id));
                }
            }
            Err(fault) => return Err(fault),
        }
        looks += 1;
        tokio::time::sleep(account.pause_after(looks).min(LONGEST_PAUSE)).await;
    }
}

/// What every job is marked with.
pub(super) fn labels(account: &Account) -> HashMap<String, String> {
    let mut labels = account.labels.clone();
    labels.extend(account.held.labels(&account.project));
    labels
}

/// How a job is referred to.
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
