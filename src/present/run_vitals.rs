//! What the process of the run takes of the machine: measured here if it is this process, else as it tells.

use std::time::Instant;

use tokio::sync::watch;

use crate::telemetry::{Sampler, Vitals};

/// Where the figures come from.
#[derive(Debug)]
pub(super) enum RunVitals {
    /// This process, if the system tells about it.
    Own(Option<Box<Sampler>>),
    /// The process of the run.
    Told(watch::Receiver<Vitals>),
}

impl RunVitals {
    /// Those of this process.
    pub(super) fn own() -> Self {
        let sampler = Sampler::new().inspect_err(|error| tracing::warn!("no process figures: {error}"));
        Self::Own(sampler.ok().map(Box::new))
    }

    /// The newest figures.
    pub(super) fn at(&mut self, now: Instant) -> Option<Vitals> {
        match self {
            Self::Own(sampler) => sampler.as_mut().map(|sampler| sampler.sample(now)),
            Self::Told(vitals) => Some(*vitals.borrow()),
        }
    }
}
