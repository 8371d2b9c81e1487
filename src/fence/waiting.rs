//! Getting a lease: at once if it is free or its holder is known to be dead, after a silence of ten seconds if nobody
//! knows, and never from a holder that lives. No two clocks are compared: only whether the holder is heard.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::warehouse::{ErrorClass, Holder, Lease, Leases, WarehouseError};

use super::host;

/// How long one listens for a holder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// A holder that is not heard for so long has lost its lease.
    silence: Duration,
    /// How often one listens.
    every: Duration,
}

impl Patience {
    /// Five times as long as a holder is silent between two signs of life.
    pub(super) const USUAL: Self = Self {
        silence: Duration::from_secs(10),
        every: Duration::from_millis(250),
    };
}

/// A lease that somebody else was quicker to take so often is not kept, whatever the warehouse says.
const RACES: u32 = 10;

/// The lease was not had.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// Somebody has it and lives.
    #[error(
        "plan {plan} on {warehouse} is being worked on already: process {} on {}, since {}; if it is a run, \
         'backcourt attach --state-dir {}' there shows it",
        holder.pid, holder.host, holder.since.format("%Y-%m-%d %H:%M:%S UTC"), holder.folder
    )]
    Held {
        /// The plan.
        plan: String,
        /// Where its tables are.
        warehouse: String,
        /// Who.
        holder: Box<Holder>,
    },
    /// The warehouse did not say.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// There is no thread to be had.
    #[error("the lease cannot be kept ({0}); raise the process limit")]
    System(#[from] std::io::Error),
}

/// Takes the lease of a plan, or says who has it. `waits` hears of whom one waits for, once.
pub(super) async fn take(
    leases: &dyn Leases,
    plan: &str,
    own: &Holder,
    patience: Patience,
    waits: impl FnOnce(&Holder),
) -> Result<Option<Holder>, WarehouseError> {
    let mut waits = Some(waits);
    let mut stands = leases.look(plan).await?;
    let mut heard = Instant::now();
    let mut races = 0;
    loop {
        let holder = stands.as_ref().and_then(|lease| lease.holder.clone());
        let Some(holder) = holder.filter(|holder| !host::is_gone(holder)) else {
            if leases.take(plan, stands.as_ref(), own).await? {
                return Ok(None);
            }
            // Somebody was quicker.
            races += 1;
            if races == RACES {
                let sentence = format!(
                    "the lease of plan {plan} cannot be had: it was free {RACES} times and each time gone when it was \
                     taken; see who else starts runs, and start again"
                );
                return Err(WarehouseError::new(ErrorClass::Contention, sentence));
            }
            sleep(patience.every).await;
            stands = leases.look(plan).await?;
            heard = Instant::now();
            continue;
        };
        if heard.elapsed() >= patience.silence && leases.take(plan, stands.as_ref(), own).await? {
            tracing::warn!(
                "process {} on {} was silent for {} s and has lost the lease of plan {plan}",
                holder.pid,
                holder.host,
                patience.silence.as_secs()
            );
            return Ok(None);
        }
        if let Some(waits) = waits.take() {
            waits(&holder);
        }
        sleep(patience.every).await;
        let now = leases.look(plan).await?;
        match (&stands, &now) {
            (Some(before), Some(after)) if is_alive(before, after) => return Ok(Some(holder)),
            (before, after) if before == after => {}
            _ => heard = Instant::now(),
        }
        stands = now;
    }
}

