//! Types worked out by hand from the documentation of `BigQuery`'s functions and operators.

use rstest::rstest;

use super::*;

/// The tables of the tests: one with a column of each type, and one to join.
fn tables() -> BTreeMap<String, TableTypes> {
    let table = |columns: &[(&str, &str)]| -> TableTypes {
        let column = |(name, kind): &(&str, &str)| ((*name).to_owned(), ColumnType::parse(kind).ok());
        columns.iter().map(column).collect()
    };
    let all = table(&[
        ("day", "DATE"),
        ("at", "TIMESTAMP"),
        ("n", "INT64"),
        ("x", "FLOAT64"),
        ("price", "NUMERIC(10,2)"),
        ("rate", "NUMERIC"),
        ("name", "STRING"),
        ("ok", "BOOL"),
        ("tags", "ARRAY<STRING>"),
        ("xs", "ARRAY<FLOAT64>"),
        ("doc", "JSON"),
        ("old", "?"),
    ]);
    let other = table(&[("n", "INT64"), ("city", "STRING"), ("x", "STRING")]);
    BTreeMap::from([("raw.t".to_owned(), all), ("raw.cities".to_owned(), other)])
}

fn shown(types: &TableTypes) -> Vec<String> {
    let shown = |(name, kind): &(String, Option<ColumnType>)| {
        let kind = kind.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        format!("{name} {kind}")
    };
    types.iter().map(shown).collect()
}

#[rstest]
// Columns and literals.
#[case("day", "DATE")]
#[case("t.price", "NUMERIC(10,2)")]
#[case("tags", "ARRAY<STRING>")]
#[case("doc", "JSON")]
#[case("1", "INT64")]
#[case("-1.5", "FLOAT64")]
#[case("2e3", "FLOAT64")]
#[case("'a'", "STRING")]
#[case("TRUE", "BOOL")]
#[case("DATE '2024-01-05'", "DATE")]
#[case("TIMESTAMP '2024-01-05 10:00:00+00'", "TIMESTAMP")]
#[case("@date", "DATE")]
#[case("@start", "TIMESTAMP")]
#[case("@end", "TIMESTAMP")]
#[case("[1.5, 2.5]", "ARRAY<FLOAT64>")]
#[case("['a', name]", "ARRAY<STRING>")]
#[case("tags[OFFSET(0)]", "STRING")]
#[case("xs[SAFE_ORDINAL(2)]", "FLOAT64")]
// Casts.
#[case("CAST(name AS INT64)", "INT64")]
#[case("SAFE_CAST(name AS FLOAT64)", "FLOAT64")]
#[case("CAST(NULL AS STRING)", "STRING")]
#[case("CAST(old AS DATE)", "DATE")]
#[case("CAST(day AS TIMESTAMP)", "TIMESTAMP")]
// Operators.
#[case("n + 1", "INT64")]
#[case("n * 2.5", "FLOAT64")]
#[case("n / 2", "FLOAT64")]
#[case("price / n", "NUMERIC(38,9)")]
#[case("price * n", "NUMERIC(38,9)")]
#[case("price + n", "NUMERIC(31,2)")]
#[case("price - rate", "NUMERIC(38,9)")]
#[case("price + x", "FLOAT64")]
#[case("- price", "NUMERIC(10,2)")]
#[case("day + 1", "DATE")]
#[case("day - n", "DATE")]
#[case("name || '!'", "STRING")]
#[case("n = 1 AND NOT ok", "BOOL")]
#[case("name LIKE 'a%'", "BOOL")]
#[case("n BETWEEN 1 AND 2", "BOOL")]
#[case("day IN (SELECT day FROM raw.t)", "BOOL")]
#[case("old IS NULL", "BOOL")]
// Conditions take the common type of their results.
#[case("IF(ok, 1, 2.5)", "FLOAT64")]
#[case("CASE WHEN ok THEN n END", "INT64")]
#[case("CASE n WHEN 1 THEN 'one' ELSE name END", "STRING")]
#[case("COALESCE(NULL, price, 0)", "NUMERIC(31,2)")]
#[case("IFNULL(day, '2024-01-05')", "DATE")]
#[case("NULLIF(n, 0)", "INT64")]
#[case("GREATEST(n, x)", "FLOAT64")]
// Functions.
#[case("ABS(price)", "NUMERIC(10,2)")]
#[case("ROUND(n)", "FLOAT64")]
#[case("ROUND(price, 1)", "NUMERIC(38,9)")]
#[case("FLOOR(n)", "FLOAT64")]
#[case("CEIL(rate)", "NUMERIC(38,9)")]
#[case("SQRT(n)", "FLOAT64")]
#[case("POW(price, 2)", "NUMERIC(38,9)")]
#[case("MOD(n, 3)", "INT64")]
#[case("DIV(n, 3)", "INT64")]
#[case("SAFE_DIVIDE(n, n)", "FLOAT64")]
#[case("LENGTH(name)", "INT64")]
#[case("UPPER(name)", "STRING")]
#[case("TRIM(name)", "STRING")]
#[case("SUBSTR(name, 1, 2)", "STRING")]
#[case("CONCAT(name, n)", "STRING")]
#[case("STARTS_WITH(name, 'a')", "BOOL")]
#[case("SPLIT(name, ',')", "ARRAY<STRING>")]
#[case("DATE(at)", "DATE")]
#[case("DATE_TRUNC(day, MONTH)", "DATE")]
#[case("DATE_ADD(day, INTERVAL 1 DAY)", "DATE")]
#[case("DATE_DIFF(day, @date, DAY)", "INT64")]
#[case("TIMESTAMP_TRUNC(at, HOUR)", "TIMESTAMP")]
#[case("EXTRACT(HOUR FROM at)", "INT64")]
#[case("EXTRACT(DATE FROM at)", "DATE")]
#[case("FORMAT_DATE('%Y', day)", "STRING")]
#[case("CURRENT_TIMESTAMP()", "TIMESTAMP")]
// Aggregates and windows.
#[case("COUNT(*)", "INT64")]
#[case("COUNTIF(ok)", "INT64")]
#[case("SUM(n)", "INT64")]
#[case("SUM(price)", "NUMERIC(31,2)")]
#[case("SUM(x)", "FLOAT64")]
#[case("AVG(n)", "FLOAT64")]
#[case("AVG(price)", "NUMERIC(38,9)")]
#[case("MIN(at)", "TIMESTAMP")]
#[case("MAX(name)", "STRING")]
#[case("LOGICAL_OR(ok)", "BOOL")]
#[case("STDDEV(n)", "FLOAT64")]
#[case("STRING_AGG(name)", "STRING")]
#[case("ROW_NUMBER() OVER (ORDER BY day)", "INT64")]
#[case("LAG(day) OVER (ORDER BY day)", "DATE")]
#[case("PERCENT_RANK() OVER (ORDER BY n)", "FLOAT64")]
// Subqueries, which see the tables around them.
#[case("(SELECT MAX(day) FROM raw.t)", "DATE")]
#[case("(SELECT t.price FROM raw.cities AS c WHERE c.n = t.n)", "NUMERIC(10,2)")]
// What doesn't follow from the query.
#[case("NULL", "?")]
#[case("old", "?")]
#[case("MAX(old)", "?")]
#[case("IF(ok, n, name)", "?")]
#[case("IF(ok, n, old)", "?")]
#[case("price * 1.5", "?")]
#[case("day - day", "?")]
#[case("MOD(x, 2)", "?")]
#[case("DATE_TRUNC(at, DAY)", "?")]
#[case("[1, 2]", "?")]
#[case("SUM(name)", "?")]
#[case("strange", "?")]
#[case("u.n", "?")]
fn an_expression_has_the_type_that_bigquery_gives_it(#[case] expression: &str, #[case] kind: &str) {
    let types = column_types(&format!("SELECT {expression} AS v FROM raw.t AS t"), &tables());
    assert_eq!(shown(&types), [format!("v {kind}")], "{expression}");
}

