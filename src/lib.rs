//! backcourt runs a partition-by-partition backfill in its own process, controlled from one terminal.
//!
//! One folder per module; `tests/it/rooms.rs` enforces which modules each may use.

pub mod checks;
pub mod cli;
pub mod console;
pub mod control;
pub mod engine;
pub mod escape;
pub mod feeds;
pub mod fence;
pub mod figures;
pub mod import;
pub mod ledger;
pub mod metrics;
pub mod nba;
pub mod own_file;
pub mod partition;
pub mod plan;
pub mod present;
pub(crate) mod reason;
pub mod replay;
pub mod report;
pub mod runbook;
pub mod sql;
pub mod stages;
pub mod table;
pub mod telemetry;
pub mod term;
pub mod version;
pub mod warehouse;
mod write_ahead_log;
