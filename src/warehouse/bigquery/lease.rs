//! The leases of a `BigQuery`: a dataset of their own, where every host that writes sees them. A write looks in its own
//! transaction whether the lease is still held; what was sent before it was taken is found by its label and ended.
//! How long one listens for a silent holder is not known here, and the statements stand beside it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::BigQueryWarehouse;
use super::fault::Fault;
use super::fence::{DATASET, Fence, Place, TAKEN};
use super::job::{Answered, Statement};
use super::overtaken;
use super::read;
use crate::table::Value;
use crate::warehouse::{ErrorClass, Holder, Lease, Leases, WarehouseError, lease};

/// Every so often a holder that shows it lives looks whether it still is one, for which it is billed. Its writes look
/// each time.
const BEATS_A_LOOK: u32 = 30;

/// The lease a warehouse has taken, if it has one. Every copy of the warehouse shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    fence: Arc<Mutex<Option<Fence>>>,
    beats: Arc<AtomicU32>,
}

impl Held {
    fn fence(&self) -> Option<Fence> {
        self.fence.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, fence: Option<Fence>) {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner) = fence;
    }

    /// Whether it is time to look again.
    fn is_to_look(&self) -> bool {
        self.beats
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(BEATS_A_LOOK)
    }

    /// What a write says first in its transaction; nothing as long as no lease was taken.
    pub(super) fn guard(&self) -> String {
        self.fence().map_or_else(String::new, |fence| fence.guard())
    }

    /// What the next holder finds the jobs by that are sent now.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        self.fence().map_or_else(HashMap::new, |fence| fence.labels())
    }
}

/// How a lease stands, from what a look at it answered.
fn standing(plan: &str, answered: &Answered) -> Result<Option<Lease>, Fault> {
    let Some(row) = read::typed(answered)?.into_iter().next() else {
        return Ok(None);
    };
    let unreadable = |why: &str| {
        let sentence = format!(
            "the lease of plan {plan} cannot be read ({why}); drop the dataset {DATASET} if no run is alive"
        );
        Fault::new(ErrorClass::Data, sentence)
    };
    let [Value::Int(epoch), Value::Int(beat), holder] = row.as_slice() else {
        return Err(unreadable("it has another form"));
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
        beat: *beat,
        holder,
    }))
}

impl BigQueryWarehouse {
    /// Runs a statement that changes what a plan fills, and says in words for the operator when it found the lease
    /// taken.
    pub(super) async fn write(
        &self,
        id: &str,
        statement: Statement,
        doing: &str,
    ) -> Result<Answered, WarehouseError> {
        match self.run(id, statement).await {
            Err(fault) if fault.message.contains(TAKEN) => Err(self.lost().await),
            other => other.map_err(|fault| fault.told(doing)),
        }
    }

    /// Puts what was filled in the place of what was there; sent again it does the same, so a lost answer costs nothing.
    pub(super) async fn exchange(&self, statement: Statement) -> Result<(), WarehouseError> {
        match self.ask(statement).await {
            Err(fault) if fault.message.contains(TAKEN) => Err(self.lost().await),
            other => other
                .map(drop)
                .map_err(|fault| fault.told("exchanging the filled tables")),
        }
    }

    /// What to say of a lease that was lost.
    async fn lost(&self) -> WarehouseError {
        let Some(fence) = self.held.fence() else {
            return WarehouseError::new(ErrorClass::Code, "no lease was ever taken".to_owned());
        };
        let plan = &fence.place.plan;
        let stands = self.ask(fence.place.look()).await;
        let now = stands.and_then(|answered| standing(plan, &answered));
        let holder = now.ok().flatten().and_then(|lease| lease.holder);
        lease::lost(plan, holder.as_ref())
    }
}

#[async_trait]
impl Leases for BigQueryWarehouse {
    async fn look(&self, plan: &str) -> Result<Option<Lease>, WarehouseError> {
        match self.apart().ask(Place::new(&self.prefix, plan).look()).await {
            Ok(answered) => standing(plan, &answered).map_err(told),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(told(fault)),
        }
    }

    async fn take(&self, plan: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError> {
        let (apart, place) = (self.apart(), Place::new(&self.prefix, plan));
        let seen = seen.map_or(0, |lease| lease.epoch);
        let holder = serde_json::to_string(by)
            .map_err(|error| WarehouseError::new(ErrorClass::Code, error.to_string()))?;
        if seen == 0 {
            for step in place.ensure(self.account.location.as_deref()) {
                apart.ask(step).await.map_err(told)?;
            }
        }
        let answered = apart.ask(place.take(seen, &holder)).await.map_err(told)?;
        let now = standing(plan, &answered).map_err(told)?;
        let is_own = now.is_some_and(|now| now.epoch == seen + 1 && now.holder.as_ref() == Some(by));
        if is_own {
            let fence = Fence {
                place,
                epoch: seen + 1,
            };
            self.held.set(Some(fence.clone()));
            let is_before = |labels: &HashMap<String, String>| fence.is_before(labels);
            let end_what_is_before = || async {
                let client = apart.client().await?;
                overtaken::end(&client, &self.account, is_before).await
            };
            apart.insist(end_what_is_before).await.map_err(told)?;
        }
        Ok(is_own)
    }

    async fn beat(&self) -> Result<(), WarehouseError> {
        let Some(fence) = self.held.fence() else {
            return Ok(());
        };
        let apart = self.apart();
        apart.ask(fence.beat()).await.map_err(told)?;
        if !self.held.is_to_look() {
            return Ok(());
        }
        let answered = apart.ask(fence.place.look()).await.map_err(told)?;
        let now = standing(&fence.place.plan, &answered).map_err(told)?;
        if now.as_ref().is_some_and(|now| now.epoch == fence.epoch) {
            return Ok(());
        }
        let holder = now.and_then(|now| now.holder);
        Err(lease::lost(&fence.place.plan, holder.as_ref()))
    }

    async fn give_back(&self) -> Result<(), WarehouseError> {
        if let Some(fence) = self.held.fence() {
            self.apart().ask(fence.give_back()).await.map_err(told)?;
            self.held.set(None);
        }
        Ok(())
    }
}

fn told(fault: Fault) -> WarehouseError {
    fault.told("looking after the lease")
}
