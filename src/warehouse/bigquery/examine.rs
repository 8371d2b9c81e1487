//! Read-only inspection of a project: credentials, existing tables, permissions. Statements that would write are sent
//! as dry runs. Calls are not retried, because the operator is waiting.

use super::api_error::ApiError;
use super::credentials::Credentials;
use super::fence::{LEASES, LeaseTable};
use super::job::dry;
use super::remedy::Remedy;
use super::statement::Statement;
use super::{BigQueryWarehouse, limits};
use crate::sql::TableName;
use crate::table::{Schema, TableDef, bigquery_table};
use crate::warehouse::ErrorClass;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionError {
    pub class: ErrorClass,
    /// The server's message, unchanged.
    pub message: String,
    /// The fix, if it doesn't depend on what was inspected.
    pub remedy: Option<Remedy>,
}

impl From<ApiError> for InspectionError {
    fn from(error: ApiError) -> Self {
        Self {
            class: error.class,
            message: error.brief(),
            remedy: error.remedy(),
        }
    }
}

/// An operation to attempt as a dry run.
#[derive(Debug, Clone, Copy)]
pub enum Attempt<'t> {
    /// Any query.
    Job,
    /// Reading rows of a table.
    Read(&'t TableDef),
    /// Changing rows of a table.
    Write(&'t TableDef),
    /// Creating a table.
    Create(&'t TableDef),
}

impl BigQueryWarehouse {
    /// The project of the tables.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.address.project
    }

    /// The project that runs and pays for jobs.
    #[must_use]
    pub fn billed_project(&self) -> &str {
        &self.account.project
    }

    /// The prefix of datasets; empty in production.
    #[must_use]
    pub fn dataset_prefix(&self) -> String {
        self.prefix.to_string()
    }

    /// The dataset of a table, including the prefix.
    #[must_use]
    pub fn dataset_of(&self, table: &TableDef) -> String {
        self.prefix.dataset(table)
    }

    /// The credentials in use. No token is requested.
    ///
    /// # Errors
    /// If the credentials file is invalid.
    pub fn credentials(&self) -> Result<Credentials, InspectionError> {
        Credentials::find(&self.address).map_err(InspectionError::from)
    }

    /// The location of a dataset; `None` if it doesn't exist.
    ///
    /// # Errors
    /// If the server can't be reached or refuses.
    pub async fn location_of(&self, dataset: &str) -> Result<Option<String>, InspectionError> {
        let client = self.connection().await?;
        let found = client.dataset(self.project(), dataset).await?;
        Ok(found.map(|found| found.location.unwrap_or_default()))
    }

    /// The schema of a table; `None` if it doesn't exist.
    ///
    /// # Errors
    /// If the server can't be reached or refuses.
    pub async fn describe(&self, table: &TableDef) -> Result<Option<Schema>, InspectionError> {
        self.described(&table.path()).await.map_err(InspectionError::from)
    }

    /// Whether a table that is read exists, in this project or in another one.
    ///
    /// # Errors
    /// If the server can't be reached or refuses.
    pub async fn is_there(&self, name: &TableName) -> Result<bool, InspectionError> {
        let (project, path) = match name.project() {
            Some(project) if project != self.project() => (project, name.local()),
            _ => (self.project().to_owned(), self.prefix.located(name)),
        };
        let Some((dataset, table)) = path.split_once('.') else {
            return Ok(false);
        };
        let table = table.split_once('$').map_or(table, |(whole, _)| whole);
        let client = self.connection().await?;
        let found = client
            .table(&project, dataset, table, Some("tableReference"))
            .await?;
        Ok(found.is_some())
    }

    /// Attempts an operation as a dry run: the server checks it without running it.
    ///
    /// # Errors
    /// The error the operation would fail with.
    pub async fn attempt(&self, attempt: Attempt<'_>) -> Result<(), InspectionError> {
        let client = match attempt {
            // `SELECT 1` runs in any location.
            Attempt::Job => self.connection().await?,
            _ => self.client().await?,
        };
        let statement = Statement::new(self.sql_of(attempt));
        dry(&client, &self.account, statement).await?;
        Ok(())
    }

    /// Attempts a write to the lease table as a dry run. Returns the dataset of leases and owners, and whether it
    /// exists. A missing dataset is created by the first run, which can't be checked by a dry run.
    ///
    /// # Errors
    /// The error the operation would fail with.
    pub async fn attempt_lease(&self) -> Result<(String, bool), InspectionError> {
        let dataset = self.own_dataset().await?;
        let client = self.client().await?;
        if client.dataset(self.project(), &dataset).await?.is_none() {
            return Ok((dataset, false));
        }
        let place = LeaseTable::new(self.project(), &self.prefix, &dataset, "");
        let is_there = client
            .table(self.project(), &dataset, LEASES, Some("tableReference"))
            .await?
            .is_some();
        let statement = if is_there {
            place.permission_probe()
        } else {
            place.create_table()
        };
        dry(&client, &self.account, statement).await?;
        Ok((dataset, true))
    }

    /// The smallest statement that needs the same permission as the operation.
    fn sql_of(&self, attempt: Attempt<'_>) -> String {
        let no_date = |table: &TableDef| table.partition_column().is_none();
        match attempt {
            Attempt::Job => "SELECT 1".to_owned(),
            Attempt::Read(table) => {
                format!(
                    "SELECT * FROM `{}` WHERE {}",
                    self.prefix.read_path(table),
                    no_date(table)
                )
            }
            Attempt::Write(table) => {
                format!(
                    "DELETE FROM `{}` WHERE {}",
                    self.prefix.path(table),
                    no_date(table)
                )
            }
            Attempt::Create(table) => bigquery_table(table, &self.prefix.path(table)),
        }
    }

    /// The enforced limits and the options that change them, in one sentence.
    #[must_use]
    pub fn limits_text(&self) -> String {
        let most = match self.account.most_bytes {
            Some(most) => format!("a job may be billed for {most} bytes"),
            None => "a job may be billed for any number of bytes (--max-bytes-billed)".to_owned(),
        };
        format!(
            "{most}; backoff of {} s per table when its quota is exhausted (--quota-backoff); {}",
            self.rest.as_secs(),
            limits::message()
        )
    }
}
