//! `BigQuery` over its REST API: typed reads by date, atomic replaces of given dates, and queries. Implements what the
//! API leaves to its clients: job ids, polling, retries and error classification.

mod about;
mod address;
mod api_error;
mod as_sent;
mod cancel;
mod cell;
mod charge;
mod credentials;
mod datasets;
mod examine;
mod fence;
mod fill;
mod held;
mod https;
mod in_flight;
mod job;
mod labels;
mod lease;
mod limits;
mod location;
mod moved;
mod names;
mod notice;
mod own;
mod owner;
mod packed_rows;
mod prune;
mod read;
mod record;
mod refill;
mod remedy;
mod rest;
mod schema;
mod script;
mod shared;
mod source;
mod staging;
mod statement;
mod superseded;
mod trial;
mod upload;
mod wire;

pub(crate) use address::AddressError;
pub use address::{Address, Server};
pub use credentials::Credentials;
pub use datasets::Prefix;
pub use examine::Attempt;
pub(crate) use examine::InspectionError;
pub(crate) use remedy::Remedy;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::{
    AbandonedJob, Answer, Bill, DryRun, DryRunQuery, Ensured, ErrorClass, Filling, HeartbeatTiming, JobEnd,
    JobPurpose, Kept, Leases, Owners, Read, Records, Refill, Refilled, Replace, SourceLook, SourceState,
    Trial, Tried, Warehouse, WarehouseError, refuse_differences,
};
use crate::partition::{Partition, Timezone};
use crate::table::{
    Row, Schema, SchemaChange, SchemaDifference, TableDef, Value, bigquery_table, differences,
};
use api_error::ApiError;
use held::HeldLease;
use in_flight::InFlight;
use job::Account;
use limits::Limits;
use location::ResolvedLocation;
use names::Names;
use rest::RestClient;
use shared::SharedReads;
use statement::{JobResult, Statement};

/// `BigQuery` options other than the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Prefix for the datasets of moved tables.
    pub prefix: Prefix,
    /// The datasets of the plan's tables, by their names in the project. Their location is where jobs run.
    pub datasets: Vec<String>,
    /// Location for new datasets and jobs while none of the datasets exists, such as `us-west2`.
    pub location: Option<String>,
    /// The project that runs and pays for jobs, if it differs from the project of the tables.
    pub billing_project: Option<String>,
    /// Labels for every job.
    pub labels: HashMap<String, String>,
    /// Maximum bytes billed per job.
    pub most_bytes_billed: Option<u64>,
    /// How long to back off from a table when its quota is exhausted.
    pub quota_backoff: Duration,
    /// How long to wait for a lease holder that sends no heartbeat.
    pub lease_wait: Duration,
    /// Initial backoff before a lost call is retried.
    pub first_pause: Duration,
    /// Timeout of one call, including the wait for a job and the download of a large result.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: Prefix::default(),
            datasets: Vec::new(),
            location: None,
            billing_project: None,
            labels: HashMap::new(),
            most_bytes_billed: None,
            quota_backoff: Duration::from_mins(10),
            lease_wait: Duration::from_mins(2),
            first_pause: Duration::from_millis(400),
            patience: Duration::from_mins(1),
        }
    }
}

/// Maximum number of attempts for a statement that is safe to repeat.
const QUESTIONS: u32 = 4;

/// The `BigQuery` of one project. Clones share everything except the bill their jobs are charged to.
#[derive(Clone)]
pub struct BigQueryWarehouse {
    name: String,
    address: Address,
    /// Created by the first call, on the caller's runtime, and replaced when its token is rejected.
    client: Arc<Mutex<Option<RestClient>>>,
    /// The connection for the lease, which is kept on a separate runtime. A connection can't outlive its runtime.
    keeper: Arc<Mutex<Option<RestClient>>>,
    held: HeldLease,
    account: Account,
    prefix: Prefix,
    names: Names,
    /// The datasets that determine the location, by their names in the project.
    datasets: Vec<String>,
    settled: Arc<OnceCell<ResolvedLocation>>,
    rest: Duration,
    patience: Duration,
    heartbeat_timing: HeartbeatTiming,
    limits: Arc<Limits>,
    shared: Arc<SharedReads>,
    /// Datasets are created one at a time, each once; tables are created concurrently.
    made: Arc<Mutex<HashSet<String>>>,
}

