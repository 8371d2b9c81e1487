//! A look at a project before anything is done in it: who calls, what is there, what is allowed. What might change
//! anything is asked as a dry run, which changes nothing. Every call is made once: who looks wants to know now.

use super::credentials::Credentials;
use super::fault::Fault;
use super::fence::{LEASES, Place};
use super::job::{Statement, dry};
use super::remedy::Remedy;
use super::{BigQueryWarehouse, limits};
use crate::table::{Schema, TableDef, bigquery_table, sql_name};
use crate::warehouse::ErrorClass;

/// Why a look was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The class of the error.
    pub class: ErrorClass,
    /// The server's words and nothing else.
    pub message: String,
    /// What mends it, where that does not depend on what was looked at.
    pub remedy: Option<Remedy>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self {
            class: fault.class,
            message: fault.said(),
            remedy: fault.remedy(),
        }
    }
}

/// What may be tried.
#[derive(Debug, Clone, Copy)]
pub enum Attempt<'t> {
    /// Any query at all.
    Job,
    /// Reading rows of a table.
    Read(&'t TableDef),
    /// Changing rows of a table.
    Write(&'t TableDef),
    /// Making a table.
    Create(&'t TableDef),
}

impl BigQueryWarehouse {
    /// The project the tables are in.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.address.project
    }

    /// The project jobs run in and are billed to.
    #[must_use]
    pub fn billed_project(&self) -> &str {
        &self.account.project
    }

    /// The dataset a table lies in, its prefix included.
    #[must_use]
    pub fn dataset_of(&self, table: &TableDef) -> String {
        self.prefix.dataset(table)
    }

    /// What a call goes out with. Nobody is asked for a token.
    ///
    /// # Errors
    /// When the file that is named holds no credentials.
    pub fn credentials(&self) -> Result<Credentials, Refused> {
        Credentials::find(&self.address).map_err(Refused::from)
    }

    /// Where a dataset is; none if it is not there.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses to say.
    pub async fn location_of(&self, dataset: &str) -> Result<Option<String>, Refused> {
        let client = self.connection().await?;
        let found = client.dataset(self.project(), dataset).await?;
        Ok(found.map(|found| found.location.unwrap_or_default()))
    }

    /// How a table is; none if it is not there.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses to say.
    pub async fn describe(&self, table: &TableDef) -> Result<Option<Schema>, Refused> {
        self.described(&table.path()).await.map_err(Refused::from)
    }

    /// Tries something as a dry run: the server says whether it would do it, and does nothing.
    ///
    /// # Errors
    /// What it would be refused with.
    pub async fn attempt(&self, attempt: Attempt<'_>) -> Result<(), Refused> {
        let client = match attempt {
            // Any location takes it.
            Attempt::Job => self.connection().await?,
            _ => self.client().await?,
        };
        let statement = Statement::new(self.sql_of(attempt));
        dry(&client, &self.account, statement).await?;
        Ok(())
    }

    /// Tries what a lease takes, as a dry run, in the dataset that leases and owners are kept in: its name, and whether it is
    /// there. One that is not is made by the first run, which cannot be tried.
    ///
    /// # Errors
    /// What it would be refused with.
    pub async fn attempt_lease(&self) -> Result<(String, bool), Refused> {
        let dataset = self.own_dataset().await?;
        let client = self.client().await?;
        if client.dataset(self.project(), &dataset).await?.is_none() {
            return Ok((dataset, false));
        }
        let place = Place::new(self.project(), &self.prefix, &dataset, "");
        let is_there = client
            .table(self.project(), &dataset, LEASES, Some("tableReference"))
            .await?
            .is_some();
        let statement = if is_there { place.tried() } else { place.made() };
        dry(&client, &self.account, statement).await?;
        Ok((dataset, true))
    }

    /// The least that needs the same permission as the real thing.
    fn sql_of(&self, attempt: Attempt<'_>) -> String {
        let no_date = |table: &TableDef| format!("{} = DATE '0001-01-01'", sql_name(&table.date_column));
        match attempt {
            Attempt::Job => "SELECT 1".to_owned(),
            Attempt::Read(table) => {
                format!(
                    "SELECT * FROM `{}` WHERE {}",
                    self.prefix.path(table),
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

    /// What is kept to and can be chosen, in one sentence.
    #[must_use]
    pub fn settings_told(&self) -> String {
        let most = match self.account.most_bytes {
            Some(most) => format!("a job may be billed for {most} bytes"),
            None => "a job may be billed for any number of bytes (--max-bytes-billed)".to_owned(),
        };
        format!(
            "{most}; backoff of {} s per table when its quota is exhausted (--quota-rest); {}",
            self.rest.as_secs(),
            limits::told()
        )
    }
}
