//! The link to a running engine, the same for the presenter in this process and for clients on a socket.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use super::{Fact, Order, Snapshot};

/// One reader's link to a run.
#[derive(Debug)]
pub struct Link {
    /// The latest snapshot; a reader may miss older ones.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    pub facts: mpsc::UnboundedReceiver<Fact>,
    pub orders: mpsc::Sender<Order>,
}

/// Access for clients that connect during the run. A client that falls behind misses events and is notified.
#[derive(Debug, Clone)]
pub struct Access {
    /// The latest snapshot.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Subscribe here to get every event from then on.
    pub facts: broadcast::Sender<Fact>,
    pub orders: mpsc::Sender<Order>,
}
