//! A read-only console for the progress a warehouse has recorded of a plan. It uses the same channels as a run; a
//! reader polls the warehouse behind them. Nothing is written.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::metrics_source::MetricsSource;
use super::notify::{Notifier, Notify};
use super::tui::{self, ObserverChannels, ScreenContext};
use crate::console::{LeaseHolder, Observation, Preferences, ReadFailure};
use crate::control::ControlLock;
use crate::engine::{Command, Fact, Link, Observed, Observer, Order, Reply, Snapshot};
use crate::telemetry::LogRing;

const PAUSE: Duration = Duration::from_secs(30);

/// Timeout of a reading; the next one follows after the interval.
const PATIENCE: Duration = Duration::from_mins(1);

/// Shows the readings of an observer until the operator leaves, starting with `observed`; returns the exit code. The
/// runtime must be the one the observer has used so far.
///
/// # Errors
/// The screen can't be opened, or the reading can't be shown.
pub fn observe(
    runtime: &Runtime,
    observer: Observer,
    observed: &Observed,
    preferences: &Preferences,
) -> io::Result<u8> {
    let first = observer.snapshot(observed, 1).map_err(io::Error::other)?;
    runtime.block_on(async {
        let (snapshots, seen) = watch::channel(Arc::new(first));
        let (facts, told) = mpsc::unbounded_channel();
        let (orders, given) = mpsc::channel(64);
        let (wishes, wanted) = mpsc::unbounded_channel();
        let (newest, told_of) = watch::channel(observation(observed));
        let reader = ObserverTask {
            observer,
            snapshots,
            newest,
            _facts: facts,
        };
        tokio::spawn(reader.read_now_and_then(wanted, given));
        let mut link = Link {
            snapshots: seen,
            facts: told,
            orders,
        };
        let screen_context = ScreenContext {
            log: LogRing::new(1),
            metrics: MetricsSource::Own(None),
            client: ControlLock::default().client("observer", false),
            remote: true,
            can_detach: true,
            playing: None,
            reading: Some(ObserverChannels {
                wishes,
                newest: told_of,
            }),
        };
        let left = tui::follow(
            &mut link,
            preferences,
            screen_context,
            &mut Notifier::new(Notify::Never),
        )
        .await?;
        Ok(left.exit_code())
    })
}

/// The observer and the channels it reports to.
struct ObserverTask {
    observer: Observer,
    snapshots: watch::Sender<Arc<Snapshot>>,
    newest: watch::Sender<Observation>,
    /// Kept open although no event is sent: a closed channel would mean that the run has ended.
    _facts: mpsc::UnboundedSender<Fact>,
}

impl ObserverTask {
    /// Polls until the screen is closed.
    async fn read_now_and_then(
        mut self,
        mut wishes: mpsc::UnboundedReceiver<()>,
        mut orders: mpsc::Receiver<Order>,
    ) {
        let mut due = Instant::now() + PAUSE;
        loop {
            tokio::select! {
                wish = wishes.recv() => if wish.is_none() {
                    return;
                },
                order = orders.recv() => match order {
                    Some(order) => {
                        refuse(order);
                        continue;
                    }
                    None => return,
                },
                () = sleep_until(due) => {}
            }
            self.newest.send_modify(|newest| newest.is_reading = true);
            let read = self.read(&mut orders).await;
            self.tell(read);
            while wishes.try_recv().is_ok() {}
            due = Instant::now() + PAUSE;
        }
    }

    /// Reads once; commands that arrive meanwhile are refused at once.
    async fn read(&mut self, orders: &mut mpsc::Receiver<Order>) -> Result<Observed, String> {
        let mut read = pin!(timeout(PATIENCE, self.observer.read()));
        loop {
            tokio::select! {
                read = &mut read => return match read {
                    Ok(Ok(Some(observed))) => Ok(observed),
                    Ok(Ok(None)) => Err("the warehouse no longer has a run of the plan".to_owned()),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
                },
                Some(order) = orders.recv() => refuse(order),
            }
        }
    }

    /// Shows a reading; if it failed, the previous one stays on screen.
    fn tell(&self, read: Result<Observed, String>) {
        let version = self.snapshots.borrow().version + 1;
        let shown = read.and_then(|observed| {
            let snapshot = self.observer.snapshot(&observed, version);
            let snapshot = snapshot.map_err(|error| error.to_string())?;
            Ok((snapshot, observed))
        });
        match shown {
            Ok((snapshot, observed)) => {
                self.newest.send_replace(observation(&observed));
                self.snapshots.send_replace(Arc::new(snapshot));
            }
            Err(why) => self.newest.send_modify(|newest| {
                newest.is_reading = false;
                newest.failure = Some(ReadFailure { at: Utc::now(), why });
            }),
        }
    }
}

fn observation(observed: &Observed) -> Observation {
    let lease = observed.holder.as_ref().map(|holder| LeaseHolder {
        host: holder.host.clone(),
        pid: holder.pid,
        folder: holder.folder.clone(),
        since: holder.since,
        heard_at: observed.heard_at,
    });
    Observation {
        host: observed.host.clone(),
        lease,
        read_at: observed.at,
        is_reading: false,
        failure: None,
    }
}

fn refuse(order: Order) {
    let sentence = match order.command {
        Command::Inspect { .. } => {
            "this console reads the recorded progress only; query the table to see its rows"
        }
        _ => "this console is read-only",
    };
    // The screen may have been closed.
    let _ = order.answer.send(Reply::Refused(sentence.to_owned()));
}