#[rstest]
#[case::all_columns("SELECT * FROM raw.cities", &["n INT64", "city STRING", "x STRING"])]
#[case::all_of_one("SELECT c.*, t.day FROM raw.t t, raw.cities c", &["n INT64", "city STRING", "x STRING", "day DATE"])]
#[case::backticks_and_a_project("SELECT t.day FROM `p.raw.t`", &["day DATE"])]
#[case::ambiguous("SELECT x FROM raw.t t JOIN raw.cities c ON t.n = c.n", &["x ?"])]
#[case::in_common("SELECT n, city FROM raw.t JOIN raw.cities USING (n)", &["n INT64", "city STRING"])]
#[case::in_common_once(
    "SELECT * FROM (SELECT n, day FROM raw.t) JOIN raw.cities USING (n)",
    &["n INT64", "day DATE", "city STRING", "x STRING"]
)]
#[case::with(
    "WITH a AS (SELECT day, SUM(n) AS s FROM raw.t GROUP BY day), b AS (SELECT day, s / 2 AS half FROM a) SELECT * FROM b",
    &["day DATE", "half FLOAT64"]
)]
#[case::subquery("SELECT q.d AS day FROM (SELECT day AS d FROM raw.t) AS q", &["day DATE"])]
#[case::union("SELECT n AS v FROM raw.t UNION ALL SELECT x FROM raw.t", &["v FLOAT64"])]
#[case::union_of_null("SELECT day, NULL AS v FROM raw.t UNION ALL SELECT day, name FROM raw.t", &["day DATE", "v STRING"])]
#[case::union_of_others("SELECT n AS v FROM raw.t UNION ALL SELECT name FROM raw.t", &["v ?"])]
#[case::unknown_table("SELECT day FROM raw.missing", &["day ?"])]
#[case::an_alias_is_not_a_column("SELECT name AS n, n AS m FROM raw.t", &["n STRING", "m INT64"])]
#[case::case_of_names("SELECT DAY FROM RAW.T", &["DAY DATE"])]
fn the_columns_of_a_query_have_their_types(#[case] sql: &str, #[case] columns: &[&str]) {
    assert_eq!(shown(&column_types(sql, &tables())), columns);
}
