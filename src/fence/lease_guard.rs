//! Holds a lease: a thread sends heartbeats and reports when the lease is lost.

use chrono::{DateTime, Utc};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::warehouse::{ErrorClass, Leases, Warehouse};

use super::host;
use super::waiting::{FenceError, LeaseWait, take};

/// The lease of a plan; released on drop.
#[derive(Debug)]
pub struct LeaseGuard {
    /// Dropped to end the thread.
    ending: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lost: Option<oneshot::Receiver<String>>,
    confirmed: watch::Receiver<Instant>,
}

impl LeaseGuard {
    /// Takes the lease of a plan; `None` if the warehouse has no leases. Waits for a silent holder as long as the
    /// warehouse's heartbeat timing requires, and calls `waits` after each look.
    ///
    /// # Errors
    /// If a live process holds the lease, or the warehouse can't be read.
    pub fn take(
        warehouse: Arc<dyn Warehouse>,
        plan: &str,
        folder: &Path,
        now: DateTime<Utc>,
        waits: impl FnMut(LeaseWait<'_>),
    ) -> Result<Option<Self>, FenceError> {
        let Some(leases) = warehouse.leases() else {
            return Ok(None);
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let own = host::own_holder(folder, now);
        if let Some(holder) = runtime.block_on(take(leases, plan, &own, waits))? {
            return Err(FenceError::Held {
                plan: plan.to_owned(),
                warehouse: warehouse.name(),
                holder: Box::new(holder),
            });
        }
        let (ending, ended) = watch::channel(());
        let (sender, lost) = oneshot::channel();
        let (confirmations, confirmed) = watch::channel(Instant::now());
        let thread = thread::Builder::new()
            .name("lease".into())
            .spawn(move || send_heartbeats(&runtime, warehouse.as_ref(), ended, sender, &confirmations))?;
        Ok(Some(Self {
            ending: Some(ending),
            thread: Some(thread),
            lost: Some(lost),
            confirmed,
        }))
    }

    /// When the warehouse last confirmed the lease.
    #[must_use]
    pub fn confirmed(&self) -> watch::Receiver<Instant> {
        self.confirmed.clone()
    }

    /// Waits until the lease is lost and returns the reason, once. Cancel safe.
    pub async fn lost(&mut self) -> String {
        if let Some(lost) = &mut self.lost {
            let loss = lost.await;
            self.lost = None;
            if let Ok(sentence) = loss {
                return sentence;
            }
        }
        std::future::pending().await
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        self.ending = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the lease thread panicked");
        }
    }
}

fn send_heartbeats(
    runtime: &Runtime,
    warehouse: &dyn Warehouse,
    ended: watch::Receiver<()>,
    sender: oneshot::Sender<String>,
    confirmations: &watch::Sender<Instant>,
) {
    if let Some(leases) = warehouse.leases()
        && let Some(sentence) = runtime.block_on(heartbeat(leases, ended, confirmations))
    {
        // The run may have ended already.
        let _ = sender.send(sentence);
    }
}

/// Sends heartbeats until the guard is dropped, then releases the lease. Returns early, with the reason, if the lease
/// is lost.
async fn heartbeat(
    leases: &dyn Leases,
    mut ended: watch::Receiver<()>,
    confirmations: &watch::Sender<Instant>,
) -> Option<String> {
    let timing = leases.heartbeat_timing();
    // The first one is sent at once: it also shows the new holder to others.
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            _ = ended.changed() => break,
            () = sleep(pause) => match timeout(timing.heartbeat_limit, leases.heartbeat()).await {
                Ok(Ok(())) => drop(confirmations.send_replace(Instant::now())),
                Ok(Err(error)) if error.class == ErrorClass::Auth => return Some(error.message),
                Ok(Err(error)) => tracing::debug!("heartbeat failed, sending the next one as scheduled: {error}"),
                Err(_) => tracing::warn!(
                    "heartbeat not confirmed within {} s, sending the next one as scheduled",
                    timing.heartbeat_limit.as_secs()
                ),
            },
        }
        pause = timing.heartbeat;
    }
    if let Err(error) = leases.give_back().await {
        tracing::warn!(
            "cannot release the lease ({error}); another process can take it after {} s without a heartbeat",
            timing.silence.as_secs()
        );
    }
    None
}
