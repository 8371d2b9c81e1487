//! Fuzz tests of external input, corrupted at random: parsers never panic, errors are readable, and accepted input
//! round-trips. Each target first gets the inputs in its folder of `corpus/`, then mutations of them.
//!
//! `BACKCOURT_FUZZ_MINUTES=60 cargo test --test it fuzz::plan_file` runs a target for an hour, `PROPTEST_CASES` sets the
//! number of cases.

//!
//! Linux only: the time an input takes is read from /proc.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod event_log;
mod feeds;
mod imported_rows;
mod key_stream;
mod mutation;
mod names;
mod plan_file;
mod printed_rows;
mod socket_line;
mod sql;
mod target;

use proptest::prelude::*;

/// Asserts that an error is readable: at least three words, and no internals of the program.
fn in_words(refusal: &str) -> Result<(), TestCaseError> {
    prop_assert!(refusal.split_whitespace().count() >= 3, "{refusal:?}");
    for inside in ["panicked", "unwrap()", "Some(", "Err(", "ParserError("] {
        prop_assert!(!refusal.contains(inside), "{refusal:?}");
    }
    Ok(())
}