impl std::fmt::Debug for BigQueryWarehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BigQueryWarehouse")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl BigQueryWarehouse {
    /// Creates the warehouse without contacting the server. Credentials are loaded by the first call.
    #[must_use]
    pub fn new(address: Address, settings: Settings) -> Self {
        let (held, heartbeat_timing) = (HeldLease::default(), settings.heartbeat_timing());
        let prefix = settings.prefix;
        let name = match prefix.to_string().as_str() {
            "" => address.to_string(),
            text => format!("{address} as {text}*"),
        };
        let billed = settings
            .billing_project
            .filter(|billed| *billed != address.project);
        let (project, prefix) = match billed {
            Some(billed) => (billed, prefix.within(&address.project)),
            None => (address.project.clone(), prefix),
        };
        Self {
            name,
            client: Arc::default(),
            keeper: Arc::default(),
            account: Account {
                held: held.clone(),
                project,
                location: settings.location,
                labels: settings.labels,
                most_bytes: settings.most_bytes_billed,
                first_pause: settings.first_pause,
                learned: Arc::default(),
                in_flight: InFlight::default(),
                bill: None,
            },
            held,
            rest: settings.quota_backoff,
            patience: settings.patience,
            names: Names::new(address.project.clone(), prefix.clone()),
            heartbeat_timing,
            address,
            prefix,
            datasets: settings.datasets,
            settled: Arc::default(),
            limits: Arc::default(),
            shared: Arc::default(),
            made: Arc::default(),
        }
    }

    /// The same warehouse on a separate connection. Its jobs are not billed to anyone.
    fn unbilled(&self) -> Self {
        let mut unbilled = self.clone();
        unbilled.client = Arc::clone(&self.keeper);
        unbilled.account.bill = None;
        unbilled
    }

    async fn run(&self, id: &str, statement: Statement) -> Result<JobResult, ApiError> {
        let client = self.client().await?;
        match job::run(&client, &self.account, id, statement.clone()).await {
            // The same id makes a resend safe, whatever the first attempt did.
            Err(error) if error.is_about_the_token() => {
                tracing::info!("token refused; requesting a new one, once");
                *self.client.lock().await = None;
                let client = self.client().await?;
                job::run(&client, &self.account, id, statement).await
            }
            other => other,
        }
    }

    /// A connection, after the location of jobs has been determined.
    async fn client(&self) -> Result<RestClient, ApiError> {
        let client = self.connection().await?;
        match self.settled(&client).await {
            Err(error) if error.is_about_the_token() => {
                *self.client.lock().await = None;
                let client = self.connection().await?;
                self.settled(&client).await?;
                Ok(client)
            }
            settled => settled.map(|_| client),
        }
    }

    async fn connection(&self) -> Result<RestClient, ApiError> {
        let mut held = self.client.lock().await;
        if let Some(client) = held.as_ref() {
            return Ok(client.clone());
        }
        let client = RestClient::connect(&self.address, self.patience).await?;
        *held = Some(client.clone());
        Ok(client)
    }

    /// Cancels jobs and waits a few seconds for them to end.
    async fn cancel(&self, jobs: Vec<String>) -> Vec<AbandonedJob> {
        if jobs.is_empty() {
            return Vec::new();
        }
        match self.connection().await {
            Ok(client) => cancel::cancel(&client, &self.account, jobs).await,
            Err(error) => {
                tracing::warn!("jobs left running, cannot cancel them: {}", error.message);
                let running = |job| AbandonedJob {
                    job,
                    end: JobEnd::Running,
                    bytes: None,
                };
                jobs.into_iter().map(running).collect()
            }
        }
    }

    /// Runs a statement that is safe to repeat, with retries on server errors.
    async fn ask(&self, statement: Statement) -> Result<JobResult, ApiError> {
        self.insist(|| self.once(statement.clone())).await
    }

    /// Runs a call that is safe to repeat, with retries on server errors.
    async fn insist<T, F: Future<Output = Result<T, ApiError>>>(
        &self,
        question: impl Fn() -> F + Send,
    ) -> Result<T, ApiError> {
        let mut asked = 1;
        loop {
            let failed = match question().await {
                Err(error) if error.class.retries() || error.class == ErrorClass::Unknown => error,
                other => return other,
            };
            if asked == QUESTIONS {
                // The outcome of a read-only call can't be unknown.
                let class = if failed.class == ErrorClass::Unknown {
                    ErrorClass::Transient
                } else {
                    failed.class
                };
                return Err(ApiError { class, ..failed });
            }
            tracing::debug!("retrying: {}", failed.message);
            let patience = if failed.class == ErrorClass::Rate { 3 } else { 1 };
            tokio::time::sleep(self.account.pause_after(asked + patience)).await;
            asked += 1;
        }
    }

    /// Runs a statement under a random id.
    async fn once(&self, statement: Statement) -> Result<JobResult, ApiError> {
        let id = format!(
            "backcourt_ask_{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        self.run(&id, statement).await
    }

    /// Runs a query and returns all rows.
    async fn answer(&self, sql: Result<String, String>) -> Result<Answer, WarehouseError> {
        let in_context = |error: ApiError| error.in_context("querying");
        let sql = sql.map_err(|problem| in_context(unreadable(problem)))?;
        let answered = self.ask(Statement::new(sql)).await.map_err(in_context)?;
        Ok(Answer {
            columns: read::names(&answered),
            rows: read::typed(&answered).map_err(in_context)?,
        })
    }
}

