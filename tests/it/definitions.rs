//! Check results and rows belong to the definition they were made by: an edited check runs again before its gate
//! decides, a waiver applies to one definition and one value, and equivalent edits change nothing.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use crate::planned::Planned;
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;

const PLAN: &str = r#"
name = "check_edited"
title = "A blocking check that is edited between two runs"
from = "2024-01-01"
to = "2024-01-03"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "positive"
stage = "one"
title = "n is large enough"
severity = "blocking"
sql = "SELECT day FROM `d.one` WHERE n < 1"
expect = [{ rows = 0 }]
"#;

const TWO: &str = r#"
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{ table = "d.one" }]
sql = "SELECT day, n + 1 AS n FROM `d.one` WHERE day = @date"
table = "d.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

trait Checked {
    /// The check in the status.
    fn check(&self) -> Value;

    fn state_of_check(&self) -> String {
        self.check()["state"].as_str().unwrap().to_owned()
    }

    /// How often the check ran.
    fn answers(&self) -> i64;

    /// Number of dates of a stage that were started.
    fn begun(&self, stage: &str) -> i64;
}

impl Checked for Planned {
    fn check(&self) -> Value {
        let status = self.status();
        let checks = status["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == "positive")
            .unwrap()
            .clone()
    }

    fn answers(&self) -> i64 {
        self.state
            .count("SELECT COUNT(*) FROM check_result WHERE answer <> 'WAIVED' OR seconds > 0")
    }

    fn begun(&self, stage: &str) -> i64 {
        self.state
            .count(&format!("SELECT COUNT(*) FROM unit WHERE stage = '{stage}'"))
    }
}

/// The plan with one part replaced.
fn with(part: &str, other: &str) -> String {
    let edited = PLAN.replacen(part, other, 1);
    assert_ne!(edited, PLAN);
    edited
}

#[rstest]
#[case::its_query("n < 1\"", "n < 10\"")]
#[case::its_expectation("rows = 0", "rows = 3")]
#[case::expectation_kind("{ rows = 0 }", "{ every = \"day\", starts_with = \"2025\" }")]
#[case::its_dates(
    "title = \"n is large enough\"",
    "title = \"n\"\ndates = [\"2024-01-02\"]\nbefore = \"none\""
)]
fn check_edited(#[case] part: &str, #[case] other: &str) {
    let edited = Planned::new(PLAN);
    edited.run(&[]).expect(0);
    assert_eq!((edited.state_of_check().as_str(), edited.answers()), ("PASS", 1));
    edited.run(&[]).expect(0);
    assert_eq!(edited.answers(), 1, "the same definition is not asked again");

    let failing = if part == "title = \"n is large enough\"" {
        with(part, other).replacen("n < 1\"", "n < 10\"", 1)
    } else {
        with(part, other)
    };
    edited.write(&(failing.clone() + TWO));
    let check = edited.check();
    assert_eq!(check["state"], "OUTDATED", "an old PASS is not a PASS");
    assert_eq!(check["definition"], "changed");
    let told = edited.backcourt(&["status"]).expect(0).out;
    assert!(
        told.contains("result of another definition; run it again"),
        "{told}"
    );

    for _ in 0..2 {
        edited.run(&[]).expect(1);
        assert_eq!(edited.state_of_check(), "FAIL");
        assert_eq!(edited.begun("two"), 0, "no gate opens by an old PASS");
    }

    edited.write(&(PLAN.to_owned() + TWO));
    edited.run(&[]).expect(0);
    assert_eq!(
        (edited.state_of_check().as_str(), edited.begun("two")),
        ("PASS", 3)
    );
    edited.write(&failing);
    edited.run(&[]).expect(1);
}

#[test]
fn check_edited_advisory_then_blocking() {
    let failing = with("n < 1\"", "n < 10\"");
    let advisory = failing.replacen("severity = \"blocking\"", "severity = \"advisory\"", 1);
    let edited = Planned::new(&advisory);
    edited.run(&[]).expect(0);
    assert_eq!(edited.state_of_check(), "WARN");
    edited.write(&(failing + TWO));
    for _ in 0..2 {
        edited.run(&[]).expect(1);
        assert_eq!(
            (edited.state_of_check().as_str(), edited.begun("two")),
            ("FAIL", 0)
        );
    }
    edited.write(&(advisory + TWO));
    edited.run(&[]).expect(0);
    assert_eq!(
        (edited.state_of_check().as_str(), edited.begun("two")),
        ("WARN", 3)
    );
}

#[test]
fn an_edited_check_also_runs_when_another_is_named() {
    let other = "[[check]]\nname = \"other\"\nstage = \"one\"\ntitle = \"Another\"\nseverity = \"blocking\"\n\
                 sql = \"SELECT day FROM `d.one` WHERE n > 1\"\nexpect = [{ rows = 0 }]\n";
    let edited = Planned::new(&(PLAN.to_owned() + other));
    edited.run(&[]).expect(0);
    edited.write(&(with("n < 1\"", "n < 10\"") + other));
    edited
        .backcourt(&["check", "other", "--output", "plain"])
        .expect(1);
    assert_eq!(edited.state_of_check(), "FAIL");
}

