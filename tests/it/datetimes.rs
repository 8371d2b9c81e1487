//! Tables whose date column is a DATETIME, with the real program, for every length of a partition; and the types that have
//! no zone or no text, DATETIME, TIME and BYTES, in queries of the embedded warehouse.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use backcourt::partition::{Grain, Partition};
use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

/// A program prints a row for the first and one for the last microsecond of each date, and a query adds them up.
fn plan(grain: &str, from: &str, to: &str) -> String {
    let part = match grain {
        "week" => "ISOWEEK",
        other => other,
    };
    let zone = match grain {
        "hour" => "",
        _ => "timezone = \"America/New_York\"",
    };
    let until = "DATETIME(@end, 'America/New_York')";
    let from_to = match grain {
        "hour" => "at >= DATETIME(@start) AND at < DATETIME(@end)".to_owned(),
        _ => format!("at >= DATETIME(@start, 'America/New_York') AND at < {until}"),
    };
    format!(
        r#"
name = "calls"
title = "Calls by their clock"
partition = "{grain}"
{zone}
from = "{from}"
to = "{to}"
workers = 2
[[stage]]
name = "calls"
kind = "command"
command = ["sh", "print", "{{date}}"]
timeout_seconds = 60
table = "d.calls"
date_column = "at"
key = ["at"]
columns = [{{ name = "at", type = "DATETIME" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 2
[[stage]]
name = "sums"
kind = "sql"
needs = ["calls"]
sql = "SELECT DATETIME_TRUNC(at, {part}) AS at, SUM(n) AS n FROM `d.calls` WHERE {from_to} GROUP BY 1"
reads = [{{ table = "d.calls" }}]
table = "d.sums"
date_column = "at"
key = ["at"]
expect_rows = 1
[[check]]
name = "none_is_large"
stage = "sums"
title = "No sum above the limit"
severity = "blocking"
sql = "SELECT DATE(at) AS day FROM `d.sums` WHERE n > 1000"
expect = [{{ rows = 0 }}]
"#
    )
}

/// Prints the rows of the file of this date.
const PRINT: &str = "echo at,n; cat \"$1\"\n";

/// The first and the last microsecond of each of two dates.
fn clocks(grain: &str) -> [(&'static str, [&'static str; 2]); 2] {
    match grain {
        "hour" => [
            (
                "2024-03-10T06",
                ["2024-03-10 06:00:00", "2024-03-10T06:59:59.999999"],
            ),
            (
                "2024-03-10T07",
                ["2024-03-10 07:00:00", "2024-03-10T07:59:59.999999"],
            ),
        ],
        // The day on which clocks change in New York.
        "day" => [
            ("2024-03-10", ["2024-03-10", "2024-03-10T23:59:59.999999"]),
            ("2024-03-11", ["2024-03-11", "2024-03-11T23:59:59.999999"]),
        ],
        "week" => [
            ("2024-W10", ["2024-03-04", "2024-03-10T23:59:59.999999"]),
            ("2024-W11", ["2024-03-11", "2024-03-17T23:59:59.999999"]),
        ],
        "month" => [
            ("2024-02", ["2024-02-01", "2024-02-29T23:59:59.999999"]),
            ("2024-03", ["2024-03-01", "2024-03-31T23:59:59.999999"]),
        ],
        _ => [
            ("2023", ["2023-01-01", "2023-12-31T23:59:59.999999"]),
            ("2024", ["2024-01-01", "2024-12-31T23:59:59.999999"]),
        ],
    }
}

/// What the program prints from now on for a date.
fn prints(planned: &Planned, date: &str, rows: &[(&str, i64)]) {
    let lines: Vec<String> = rows.iter().map(|(at, n)| format!("{at},{n}\n")).collect();
    let date = Partition::parse(date).unwrap();
    let name = match date.grain() {
        Grain::Hour => date.to_string(),
        _ => date.first_day().to_string(),
    };
    fs::write(planned.folder.path().join(name), lines.concat()).unwrap();
}

fn stored(planned: &Planned, table: &str) -> Vec<(String, i64)> {
    let tables = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
    let mut query = tables
        .prepare(&format!("SELECT at, n FROM {table} ORDER BY at"))
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn written(clock: &str) -> String {
    let (day, time) = clock.split_at(10);
    match time.get(1..) {
        None => format!("{day}T00:00:00.000000"),
        Some(time) if time.contains('.') => format!("{day}T{time}"),
        Some(time) => format!("{day}T{time}.000000"),
    }
}

#[rstest]
#[case("hour")]
#[case("day")]
#[case("week")]
#[case("month")]
#[case("year")]
fn each_date_has_the_rows_that_its_clock_shows(#[case] grain: &str) {
    let [(one, [start, end]), (two, [next, last])] = clocks(grain);
    let planned = Planned::new(&plan(grain, one, two));
    fs::write(planned.folder.path().join("print"), PRINT).unwrap();
    prints(&planned, one, &[(start, 1), (end, 2)]);
    prints(&planned, two, &[(next, 10), (last, 20)]);
    let run = planned.run(&[]).expect(0);
    for stage in ["calls", "sums"] {
        assert_eq!(planned.dates(stage, "ok"), 2, "{}", run.out);
    }
    let [start, end, next, last] = [start, end, next, last].map(written);
    let sums = |first, second| vec![(start.clone(), first), (next.clone(), second)];
    assert_eq!(stored(&planned, "sums"), sums(3, 30));

    // The rows of a date are replaced, and only they.
    prints(&planned, two, &[(&next, 100), (&last, 200)]);
    let rerun = ["rerun", "--dates", two, "--stage", "calls", "--output", "plain"];
    planned.backcourt(&rerun).expect(0);
    assert_eq!(
        stored(&planned, "calls"),
        [
            (start.clone(), 1),
            (end.clone(), 2),
            (next.clone(), 100),
            (last, 200)
        ]
    );
    assert_eq!(planned.dates("sums", "stale"), 1);
    planned.run(&[]).expect(0);
    assert_eq!(stored(&planned, "sums"), sums(3, 300));

    // A row of the date before is quarantined.
    prints(&planned, two, &[(&next, 100), (&end, 200)]);
    planned.backcourt(&rerun).expect(1);
    assert_eq!(planned.dates("calls", "partial"), 1);
    let reasons = planned.backcourt(&["report"]).out;
    assert!(reasons.contains("other_date"), "{reasons}");
}

const TYPES: &str = r#"
name = "types"
title = "Values without a zone or a text"
from = "2024-03-10"
to = "2024-03-11"
[[stage]]
name = "raw"
kind = "command"
command = ["sh", "-c", "echo at,lunch,photo; echo {date} 08:30:00.5,12:15:00,AP8="]
timeout_seconds = 60
table = "d.raw"
date_column = "at"
columns = [
  { name = "at", type = "DATETIME" }, { name = "lunch", type = "TIME" }, { name = "photo", type = "BYTES" },
]
[[stage]]
name = "derived"
kind = "sql"
needs = ["raw"]
reads = [{ table = "d.raw" }]
sql = """
SELECT at, DATE(at) AS day, EXTRACT(HOUR FROM at) AS hour, DATETIME_ADD(at, INTERVAL 90 MINUTE) AS later,
  DATETIME_ADD(at, INTERVAL 1 MONTH) AS next_month, DATETIME_DIFF(at, DATETIME '2024-03-09 23:59:59', DAY) AS days,
  TIMESTAMP(at) AS instant, DATETIME(TIMESTAMP(at), 'America/New_York') AS there, TIME(at) AS clock, lunch,
  TIME '12:15:00' = lunch AS at_noon, photo, LENGTH(photo) AS size, TO_HEX(photo) AS digits, b'abc' AS word,
  FROM_BASE64('AA==') AS zero, CAST('é' AS BYTES) AS accent, CAST(b'abc' AS STRING) AS letters,
  FORMAT_DATETIME('%Y/%m/%d %H:%M', at) AS shown, MAX(at) OVER () AS newest
FROM `d.raw` WHERE DATE(at) = @date
"""
table = "d.derived"
date_column = "at"
key = ["at"]
"#;

#[test]
fn columns_have_the_types_and_values_that_bigquery_gives_them() {
    let planned = Planned::new(TYPES);
    let run = planned.run(&[]).expect(0);
    assert_eq!(planned.dates("derived", "ok"), 2, "{}", run.out);
    let tables = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
    let declared: Vec<String> = tables
        .prepare("SELECT name || ' ' || type FROM pragma_table_info('derived')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        declared,
        [
            "at TEXT DATETIME",
            "day TEXT DATE",
            "hour INT64",
            "later TEXT DATETIME",
            "next_month TEXT DATETIME",
            "days INT64",
            "instant TEXT TIMESTAMP",
            "there TEXT DATETIME",
            "clock TEXT TIME",
            "lunch TEXT TIME",
            "at_noon INTEGER BOOL",
            "photo BLOB BYTES",
            "size INT64",
            "digits TEXT STRING",
            "word BLOB BYTES",
            "zero BLOB BYTES",
            "accent BLOB BYTES",
            "letters TEXT STRING",
            "shown TEXT STRING",
            "newest TEXT DATETIME",
        ]
    );
    let values: Vec<String> = tables
        .prepare("SELECT * FROM derived WHERE day = '2024-03-10'")
        .unwrap()
        .query_row([], |row| {
            let value = |at| match row.get_ref(at)? {
                rusqlite::types::ValueRef::Blob(bytes) => Ok(format!("{bytes:02x?}")),
                rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
                other => Ok::<_, rusqlite::Error>(other.as_str()?.to_owned()),
            };
            (0..20).map(value).collect()
        })
        .unwrap();
    assert_eq!(
        values,
        [
            "2024-03-10T08:30:00.500000",
            "2024-03-10",
            "8",
            "2024-03-10T10:00:00.500000",
            "2024-04-10T08:30:00.500000",
            "1",
            "2024-03-10T08:30:00.500000Z",
            "2024-03-10T04:30:00.500000",
            "08:30:00.500000",
            "12:15:00.000000",
            "1",
            "[00, ff]",
            "2",
            "00ff",
            "[61, 62, 63]",
            "[00]",
            "[c3, a9]",
            "abc",
            "2024/03/10 08:30",
            "2024-03-10T08:30:00.500000",
        ]
    );
}

/// `SQLite` gives a column of its own declared type DATETIME no form, so another program's values may have any.
#[test]
fn a_table_of_another_program_with_such_a_column_is_not_taken_for_ours() {
    let of_program = TYPES.rsplit_once("[[stage]]").unwrap().0;
    let planned = Planned::new(of_program);
    planned.run(&[]).expect(0);
    let file = planned.state.path().join("warehouse/d.sqlite");
    let tables = Connection::open(file).unwrap();
    tables
        .execute_batch(
            "DROP TABLE raw;
             CREATE TABLE raw (at DATETIME NOT NULL, lunch TEXT TIME, photo BLOB BYTES);
             INSERT INTO raw VALUES ('2024-03-10 08:30:00', NULL, NULL)",
        )
        .unwrap();
    let refused = planned.run(&[]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let said = "has 'at' as DATETIME of another program but the plan needs DATETIME";
    assert!(refused.out.contains(said), "{}", refused.out);
}
