//! Removes unused data from backcourt's own dataset: superseded progress entries, and the heartbeat table of older
//! versions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::record::{LEDGER, UNIT_NAME};
use super::statement::Statement;
use crate::warehouse::{COMMIT, UNIT, WarehouseError};

/// Entries about dates are pruned once there are this many per date.
const MAX_ENTRIES_PER_DATE: u64 = 4;

/// The heartbeat table of older versions, and how long it must be idle before it is dropped, since one of them may be
/// running.
const OLD_HEARTBEATS: &str = "beat";
const IDLE: Duration = Duration::from_hours(24);

impl BigQueryWarehouse {
    /// Removes superseded entries of a plan if there are many. `dates` is the number of dates in the plan. The table's
    /// row count, which needs no job, is checked first.
    pub(super) async fn prune_entries(&self, plan: &str, dates: u64) -> Result<(), WarehouseError> {
        let doing = "removing replaced entries from the recorded progress";
        let in_context = |error: ApiError| error.in_context(doing);
        let dataset = self.own_dataset().await.map_err(in_context)?;
        self.drop_old_heartbeats(&dataset).await.map_err(in_context)?;
        let look = || async {
            let client = self.client().await?;
            client
                .table(self.project(), &dataset, LEDGER, Some("numRows"))
                .await
        };
        let found = self.insist(look).await.map_err(in_context)?;
        let rows = found.and_then(|found| found.num_rows?.parse::<u64>().ok());
        if rows.is_none_or(|rows| rows <= MAX_ENTRIES_PER_DATE * dates) {
            return Ok(());
        }
        let place = self.own_path(LEDGER).await.map_err(in_context)?;
        drop(self.limits.turn(&place, 1).await);
        let id = format!(
            "backcourt_prune_{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        let statement = prune(&place, plan, &self.held.guard());
        self.write(&id, statement, doing).await.map(drop)
    }

    async fn drop_old_heartbeats(&self, dataset: &str) -> Result<(), ApiError> {
        let client = self.client().await?;
        let project = self.project();
        let asked = Some("lastModifiedTime");
        let Some(found) = client.table(project, dataset, OLD_HEARTBEATS, asked).await? else {
            return Ok(());
        };
        let changed = found.last_modified_time.and_then(|time| time.parse().ok());
        let idle = changed.and_then(|changed| {
            let changed = UNIX_EPOCH + Duration::from_millis(changed);
            SystemTime::now().duration_since(changed).ok()
        });
        if idle.is_some_and(|idle| idle >= IDLE) {
            match client.delete_table(project, dataset, OLD_HEARTBEATS).await {
                Ok(()) => {
                    tracing::info!("dropped table {dataset}.{OLD_HEARTBEATS}, which only older versions use");
                }
                // The run of another plan dropped it first.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Counts the plan's own entries: other plans share the table, so its row count doesn't decide.
fn prune(place: &str, plan: &str, guard: &str) -> Statement {
    let of_dates = format!("plan = @plan AND kind IN ('{COMMIT}', '{UNIT}')");
    Statement::new(format!(
        "BEGIN TRANSACTION;\n{guard}IF (SELECT COUNT(*) > {MAX_ENTRIES_PER_DATE} * COUNT(DISTINCT {UNIT_NAME}) \
         FROM `{place}` WHERE {of_dates}) THEN\n\
         DELETE FROM `{place}` WHERE {of_dates} AND number NOT IN (SELECT MAX(number) FROM `{place}` \
         WHERE {of_dates} GROUP BY {UNIT_NAME});\nEND IF;\nCOMMIT TRANSACTION;"
    ))
    .with("plan", "STRING", plan.to_owned())
}
