//! The control lock: of all consoles attached to a run, at most one may send commands, and all of them see which.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};

use super::wire::{ControlView, Request};

/// The control lock of a run.
#[derive(Debug, Clone, Default)]
pub struct ControlLock {
    held: watch::Sender<LockState>,
    clients: Arc<AtomicU64>,
}

/// A console attached to a run. Dropping it detaches the console and releases the lock.
#[derive(Debug)]
pub struct Client {
    id: u64,
    name: String,
    may_steer: bool,
    held: watch::Receiver<LockState>,
    transport: Transport,
}

/// How a client reaches the lock.
#[derive(Debug)]
enum Transport {
    Local(watch::Sender<LockState>),
    Remote(mpsc::UnboundedSender<Request>),
}

#[derive(Debug, Clone, Default)]
struct LockState {
    by: Option<(u64, String)>,
    consoles: usize,
}

/// The id of this process's console in a mirror of another process's lock.
const OWN: u64 = 1;

/// The id of any other console in such a mirror.
const OTHER: u64 = 2;

impl ControlLock {
    /// Attaches a console. Without `may_steer` it is read-only and can never take control.
    #[must_use]
    pub fn client(&self, name: &str, may_steer: bool) -> Client {
        self.held.send_modify(|held| held.consoles += 1);
        Client {
            id: self.clients.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            may_steer,
            held: self.held.subscribe(),
            transport: Transport::Local(self.held.clone()),
        }
    }

    /// Attaches a console to the lock of another process, which this one mirrors.
    pub(super) fn remote_client(&self, may_steer: bool, requests: mpsc::UnboundedSender<Request>) -> Client {
        Client {
            id: OWN,
            name: String::new(),
            may_steer,
            held: self.held.subscribe(),
            transport: Transport::Remote(requests),
        }
    }

    /// Mirrors the state that the other process reports.
    pub(super) fn mirror(&self, received: ControlView) {
        let id = if received.mine { OWN } else { OTHER };
        self.held.send_replace(LockState {
            by: received.holder.map(|name| (id, name)),
            consoles: received.consoles,
        });
    }
}

impl Client {
    /// Takes control, even from another console. Does nothing for a read-only console.
    pub fn take(&self) {
        if !self.may_steer {
            return;
        }
        match &self.transport {
            Transport::Local(held) => {
                tracing::info!("{} has control", self.name);
                held.send_modify(|held| held.by = Some((self.id, self.name.clone())));
            }
            // Fails only after the end of the run, when there is no lock to take.
            Transport::Remote(requests) => drop(requests.send(Request::TakeControl)),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The lock as this console sees it.
    #[must_use]
    pub fn view(&self) -> ControlView {
        let held = self.held.borrow();
        ControlView {
            holder: held.by.as_ref().map(|(_, name)| name.clone()),
            mine: held.by.as_ref().is_some_and(|(id, _)| *id == self.id),
            consoles: held.consoles,
        }
    }

    /// Waits for a change of the lock. Cancel-safe.
    pub async fn changed(&mut self) {
        if self.held.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the console can take control at all.
    #[must_use]
    pub const fn may_steer(&self) -> bool {
        self.may_steer
    }

    /// Why commands from this console are refused; `None` if they are accepted.
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

impl Drop for Client {
    fn drop(&mut self) {
        if let Transport::Local(held) = &self.transport {
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
    fn one_client_has_control_until_it_releases_it() {
        let control_lock = ControlLock::default();
        let first = control_lock.client("op@pts/1", true);
        first.take();
        let second = control_lock.client("eve@pts/2", true);
        let watcher = control_lock.client("bob@pts/3", false);
        assert_eq!(first.refusal(), None);
        assert_eq!(second.refusal().unwrap(), "op@pts/1 has control");
        let seen = ControlView {
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
            ControlView {
                holder: None,
                mine: false,
                consoles: 2
            }
        );
    }

    #[test]
    fn a_remote_client_mirrors_the_lock_and_forwards_requests() {
        let mirror = ControlLock::default();
        let (requests, mut asked) = mpsc::unbounded_channel();
        let client = mirror.remote_client(true, requests);
        for mine in [false, true] {
            let received = ControlView {
                holder: Some("op@pts/1".to_owned()),
                mine,
                consoles: 2,
            };
            mirror.mirror(received.clone());
            assert_eq!(client.view(), received);
            assert_eq!(client.refusal().is_none(), mine);
        }
        client.take();
        assert_eq!(asked.try_recv().unwrap(), Request::TakeControl);
    }
}
