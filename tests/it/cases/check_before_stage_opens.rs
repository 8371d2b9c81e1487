//! `check` runs the checks of all stages as soon as the first stage has nothing to do. The later stages had not read the
//! ledger by then, so their failing rows counted as rows of dates that were not run yet: the check passed.

use super::{Looked, Planned};

const PLAN: &str = r#"
name = "two"
title = "A stage on another"
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
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{ table = "d.one" }]
sql = "SELECT day, n FROM `d.one` WHERE day = @date"
table = "d.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "one_each"
stage = "two"
title = "n is 1"
severity = "blocking"
sql = "SELECT day, n FROM `d.two` WHERE n != 1"
expect = [{ rows = 0 }]
"#;

#[test]
fn failing_rows_of_a_stage_that_is_not_open_yet_fail_its_check() {
    let case = Planned::new(PLAN);
    case.run(&[]).expect(0);
    case.sql("d", "UPDATE two SET n = 2 WHERE day = '2024-01-02'");
    let checked = case.backcourt(&["check"]).expect(1);
    assert!(checked.out.contains("FAIL one_each"), "{}", checked.out);
    assert!(checked.out.contains("2024-01-02"), "{}", checked.out);
    assert!(!checked.out.contains("not run yet"), "{}", checked.out);
}
