//! What one attached console is shown: everything at first, then what is new. Pictures are the newest only, facts and
//! log lines all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::engine::{Fact, Snapshot};
use crate::telemetry::{LogRing, Sampler};

use super::control_lock::Client;
use super::picture::Picture;
use super::server::Run;
use super::wire::Said;

/// Lines of the log a console begins with.
const TAIL: usize = 1_000;

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// One console's share of a run.
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

/// What there is to be shown.
#[derive(Debug)]
pub(super) enum News {
    Snapshot,
    Fact(Box<Fact>),
    Control,
    /// The log and the figures of the process, now and then.
    Look,
    /// Facts were lost, because the console takes too long.
    Behind,
    /// The engine has ended: the last picture.
    Over,
}

impl Showing {
    pub(super) fn of(run: &Run, name: &str, may_steer: bool) -> Self {
        let mut look = interval(LOOK);
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

    /// Waits for something new. May be dropped and called again without losing any.
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

    /// What a console begins with.
    pub(super) fn everything(&mut self) -> Vec<Said> {
        let lines = self.log.since(0);
        let tail = lines.len().saturating_sub(TAIL);
        self.logged = lines.last().map_or(0, |line| line.number);
        let mut all = vec![Said::Control(self.client.view()), self.picture()];
        if !lines.is_empty() {
            all.push(Said::Log(lines[tail..].to_vec()));
        }
        all
    }

    /// What is to be said of it; none if the console is to be let go.
    pub(super) fn take(&mut self, news: News) -> Option<Vec<Said>> {
        Some(match news {
            News::Snapshot | News::Over => vec![self.picture()],
            News::Fact(fact) => vec![Said::Fact(fact)],
            News::Control => vec![Said::Control(self.client.view())],
            News::Look => {
                let lines = self.log.since(self.logged);
                self.logged = lines.last().map_or(self.logged, |line| line.number);
                let lines = (!lines.is_empty()).then_some(Said::Log(lines));
                let vitals = self
                    .sampler
                    .as_mut()
                    .map(|sampler| sampler.sample(Instant::now()));
                lines.into_iter().chain(vitals.map(Said::Vitals)).collect()
            }
            News::Behind => return None,
        })
    }

    fn picture(&mut self) -> Said {
        let now = self.snapshots.borrow_and_update().clone();
        let picture = Picture::since(self.sent.as_deref(), &now);
        self.sent = Some(now);
        Said::Picture(Box::new(picture))
    }
}
