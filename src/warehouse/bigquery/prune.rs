//! What nothing reads any more in the dataset that backcourt keeps for itself: entries that newer ones have replaced, and the
//! table in which older versions counted heartbeats.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::BigQueryWarehouse;
use super::fault::Fault;
use super::job::Statement;
use super::record::LEDGER;
use crate::warehouse::{COMMIT, UNIT, WarehouseError};

/// Entries about dates are removed once there are this many times as many as dates.
const MANY: u64 = 4;

/// The table older versions count heartbeats in, and how long it must lie idle before it is dropped: one of them may run.
const OLD_HEARTBEATS: &str = "beat";
const IDLE: Duration = Duration::from_hours(24);

impl BigQueryWarehouse {
    /// Removes the entries of a plan that newer ones have replaced, if there are many of them. `dates` is how many the plan
    /// has; whether there are more entries is asked without a job.
    pub(super) async fn prune_entries(&self, plan: &str, dates: u64) -> Result<(), WarehouseError> {
        let doing = "removing replaced entries from the recorded progress";
        let told = |fault: Fault| fault.told(doing);
        let dataset = self.own_dataset().await.map_err(told)?;
        self.drop_old_heartbeats(&dataset).await.map_err(told)?;
        let look = || async {
            let client = self.client().await?;
            client
                .table(self.project(), &dataset, LEDGER, Some("numRows"))
                .await
        };
        let found = self.insist(look).await.map_err(told)?;
        let rows = found.and_then(|found| found.num_rows?.parse::<u64>().ok());
        if rows.is_none_or(|rows| rows <= MANY * dates) {
            return Ok(());
        }
        let place = self.own_path(LEDGER).await.map_err(told)?;
        drop(self.limits.turn(&place, 1).await);
        let id = format!(
            "backcourt_prune_{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        let statement = prune(&place, plan, &self.held.guard());
        self.write(&id, statement, doing).await.map(drop)
    }

    async fn drop_old_heartbeats(&self, dataset: &str) -> Result<(), Fault> {
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
                // The run of another plan was quicker.
                Err(fault) if fault.is_not_found() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }
}

/// Other plans have their entries in the same table, so that the number of its rows does not decide.
fn prune(place: &str, plan: &str, guard: &str) -> Statement {
    let of_dates = format!("plan = @plan AND kind IN ('{COMMIT}', '{UNIT}')");
    Statement::new(format!(
        "BEGIN TRANSACTION;\n{guard}IF (SELECT COUNT(*) > {MANY} * COUNT(DISTINCT CONCAT(subject, ' ', CAST(date AS STRING))) \
         FROM `{place}` WHERE {of_dates}) THEN\n\
         DELETE FROM `{place}` WHERE {of_dates} AND number NOT IN (SELECT MAX(number) FROM `{place}` \
         WHERE {of_dates} GROUP BY subject, date);\nEND IF;\nCOMMIT TRANSACTION;"
    ))
    .with("plan", "STRING", plan.to_owned())
}