#[async_trait]
impl Warehouse for BigQueryWarehouse {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read_slots(&self) -> usize {
        usize::MAX
    }

    fn charging(&self, bill: Arc<Bill>, purpose: JobPurpose<'_>) -> Option<Arc<dyn Warehouse>> {
        let mut copy = self.clone();
        copy.account.bill = Some(bill);
        copy.account.labels.extend(labels::of(purpose));
        Some(Arc::new(copy))
    }

    async fn dry_run(&self, question: DryRunQuery<'_>) -> Result<DryRun, WarehouseError> {
        let query = |sql: Result<String, String>| sql.map(Statement::new).map_err(unreadable);
        let one_job = |statement: Result<Statement, ApiError>| statement.map(|statement| (statement, 1));
        let (doing, planned) = match question {
            DryRunQuery::Read(read) => {
                let path = self.prefix.read_path(read.table);
                (
                    doing("reading", read.table),
                    one_job(read::statement(&read, &path)),
                )
            }
            DryRunQuery::Months(read) => (doing("reading", read.table), self.plan_months(&read).await),
            DryRunQuery::Query(sql) => ("querying".to_owned(), one_job(query(self.names.apply(sql)))),
            DryRunQuery::About(sql, dates, zone) => {
                let about = |sql: String| about::about(&sql, dates, zone);
                let sql = self.names.apply(sql).and_then(about);
                ("querying".to_owned(), one_job(query(sql)))
            }
        };
        let in_context = |error: ApiError| error.in_context(&doing);
        let (statement, jobs) = planned.map_err(in_context)?;
        let dry_run = || async {
            let client = self.client().await?;
            job::dry_run(&client, &self.account, statement.clone()).await
        };
        let dry_run = self.insist(dry_run).await.map_err(in_context)?;
        Ok(DryRun { jobs, ..dry_run })
    }

    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError> {
        let doing = doing("creating", table);
        let (path, in_context) = (self.prefix.path(table), |error: ApiError| {
            error.in_context(&doing)
        });
        let dataset = self.prefix.dataset(table);
        let look = || self.described_at(&dataset, &table.name);
        // Looking up a table needs fewer permissions than creating one, and is free.
        let there = if self.is_absent(&dataset) {
            None
        } else {
            self.insist(look).await.map_err(in_context)?
        };
        let (held, ensured) = if let Some(held) = there {
            (held, Ensured::Existed)
        } else {
            {
                let mut made = self.made.lock().await;
                if !made.contains(&dataset) {
                    self.insist(|| self.make_dataset(&dataset))
                        .await
                        .map_err(in_context)?;
                    made.insert(dataset.clone());
                }
            }
            let sql = bigquery_table(table, &path);
            self.ask(Statement::new(sql)).await.map_err(in_context)?;
            let held = self.insist(look).await.map_err(in_context)?;
            (held.unwrap_or_default(), Ensured::Created)
        };
        refuse_differences(&path, &self.differences(table, &held, false))?;
        Ok(ensured)
    }

    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError> {
        let described = self.insist(|| self.described(path)).await;
        described.map_err(|error| error.in_context(&format!("inspecting {path}")))
    }

