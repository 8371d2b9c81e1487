//! The cost of an idle engine. In a separate file, because the CPU time of the whole process is measured.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::time::Duration;

use crate::toy::{Fault, Toy, day};

/// The CPU time of this process, in ticks of 10 ms.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    [11, 12].map(|at| fields[at].parse::<u64>().unwrap()).iter().sum()
}

/// The ticks that a run of six slow dates takes with one worker.
fn ticks_of(toy: &Toy) -> u64 {
    let before = ticks();
    let (ending, _) = toy.run_with(|options| {
        options.workers = 1;
        options.largest_batch = 1;
    });
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    ticks() - before
}

#[test]
fn a_due_date_waits_for_a_free_worker_without_spinning() {
    let slow = || Toy::new(6).slow(Duration::from_millis(300));
    // What the run itself takes, which depends on what else the machine does.
    let usual = ticks_of(&slow());
    let used = ticks_of(&slow().with_fault(day(0), Fault::Transient(1))).saturating_sub(usual);
    assert!(used < 10, "{used} ticks of 10 ms, most of 2 s spent waiting");
}
