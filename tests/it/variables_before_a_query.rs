//! `DECLARE` and `CREATE TEMP FUNCTION` before a query of the embedded warehouse.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use rstest::rstest;
use rusqlite::Connection;

use crate::planned::Planned;

fn planned(sql: &str) -> Planned {
    let plan = format!(
        r#"
name = "views"
title = "Views of two days"
from = "2024-01-01"
to = "2024-01-04"
workers = 2
[[stage]]
name = "views"
kind = "sql"
sql = """
{sql}
"""
table = "d.views"
date_column = "day"
key = ["day"]
expect_rows = 1
"#
    );
    let planned = Planned::new(&plan);
    let folder = planned.state.path().join("warehouse");
    fs::create_dir_all(&folder).unwrap();
    let tables = Connection::open(folder.join("src.sqlite")).unwrap();
    tables
        .execute_batch(
            "CREATE TABLE views (at TEXT DATE, views INT64);
             INSERT INTO views VALUES ('2024-01-01', 1), ('2024-01-02', 2), ('2024-01-03', 3), ('2024-01-04', 4)",
        )
        .unwrap();
    planned
}

/// The numbers by hand: 1, 1+2, 2+3, 3+4, each times 10, plus the largest of all.
#[rstest]
#[case::variables(
    "DECLARE before DATE DEFAULT DATE_SUB(@date, INTERVAL 1 DAY);
     DECLARE factor, unused INT64 DEFAULT 10;
     DECLARE largest INT64 DEFAULT (SELECT MAX(views) FROM `src.views`);
     SELECT @date AS day, SUM(views * factor) + largest AS n FROM `src.views` WHERE at BETWEEN before AND @date"
)]
#[case::of_each_other(
    "DECLARE one INT64 DEFAULT 1;
     DECLARE five DEFAULT one + 4;
     DECLARE first DATE DEFAULT '2023-12-31';
     DECLARE nothing STRING;
     SELECT @date AS day, SUM(views) * five * 2 + 4 AS n FROM `src.views`
     WHERE at BETWEEN GREATEST(first, DATE_SUB(@date, INTERVAL one DAY)) AND @date AND nothing IS NULL"
)]
#[case::functions(
    "CREATE TEMP FUNCTION twice(x INT64) AS (2 * x);
     CREATE TEMP FUNCTION tenfold(x INT64) RETURNS INT64 AS (twice(x + x + x) + twice(twice(x)));
     CREATE TEMPORARY FUNCTION is_in(views DATE, until DATE) AS (views BETWEEN DATE_SUB(until, INTERVAL 1 DAY) AND until);
     SELECT @date AS day, SUM(tenfold(views)) + 4 AS n FROM `src.views` WHERE is_in(at, @date)"
)]
fn a_query_uses_what_precedes_it(#[case] sql: &str) {
    let planned = planned(sql);
    let run = planned.run(&[]).expect(0);
    assert_eq!(planned.dates("views", "ok"), 4, "{}", run.out);
    assert_eq!(planned.numbers("views"), [14, 34, 54, 74]);
    let filled = Connection::open(planned.state.path().join("warehouse/d.sqlite")).unwrap();
    let kind: String = filled
        .query_row(
            "SELECT type FROM pragma_table_info('views') WHERE name = 'n'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kind, "INT64");
}

/// The values by hand: what a variable or an argument becomes by its declared type.
#[rstest]
#[case(
    "DECLARE b BOOL DEFAULT TRUE; SELECT @date AS day, LENGTH(CAST(b AS STRING)) AS n",
    4
)]
#[case(
    "CREATE TEMP FUNCTION g(a INT64) AS (a > 1); SELECT @date AS day, LENGTH(CAST(g(1) AS STRING)) AS n",
    5
)]
#[case(
    "DECLARE r NUMERIC DEFAULT 2 / 3; SELECT @date AS day, IF(r = 0.666666667, 1, 0) AS n",
    1
)]
#[case(
    "CREATE TEMP FUNCTION f(a DATETIME) AS (a = DATETIME '2024-01-01'); SELECT @date AS day, IF(f('2024-01-01'), 1, 0) AS n",
    1
)]
#[case(
    "CREATE TEMP FUNCTION f() RETURNS TIMESTAMP AS (DATE '2024-01-01');
     SELECT @date AS day, IF(f() = TIMESTAMP '2024-01-01', 1, 0) AS n",
    1
)]
fn a_value_has_its_declared_type(#[case] sql: &str, #[case] number: i64) {
    let planned = planned(sql);
    planned.run(&[]).expect(0);
    assert_eq!(planned.numbers("views"), [number; 4]);
}

