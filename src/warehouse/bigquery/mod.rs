//! `BigQuery` over its REST API: typed reads by date, atomic replaces of exactly some dates, queries as written.
//! What the API leaves to its users is done here: ids for every job, waiting, asking again, classes of errors.

mod about;
mod address;
mod cell;
mod credentials;
mod datasets;
mod examine;
mod fault;
mod fence;
mod fill;
mod in_flight;
mod job;
mod labels;
mod lease;
mod limits;
mod location;
mod names;
mod notice;
mod own;
mod owner;
mod prune;
mod read;
mod record;
mod refill;
mod remedy;
mod rest;
mod schema;
mod script;
mod shared;
mod staging;
mod superseded;
mod trial;
mod upload;
mod wire;

pub use address::{Address, AddressError, Server};
pub use credentials::Credentials;
pub use datasets::Prefix;
pub use examine::{Attempt, Refused};
pub use location::Misplaced;
pub use remedy::Remedy;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::{
    AbandonedJob, Answer, Bill, DryRun, Ensured, ErrorClass, Filling, JobEnd, Kept, Leases, Owners, Purpose,
    Question, Read, Records, Refill, Refilled, Replace, Rhythm, Trial, Tried, Warehouse, WarehouseError,
    refuse_differences,
};
use crate::table::{Change, Difference, Row, Schema, TableDef, Value, bigquery_table, differences, sql_name};
use fault::Fault;
use in_flight::InFlight;
use job::{Account, Answered, Statement};
use lease::Held;
use limits::Limits;
use location::Settled;
use names::Names;
use rest::RestClient;
use shared::SharedReads;

/// What an operator can choose about a `BigQuery` besides its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Before every dataset's name.
    pub prefix: Prefix,
    /// The datasets the plan's tables are in, by the names the plan gives them: where they are jobs run.
    pub datasets: Vec<String>,
    /// Where datasets are made and jobs run as long as none of them is there, such as `us-west2`.
    pub location: Option<String>,
    /// The project jobs run in and are billed to, where the tables are in another one.
    pub billing_project: Option<String>,
    /// Labels of every job.
    pub labels: HashMap<String, String>,
    /// The most bytes one job may be billed for.
    pub most_bytes_billed: Option<u64>,
    /// How long a table rests when its quota is used up.
    pub quota_rest: Duration,
    /// How long to wait for the holder of a lease that sends no heartbeat.
    pub lease_wait: Duration,
    /// How long to wait before a call that was lost is made again the first time.
    pub first_pause: Duration,
    /// How long one call may take, the wait for a job and a large answer included.
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
            quota_rest: Duration::from_mins(10),
            lease_wait: Duration::from_mins(2),
            first_pause: Duration::from_millis(400),
            patience: Duration::from_mins(1),
        }
    }
}

/// How often a statement that may be repeated is sent in all.
const QUESTIONS: u32 = 4;