/// Whether the holder of a lease has been heard.
fn is_alive(before: &Lease, after: &Lease) -> bool {
    before.epoch == after.epoch && before.beat != after.beat && after.holder.is_some()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use chrono::DateTime;

    use super::*;

    const SHORT: Patience = Patience {
        silence: Duration::from_millis(100),
        every: Duration::from_millis(5),
    };

    /// A lease whose holder lives or is silent.
    struct One {
        lease: Mutex<Option<Lease>>,
        lives: bool,
    }

    #[async_trait]
    impl Leases for One {
        async fn look(&self, _: &str) -> Result<Option<Lease>, WarehouseError> {
            let mut lease = self.lease.lock().unwrap();
            if let Some(lease) = lease.as_mut().filter(|_| self.lives) {
                lease.beat += 1;
            }
            Ok(lease.clone())
        }

        async fn take(&self, _: &str, seen: Option<&Lease>, by: &Holder) -> Result<bool, WarehouseError> {
            let mut lease = self.lease.lock().unwrap();
            if lease.as_ref().map(|lease| lease.epoch) != seen.map(|lease| lease.epoch) {
                return Ok(false);
            }
            *lease = Some(Lease {
                epoch: seen.map_or(1, |lease| lease.epoch + 1),
                beat: 0,
                holder: Some(by.clone()),
            });
            Ok(true)
        }

        async fn beat(&self) -> Result<(), WarehouseError> {
            Ok(())
        }

        async fn give_back(&self) -> Result<(), WarehouseError> {
            Ok(())
        }
    }

    /// A warehouse that takes a lease and knows nothing of it afterwards.
    struct Forgetful;

    #[async_trait]
    impl Leases for Forgetful {
        async fn look(&self, _: &str) -> Result<Option<Lease>, WarehouseError> {
            Ok(None)
        }

        async fn take(&self, _: &str, _: Option<&Lease>, _: &Holder) -> Result<bool, WarehouseError> {
            Ok(false)
        }

        async fn beat(&self) -> Result<(), WarehouseError> {
            Ok(())
        }

        async fn give_back(&self) -> Result<(), WarehouseError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_warehouse_that_keeps_no_lease_is_not_asked_for_ever() {
        let error = take(&Forgetful, "nba", &own(), SHORT, |_| ()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Contention);
        assert!(
            error.message.contains("the lease of plan nba cannot be had"),
            "{error}"
        );
    }

    fn elsewhere() -> Holder {
        Holder {
            machine: Some("another".to_owned()),
            pid: 7,
            ..own()
        }
    }

    fn own() -> Holder {
        host::own(Path::new("/state"), DateTime::UNIX_EPOCH)
    }

    fn held(holder: Option<Holder>, lives: bool) -> One {
        One {
            lease: Mutex::new(Some(Lease {
                epoch: 4,
                beat: 0,
                holder,
            })),
            lives,
        }
    }

    async fn taken(one: &One) -> (Option<Holder>, Duration, bool) {
        let (mut waited, began) = (false, Instant::now());
        let refused = take(one, "nba", &own(), SHORT, |_| waited = true).await.unwrap();
        (refused, began.elapsed(), waited)
    }

    #[tokio::test]
    async fn one_that_is_free_or_whose_holder_died_here_is_taken_at_once() {
        let dead = Holder {
            started: Some("0".to_owned()),
            ..own()
        };
        for holder in [None, Some(dead)] {
            let one = held(holder, false);
            let (refused, _, waited) = taken(&one).await;
            assert_eq!((refused, waited), (None, false));
            assert_eq!(one.lease.lock().unwrap().as_ref().unwrap().epoch, 5);
        }
    }

    #[tokio::test]
    async fn one_left_by_another_host_falls_after_a_silence() {
        let (refused, after, waited) = taken(&held(Some(elsewhere()), false)).await;
        assert_eq!(refused, None);
        assert!(waited);
        assert!(after >= SHORT.silence, "{after:?}");
    }

    #[tokio::test]
    async fn a_holder_that_lives_keeps_it_and_is_named_as_soon_as_it_is_heard() {
        let one = held(Some(elsewhere()), true);
        let (refused, _, _) = taken(&one).await;
        assert_eq!(refused, Some(elsewhere()));
        assert_eq!(one.lease.lock().unwrap().as_ref().unwrap().epoch, 4);
    }
}
