//! Leases, in a dataset of their own that every writing host sees. The row of a lease is authoritative: every
//! write checks it in its own transaction, and it changes only when the lease is taken. The holder and its
//! heartbeats are published in the `notice`, so a heartbeat needs no job. Taking a lease ends the jobs of
//! earlier holders, which are found by their labels.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use super::api_error::ApiError;
use super::fence::{LeaseTable, TAKEN, WriteFence};
use super::held::HeartbeatLease;
use super::statement::{JobResult, Statement};
use super::{BigQueryWarehouse, Settings, notice, own, read, superseded};
use crate::table::Value;
use crate::warehouse::{ErrorClass, HeartbeatTiming, Holder, JobEnd, Lease, Leases, WarehouseError, lease};

/// Heartbeat interval. `BigQuery` allows five updates of a table's metadata in ten seconds.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Polling interval while waiting for a silent holder.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

impl Settings {
    /// The timing of heartbeats and waits.
    pub(crate) fn heartbeat_timing(&self) -> HeartbeatTiming {
        HeartbeatTiming {
            heartbeat: HEARTBEAT,
            heartbeat_limit: 3 * HEARTBEAT,
            silence: self.lease_wait,
            look: POLL_INTERVAL,
        }
    }
}

/// Parses the row of a lease. It has no heartbeat counter.
fn parsed_lease(plan: &str, answered: &JobResult) -> Result<Option<Lease>, ApiError> {
    let Some(row) = read::typed(answered)?.into_iter().next() else {
        return Ok(None);
    };
    let unreadable = |why: &str| {
        let sentence = format!(
            "cannot read the row of plan {plan} in table lease of the lease dataset ({why}); if no run of the plan is \
             active, delete the row and start again"
        );
        ApiError::new(ErrorClass::Data, sentence)
    };
    let [Value::Int(epoch), holder] = row.as_slice() else {
        return Err(unreadable("the table has other columns"));
    };
    let holder = match holder {
        Value::Text(text) => {
            let holder: Holder =
                serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
            Some(holder)
        }
        _ => None,
    };
    Ok(Some(Lease {
        epoch: *epoch,
        heartbeat: 0,
        holder,
    }))
}

impl BigQueryWarehouse {
    /// Runs a statement that changes a plan's tables. If the lease was taken, the error names the new holder.
    pub(super) async fn write(
        &self,
        id: &str,
        statement: Statement,
        doing: &str,
    ) -> Result<JobResult, WarehouseError> {
        match self.run(id, statement).await {
            Err(error) if error.message.contains(TAKEN) => Err(self.lost().await),
            other => other.map_err(|error| error.in_context(doing)),
        }
    }

    /// Like `write`, for one table. Drops the table's cached rows before the write and after it, since a read
    /// during the write may cache old rows.
    pub(super) async fn write_to(
        &self,
        path: &str,
        id: &str,
        statement: Statement,
        doing: &str,
    ) -> Result<JobResult, WarehouseError> {
        self.shared.forget(path);
        let written = self.write(id, statement, doing).await;
        self.shared.forget(path);
        written
    }

    /// Replaces the rows of whole tables with the staged ones. Safe to repeat if the response is lost.
    pub(super) async fn exchange(&self, statement: Statement) -> Result<(), WarehouseError> {
        match self.ask(statement).await {
            Err(error) if error.message.contains(TAKEN) => Err(self.lost().await),
            other => other
                .map(drop)
                .map_err(|error| error.in_context("swapping the filled tables")),
        }
    }

    async fn place_of(&self, plan: &str) -> Result<LeaseTable, ApiError> {
        let dataset = self.own_dataset().await?;
        Ok(LeaseTable::new(self.project(), &self.prefix, &dataset, plan))
    }

    /// The error of a write that finds the lease taken.
    async fn lost(&self) -> WarehouseError {
        let Some(fence) = self.held.fence() else {
            return WarehouseError::new(ErrorClass::Code, "no lease has ever been taken".to_owned());
        };
        let plan = &fence.place.plan;
        let stands = self.ask(fence.place.current()).await;
        let now = stands.and_then(|answered| parsed_lease(plan, &answered));
        let holder = now.ok().flatten().and_then(|lease| lease.holder);
        lease::lost(plan, holder.as_ref())
    }

    /// Reads the notice; `None` if its table doesn't exist.
    async fn notice(&self, place: &LeaseTable) -> Result<Option<Lease>, ApiError> {
        let read = || async { notice::read(&self.client().await?, self.project(), place).await };
        self.insist(read).await
    }

    async fn publish(&self, place: &LeaseTable, lease: &Lease) -> Result<(), ApiError> {
        let publish = || async { notice::publish(&self.client().await?, self.project(), place, lease).await };
        self.insist(publish).await
    }

    /// Takes the lease by changing its row; creates the table if it doesn't exist. Returns the row
    /// afterwards, which may name another holder.
    async fn take_row(&self, place: &LeaseTable, seen: i64, holder: &str) -> Result<Option<Lease>, ApiError> {
        let answered = match self.ask(place.take(seen, holder)).await {
            Err(error) if error.is_not_found() => {
                self.make_own(place).await?;
                self.ask(place.take(seen, holder)).await?
            }
            answered => answered?,
        };
        parsed_lease(&place.plan, &answered)
    }

    /// Creates the tables shared by all plans, and the notice of this one.
    async fn make_own(&self, place: &LeaseTable) -> Result<(), ApiError> {
        let [lease, owner, ledger] = own::tables(self.project(), place.dataset());
        let notice = notice::table(self.project(), place);
        self.make_in_own(place.dataset(), &[lease, owner, ledger, notice])
            .await
    }

