//! Staging of rows that are too many for a parameter: a load job writes them to a table that expires by itself, and the
//! script reads them from there. Loading is free, and loaded rows take effect only when the script commits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};

use super::api_error::ApiError;
use super::charge::JobKind;
use super::wire::{NewTable, TableFieldSchema};
use super::{BigQueryWarehouse, digest, job};
use crate::table::TableDef;
use crate::warehouse::ErrorClass;

/// Expiration of the table, in case the run crashes before it drops it.
const LIFETIME: Duration = Duration::from_hours(24);

/// The only column of the table. Each row is encoded as in the parameter of a smaller commit.
pub(super) const SENT: &str = "sent";

/// Whether a load job replaces or appends to the rows in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    Replace,
    Append,
}

#[derive(Debug)]
pub(super) struct Staged {
    dataset: String,
    name: String,
    /// The table path for SQL statements.
    pub(super) path: String,
}

impl BigQueryWarehouse {
    /// Loads the rows of a write into a staging table. Safe to repeat with the same id.
    pub(super) async fn stage(
        &self,
        table: &TableDef,
        id: &str,
        rows: &[String],
    ) -> Result<Staged, ApiError> {
        let staged = self.make_staging(table, id).await?;
        self.load(&staged, &format!("{id}_rows"), rows, Disposition::Replace)
            .await?;
        Ok(staged)
    }

    /// Creates the staging table for the write with this id.
    pub(super) async fn make_staging(&self, table: &TableDef, id: &str) -> Result<Staged, ApiError> {
        let dataset = self.prefix.dataset(table);
        let name = format!("backcourt_rows_{}", digest(&[id]));
        let column = TableFieldSchema::of(SENT, "STRING");
        let mut made = NewTable::of(self.project(), &dataset, &name, vec![column]);
        made.expiration_time = Some(expiry()?);
        let make = || async { self.client().await?.insert_table(&made).await };
        match self.insist(make).await {
            Err(error) if !error.is_duplicate() => return Err(error),
            _ => {}
        }
        Ok(Staged {
            path: self.prefix.qualified(&format!("{dataset}.{name}")),
            dataset,
            name,
        })
    }

    fn load_job(&self, into: &Staged, id: &str, disposition: Disposition) -> Json {
        json!({
            "jobReference": job::reference(&self.account, id),
            "configuration": {
                "labels": job::labels(&self.account),
                "load": {
                    "destinationTable": {
                        "projectId": self.project(), "datasetId": into.dataset, "tableId": into.name,
                    },
                    "schema": {"fields": [{"name": SENT, "type": "STRING"}]},
                    "sourceFormat": "NEWLINE_DELIMITED_JSON",
                    "writeDisposition": match disposition {
                        Disposition::Replace => "WRITE_TRUNCATE",
                        Disposition::Append => "WRITE_APPEND",
                    },
                },
            },
        })
    }

    /// Loads rows, each a JSON list, by the job with this id. Safe to repeat with the same id.
    pub(super) async fn load(
        &self,
        into: &Staged,
        id: &str,
        rows: &[String],
        disposition: Disposition,
    ) -> Result<(), ApiError> {
        let sent = self.load_job(into, id, disposition);
        let mut media = String::with_capacity(rows.iter().map(|row| row.len() + row.len() / 4 + 16).sum());
        for row in rows {
            media.push_str(&json!({SENT: row}).to_string());
            media.push('\n');
        }
        let client = self.client().await?;
        let sending = async {
            let pause = |lost| self.account.pause_after(lost);
            match client.upload(&self.account.project, &sent, &media, pause).await {
                Err(error) if error.is_duplicate() => Ok(()),
                // The server may have received the last chunk and started the job.
                Err(error) if error.class.retries() => Err(ApiError {
                    class: ErrorClass::Unknown,
                    ..error
                }),
                sent => sent,
            }
        };
        let ending = job::ended(&client, &self.account, id);
        let (sending, ending) = (Box::pin(sending), Box::pin(ending));
        let loaded = job::send_and_wait(&client, &self.account, id, JobKind::Load, sending, ending).await;
        loaded.map_err(|error| match error.class {
            // It only wrote to the staging table, so a retry is safe.
            ErrorClass::Unknown => ApiError {
                class: ErrorClass::Transient,
                ..error
            },
            _ => error,
        })
    }

    /// Drops a staging table after the commit. If that fails, the table expires.
    pub(super) async fn unstage(&self, staged: &Staged) {
        let dropped = async {
            let client = self.client().await?;
            client
                .delete_table(self.project(), &staged.dataset, &staged.name)
                .await
        };
        if let Err(error) = dropped.await {
            tracing::debug!(
                "cannot drop {}, it expires by itself: {}",
                staged.path,
                error.message
            );
        }
    }
}

/// The expiration time for a new table, in milliseconds since 1970 as in the API.
fn expiry() -> Result<String, ApiError> {
    let since = (SystemTime::now() + LIFETIME).duration_since(UNIX_EPOCH);
    since
        .map(|since| since.as_millis().to_string())
        .map_err(|_| ApiError::new(ErrorClass::Code, "this machine's clock is before 1970"))
}
