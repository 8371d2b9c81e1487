//! The ways to a running engine: the same for whoever shows it, in this process or behind a socket.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, watch};

use super::{Fact, Order, Snapshot};

/// What one reader of a run holds.
#[derive(Debug)]
pub struct Link {
    /// The newest picture; older ones are dropped unread.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Every fact, in order.
    pub facts: mpsc::UnboundedReceiver<Fact>,
    /// Orders to the dispatcher.
    pub orders: mpsc::Sender<Order>,
}

/// The same for readers that come and go while the run goes on. Whoever falls behind loses facts, and is told so.
#[derive(Debug, Clone)]
pub struct Access {
    /// The newest picture.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Every fact from the moment of the subscription on.
    pub facts: broadcast::Sender<Fact>,
    /// Orders to the dispatcher.
    pub orders: mpsc::Sender<Order>,
}
