//! Plan files: a plan is loaded, or refused in words.

use std::fs;
use std::time::Duration;

use backcourt::plan;
use proptest::prelude::*;

use super::in_words;
use super::target::FuzzTarget;

const TARGET: FuzzTarget = FuzzTarget {
    name: "plan_file",
    nested: &[
        ["name = ", "[", "]", ""],
        ["a = ", "{a = ", "}", ""],
        ["a", ".a", "", " = 1"],
        ["[a", ".a", "", "]"],
    ],
    cases: 150,
    bound: Duration::from_secs(5),
    run,
};

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.toml");
    fs::write(&file, input).unwrap();
    match plan::load(file.to_str().unwrap()) {
        Ok(plan) => prop_assert!(plan.range.from() <= plan.range.to() && !plan.stages.is_empty()),
        Err(refusal) => in_words(&refusal.to_string())?,
    }
    Ok(())
}

#[test]
fn plan_files() {
    TARGET.fuzz();
}
