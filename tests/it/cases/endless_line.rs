//! A program that printed a hundred megabytes without a line break needed six times as much memory, and logged it all.

use std::fs;

use super::Planned;

const PLAN: &str = r#"
name = "endless_line"
title = "A program that never ends its line"
from = "2024-01-01"
to = "2024-01-01"
[[stage]]
name = "noise"
kind = "command"
command = ["sh", "-c", '''head -c 100000000 /dev/zero | tr '\0' x''', "{date}"]
"#;

#[test]
fn only_the_beginning_of_a_line_without_end_is_logged() {
    let case = Planned::new(PLAN);
    case.run(&[]).expect(0);
    let logs = fs::read_dir(case.state.path().join("logs")).unwrap();
    let log = fs::read_to_string(logs.map(Result::unwrap).next().unwrap().path()).unwrap();
    let longest = log.lines().map(str::len).max().unwrap();
    assert!((65_536..66_000).contains(&longest), "{longest}");
    assert!(log.len() < 200_000, "{}", log.len());
    assert!(
        log.contains("95.3 MiB of its output are not in the log"),
        "says what it leaves out"
    );
}
