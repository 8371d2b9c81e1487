//! `BigQuery` over its REST API: typed reads by date, atomic replaces of exactly some dates, queries as written.
//! What the client crate leaves to its users is done here: ids for every job, waiting, asking again, classes of errors.

mod address;
mod cell;
mod credentials;
mod datasets;
mod fault;
mod fill;
mod job;
mod limits;
mod read;
mod script;

pub use address::{Address, AddressError, Server};
pub use datasets::Prefix;

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use chrono::NaiveDate;
use gcp_bigquery_client::Client;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::{Answer, ErrorClass, Filling, Read, Refill, Refilled, Replace, Warehouse, WarehouseError};
use crate::table::{Row, TableDef, Value, bigquery_table};
use fault::Fault;
use job::{Account, Answered, Statement};
use limits::Limits;

/// What an operator can choose about a `BigQuery` besides its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Before every dataset's name.
    pub prefix: Prefix,
    /// Where datasets are made and jobs run, such as `us-west2`; `BigQuery`'s own default when not said.
    pub location: Option<String>,
    /// Labels of every job.
    pub labels: HashMap<String, String>,
    /// The most bytes one job may be billed for.
    pub most_bytes_billed: Option<u64>,
}

/// A project's `BigQuery`.
pub struct BigQueryWarehouse {
    name: String,
    address: Address,
    /// Made at the first call, on the runtime that calls.
    client: OnceCell<Client>,
    account: Account,
    prefix: Prefix,
    limits: Limits,
    /// Tables are made one after the other; together they would meet in the dataset they share.
    making: Mutex<()>,
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
        let name = if settings.prefix.is_empty() {
            address.to_string()
        } else {
            format!("{address} as {}*", settings.prefix)
        };
        Self {
            name,
            client: OnceCell::new(),
            account: Account {
                project: address.project.clone(),
                location: settings.location,
                labels: settings.labels,
                most_bytes: settings.most_bytes_billed,
            },
            address,
            prefix: settings.prefix,
            limits: Limits::default(),
            making: Mutex::default(),
        }
    }

    async fn run(&self, id: &str, statement: Statement) -> Result<Answered, Fault> {
        let client = self
            .client
            .get_or_try_init(|| credentials::connect(&self.address, job::PATIENCE))
            .await?;
        job::run(client, &self.account, id, statement).await
    }

    /// Runs a statement that may be run twice without harm.
    async fn ask(&self, statement: Statement) -> Result<Answered, Fault> {
        let id = format!(
            "backcourt_ask_{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        self.run(&id, statement).await
    }

    /// Columns of a table as it is, in order; none if it is not there.
    async fn columns(&self, table: &TableDef) -> Result<Vec<String>, Fault> {
        let sql = format!(
            "SELECT column_name FROM `{}.INFORMATION_SCHEMA.COLUMNS` WHERE table_name = @name \
             ORDER BY ordinal_position",
            self.prefix.dataset(table)
        );
        let asked = Statement::new(sql).with("name", "STRING", table.name.to_string());
        let answered = self.ask(asked).await?;
        let rows = read::typed(&answered)?;
        Ok(rows.into_iter().flatten().map(|name| name.to_string()).collect())
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

    async fn ensure(&self, table: &TableDef) -> Result<(), WarehouseError> {
        let doing = doing("creating", table);
        let _turn = self.making.lock().await;
        let dataset = self.prefix.dataset(table);
        let place = match &self.account.location {
            Some(location) => format!(" OPTIONS (location = '{location}')"),
            None => String::new(),
        };
        let steps = [
            format!("CREATE SCHEMA IF NOT EXISTS `{dataset}`{place}"),
            bigquery_table(table, &self.prefix.path(table)),
        ];
        for sql in steps {
            let made = self.ask(Statement::new(sql)).await;
            made.map_err(|fault| fault.told(&doing))?;
        }
        let held = self.columns(table).await.map_err(|fault| fault.told(&doing))?;
        let wanted = table.columns.iter().map(|column| column.name.as_ref());
        if !wanted.clone().eq(held.iter().map(String::as_str)) {
            return Err(WarehouseError::new(
                ErrorClass::Data,
                format!(
                    "{} is there with other columns ({}) than this version of backcourt writes ({}); \
                     move it away or name another --dataset-prefix",
                    self.prefix.path(table),
                    held.join(", "),
                    wanted.collect::<Vec<_>>().join(", ")
                ),
            ));
        }
        Ok(())
    }

    async fn holds_rows(&self, table: &TableDef) -> Result<bool, WarehouseError> {
        let sql = format!(
            "SELECT 1 AS held FROM `{}` WHERE {} >= DATE '0001-01-01' LIMIT 1",
            self.prefix.path(table),
            table.date_column
        );
        match self.ask(Statement::new(sql)).await {
            Ok(answered) => Ok(!answered.rows.is_empty()),
            Err(fault) if fault.is_not_found() => Ok(false),
            Err(fault) => Err(fault.told(&doing("looking into", table))),
        }
    }

    async fn read(&self, read: Read<'_>) -> Result<Vec<Row>, WarehouseError> {
        let told = |fault: Fault| fault.told(&doing("reading", read.table));
        let statement = read::statement(&read, &self.prefix.path(read.table)).map_err(told)?;
        let answered = self.ask(statement).await.map_err(told)?;
        read::rows(&read, &answered).map_err(told)
    }

    async fn replace(&self, replace: Replace<'_>) -> Result<(), WarehouseError> {
        let (doing, path) = (doing("writing", replace.table), self.prefix.path(replace.table));
        let now = Value::Timestamp(replace.now).to_string();
        for part in script::parts(&replace)? {
            let _turn = self.limits.turn(&path, script::CHANGES).await;
            let statement = part.statement(&path, &now);
            let id = format!("backcourt_write_{}", digest(&[&path, &now, statement.rows()]));
            self.run(&id, statement)
                .await
                .map_err(|fault| fault.told(&doing))?;
        }
        Ok(())
    }

    async fn fill(&self, tables: Vec<Filling>, written: &AtomicUsize) -> Result<(), WarehouseError> {
        fill::fill(self, tables, written).await
    }

    async fn refill(&self, refill: Refill<'_>) -> Result<Vec<Refilled>, WarehouseError> {
        Err(not_yet(&doing("writing", refill.table)))
    }

    async fn query_about(&self, _sql: &str, _dates: &[NaiveDate]) -> Result<Answer, WarehouseError> {
        Err(not_yet("querying"))
    }

    async fn query(&self, sql: &str) -> Result<Answer, WarehouseError> {
        let told = |fault: Fault| fault.told("querying");
        let sql = (self.prefix.apply(sql)).map_err(|problem| told(Fault::new(ErrorClass::Code, problem)))?;
        let answered = self.ask(Statement::new(sql)).await.map_err(told)?;
        Ok(Answer {
            columns: read::names(&answered),
            rows: read::typed(&answered).map_err(told)?,
        })
    }
}

fn not_yet(doing: &str) -> WarehouseError {
    let sentence = format!("{doing}: queries with @date run on the embedded warehouse only");
    WarehouseError::new(ErrorClass::Code, sentence)
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