/// A project's `BigQuery`. Copies share everything but the bill their jobs are charged to.
#[derive(Clone)]
pub struct BigQueryWarehouse {
    name: String,
    address: Address,
    /// Made at the first call, on the runtime that calls, and anew when its token is refused.
    client: Arc<Mutex<Option<RestClient>>>,
    /// The one the lease is kept by, for that happens on a runtime of its own, and a connection ends with its runtime.
    keeper: Arc<Mutex<Option<RestClient>>>,
    held: Held,
    account: Account,
    prefix: Prefix,
    names: Names,
    /// The datasets whose location decides, prefix included.
    datasets: Vec<String>,
    settled: Arc<OnceCell<Settled>>,
    rest: Duration,
    patience: Duration,
    rhythm: Rhythm,
    limits: Arc<Limits>,
    shared: Arc<SharedReads>,
    /// Datasets are made one after the other, and each once; their tables side by side.
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
    /// A warehouse nothing is asked of yet; credentials are looked for at the first call.
    #[must_use]
    pub fn new(address: Address, settings: Settings) -> Self {
        let (held, rhythm) = (Held::default(), settings.rhythm());
        let prefix = settings.prefix;
        let name = match prefix.to_string().as_str() {
            "" => address.to_string(),
            text => format!("{address} as {text}*"),
        };
        let datasets = (settings.datasets.iter())
            .map(|dataset| format!("{prefix}{dataset}"))
            .collect();
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
            rest: settings.quota_rest,
            patience: settings.patience,
            names: Names::new(address.project.clone(), prefix.clone()),
            rhythm,
            address,
            prefix,
            datasets,
            settled: Arc::default(),
            limits: Arc::default(),
            shared: Arc::default(),
            made: Arc::default(),
        }
    }

    /// The same warehouse by another connection; what it is asked is on no bill.
    fn apart(&self) -> Self {
        let mut apart = self.clone();
        apart.client = Arc::clone(&self.keeper);
        apart.account.bill = None;
        apart
    }

    async fn run(&self, id: &str, statement: Statement) -> Result<Answered, Fault> {
        let client = self.client().await?;
        match job::run(&client, &self.account, id, statement.clone()).await {
            // Under the same id it happens once, however far the first attempt came.
            Err(fault) if fault.is_about_the_token() => {
                tracing::info!("token refused; requesting a new one, once");
                *self.client.lock().await = None;
                let client = self.client().await?;
                job::run(&client, &self.account, id, statement).await
            }
            other => other,
        }
    }

    /// A connection, once it is known where jobs run.
    async fn client(&self) -> Result<RestClient, Fault> {
        let client = self.connection().await?;
        match self.settled(&client).await {
            Err(fault) if fault.is_about_the_token() => {
                *self.client.lock().await = None;
                let client = self.connection().await?;
                self.settled(&client).await?;
                Ok(client)
            }
            settled => settled.map(|_| client),
        }
    }

    async fn connection(&self) -> Result<RestClient, Fault> {
        let mut held = self.client.lock().await;
        if let Some(client) = held.as_ref() {
            return Ok(client.clone());
        }
        let client = credentials::connect(&self.address, self.patience).await?;
        *held = Some(client.clone());
        Ok(client)
    }

    /// Cancels jobs and waits a few seconds for their end.
    async fn cancel(&self, jobs: Vec<String>) -> Vec<AbandonedJob> {
        if jobs.is_empty() {
            return Vec::new();
        }
        match self.connection().await {
            Ok(client) => in_flight::cancel(&client, &self.account, jobs).await,
            Err(fault) => {
                tracing::warn!("jobs left running, cannot cancel them: {}", fault.message);
                let running = |job| AbandonedJob {
                    job,
                    end: JobEnd::Running,
                    bytes: None,
                };
                jobs.into_iter().map(running).collect()
            }
        }
    }

    /// Runs a statement that may be run twice without harm, and does so while the server stumbles.
    async fn ask(&self, statement: Statement) -> Result<Answered, Fault> {
        self.insist(|| self.once(statement.clone())).await
    }

    /// Puts a question again that may be put twice without harm, while the server stumbles.
    async fn insist<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        question: impl Fn() -> F + Send,
    ) -> Result<T, Fault> {
        let mut asked = 1;
        loop {
            let failed = match question().await {
                Err(fault) if fault.class.retries() || fault.class == ErrorClass::Unknown => fault,
                other => return other,
            };
            if asked == QUESTIONS {
                // What changes nothing has no outcome that one could not know.
                let class = if failed.class == ErrorClass::Unknown {
                    ErrorClass::Transient
                } else {
                    failed.class
                };
                return Err(Fault { class, ..failed });
            }
            tracing::debug!("retrying: {}", failed.message);
            let patience = if failed.class == ErrorClass::Rate { 3 } else { 1 };
            tokio::time::sleep(self.account.pause_after(asked + patience)).await;
            asked += 1;
        }
    }

    /// Runs a statement under an id that nobody will know again.
    async fn once(&self, statement: Statement) -> Result<Answered, Fault> {
        let id = format!(
            "backcourt_ask_{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        self.run(&id, statement).await
    }

    /// Everything a query answers.
    async fn answer(&self, sql: Result<String, String>) -> Result<Answer, WarehouseError> {
        let told = |fault: Fault| fault.told("querying");
        let sql = sql.map_err(|problem| told(unreadable(problem)))?;
        let answered = self.ask(Statement::new(sql)).await.map_err(told)?;
        Ok(Answer {
            columns: read::names(&answered),
            rows: read::typed(&answered).map_err(told)?,
        })
    }
}

