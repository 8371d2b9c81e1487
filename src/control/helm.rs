//! Who steers: of several consoles on one run exactly one, and all of them see which.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::wire::Request;

/// The helm of a run.
#[derive(Debug, Clone, Default)]
pub struct Helm {
    held: watch::Sender<Held>,
    seats: Arc<AtomicU64>,
}

/// One console at a run; it leaves when this is dropped.
#[derive(Debug)]
pub struct Seat {
    id: u64,
    name: String,
    may_steer: bool,
    held: watch::Receiver<Held>,
    wheel: Wheel,
}

/// How the helm is reached.
#[derive(Debug)]
enum Wheel {
    Here(watch::Sender<Held>),
    Afar(mpsc::UnboundedSender<Request>),
}

#[derive(Debug, Clone, Default)]
struct Held {
    by: Option<(u64, String)>,
    consoles: usize,
}

/// How the helm looks from one console.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelmView {
    /// Who holds it; none if it is free.
    pub holder: Option<String>,
    /// Whether this console does.
    pub mine: bool,
    /// Consoles that show the run.
    pub consoles: usize,
}

/// The id of the own seat in a process that mirrors the helm of another.
const OWN: u64 = 1;

/// The id of whoever else holds it there.
const OTHER: u64 = 2;

impl Helm {
    /// A seat for one more console; `may_steer` is whether it may ever take the helm.
    #[must_use]
    pub fn seat(&self, name: &str, may_steer: bool) -> Seat {
        self.held.send_modify(|held| held.consoles += 1);
        Seat {
            id: self.seats.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            may_steer,
            held: self.held.subscribe(),
            wheel: Wheel::Here(self.held.clone()),
        }
    }

    /// A seat at the helm of another process, of which this one is told.
    pub(super) fn seat_afar(&self, may_steer: bool, requests: mpsc::UnboundedSender<Request>) -> Seat {
        Seat {
            id: OWN,
            name: String::new(),
            may_steer,
            held: self.held.subscribe(),
            wheel: Wheel::Afar(requests),
        }
    }

    /// Shows what the other process tells.
    pub(super) fn mirror(&self, told: HelmView) {
        let id = if told.mine { OWN } else { OTHER };
        self.held.send_replace(Held {
            by: told.holder.map(|name| (id, name)),
            consoles: told.consoles,
        });
    }
}

impl Seat {
    /// Takes the helm, from whoever holds it. A seat that may not steer leaves it where it is.
    pub fn take(&self) {
        if !self.may_steer {
            return;
        }
        match &self.wheel {
            Wheel::Here(held) => {
                tracing::info!("{} has control", self.name);
                held.send_modify(|held| held.by = Some((self.id, self.name.clone())));
            }
            // A run that is gone has no helm to take.
            Wheel::Afar(requests) => drop(requests.send(Request::TakeHelm)),
        }
    }

    /// Who sits here.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How the helm looks from here.
    #[must_use]
    pub fn view(&self) -> HelmView {
        let held = self.held.borrow();
        HelmView {
            holder: held.by.as_ref().map(|(_, name)| name.clone()),
            mine: held.by.as_ref().is_some_and(|(id, _)| *id == self.id),
            consoles: held.consoles,
        }
    }

    /// Waits until it looks otherwise. May be dropped and called again.
    pub async fn changed(&mut self) {
        if self.held.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it can take the helm at all.
    #[must_use]
    pub const fn may_steer(&self) -> bool {
        self.may_steer
    }

    /// Why orders are not taken from here; none if they are.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let view = self.view();
        match view.holder {
            _ if view.mine => None,
            _ if !self.may_steer => Some("this console is read-only".to_owned()),
            Some(name) => Some(format!("{name} has control")),
            None => Some("no console has control".to_owned()),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Wheel::Here(held) = &self.wheel {
            held.send_modify(|held| {
                held.consoles = held.consoles.saturating_sub(1);
                if held.by.as_ref().is_some_and(|(id, _)| *id == self.id) {
                    held.by = None;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_steers_the_others_see_who_and_a_helm_left_is_free() {
        let helm = Helm::default();
        let first = helm.seat("op@pts/1", true);
        first.take();
        let second = helm.seat("eve@pts/2", true);
        let watcher = helm.seat("bob@pts/3", false);
        assert_eq!(first.refusal(), None);
        assert_eq!(second.refusal().unwrap(), "op@pts/1 has control");
        let seen = HelmView {
            holder: Some("op@pts/1".to_owned()),
            mine: false,
            consoles: 3,
        };
        assert_eq!(second.view(), seen);
        watcher.take();
        assert_eq!(watcher.refusal().unwrap(), "this console is read-only");
        second.take();
        assert_eq!(second.refusal(), None);
        assert_eq!(first.refusal().unwrap(), "eve@pts/2 has control");
        drop(second);
        assert_eq!(first.refusal().unwrap(), "no console has control");
        assert_eq!(
            first.view(),
            HelmView {
                holder: None,
                mine: false,
                consoles: 2
            }
        );
    }

    #[test]
    fn a_mirror_shows_what_it_is_told_and_asks_the_other_side() {
        let mirror = Helm::default();
        let (requests, mut asked) = mpsc::unbounded_channel();
        let seat = mirror.seat_afar(true, requests);
        for mine in [false, true] {
            let told = HelmView {
                holder: Some("op@pts/1".to_owned()),
                mine,
                consoles: 2,
            };
            mirror.mirror(told.clone());
            assert_eq!(seat.view(), told);
            assert_eq!(seat.refusal().is_none(), mine);
        }
        seat.take();
        assert_eq!(asked.try_recv().unwrap(), Request::TakeHelm);
    }
}
