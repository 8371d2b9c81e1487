//! The memory for rows that programs print, shared by all workers: rows that don't fit wait outside it. Must not know
//! what the rows are.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that one permit stands for.
const UNIT: usize = 1024;

/// The memory, in bytes.
#[derive(Debug, Clone)]
pub struct RowMemory(Arc<Semaphore>);

/// A part of the memory, until its last clone is dropped. Shares don't tell results apart: all are equal.
#[derive(Debug, Clone, Default)]
pub struct MemoryShare(
    #[allow(dead_code, reason = "held for what its drop does")] Option<Arc<OwnedSemaphorePermit>>,
);

impl RowMemory {
    /// This many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// Waits for a share of this many bytes. Never ends if that is more than there is.
    pub async fn share(&self, bytes: usize) -> MemoryShare {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.0).acquire_many_owned(units).await;
        // It is never closed.
        MemoryShare(share.ok().map(Arc::new))
    }
}

impl PartialEq for MemoryShare {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_share_is_waited_for_until_another_is_dropped() {
        let memory = RowMemory::new(10 * UNIT);
        let first = memory.share(9 * UNIT + 1).await;
        let other = first.clone();
        let next = memory.share(1);
        tokio::pin!(next);
        assert!((&mut next).now_or_never().is_none());
        drop(first);
        assert!((&mut next).now_or_never().is_none());
        drop(other);
        next.await;
    }
}
