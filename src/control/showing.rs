//! The stream to an attached console: its full state at first, then changes. Only the newest snapshot is sent, but
//! every event and log line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::engine::{Fact, Snapshot};
use crate::telemetry::{LogRing, Sampler};

use super::control_lock::Client;
use super::run::RunAccess;
use super::update::SnapshotUpdate;
use super::wire::Payload;

/// Log lines sent to a console when it attaches.
const TAIL: usize = 1_000;

/// Polling interval of the log.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The state of one console's stream.
#[derive(Debug)]
pub(super) struct Showing {
    pub(super) client: Client,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    facts: broadcast::Receiver<Fact>,
    log: LogRing,
    look: Interval,
    sampler: Option<Sampler>,
    sent: Option<Arc<Snapshot>>,
    logged: u64,
}

#[derive(Debug)]
pub(super) enum News {
    Snapshot,
    Fact(Box<Fact>),
    Control,
    /// Time to poll the log and the process metrics.
    Look,
    /// Events were lost because the console reads too slowly.
    Behind,
    /// The engine has ended; the last snapshot follows.
    Over,
}

impl Showing {
    pub(super) fn of(run: &RunAccess, name: &str, may_steer: bool) -> Self {
        let mut look = interval(POLL_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            client: run.control_lock.client(name, may_steer),
            snapshots: run.access.snapshots.clone(),
            facts: run.access.facts.subscribe(),
            log: run.log.clone(),
            look,
            sampler: Sampler::new()
                .inspect_err(|error| tracing::warn!("no process figures: {error}"))
                .ok(),
            sent: None,
            logged: 0,
        }
    }

    /// Waits for news. Cancel-safe.
    pub(super) async fn news(&mut self) -> News {
        tokio::select! {
            changed = self.snapshots.changed() => match changed {
                Ok(()) => News::Snapshot,
                Err(_) => News::Over,
            },
            fact = self.facts.recv() => match fact {
                Ok(fact) => News::Fact(Box::new(fact)),
                Err(RecvError::Lagged(_)) => News::Behind,
                Err(RecvError::Closed) => News::Over,
            },
            () = self.client.changed() => News::Control,
            _ = self.look.tick() => News::Look,
        }
    }

    /// The initial messages to a console.
    pub(super) fn everything(&mut self) -> Vec<Payload> {
        let lines = self.log.since(0);
        let tail = lines.len().saturating_sub(TAIL);
        self.logged = lines.last().map_or(0, |line| line.number);
        let mut all = vec![Payload::Control(self.client.view()), self.snapshot()];
        if !lines.is_empty() {
            all.push(Payload::Log(lines[tail..].to_vec()));
        }
        all
    }

    /// The messages for an item of news; `None` if the console must be disconnected.
    pub(super) fn take(&mut self, news: News) -> Option<Vec<Payload>> {
        Some(match news {
            News::Snapshot | News::Over => vec![self.snapshot()],
            News::Fact(fact) => vec![Payload::Event(fact)],
            News::Control => vec![Payload::Control(self.client.view())],
            News::Look => {
                let lines = self.log.since(self.logged);
                self.logged = lines.last().map_or(self.logged, |line| line.number);
                let lines = (!lines.is_empty()).then_some(Payload::Log(lines));
                let metrics = self
                    .sampler
                    .as_mut()
                    .map(|sampler| sampler.sample(Instant::now()));
                lines
                    .into_iter()
                    .chain(metrics.map(Payload::ProcessMetrics))
                    .collect()
            }
            News::Behind => return None,
        })
    }

    fn snapshot(&mut self) -> Payload {
        let now = self.snapshots.borrow_and_update().clone();
        let update = SnapshotUpdate::since(self.sent.as_deref(), &now);
        self.sent = Some(now);
        Payload::Snapshot(Box::new(update))
    }
}