    /// This process as lease holder. Adds the projects of the previous holder, whose jobs may still run
    /// there.
    fn as_holder(&self, by: &Holder, seen: Option<&Lease>) -> Holder {
        let before = seen.and_then(|lease| lease.holder.as_ref());
        let earlier = before.map_or(&[][..], |holder| &holder.jobs_in);
        let own = &self.account.project;
        let others = earlier.iter().filter(|project| *project != own);
        Holder {
            jobs_in: std::iter::once(own).chain(others).cloned().collect(),
            ..by.clone()
        }
    }

    /// Cancels the running jobs of earlier holders and waits for them to end.
    async fn end_earlier(&self, fence: &WriteFence, projects: &[String]) -> Result<(), ApiError> {
        for project in projects {
            let is_before = |labels: &HashMap<String, String>| fence.is_before(project, labels);
            let end = || async {
                let client = self.client().await?;
                superseded::end(&client, &self.account, project, is_before).await
            };
            match self.insist(end).await {
                Err(error) if *project != self.account.project && error.class == ErrorClass::Auth => {
                    let sentence = format!(
                        "the last run of plan {} may have left jobs running in project {project}, but this account \
                         can't list them: {}; grant it BigQuery Job User there, or start once with --billing-project \
                         {project}",
                        fence.place.plan,
                        error.brief()
                    );
                    return Err(ApiError::new(ErrorClass::Auth, sentence));
                }
                // A deleted project runs no jobs.
                Err(error) if error.is_not_found() => {}
                ended => ended?,
            }
        }
        Ok(())
    }

    /// Sends heartbeats while `work` runs, which may take long.
    async fn with_heartbeats(
        &self,
        work: impl Future<Output = Result<(), ApiError>>,
    ) -> Result<(), WarehouseError> {
        let (mut work, mut pause) = (pin!(work), Duration::ZERO);
        loop {
            tokio::select! {
                done = &mut work => return done.map_err(in_context),
                () = sleep(pause) => match self.heartbeat().await {
                    Err(error) if error.class == ErrorClass::Auth => return Err(error),
                    Err(error) => tracing::debug!("heartbeat failed, sending the next one as scheduled: {error}"),
                    Ok(()) => {}
                },
            }
            pause = HEARTBEAT;
        }
    }
}

#[async_trait]
impl Leases for BigQueryWarehouse {
    fn heartbeat_timing(&self) -> HeartbeatTiming {
        self.heartbeat_timing
    }

    async fn look(&self, plan: &str) -> Result<Option<Lease>, WarehouseError> {
        let unbilled = self.unbilled();
        let place = unbilled.place_of(plan).await.map_err(in_context)?;
        unbilled.notice(&place).await.map_err(in_context)
    }

    async fn take(&self, plan: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError> {
        let unbilled = self.unbilled();
        let place = unbilled.place_of(plan).await.map_err(in_context)?;
        let epoch = seen.map_or(0, |lease| lease.epoch);
        let by = &self.as_holder(by, seen);
        let holder = serde_json::to_string(by)
            .map_err(|error| WarehouseError::new(ErrorClass::Code, error.to_string()))?;
        if seen.is_none() {
            unbilled.make_own(&place).await.map_err(in_context)?;
        }
        let stands = unbilled
            .take_row(&place, epoch, &holder)
            .await
            .map_err(in_context)?;
        let Some(stands) = stands else { return Ok(false) };
        if stands.epoch != epoch + 1 || stands.holder.as_ref() != Some(by) {
            // The notice is older than the row: the winner crashed before it published, is about to publish,
            // or runs a version without notices.
            let now = unbilled.notice(&place).await.map_err(in_context)?;
            if now.is_none_or(|now| now.epoch < stands.epoch) {
                unbilled.publish(&place, &stands).await.map_err(in_context)?;
            }
            return Ok(false);
        }
        let fence = WriteFence {
            place,
            epoch: stands.epoch,
        };
        self.held.set(Some(HeartbeatLease {
            fence: fence.clone(),
            lease: stands,
        }));
        // A free lease has no running jobs: it is released only after they have ended.
        if seen.is_some_and(|lease| lease.holder.is_some()) {
            self.with_heartbeats(unbilled.end_earlier(&fence, &by.jobs_in))
                .await?;
        }
        Ok(true)
    }

    async fn heartbeat(&self) -> Result<(), WarehouseError> {
        let Some(HeartbeatLease { fence, lease }) = self.held.next_heartbeat() else {
            return Ok(());
        };
        let unbilled = self.unbilled();
        let now = unbilled.notice(&fence.place).await.map_err(in_context)?;
        if let Some(now) = now.filter(|now| now.epoch > fence.epoch) {
            return Err(lease::lost(&fence.place.plan, now.holder.as_ref()));
        }
        unbilled.publish(&fence.place, &lease).await.map_err(in_context)
    }

    async fn give_back(&self) -> Result<(), WarehouseError> {
        let Some(HeartbeatLease { fence, lease }) = self.held.next_heartbeat() else {
            return Ok(());
        };
        let unbilled = self.unbilled();
        let left = unbilled.cancel(self.account.in_flight.unawaited()).await;
        if let Some(running) = left.iter().find(|left| left.end == JobEnd::Running) {
            return Err(WarehouseError::new(ErrorClass::Unknown, running.to_string()));
        }
        let now = unbilled.notice(&fence.place).await.map_err(in_context)?;
        if now.is_none_or(|now| now.epoch == fence.epoch) {
            let free = Lease {
                holder: None,
                ..lease
            };
            unbilled.publish(&fence.place, &free).await.map_err(in_context)?;
        }
        self.held.set(None);
        Ok(())
    }
}

fn in_context(error: ApiError) -> WarehouseError {
    error.in_context("updating the lease")
}
