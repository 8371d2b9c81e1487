//! Shared test of a plan started from one state folder and resumed from another, using the progress recorded in its
//! warehouse.

use serde_json::{Value, json};

use super::planned::Planned;

pub const PLAN: &str = r#"
name = "moved"
title = "A plan that another host continues"
from = "2024-01-01"
to = "2024-01-06"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n FROM (SELECT 1 AS one) WHERE @date != DATE '2024-01-02'"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[stage]]
name = "two"
kind = "command"
command = ["sh", "-c", "printf 'day,n\n%s,%d\n' {date} 7"]
timeout_seconds = 10
table = "d.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "few_rows"
title = "Few rows"
stage = "one"
severity = "blocking"
sql = "SELECT day FROM `d.one` WHERE n = 1 AND day > DATE '2000-01-01'"
expect = [{ rows = 0 }]
[[check]]
name = "all_ones"
title = "All are ones"
stage = "one"
severity = "advisory"
sql = "SELECT day FROM `d.one` WHERE n != 1 AND day > DATE '2000-01-01'"
expect = [{ rows = 0 }]
"#;

/// The status of the plan, without durations and other figures of the individual runs.
pub fn standing(planned: &Planned) -> Value {
    let status = planned.status();
    let part = |of: &str, kept: &[&str]| -> Vec<Value> {
        let all = status[of].as_array().unwrap().iter();
        all.map(|one| kept.iter().map(|key| one[key].clone()).collect())
            .collect()
    };
    json!({
        "stages": part("stages", &["name", "dates", "rows", "attention", "definitions", "gaps"]),
        "checks": part("checks", &["name", "state", "value", "failing_dates", "waiver", "definition", "history"]),
    })
}

/// A second state folder resumes the plan and a third one only reads it. `commits` counts the recorded commits.
pub fn another_state_folder_continues(warehouse: &[String], commits: impl Fn() -> i64) {
    let [first, second, third] = [(); 3].map(|()| Planned::on(PLAN, warehouse));
    first.run(&["--to", "2024-01-04"]).expect(1);
    first
        .backcourt(&["waive", "few_rows", "--reason", "two is enough"])
        .expect(0);
    first.run(&["--to", "2024-01-04"]).expect(1);
    let (before, committed) = (standing(&first), commits());
    assert_eq!(standing(&third), before, "without a state folder");
    let preview = third.run(&["--dry-run"]).expect(0).out;
    assert!(preview.contains("two: 6 dates, 2 to do"), "{preview}");
    assert!(!third.state.path().join("ledger.sqlite").exists());

    let run = second.run(&["--to", "2024-01-04"]).expect(1);
    assert!(run.out.contains("continuing the run of "), "{run:#?}");
    assert!(run.out.contains(": 8 of 12 dates done in 2 stages"), "{run:#?}");
    for said in ["one: 4 dates, 0 to do", "two: 4 dates, 0 to do"] {
        assert!(run.out.contains(said), "{said} in {run:#?}");
    }
    assert_eq!(standing(&second), before);
    assert_eq!(commits(), committed, "nothing was computed again");

    // The second completes the plan; the first then knows it.
    second.run(&[]).expect(1);
    assert_eq!(second.dates("two", "ok"), 6);
    let again = first.run(&[]).expect(1);
    assert!(again.out.contains("continuing the run of "), "{again:#?}");
    assert!(again.out.contains("two: 6 dates, 0 to do"), "{again:#?}");
    assert_eq!(standing(&first), standing(&second));
    let plain = first.run(&[]).expect(1);
    assert!(!plain.out.contains("continuing"), "{plain:#?}");
}
