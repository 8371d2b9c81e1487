//! The `BigQuery` warehouse against a local server with its REST API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

mod abandoned;
mod conformance;
mod cost;
mod datetimes;
mod declarations;
mod discovery;
mod doctor;
mod emulator;
mod faults;
mod fence;
mod foreign;
mod handover;
mod ingestion_time;
mod jobs;
mod keep;
mod killed;
mod latency;
mod lengths;
mod limits;
mod location;
mod look_back;
mod month;
#[path = "../support/moved.rs"]
mod moved;
mod observe;
mod owner;
mod pace;
mod past;
#[path = "../support/planned.rs"]
mod planned;
mod prefix;
#[path = "../support/program.rs"]
mod program;
mod program_batches;
mod proxy;
mod prune;
#[allow(dead_code, reason = "this target uses a part of it")]
#[path = "../support/pty.rs"]
mod pty;
mod query_columns;
mod recorder;
mod refill;
mod refusals;
mod rehearse;
mod rights;
mod rules;
mod secrets;
mod slices;
mod sources;
mod staging;
mod start;
mod statements;
mod warehouse;