    fn differences(&self, table: &TableDef, held: &Schema, is_empty: bool) -> Vec<SchemaDifference> {
        differences(table, held, schema::site(&self.prefix.path(table)), is_empty)
    }

    async fn migrate(&self, table: &TableDef, changes: &[SchemaChange]) -> Result<(), WarehouseError> {
        self.alter(table, changes).await
    }

    async fn try_out(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        self.tried(trial)
            .await
            .map_err(|error| error.in_context("trying the query"))
    }

    async fn look_at(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        self.source_state(look).await
    }

    fn owners(&self) -> Option<&dyn Owners> {
        Some(self)
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        let in_context = |error: ApiError| error.in_context(&doing("inspecting", table));
        match self.table_as_it_is(table).await.map_err(in_context)? {
            None => return Ok(false),
            Some(found) => {
                // The rows of a table may all be of other slices.
                if let Some(holds) = schema::holds_rows(&found)
                    && (!holds || table.slice.is_whole())
                {
                    return Ok(holds);
                }
            }
        }
        let sql = format!(
            "SELECT 1 AS held FROM `{}` WHERE {} LIMIT 1",
            self.prefix.read_path(table),
            table.partition_column().is_any()
        );
        match self.ask(Statement::new(sql)).await {
            Ok(answered) => Ok(!answered.rows.is_empty()),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(in_context(error)),
        }
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let in_context = |error: ApiError| error.in_context(&doing("reading", read.table));
        self.read_by_month(read, &[]).await.map_err(in_context)
    }

    fn shares_reads(&self) -> bool {
        self.is_sharing()
    }

    async fn read_shared(&self, read: Read<'_>, upcoming: &[Partition]) -> Result<Vec<Row>, WarehouseError> {
        let in_context = |error: ApiError| error.in_context(&doing("reading", read.table));
        self.read_by_month(read, upcoming).await.map_err(in_context)
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        let (doing, path) = (doing("writing", replace.table), self.prefix.path(replace.table));
        let now = Value::Timestamp(replace.now).to_string();
        let in_context = |error: ApiError| error.in_context(&doing);
        let mut kept = Vec::new();
        for (number, part) in script::parts(&replace).into_iter().enumerate() {
            let id = match replace.name {
                Some(name) => part_id(name, number),
                None => format!("backcourt_write_{}", digest(&[&path, &now, &part.parameter()])),
            };
            let loaded = if part.is_loaded() {
                Some(
                    self.stage(replace.table, &id, part.rows())
                        .await
                        .map_err(in_context)?,
                )
            } else {
                None
            };
            let _turn = self.limits.turn(&path, script::CHANGES).await;
            let ledger = self.own_path(record::LEDGER).await.map_err(in_context)?;
            if replace.record.is_some() {
                drop(self.limits.turn(&ledger, 1).await);
            }
            let from = loaded.as_ref().map(|loaded| loaded.path.as_str());
            let statement = part.statement(&path, &now, &self.held.guard(), from, &ledger);
            let may_keep = part.may_keep();
            let answered = self.write_to(&path, &id, statement, &doing).await?;
            if let Some(loaded) = loaded {
                self.unstage(&loaded).await;
            }
            if may_keep {
                kept.extend(script::kept(part.dates(), &answered).map_err(in_context)?);
            }
        }
        Ok(kept)
    }

