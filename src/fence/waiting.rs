//! Takes a lease: at once if it is free or its holder is known to be dead, after a period without heartbeats if that is
//! unknown, and never from a live holder. The warehouse sets the period; `watch` interprets the looks.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::warehouse::{ErrorClass, Holder, Leases, WarehouseError};

use super::host;
use super::watch::{Seen, Watch};

/// A wait for a holder that may be dead.
#[derive(Debug, Clone, Copy)]
pub struct LeaseWait<'a> {
    /// The holder.
    pub holder: &'a Holder,
    /// Time without a heartbeat so far.
    pub silent: Duration,
    /// Longest remaining wait.
    pub left: Duration,
}

/// Lost races for a free lease after which the start fails.
const MAX_LOST_RACES: u32 = 10;

/// The lease could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// A live process holds it.
    #[error(
        "plan {plan} on {warehouse} is in use by process {} on {} since {}; if it is a run, attach there with \
         'backcourt attach --state-dir {}'",
        holder.pid, holder.host, holder.since.format("%Y-%m-%d %H:%M:%S UTC"), holder.folder
    )]
    Held {
        /// Plan name.
        plan: String,
        /// Warehouse as the operator named it.
        warehouse: String,
        /// The process that holds it.
        holder: Box<Holder>,
    },
    /// The warehouse could not be read or written.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The system could not start a thread.
    #[error("cannot start the lease thread ({0}); raise the process limit")]
    System(#[from] std::io::Error),
}

/// Takes the lease of a plan, or returns its live holder. Calls `waits` after each look at a silent holder.
pub(super) async fn take(
    leases: &dyn Leases,
    plan: &str,
    own: &Holder,
    mut waits: impl FnMut(LeaseWait<'_>),
) -> Result<Option<Holder>, WarehouseError> {
    let timing = leases.heartbeat_timing();
    let (mut watch, mut races) = (Watch::default(), 0);
    loop {
        let began = Instant::now();
        let lease = leases.look(plan).await?;
        match watch.look(began, Instant::now(), lease.as_ref()) {
            Seen::Alive(holder) => return Ok(Some(holder)),
            Seen::Silent(holder, silent) if !host::is_gone(&holder) => {
                let left = timing.silence.saturating_sub(silent);
                if left.is_zero() {
                    if leases.take(plan, lease.as_ref(), own).await? {
                        tracing::warn!(
                            "took the lease of plan {plan} from process {} on {}, which sent no heartbeat for {} s",
                            holder.pid,
                            holder.host,
                            silent.as_secs()
                        );
                        return Ok(None);
                    }
                } else {
                    waits(LeaseWait {
                        holder: &holder,
                        silent,
                        left,
                    });
                }
            }
            Seen::Free | Seen::Silent(..) => {
                if leases.take(plan, lease.as_ref(), own).await? {
                    return Ok(None);
                }
                // Another process was faster.
                races += 1;
                if races == MAX_LOST_RACES {
                    return Err(lost_races(plan));
                }
            }
        }
        sleep(timing.look).await;
    }
}

fn lost_races(plan: &str) -> WarehouseError {
    let sentence = format!(
        "lost {MAX_LOST_RACES} races for the lease of plan {plan}; find the process that keeps starting runs of this plan, \
         then start again"
    );
    WarehouseError::new(ErrorClass::Contention, sentence)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use chrono::DateTime;

    use super::*;
    use crate::warehouse::{HeartbeatTiming, Lease};

    const SHORT: HeartbeatTiming = HeartbeatTiming {
        heartbeat: Duration::from_millis(20),
        heartbeat_limit: Duration::from_secs(1),
        silence: Duration::from_millis(100),
        look: Duration::from_millis(5),
    };

    /// A lease whose holder is live or silent.
    struct One {
        lease: Mutex<Option<Lease>>,
        lives: bool,
    }

    #[async_trait]
    impl Leases for One {
        fn heartbeat_timing(&self) -> HeartbeatTiming {
            SHORT
        }

        async fn look(&self, _: &str) -> Result<Option<Lease>, WarehouseError> {
            let mut lease = self.lease.lock().unwrap();
            if let Some(lease) = lease.as_mut().filter(|_| self.lives) {
                lease.heartbeat += 1;
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
                heartbeat: 0,
                holder: Some(by.clone()),
            });
            Ok(true)
        }

        async fn heartbeat(&self) -> Result<(), WarehouseError> {
            Ok(())
        }

        async fn give_back(&self) -> Result<(), WarehouseError> {
            Ok(())
        }
    }

    /// A warehouse whose lease always looks free and can never be taken.
    struct Forgetful;

    #[async_trait]
    impl Leases for Forgetful {
        fn heartbeat_timing(&self) -> HeartbeatTiming {
            SHORT
        }

        async fn look(&self, _: &str) -> Result<Option<Lease>, WarehouseError> {
            Ok(None)
        }

        async fn take(&self, _: &str, _: Option<&Lease>, _: &Holder) -> Result<bool, WarehouseError> {
            Ok(false)
        }

        async fn heartbeat(&self) -> Result<(), WarehouseError> {
            Ok(())
        }

        async fn give_back(&self) -> Result<(), WarehouseError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn taking_a_lease_fails_after_ten_lost_races() {
        let error = take(&Forgetful, "nba", &own_holder(), |_| ()).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Contention);
        assert!(
            error.message.contains("lost 10 races for the lease of plan nba"),
            "{error}"
        );
    }

    fn elsewhere() -> Holder {
        Holder {
            machine: Some("another".to_owned()),
            pid: 7,
            ..own_holder()
        }
    }

    fn own_holder() -> Holder {
        host::own_holder(Path::new("/state"), DateTime::UNIX_EPOCH)
    }

    fn held(holder: Option<Holder>, lives: bool) -> One {
        One {
            lease: Mutex::new(Some(Lease {
                epoch: 4,
                heartbeat: 0,
                holder,
            })),
            lives,
        }
    }

    async fn taken(one: &One) -> (Option<Holder>, Duration, bool) {
        let (mut waited, began) = (false, Instant::now());
        let refused = take(one, "nba", &own_holder(), |_| waited = true).await.unwrap();
        (refused, began.elapsed(), waited)
    }

    #[tokio::test]
    async fn a_free_lease_or_one_with_a_dead_local_holder_is_taken_at_once() {
        let dead = Holder {
            started: Some("0".to_owned()),
            ..own_holder()
        };
        for holder in [None, Some(dead)] {
            let one = held(holder, false);
            let (refused, _, waited) = taken(&one).await;
            assert_eq!((refused, waited), (None, false));
            assert_eq!(one.lease.lock().unwrap().as_ref().unwrap().epoch, 5);
        }
    }

    #[tokio::test]
    async fn a_lease_of_a_silent_remote_holder_is_taken_after_the_timeout() {
        let (refused, after, waited) = taken(&held(Some(elsewhere()), false)).await;
        assert_eq!(refused, None);
        assert!(waited);
        assert!(after >= SHORT.silence, "{after:?}");
    }

    #[tokio::test]
    async fn a_live_holder_keeps_its_lease_and_is_returned() {
        let one = held(Some(elsewhere()), true);
        let (refused, _, _) = taken(&one).await;
        assert_eq!(refused, Some(elsewhere()));
        assert_eq!(one.lease.lock().unwrap().as_ref().unwrap().epoch, 4);
    }
}
