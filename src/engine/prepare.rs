//! Work before the first unit, and the meter that shows its progress.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::StageError;
use crate::warehouse::Warehouse;

/// Work before the first unit, such as loading the feeds on first use.
#[async_trait]
pub trait Prepare: Send + Sync + std::fmt::Debug {
    /// What is being done, for the screen.
    fn what(&self) -> String;

    /// Does the work and updates the meter. Returns one sentence, or `None` if there was nothing to do.
    async fn prepare(&self, warehouse: &dyn Warehouse, meter: &Meter) -> Result<Option<String>, StageError>;
}

/// Progress of a preparation, shared with the dispatcher while it runs.
#[derive(Debug, Default)]
pub struct Meter {
    pub done: AtomicUsize,
    /// Total steps; 0 while unknown.
    pub total: AtomicU32,
}

impl Meter {
    #[allow(clippy::cast_precision_loss, reason = "a share for the screen")]
    pub fn share(&self) -> f64 {
        match self.total.load(Ordering::Relaxed) {
            0 => 0.0,
            total => (self.done.load(Ordering::Relaxed) as f64 / f64::from(total)).min(1.0),
        }
    }
}