    fn values_at_once(&self) -> usize {
        script::MAX_LOADED_BYTES / script::BYTES_A_VALUE
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn records(&self) -> Option<&dyn Records> {
        Some(self)
    }

    fn quota_backoff(&self) -> Option<Duration> {
        Some(self.rest)
    }

    async fn await_orphaned_write(&self, name: &str) -> Result<bool, WarehouseError> {
        let in_context = |error: ApiError| error.in_context("looking up earlier jobs");
        let client = self.client().await.map_err(in_context)?;
        let mut parts = 0;
        while job::await_orphaned_write(&client, &self.account, &part_id(name, parts))
            .await
            .map_err(in_context)?
        {
            parts += 1;
        }
        if parts > 0 {
            tracing::info!("job {name} of a dead process has ended");
        }
        Ok(parts > 0)
    }

    async fn cancel_abandoned(&self) -> Vec<AbandonedJob> {
        self.cancel(self.account.in_flight.abandoned()).await
    }

    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError> {
        fill::fill(self, tables, written).await
    }

    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        let (doing, path) = (doing("writing", refill.table), self.prefix.path(refill.table));
        let in_context = |error: ApiError| error.in_context(&doing);
        let sql = self
            .names
            .apply(refill.sql)
            .map_err(|problem| in_context(unreadable(problem)))?;
        let mut refilled = Vec::with_capacity(refill.dates.len());
        for (number, dates) in refill::parts(&refill).enumerate() {
            let _turn = self.limits.turn(&path, script::CHANGES).await;
            let ledger = self.own_path(record::LEDGER).await.map_err(in_context)?;
            let statement = refill::statement(&refill, &sql, dates, &path, &self.held.guard(), &ledger);
            if refill.record.is_some() {
                drop(self.limits.turn(&ledger, 1).await);
            }
            let statement = statement.map_err(|problem| in_context(unreadable(problem)))?;
            let answered = self
                .write_to(&path, &part_id(refill.name, number), statement, &doing)
                .await?;
            refilled.extend(refill::refilled(dates, &answered).map_err(in_context)?);
        }
        Ok(refilled)
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        self.answer(self.names.apply(sql)).await
    }

    async fn query_about(
        &self,
        sql: &str,
        dates: &[Partition],
        zone: Timezone,
    ) -> Result<Answer, WarehouseError> {
        let sql = self.names.apply(sql);
        self.answer(sql.and_then(|sql| about::about(&sql, dates, zone)))
            .await
    }
}

/// The error for a query that can't be tokenised.
fn unreadable(problem: String) -> ApiError {
    ApiError::new(ErrorClass::Code, problem)
}

/// The job id for one part of a named replace. Job ids allow fewer characters than names.
fn part_id(name: &str, number: usize) -> String {
    let name: String = (name.chars())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("backcourt_{name}_{number}")
}

fn doing(verb: &str, table: &TableDef) -> String {
    format!("{verb} {}", table.path())
}

fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    }
    let first = hash
        .finalize()
        .iter()
        .take(16)
        .fold(0, |number: u128, byte| number << 8 | u128::from(*byte));
    format!("{first:032x}")
}
