//! The resource usage of the run's process: measured if it is this process, else received from it.

use std::time::Instant;

use tokio::sync::watch;

use crate::telemetry::{ProcessMetrics, Sampler};

#[derive(Debug)]
pub(super) enum MetricsSource {
    /// This process; `None` if the operating system provides no metrics.
    Own(Option<Box<Sampler>>),
    /// Another process, which sends them.
    Remote(watch::Receiver<ProcessMetrics>),
}

impl MetricsSource {
    pub(super) fn own() -> Self {
        let sampler = Sampler::new().inspect_err(|error| tracing::warn!("no process metrics: {error}"));
        Self::Own(sampler.ok().map(Box::new))
    }

    pub(super) fn at(&mut self, now: Instant) -> Option<ProcessMetrics> {
        match self {
            Self::Own(sampler) => sampler.as_mut().map(|sampler| sampler.sample(now)),
            Self::Remote(metrics) => Some(*metrics.borrow()),
        }
    }
}
