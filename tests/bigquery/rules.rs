//! Rules of the embedded warehouse, tested with the real program on `BigQuery`: days out of scope and edited checks.

use backcourt::warehouse::Warehouse;

use super::emulator::Emulator;
use super::faults::block_on;
use super::planned::Planned;

const MONDAYS: &str = r#"
name = "mondays"
title = "Mondays, into a table that has rows of other days"
from = "2024-01-01"
to = "2024-01-14"
active = ["mon"]
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "positive"
stage = "one"
title = "n is large enough"
severity = "blocking"
sql = "SELECT day FROM `mart.t` WHERE day = DATE '2024-01-01' AND n < 1"
expect = [{ rows = 0 }]
"#;

const TWO: &str = r#"
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{ table = "mart.t" }]
sql = "SELECT day, n + 1 AS n FROM `mart.t` WHERE day = @date"
table = "mart.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

/// The first value of a query's result.
fn asked(emulator: &Emulator, sql: &str) -> String {
    let answer = block_on(emulator.open().query(sql)).unwrap();
    let first = answer.rows.first().map(|row| row[0].to_string());
    first.unwrap_or_default()
}

#[test]
fn rows_of_inactive_days_are_never_changed() {
    let Some(emulator) = Emulator::start() else { return };
    let planned = Planned::on(MONDAYS, &emulator.flags());
    planned.run(&[]).expect(0);
    asked(
        &emulator,
        "INSERT INTO `mart.t` (day, n) SELECT day, 7 \
         FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2023-12-25', DATE '2024-01-31')) AS day \
         WHERE day NOT IN (DATE '2024-01-01', DATE '2024-01-08')",
    );
    let of_others = "SELECT COUNT(*) AS n FROM `mart.t` WHERE n = 7";
    assert_eq!(asked(&emulator, of_others), "36");
    for args in [&[][..], &["--no-resume"], &["--from", "2024-01-08"], &[]] {
        planned.run(args).expect(0);
        assert_eq!(asked(&emulator, of_others), "36", "{args:?}");
        assert_eq!(
            asked(&emulator, "SELECT COUNT(*) AS n FROM `mart.t`"),
            "38",
            "{args:?}"
        );
    }
    let said = planned.run(&[]).expect(0).out;
    assert!(said.contains("14 dates, 0 to do"), "{said}");
}

#[test]
fn an_edited_check_is_rerun_before_its_gate() {
    let Some(emulator) = Emulator::start() else { return };
    let planned = Planned::on(MONDAYS, &emulator.flags());
    planned.run(&[]).expect(0);
    let edited = MONDAYS.replacen("n < 1\"", "n < 10\"", 1) + TWO;
    planned.write(&edited);
    for _ in 0..2 {
        let said = planned.run(&[]).expect(1).out;
        assert!(said.contains("FAIL"), "{said}");
        let made = "SELECT COUNT(*) AS n FROM `mart.INFORMATION_SCHEMA.TABLES` WHERE table_name = 'two'";
        if asked(&emulator, made) != "0" {
            assert_eq!(asked(&emulator, "SELECT COUNT(*) AS n FROM `mart.two`"), "0");
        }
    }
    planned.write(&(MONDAYS.to_owned() + TWO));
    planned.run(&[]).expect(0);
    assert_eq!(asked(&emulator, "SELECT SUM(n) AS n FROM `mart.two`"), "4");
}
