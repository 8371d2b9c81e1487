//! A look at a project before anything is done in it: who calls, what is there, what is allowed. What might change
//! anything is asked as a dry run, which changes nothing. Every call is made once: who looks wants to know now.

use gcp_bigquery_client::model::job::Job;

use super::credentials::Credentials;
use super::fault::Fault;
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
    /// The project that is billed.
    #[must_use]
    pub fn project(&self) -> &str {
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
        let client = self.client().await?;
        let asked = client.dataset().get(self.project(), dataset).await;
        match asked.map_err(Fault::from) {
            Ok(found) => Ok(Some(found.location.unwrap_or_default())),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault.into()),
        }
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
        let client = self.client().await?;
        let statement = Statement::new(self.sql_of(attempt));
        let tried: Result<Job, Fault> = dry(&client, &self.account, statement).await;
        tried.map(drop).map_err(Refused::from)
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
            "{most}; a table rests {} s when its quota is used up (--quota-rest); {}",
            self.rest.as_secs(),
            limits::told()
        )
    }
}
