//! The resource usage of the run's process: measured if it is this process, else received from it.

use std::time::Instant;

use tokio::sync::watch;

use crate::telemetry::{Sampler, Vitals};

/// The source of the metrics.
#[derive(Debug)]
pub(super) enum RunVitals {
    /// This process; `None` if the operating system provides no metrics.
    Own(Option<Box<Sampler>>),
    /// Another process.
    Told(watch::Receiver<Vitals>),
}

impl RunVitals {
    /// The metrics of this process.
    pub(super) fn own() -> Self {
        let sampler = Sampler::new().inspect_err(|error| tracing::warn!("no process figures: {error}"));
        Self::Own(sampler.ok().map(Box::new))
    }

    /// The newest metrics.
    pub(super) fn at(&mut self, now: Instant) -> Option<Vitals> {
        match self {
            Self::Own(sampler) => sampler.as_mut().map(|sampler| sampler.sample(now)),
            Self::Told(vitals) => Some(*vitals.borrow()),
        }
    }
}
