//! A program prints only its header, once for a date that had rows and once for a date that never had any.

use super::{Looked, Planned};

const PRINTED: &str = r#"
name = "printed"
title = "A date that had rows and has none now"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "raw"
kind = "command"
command = ["sh", "-c", '''case "${MODE:-full}-$1" in late-*|full-*-03) echo day,n;; off-*) exit 3;; *) echo day,n; echo "$1,1";; esac''', "sh", "{date}"]
skip_exit_code = 3
table = "d.raw"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
"#;

#[test]
fn output_with_only_a_header_keeps_stored_rows() {
    let case = Planned::new(PRINTED);
    case.run(&[]).expect(1);
    let before = ["2024-01-01 ok 1", "2024-01-02 ok 1", "2024-01-03 empty 0"];
    assert_eq!(case.units("raw"), before);
    let mut late = case.command(&["rerun", "--dates", "2024-01-01..2024-01-03", "--output", "plain"]);
    crate::program::ended(late.env("MODE", "late")).expect(1);
    assert_eq!(
        case.rows("SELECT day FROM d.raw ORDER BY day"),
        ["2024-01-01", "2024-01-02"]
    );
    assert_eq!(
        case.units("raw"),
        ["2024-01-01 empty 1", "2024-01-02 empty 1", "2024-01-03 empty 0"]
    );
    assert_eq!(
        case.reason("raw", "2024-01-01"),
        "expected at least 1 row, got 0; kept the 1 row stored before"
    );
    case.backcourt(&["rerun", "--failed", "--output", "plain"])
        .expect(1);
    assert_eq!(case.units("raw"), before, "the source is there again");
}

#[test]
fn a_command_that_skips_a_date_keeps_stored_rows() {
    let case = Planned::new(PRINTED);
    case.run(&["--dates", "2024-01-01"]).expect(0);
    let mut off = case.command(&["rerun", "--dates", "2024-01-01", "--output", "plain"]);
    crate::program::ended(off.env("MODE", "off")).expect(0);
    assert_eq!(case.rows("SELECT day FROM d.raw"), ["2024-01-01"]);
    assert_eq!(case.units("raw"), ["2024-01-01 skipped 0"]);
}