#[rstest]
#[case(
    "DECLARE views INT64 DEFAULT 1; SELECT @date AS day, SUM(views) AS n FROM `src.views`",
    "the variable 'views' has the name of a column of src.views; give it another name"
)]
#[case(
    "DECLARE n INT64 DEFAULT 1; SELECT @date AS day, COUNT(*) + n AS n FROM `src.views`",
    "the variable 'n' has the name of a column of the query; give it another name"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (x + views); SELECT @date AS day, SUM(f(views)) AS n FROM `src.views`",
    "does not support 'views' in a function or a default, which is not declared there"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) RETURNS INT64 LANGUAGE js AS '''return x;'''; SELECT @date AS day, f(1) AS n",
    "does not support this kind of CREATE FUNCTION f"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT @date AS day, f(1, 2) AS n",
    "does not support these arguments of F(…)"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (f(x)); SELECT @date AS day, f(1) AS n",
    "does not support F(…)"
)]
#[case(
    "DECLARE a STRING DEFAULT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
     DECLARE b STRING DEFAULT CONCAT(a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a);
     DECLARE c STRING DEFAULT CONCAT(b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b);
     DECLARE d STRING DEFAULT CONCAT(c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c);
     SELECT @date AS day, LENGTH(d) AS n",
    "with so long an expression"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (EXISTS (SELECT 1 FROM `src.views` WHERE x = 1)); SELECT @date AS day, 1 AS n",
    "does not support a subquery in the function f"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (1 + SUM(x)); SELECT @date AS day, f(1) AS n",
    "does not support an aggregate in the function f"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64) AS (ROW_NUMBER() OVER (ORDER BY x)); SELECT @date AS day, f(1) AS n",
    "does not support an aggregate in the function f"
)]
#[case(
    "CREATE TEMP FUNCTION f() AS (1); CREATE TEMP FUNCTION F() AS (2); SELECT @date AS day, f() AS n",
    "does not support two functions 'F'"
)]
#[case(
    "CREATE TEMP FUNCTION f() AS (1); CREATE OR REPLACE TEMP FUNCTION f() AS (2); SELECT @date AS day, f() AS n",
    "does not support CREATE OR REPLACE FUNCTION f"
)]
#[case(
    "CREATE TEMP FUNCTION f(x INT64, X INT64) AS (x); SELECT @date AS day, f(1, 2) AS n",
    "does not support two parameters 'X' of f"
)]
#[case(
    "CREATE TEMP FUNCTION trim(x STRING) AS (CONCAT(x, '!')); SELECT @date AS day, TRIM('a') AS n",
    "does not support a function with the name of a built-in one, 'trim'"
)]
#[case(
    "CREATE TEMP FUNCTION Upper(x STRING) AS (CONCAT(x, '!')); SELECT @date AS day, UPPER('a') AS n",
    "does not support a function with the name of a built-in one, 'Upper'"
)]
#[case(
    "DECLARE x INT64 DEFAULT views; SELECT @date AS day, SUM(x) AS n FROM `src.views`",
    "does not support 'views' in a function or a default, which is not declared there"
)]
#[case(
    "DECLARE r NUMERIC(5,2) DEFAULT 1.239; SELECT @date AS day, r AS n",
    "does not support the type NUMERIC(5,2) in a declaration"
)]
#[case(
    "DECLARE views INT64 DEFAULT 2; SELECT @date AS day, COUNT(*) AS n FROM `src.view*` WHERE 1 < views",
    "the variable 'views' has the name of a column of src.views; give it another name"
)]
#[case(
    "SELECT @date AS day, COUNT(*) AS n FROM `src.views` WHERE TIME '12:15:00' = '12:15:00'",
    "compares '12:15:00' as text; write TIME '…'"
)]
fn what_cannot_be_replaced_is_refused_by_name(#[case] sql: &str, #[case] said: &str) {
    let refused = planned(sql).run(&[]).expect(2);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(all.contains(said), "{all}");
}