#[async_trait]
impl Warehouse for BigQueryWarehouse {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn lanes(&self) -> usize {
        usize::MAX
    }

    fn charging(&self, bill: Arc<Bill>, purpose: Purpose<'_>) -> Option<Arc<dyn Warehouse>> {
        let mut copy = self.clone();
        copy.account.bill = Some(bill);
        copy.account.labels.extend(labels::of(purpose));
        Some(Arc::new(copy))
    }

    async fn dry_run(&self, question: Question<'_>) -> Result<DryRun, WarehouseError> {
        let query = |sql: Result<String, String>| sql.map(Statement::new).map_err(unreadable);
        let (doing, statement) = match question {
            Question::Read(read) => {
                let path = self.prefix.path(read.table);
                (doing("reading", read.table), read::statement(&read, &path))
            }
            Question::Query(sql) => ("querying".to_owned(), query(self.names.apply(sql))),
            Question::About(sql, dates) => {
                let sql = self.names.apply(sql).and_then(|sql| about::about(&sql, dates));
                ("querying".to_owned(), query(sql))
            }
        };
        let told = |fault: Fault| fault.told(&doing);
        let statement = statement.map_err(told)?;
        let dry_run = || async {
            let client = self.client().await?;
            job::dry_run(&client, &self.account, statement.clone()).await
        };
        self.insist(dry_run).await.map_err(told)
    }

    async fn ensure(&self, table: &TableDef) -> Result<Ensured, WarehouseError> {
        let doing = doing("creating", table);
        let (path, told) = (self.prefix.path(table), |fault: Fault| fault.told(&doing));
        let dataset = self.prefix.dataset(table);
        // Looking takes fewer permissions than making, and costs nothing.
        let there = if self.is_absent(&dataset) {
            None
        } else {
            self.schema(&table.path()).await?
        };
        let (held, ensured) = if let Some(held) = there {
            (held, Ensured::Existed)
        } else {
            {
                let mut made = self.made.lock().await;
                if !made.contains(&dataset) {
                    self.insist(|| self.make_dataset(&dataset)).await.map_err(told)?;
                    made.insert(dataset);
                }
            }
            let sql = bigquery_table(table, &path);
            self.ask(Statement::new(sql)).await.map_err(told)?;
            let held = self.schema(&table.path()).await?;
            (held.unwrap_or_default(), Ensured::Created)
        };
        refuse_differences(&path, &self.differences(table, &held, false))?;
        Ok(ensured)
    }

    async fn schema(&self, path: &str) -> Result<Option<Schema>, WarehouseError> {
        let described = self.insist(|| self.described(path)).await;
        described.map_err(|fault| fault.told(&format!("inspecting {path}")))
    }

    fn differences(&self, table: &TableDef, held: &Schema, is_empty: bool) -> Vec<Difference> {
        differences(table, held, schema::site(&self.prefix.path(table)), is_empty)
    }

    async fn migrate(&self, table: &TableDef, changes: &[Change]) -> Result<(), WarehouseError> {
        self.alter(table, changes).await
    }

    async fn try_out(&self, trial: Trial<'_>) -> Result<Tried, WarehouseError> {
        self.tried(trial)
            .await
            .map_err(|fault| fault.told("trying the query"))
    }

