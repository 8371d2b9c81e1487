//! The metrics of a run in the `OpenMetrics` text format, served to a monitoring system over HTTP. It reads snapshots and
//! events, and commands nothing.

mod counters;
mod exposition;
mod server;

pub use server::{MetricsAddress, MetricsPort, MetricsServer, RunMetrics};
