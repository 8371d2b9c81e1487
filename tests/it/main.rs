//! Integration tests of the program and the library: one file per area, in one binary, so that the library is linked
//! once. Tests that need a local `BigQuery` are in the other binary, `tests/bigquery/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

#[path = "../support/moved.rs"]
mod moved;
#[path = "../support/planned.rs"]
mod planned;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/rows.rs"]
mod rows;
#[path = "../support/toy.rs"]
mod toy;

mod attach;
mod bad_input;
mod bulk;
mod cases;
mod chaos;
mod checks_sql;
mod config;
mod console;
mod contracts;
mod control;
mod damage;
mod datetimes;
mod definitions;
mod demo_tape;
mod depends_on_past;
mod docs_checks;
mod docs_control;
mod docs_keys;
mod docs_links;
mod docs_tables;
mod doctor;
mod engine;
mod engine_idle;
mod fence;
mod fuzz;
mod gate;
mod grains;
mod handover;
mod hours;
mod https;
mod import;
mod late_rows;
mod ledger;
mod manual;
mod metrics;
mod msrv;
mod notify;
mod outdated;
mod own_stages;
mod owner;
mod pictures;
mod plan_tools;
mod program_batches;
mod projection;
mod query_columns;
mod questions;
mod raw_tables;
mod rehearse;
mod replay;
mod report;
mod rooms;
mod runbook;
mod sample;
mod slices;
mod slices_model;
mod sources;
mod sources_sql;
mod ssh;
mod stage_lengths;
mod stale;
mod term_guard;
mod timezone;
mod traced;
mod trust;
mod truth;
mod usage_causes;
mod values;
mod variables;
mod variables_before_a_query;
mod versions;
mod waiting;
mod whole_plan;
mod wildcards;
mod words;