    fn owners(&self) -> Option<&dyn Owners> {
        Some(self)
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        let told = |fault: Fault| fault.told(&doing("inspecting", table));
        match self.table_as_it_is(table).await.map_err(told)? {
            None => return Ok(false),
            Some(found) => {
                if let Some(holds) = schema::holds_rows(&found) {
                    return Ok(holds);
                }
            }
        }
        let sql = format!(
            "SELECT 1 AS held FROM `{}` WHERE {} >= DATE '0001-01-01' LIMIT 1",
            self.prefix.path(table),
            sql_name(&table.date_column)
        );
        match self.ask(Statement::new(sql)).await {
            Ok(answered) => Ok(!answered.rows.is_empty()),
            Err(fault) if fault.is_not_found() => Ok(false),
            Err(fault) => Err(told(fault)),
        }
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let told = |fault: Fault| fault.told(&doing("reading", read.table));
        self.read_shared(read).await.map_err(told)
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<Vec<Kept>, WarehouseError> {
        let (doing, path) = (doing("writing", replace.table), self.prefix.path(replace.table));
        let now = Value::Timestamp(replace.now).to_string();
        let told = |fault: Fault| fault.told(&doing);
        let mut kept = Vec::new();
        for (number, part) in script::parts(&replace).into_iter().enumerate() {
            let id = match replace.name {
                Some(name) => part_id(name, number),
                None => format!("backcourt_write_{}", digest(&[&path, &now, &part.parameter()])),
            };
            let loaded = if part.is_loaded() {
                Some(self.stage(replace.table, &id, part.rows()).await.map_err(told)?)
            } else {
                None
            };
            let _turn = self.limits.turn(&path, script::CHANGES).await;
            let ledger = self.own_path(record::LEDGER).await.map_err(told)?;
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
                kept.extend(script::kept(&answered).map_err(told)?);
            }
        }
        Ok(kept)
    }

    fn values_at_once(&self) -> usize {
        script::MOST_LOADED / script::BYTES_A_VALUE
    }

    fn leases(&self) -> Option<&dyn Leases> {
        Some(self)
    }

    fn records(&self) -> Option<&dyn Records> {
        Some(self)
    }

    fn rest(&self) -> Option<Duration> {
        Some(self.rest)
    }

    async fn await_orphaned_write(&self, name: &str) -> Result<bool, WarehouseError> {
        let told = |fault: Fault| fault.told("looking up earlier jobs");
        let client = self.client().await.map_err(told)?;
        let mut parts = 0;
        while job::await_orphaned_write(&client, &self.account, &part_id(name, parts))
            .await
            .map_err(told)?
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
        let told = |fault: Fault| fault.told(&doing);
        let sql = self
            .names
            .apply(refill.sql)
            .map_err(|problem| told(unreadable(problem)))?;
        let mut refilled = Vec::with_capacity(refill.dates.len());
        for (number, dates) in refill::parts(&refill).enumerate() {
            let _turn = self.limits.turn(&path, script::CHANGES).await;
            let ledger = self.own_path(record::LEDGER).await.map_err(told)?;
            let statement = refill::statement(&refill, &sql, dates, &path, &self.held.guard(), &ledger);
            if refill.record.is_some() {
                drop(self.limits.turn(&ledger, 1).await);
            }
            let statement = statement.map_err(|problem| told(unreadable(problem)))?;
            let answered = self
                .write_to(&path, &part_id(refill.name, number), statement, &doing)
                .await?;
            refilled.extend(refill::refilled(dates, &answered).map_err(told)?);
        }
        Ok(refilled)
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        self.answer(self.names.apply(sql)).await
    }

    async fn query_about(&self, sql: &str, dates: &[NaiveDate]) -> Result<Answer, WarehouseError> {
        let sql = self.names.apply(sql);
        self.answer(sql.and_then(|sql| about::about(&sql, dates))).await
    }
}

/// A query whose words cannot be told apart.
fn unreadable(problem: String) -> Fault {
    Fault::new(ErrorClass::Code, problem)
}

/// The id of one part of a named replace; of the characters a name may have, a job's id may have fewer.
fn part_id(name: &str, number: usize) -> String {
    let name: String = (name.chars())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("backcourt_{name}_{number}")
}

fn doing(verb: &str, table: &TableDef) -> String {
    format!("{verb} {}", table.path())
}

/// A short name for what these texts say together.
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