#[test]
fn a_reformatted_check_is_not_run_again() {
    let edited = Planned::new(PLAN);
    edited.run(&[]).expect(0);
    edited.write(
        &with(
            "sql = \"SELECT day FROM `d.one` WHERE n < 1\"",
            "sql = \"\"\"\n-- what is too small\nselect day\nfrom `d.one` /* the table */\nwhere n < 1;\n\"\"\"",
        )
        .replacen("title = \"n is large enough\"", "title = \"Another title\"", 1),
    );
    assert_eq!(
        (edited.state_of_check().as_str(), &edited.check()["definition"]),
        ("PASS", &"current".into())
    );
    edited.run(&[]).expect(0);
    assert_eq!(edited.answers(), 1);
}

/// A check with three failing rows that was waived.
fn waived() -> Planned {
    let edited = Planned::new(&(with("n < 1\"", "n < 10\"") + TWO));
    edited.run(&[]).expect(1);
    edited
        .backcourt(&["waive", "positive", "--reason", "known, the source is small"])
        .expect(0);
    edited.run(&[]).expect(0);
    assert_eq!(
        (edited.state_of_check().as_str(), edited.begun("two")),
        ("WAIVED", 3)
    );
    edited
}

#[rstest]
#[case::another_query_with_the_same_value("n < 10\"", "n < 11\"")]
#[case::another_expectation("rows = 0", "rows = 1")]
#[case::another_query_with_another_value("n < 10\"", "n < 10 AND day > '2024-01-01'\"")]
fn a_waiver_applies_to_one_definition(#[case] part: &str, #[case] other: &str) {
    let edited = waived();
    let plan = fs::read_to_string(edited.file()).unwrap();
    edited.write(&plan.replacen(part, other, 1));
    let refused = edited
        .backcourt(&["waive", "positive", "--reason", "again"])
        .expect(2);
    assert!(refused.err.contains("positive is OUTDATED"), "{}", refused.err);
    for _ in 0..2 {
        edited.run(&[]).expect(1);
        let check = edited.check();
        assert_eq!(check["state"], "FAIL");
        assert_eq!(
            check["remark"],
            "the waiver of positive was for another definition"
        );
    }
    let told = edited.backcourt(&["status"]).expect(0).out;
    assert!(
        told.contains("the waiver of positive was for another definition"),
        "{told}"
    );
    edited.write(&plan);
    edited.run(&[]).expect(0);
    assert_eq!(edited.state_of_check(), "WAIVED", "it was for this one");
}

#[test]
fn a_waiver_applies_to_a_reformatted_definition() {
    let edited = waived();
    let plan = fs::read_to_string(edited.file()).unwrap();
    edited.write(&plan.replacen(
        "SELECT day FROM `d.one` WHERE n < 10",
        "select day /* why */ from `d.one` where n < 10",
        1,
    ));
    assert_eq!(edited.state_of_check(), "WAIVED");
    edited
        .backcourt(&["check", "positive", "--output", "plain"])
        .expect(0);
    assert_eq!(edited.state_of_check(), "WAIVED");
}

#[test]
fn a_waiver_applies_to_one_value() {
    let edited = waived();
    let warehouse = Connection::open(edited.state.path().join("warehouse/d.sqlite")).unwrap();
    warehouse
        .execute("UPDATE one SET n = 20 WHERE day = '2024-01-02'", [])
        .unwrap();
    edited
        .backcourt(&["check", "positive", "--output", "plain"])
        .expect(1);
    let check = edited.check();
    assert_eq!(check["state"], "FAIL");
    assert_eq!(
        check["remark"],
        "the waiver of positive was for 3 rows on 3 dates, but the value is now 2 rows on 2 dates"
    );
}

#[test]
fn results_of_older_versions_stay_valid_with_an_unknown_definition() {
    let edited = waived();
    let ledger = Connection::open(edited.state.path().join("ledger.sqlite")).unwrap();
    ledger
        .execute_batch("UPDATE check_result SET fingerprint = NULL; UPDATE waiver SET fingerprint = NULL")
        .unwrap();
    let answers = edited.answers();
    edited.run(&[]).expect(0);
    assert_eq!(edited.answers(), answers, "it is not asked for that reason alone");
    let check = edited.check();
    assert_eq!(
        (&check["state"], &check["definition"]),
        (&"WAIVED".into(), &"unknown".into())
    );
    assert!(
        check["remark"]
            .as_str()
            .unwrap()
            .starts_with("definition unknown")
    );
    edited
        .backcourt(&["check", "positive", "--output", "plain"])
        .expect(1);
    assert_eq!(edited.state_of_check(), "FAIL", "nobody knows what was waived");
}
