//! backcourt runs a date-by-date backfill in its own process and lets one operator steer it.
//!
//! One folder per room; what each may use is kept by `tests/it/rooms.rs`.

pub mod checks;
pub mod cli;
pub mod console;
pub mod control;
pub mod engine;
pub mod feeds;
pub mod fence;
pub mod figures;
pub mod ledger;
pub mod nba;
pub mod plan;
pub mod present;
pub mod replay;
pub mod report;
pub mod runbook;
pub mod sql;
pub mod stages;
pub mod table;
pub mod telemetry;
pub mod term;
pub mod warehouse;
