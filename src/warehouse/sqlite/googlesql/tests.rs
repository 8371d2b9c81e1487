//! Each construct returns the same as on `BigQuery`, by hand-computed results. Unsupported ones are rejected by name.

use chrono::{DateTime, Utc};
use rstest::rstest;
use rusqlite::Connection;

use super::TableCatalog;
use super::{translate, translate_about};
use crate::partition::Timezone;
use crate::table::Value;
use crate::warehouse::sqlite::connection::{attach, blank};
use crate::warehouse::sqlite::query::answer;
use crate::warehouse::{Answer, ErrorClass, WarehouseError};

/// `league.games`: two games with four rows, two NULLs, and column names for aliases to clash with.
fn league() -> (tempfile::TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let connection = blank().unwrap();
    attach(&connection, "league", &dir.path().join("league.sqlite")).unwrap();
    connection
        .execute_batch(
            r#"CREATE TABLE league.games (game_id TEXT, game_date TEXT, team TEXT, points INTEGER, pace REAL,
                                          won INTEGER, issues TEXT, processed_at TEXT);
               INSERT INTO league.games VALUES
               ('20211019_GSW_LAL', '2021-10-19', 'GSW', 121, 113.5, 1, '["a","b"]', '2026-01-04T20:00:00.000000Z'),
               ('20211019_GSW_LAL', '2021-10-19', 'LAL', 114, 113.5, 0, '[]', '2026-01-04T22:30:00.000000Z'),
               ('20211020_BOS_NYK', '2021-10-20', 'BOS', 134, NULL, 0, '[]', '2026-01-05T00:00:00.000000Z'),
               ('20211020_BOS_NYK', '2021-10-20', 'NYK', 138, 96.4, 1, NULL, '2026-01-05T00:00:00.000000Z');"#,
        )
        .unwrap();
    (dir, connection)
}

fn now() -> DateTime<Utc> {
    "2026-01-05T01:16:00.25Z".parse().unwrap()
}

fn ask(sql: &str) -> Result<Answer, WarehouseError> {
    let (dir, connection) = league();
    let tables = crate::warehouse::sqlite::trial::shapes(&connection, &[]).unwrap();
    let sql = translate(sql, now(), &tables)?;
    answer(&connection, &sql, &[], Timezone::UTC).map_err(|fault| fault.in_context(&sql, dir.path()))
}

/// The same for a query for the two game dates.
fn told_about(sql: &str) -> String {
    let (dir, connection) = league();
    let dates = ["2021-10-20", "2021-10-19"].map(|date| date.parse().unwrap());
    let sql = translate_about(sql, now(), &TableCatalog::new()).unwrap();
    let answer =
        answer(&connection, &sql, &dates, Timezone::UTC).map_err(|fault| fault.in_context(&sql, dir.path()));
    joined(&answer.unwrap_or_else(|error| panic!("{sql}\n{error}")))
}

/// The rows of the result: values joined by commas, rows by semicolons.
fn told(sql: &str) -> String {
    joined(&ask(sql).unwrap_or_else(|error| panic!("{sql}\n{error}")))
}

fn joined(answer: &Answer) -> String {
    let rows: Vec<String> = answer
        .rows
        .iter()
        .map(|row| row.iter().map(shown).collect::<Vec<_>>().join(","))
        .collect();
    rows.join("; ")
}

/// Floats are shown with a decimal point, to distinguish them from integers.
fn shown(value: &Value) -> String {
    match value {
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

#[rstest]
// Numbers
#[case("7 / 2", "3.5")]
#[case("1 / 3 * 3", "1.0")]
#[case("2 - 3 - 4", "-5")]
#[case("2 - (3 - 4)", "3")]
#[case("SAFE_DIVIDE(1, 0)", "NULL")]
#[case("SAFE_DIVIDE(1, 4)", "0.25")]
#[case("NULL / 0", "NULL")]
#[case("ROUND(2.5)", "3.0")]
#[case("ROUND(-2.5)", "-3.0")]
#[case("ROUND(12.65, 1)", "12.7")]
#[case("ROUND(1250, -2)", "1300.0")]
#[case("ROUND(7)", "7.0")]
#[case("TRUNC(-2.7)", "-2.0")]
#[case("CEIL(2.1) + FLOOR(-2.1)", "0.0")]
#[case("MOD(-7, 3)", "-1")]
#[case("DIV(7, 2)", "3")]
#[case("ABS(-3)", "3")]
#[case("SQRT(16) + POW(2, 3)", "12.0")]
#[case("GREATEST(1, 3, 2)", "3")]
#[case("GREATEST(1, NULL)", "NULL")]
#[case("LEAST(4, 3)", "3")]
#[case("GREATEST(5)", "5")]
#[case("-(-3)", "3")]
// Conditions
#[case("IF(1 > 2, 'a', 'b')", "b")]
#[case("IF(NULL, 'a', 'b')", "b")]
#[case("IFNULL(NULL, 2)", "2")]
#[case("COALESCE(NULL, NULL, 3)", "3")]
#[case("COALESCE(4)", "4")]
#[case("NULLIF(3, 3)", "NULL")]
#[case("CASE WHEN 2 BETWEEN 1 AND 3 THEN 'in' ELSE 'out' END", "in")]
#[case("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two")]
#[case("NULL IS DISTINCT FROM 1", "1")]
#[case("NULL IS NOT DISTINCT FROM NULL", "1")]
#[case("NOT TRUE OR TRUE", "1")]
#[case("NOT (TRUE OR TRUE)", "0")]
#[case("1 = 1 AND 2 <> 3 AND 2 != 3", "1")]
#[case("(1 < 2) = TRUE", "1")]
#[case("NULL IN (1, 2)", "NULL")]
#[case("3 NOT IN (1, 2)", "1")]
#[case("'b' IN UNNEST(['a', 'b'])", "1")]
#[case("(1 = 2) IS FALSE", "1")]
// Texts
#[case(r#""it's" || 'so'"#, "it'sso")]
#[case(r"'a\'b'", "a'b")]
#[case(r"r'\d'", r"\d")]
#[case("'''a'b'''", "a'b")]
#[case("CONCAT('a', 1, NULL)", "NULL")]
#[case("CONCAT('a', 1, 2.5)", "a12.5")]
#[case("SUBSTR('abcdef', 2, 3)", "bcd")]
#[case("SUBSTR('abcdef', -2)", "ef")]
#[case("SUBSTR('abcdef', 0, 2)", "ab")]
#[case("UPPER('é') || LOWER('É')", "Éé")]
#[case("TRIM('  a  ') || '|' || LTRIM(' b') || RTRIM('c ')", "a|bc")]
#[case("LENGTH('naïve')", "5")]
#[case("REPLACE('a-b', '-', '_')", "a_b")]
#[case("STRPOS('abc', 'c')", "3")]
#[case("STARTS_WITH('abc', 'ab')", "1")]
#[case("ENDS_WITH('abc', 'ab')", "0")]
#[case("'ABC' LIKE 'a%'", "0")]
#[case("'abc' LIKE 'a%' AND 'a.c' NOT LIKE 'a_'", "1")]
#[case(r"'10%' LIKE r'10\%'", "1")]
#[case(r"REGEXP_CONTAINS('20211019_GSW_LAL', r'^\d{8}_[A-Z]{2,3}_[A-Z]{2,3}$')", "1")]
#[case("REGEXP_CONTAINS(NULL, 'a')", "NULL")]
#[case("REGEXP_EXTRACT('a12b', '[0-9]+')", "12")]
#[case("REGEXP_EXTRACT('a12b', 'a([0-9])')", "1")]
#[case("REGEXP_EXTRACT('ab', '[0-9]')", "NULL")]
// Arrays
#[case("SPLIT('a_b_c', '_')[SAFE_OFFSET(2)]", "c")]
#[case("SPLIT('a_b_c', '_')[SAFE_OFFSET(3)]", "NULL")]
#[case("SPLIT('a_b_c', '_')[OFFSET(0)]", "a")]
#[case("SPLIT('a,b')[ORDINAL(2)]", "b")]
#[case("ARRAY_LENGTH(SPLIT('a_b', '_'))", "2")]
// Dates
#[case("DATE '2021-10-19'", "2021-10-19")]
#[case("DATE '2021-10-19' + 1", "2021-10-20")]
#[case("DATE(2021, 10, 19)", "2021-10-19")]
#[case("DATE(TIMESTAMP '2021-10-19 23:30:00-05:00')", "2021-10-20")]
#[case("DATE_ADD('2024-01-31', INTERVAL 1 MONTH)", "2024-02-29")]
#[case("DATE_SUB(DATE '2024-03-01', INTERVAL 1 DAY)", "2024-02-29")]
#[case("DATE_DIFF(DATE '2024-03-01', DATE '2024-02-28', DAY)", "2")]
#[case("DATE_DIFF(DATE '2024-01-01', DATE '2023-12-31', YEAR)", "1")]
#[case("DATE_DIFF(DATE '2024-01-07', DATE '2024-01-06', WEEK)", "1")]
#[case("DATE_DIFF(DATE '2024-01-06', DATE '2024-01-01', WEEK)", "0")]
#[case("DATE(TIMESTAMP '2024-03-11 03:59:59+00', 'America/New_York')", "2024-03-10")]
#[case(
    "TIMESTAMP_TRUNC(TIMESTAMP '2024-03-11 03:59:59.5+00', HOUR)",
    "2024-03-11T03:00:00.000000Z"
)]
#[case(
    "TIMESTAMP_TRUNC(TIMESTAMP '2024-03-11 03:59:59+00', ISOWEEK)",
    "2024-03-11T00:00:00.000000Z"
)]
#[case(
    "TIMESTAMP_TRUNC(TIMESTAMP '2024-03-11 03:59:59+00', DAY, 'America/New_York')",
    "2024-03-10T05:00:00.000000Z"
)]
#[case(
    "TIMESTAMP_TRUNC(TIMESTAMP '2024-03-11 03:59:59+00', HOUR, 'Asia/Kolkata')",
    "2024-03-11T03:30:00.000000Z"
)]
#[case(
    "FORMAT_TIMESTAMP('%F %H:%M', TIMESTAMP '2024-03-11 03:59:59+00')",
    "2024-03-11 03:59"
)]
#[case(
    "FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2024-03-11 03:59:59+00', 'America/New_York')",
    "2024-03-10 23:59:59"
)]
#[case("FORMAT_DATE('%G-W%V', DATE '2024-03-11')", "2024-W11")]
#[case("DATE_TRUNC(DATE '2024-05-17', MONTH)", "2024-05-01")]
#[case("DATE_TRUNC(DATE '2024-05-17', QUARTER)", "2024-04-01")]
#[case("DATE_TRUNC(DATE '2024-05-17', WEEK)", "2024-05-12")]
#[case("DATE_TRUNC(DATE '2024-05-19', ISOWEEK)", "2024-05-13")]
#[case("TIMESTAMP('2024-03-10', 'America/New_York')", "2024-03-10T05:00:00.000000Z")]
#[case("TIMESTAMP(DATE '2024-03-10')", "2024-03-10T00:00:00.000000Z")]
#[case("LAST_DAY(DATE '2024-02-10')", "2024-02-29")]
#[case("LAST_DAY(DATE '2024-02-10', QUARTER)", "2024-03-31")]
#[case("LAST_DAY(DATE '2024-03-13', ISOWEEK)", "2024-03-17")]
#[case("LAST_DAY(DATE '2024-03-13', WEEK)", "2024-03-16")]
#[case("EXTRACT(ISOWEEK FROM DATE '2021-01-03')", "53")]
#[case("EXTRACT(ISOYEAR FROM DATE '2021-01-03')", "2020")]
#[case(
    "EXTRACT(HOUR FROM TIMESTAMP '2024-03-10 03:30:00+00' AT TIME ZONE 'America/New_York')",
    "22"
)]
#[case(
    "EXTRACT(DATE FROM TIMESTAMP '2024-03-10 03:30:00+00' AT TIME ZONE 'America/New_York')",
    "2024-03-09"
)]
#[case("EXTRACT(YEAR FROM DATE '2021-10-19')", "2021")]
#[case("EXTRACT(DAYOFWEEK FROM DATE '2024-01-07')", "1")]
#[case("EXTRACT(HOUR FROM TIMESTAMP '2021-10-19 23:30:00')", "23")]
#[case("FORMAT_DATE('%Y%m%d', DATE '2021-10-19')", "20211019")]
#[case("PARSE_DATE('%Y%m%d', '20211019')", "2021-10-19")]
#[case("CURRENT_DATE()", "2026-01-05")]
#[case("CURRENT_DATE - 7", "2025-12-29")]
#[case("CURRENT_TIMESTAMP()", "2026-01-05T01:16:00.250000Z")]
#[case(
    "TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 HOUR)",
    "2026-01-04T22:16:00.250000Z"
)]
#[case(
    "TIMESTAMP_ADD(TIMESTAMP '2026-01-04', INTERVAL 90 MINUTE)",
    "2026-01-04T01:30:00.000000Z"
)]
#[case(
    "TIMESTAMP_DIFF(TIMESTAMP '2026-01-04 02:59:00', TIMESTAMP '2026-01-04', HOUR)",
    "2"
)]
// Casts
#[case("CAST('12' AS INT64) + CAST(2.5 AS INT64)", "15")]
#[case("CAST('1.5' AS FLOAT64)", "1.5")]
#[case("CAST(12 AS STRING) || CAST(2.0 AS STRING)", "122")]
#[case("CAST(1 = 1 AS STRING)", "true")]
#[case("CAST('2021-10-19' AS DATE)", "2021-10-19")]
#[case("CAST(TIMESTAMP '2026-01-04 01:02:03' AS STRING)", "2026-01-04 01:02:03+00")]
#[case("SAFE_CAST('x' AS INT64)", "NULL")]
#[case("SAFE_CAST('2021-02-30' AS DATE)", "NULL")]
fn expressions_give_the_results_of_bigquery(#[case] expression: &str, #[case] expected: &str) {
    assert_eq!(told(&format!("SELECT {expression}")), expected, "{expression}");
}

#[rstest]
// Aggregates
#[case(
    "SELECT ROUND(COUNT(*) / COUNT(DISTINCT game_date), 1) FROM `p.league.games`",
    "2.0"
)]
#[case(
    "SELECT COUNTIF(points > 120), COUNTIF(points > 200) FROM league.games",
    "3,0"
)]
#[case(
    "SELECT COUNTIF(points > 0), SUM(points), COUNT(*) FROM league.games WHERE FALSE",
    "0,NULL,0"
)]
#[case(
    "SELECT SUM(points), AVG(pace), MIN(team), MAX(game_date) FROM league.games",
    "507,107.8,BOS,2021-10-20"
)]
#[case(
    "SELECT LOGICAL_AND(points > 100), LOGICAL_OR(points > 200) FROM league.games",
    "1,0"
)]
#[case(
    "SELECT STRING_AGG(team, '-' ORDER BY team DESC) FROM league.games",
    "NYK-LAL-GSW-BOS"
)]
#[case(
    "SELECT STRING_AGG(DISTINCT game_date) FROM league.games WHERE points < 130",
    "2021-10-19"
)]
#[case(
    "SELECT ANY_VALUE(team HAVING MAX points), ANY_VALUE(team HAVING MIN points) FROM league.games",
    "NYK,LAL"
)]
#[case(
    "SELECT ANY_VALUE(game_id) FROM league.games WHERE team = 'LAL'",
    "20211019_GSW_LAL"
)]
#[case(
    "SELECT ROUND(STDDEV(points), 3), VAR_POP(points) FROM league.games",
    "11.177,93.6875"
)]
#[case("SELECT STDDEV(points) FROM league.games WHERE team = 'LAL'", "NULL")]
#[case(
    "SELECT CORR(points, points * 2 + 1), CORR(points, -points) FROM league.games",
    "1.0,-1.0"
)]
// Names
#[case("SELECT t.team FROM `p`.`league`.`games` AS t WHERE t.points = 134", "BOS")]
#[case("SELECT games.team FROM `p.league.games` WHERE games.points = 134", "BOS")]
#[case(
    "SELECT team AS game_id, COUNT(*) FROM league.games GROUP BY game_id ORDER BY game_id",
    "BOS,1; GSW,1; LAL,1; NYK,1"
)]
#[case(
    "SELECT game_date AS d, COUNT(*) AS points FROM league.games GROUP BY d HAVING points > 1 ORDER BY d",
    "2021-10-19,2; 2021-10-20,2"
)]
#[case(
    "SELECT game_date, COUNT(*) FROM league.games GROUP BY 1 HAVING SUM(points) > 240",
    "2021-10-20,2"
)]
#[case(
    "SELECT team, -points AS points FROM league.games ORDER BY ABS(points) LIMIT 1 OFFSET 1",
    "GSW,-121"
)]
#[case(
    "SELECT team FROM league.games ORDER BY pace, team DESC",
    "BOS; NYK; LAL; GSW"
)]
// Joins and subqueries
#[case(
    "SELECT a.team, b.team FROM league.games a JOIN league.games b \
        ON a.game_id = b.game_id AND a.team < b.team ORDER BY 1",
    "BOS,NYK; GSW,LAL"
)]
#[case(
    "SELECT game_id, a.team, b.points FROM league.games a LEFT JOIN \
        (SELECT * FROM league.games WHERE points > 135) b USING (game_id, team) ORDER BY team",
    "20211020_BOS_NYK,BOS,NULL; 20211019_GSW_LAL,GSW,NULL; 20211019_GSW_LAL,LAL,NULL; \
        20211020_BOS_NYK,NYK,138"
)]
#[case("SELECT COUNT(*) FROM league.games a CROSS JOIN league.games b", "16")]
#[case(
    "SELECT COUNT(*) FROM league.games a, league.games b WHERE a.team = b.team",
    "4"
)]
#[case(
    "SELECT team FROM league.games WHERE points = (SELECT MAX(points) FROM league.games)",
    "NYK"
)]
#[case(
    "SELECT team FROM league.games g WHERE points > \
        (SELECT AVG(points) FROM league.games o WHERE o.game_id = g.game_id) ORDER BY team",
    "GSW; NYK"
)]
#[case(
    "SELECT team FROM league.games g WHERE NOT EXISTS \
        (SELECT 1 FROM league.games o WHERE o.points > g.points)",
    "NYK"
)]
#[case(
    "SELECT team FROM league.games WHERE game_id IN \
        (SELECT game_id FROM league.games WHERE team = 'LAL') ORDER BY team",
    "GSW; LAL"
)]
#[case(
    "WITH a AS (SELECT team FROM league.games WHERE won), b AS (SELECT team FROM a) SELECT * FROM b ORDER BY 1",
    "GSW; NYK"
)]
// Set operations
#[case("SELECT 1 UNION ALL SELECT 1", "1; 1")]
#[case("SELECT 1 UNION DISTINCT SELECT 1", "1")]
#[case(
    "SELECT team FROM league.games EXCEPT DISTINCT SELECT team FROM league.games WHERE won ORDER BY 1",
    "BOS; LAL"
)]
#[case("SELECT 1 UNION ALL (SELECT 2 EXCEPT DISTINCT SELECT 2)", "1")]
#[case("(SELECT 1 UNION ALL SELECT 2) INTERSECT DISTINCT SELECT 2", "2")]
// Windows
#[case(
    "SELECT team, ROW_NUMBER() OVER (PARTITION BY game_id ORDER BY points DESC) AS place \
        FROM league.games ORDER BY team",
    "BOS,2; GSW,1; LAL,2; NYK,1"
)]
#[case(
    "SELECT team FROM league.games WHERE TRUE \
        QUALIFY ROW_NUMBER() OVER (PARTITION BY game_id ORDER BY points DESC) = 1 ORDER BY team",
    "GSW; NYK"
)]
#[case(
    "SELECT team, RANK() OVER (ORDER BY points DESC) AS place FROM league.games QUALIFY place <= 2 ORDER BY place",
    "NYK,1; BOS,2"
)]
#[case(
    "SELECT game_date, SUM(points) FROM league.games GROUP BY game_date \
        QUALIFY SUM(points) = MAX(SUM(points)) OVER ()",
    "2021-10-20,272"
)]
#[case(
    "SELECT points - LAG(points) OVER (ORDER BY points) FROM league.games ORDER BY points",
    "NULL; 7; 13; 4"
)]
#[case(
    "SELECT SUM(points) OVER (ORDER BY points ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) \
        FROM league.games ORDER BY points",
    "114; 235; 255; 272"
)]
#[case(
    "SELECT ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) FROM league.games GROUP BY won",
    "50.0; 50.0"
)]
#[case("SELECT COUNTIF(won) OVER () FROM league.games LIMIT 1", "2")]
// Stored forms
#[case(
    "SELECT team FROM league.games WHERE game_date >= '2021-10-20' AND won",
    "NYK"
)]
#[case(
    "SELECT team FROM league.games WHERE processed_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 3 HOURS) \
        ORDER BY team",
    "BOS; LAL; NYK"
)]
#[case(
    "SELECT ARRAY_LENGTH(issues), issues[SAFE_OFFSET(1)] FROM league.games ORDER BY team",
    "0,NULL; 2,b; 0,NULL; NULL,NULL"
)]
#[case("SELECT game_date - 1 FROM league.games WHERE team = 'LAL'", "2021-10-18")]
#[case("SELECT points + pace FROM league.games WHERE team = 'LAL'", "227.5")]
#[case(
    "SELECT DISTINCT SPLIT(game_id, '_')[OFFSET(2)] AS home FROM league.games ORDER BY home",
    "LAL; NYK"
)]
fn queries_give_the_results_of_bigquery(#[case] sql: &str, #[case] expected: &str) {
    assert_eq!(told(sql), expected, "{sql}");
}

#[rstest]
#[case("SELECT 7 / 0", "division by zero: 7 / 0")]
#[case("SELECT MOD(7, 0)", "division by zero: MOD(7, 0)")]
#[case("SELECT 9223372036854775807 + points FROM league.games", "INT64 overflow")]
#[case("SELECT CAST('x' AS INT64)", "\"x\" is not INT64")]
#[case("SELECT SPLIT('a')[OFFSET(1)]", "array index 1 is out of bounds")]
#[case("SELECT REGEXP_CONTAINS('a', '(')", "invalid pattern \"(\"")]
#[case("SELECT (SELECT team FROM league.games)", "more than one row")]
#[case("SELECT game_date - game_date FROM league.games", "use DATE_DIFF")]
#[case("SELECT team + 1 FROM league.games", "is not a DATE")]
#[case(
    "SELECT team FROM league.missing",
    "no such table: league.missing; run the stage that fills it, or load it with 'backcourt import'"
)]
fn invalid_data_fails_the_query_with_a_reason(#[case] sql: &str, #[case] sentence: &str) {
    let error = ask(sql).unwrap_err();
    assert_eq!(error.class, ErrorClass::Data, "{sql}: {error}");
    assert!(error.message.contains(sentence), "{sql}: {error}");
}

#[rstest]
#[case("SELECT * FROM ML.PREDICT(MODEL `p.d.m`, (SELECT 1))", "ML.PREDICT(…)")]
#[case("SELECT APPROX_QUANTILES(points, 4) FROM league.games", "APPROX_QUANTILES(…)")]
#[case("SELECT SAFE.SUBSTR('a', -1)", "SAFE.SUBSTR(…)")]
#[case("SELECT JSON_VALUE('{}', '$.a')", "JSON_VALUE(…)")]
#[case("SELECT * EXCEPT (team) FROM league.games", "SELECT * EXCEPT (team)")]
#[case("SELECT STRUCT(1 AS a)", "STRUCT(1 AS a)")]
#[case("SELECT x FROM UNNEST([1, 2]) AS x", "UNNEST in FROM")]
#[case("SELECT DATE '2021-10-19' + INTERVAL 1 DAY", "INTERVAL outside DATE_ADD")]
#[case(
    "SELECT DATE_DIFF(DATE '2021-10-19', DATE '2021-10-19', ISOWEEK)",
    "DATE_DIFF(…, ISOWEEK)"
)]
#[case("SELECT FORMAT_DATE('%Q', DATE '2021-10-19')", "FORMAT_DATE('%Q', …)")]
#[case("SELECT FORMAT_DATE('%Q', DATE '2021-10-19')", "FORMAT_DATE('%Q', …)")]
#[case("SELECT CAST(1 AS NUMERIC)", "CAST(… AS NUMERIC)")]
#[case(
    "SELECT CURRENT_DATE('America/New_York')",
    "these arguments of CURRENT_DATE(…)"
)]
#[case("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "WITH RECURSIVE")]
#[case("SELECT 1 UNION SELECT 2", "UNION")]
#[case("SELECT * FROM games", "table games")]
#[case(
    "SELECT * FROM `p.league.INFORMATION_SCHEMA.TABLES`",
    "table p.league.INFORMATION_SCHEMA.TABLES"
)]
#[case("SELECT * FROM `p.league.ga-mes_*`", "table p.league.ga-mes_*")]
#[case(
    "DECLARE a STRUCT<b INT64>; SELECT a",
    "the type STRUCT<b INT64> in a declaration"
)]
#[case(
    "SELECT team FROM league.games FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()",
    "league.games FOR SYSTEM_TIME"
)]
#[case("SELECT ROW_NUMBER()", "ROW_NUMBER(…) without OVER")]
#[case("SELECT STDDEV(points) OVER () FROM league.games", "STDDEV(…) with OVER")]
#[case("SELECT MIN(1, 2)", "these arguments of MIN(…)")]
#[case("SELECT @day", "the parameter @day")]
#[case(r"SELECT b'\x00'", r"B'\x00'")]
#[case("FROM league.games |> WHERE won", "the pipe syntax")]
fn unsupported_constructs_are_refused_by_name(#[case] sql: &str, #[case] name: &str) {
    let error = translate(sql, now(), &TableCatalog::new()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Code, "{sql}");
    let message = error.message.to_lowercase();
    assert!(
        message.starts_with("the embedded warehouse does not support"),
        "{sql}: {error}"
    );
    assert!(message.contains(&name.to_lowercase()), "{sql}: {error}");
    assert!(message.ends_with("run this query on bigquery"), "{sql}: {error}");
}

#[rstest]
#[case("DELETE FROM league.games WHERE TRUE")]
#[case("CREATE TABLE league.other AS SELECT 1")]
#[case("SELECT 1; SELECT 2")]
#[case("INSERT INTO league.games (team) SELECT 'X'")]
fn only_a_single_read_query_is_accepted(#[case] sql: &str) {
    let error = translate(sql, now(), &TableCatalog::new()).unwrap_err();
    assert_eq!(
        error.message,
        "a query can't be anything but a single SELECT; write a SELECT"
    );
}

#[rstest]
#[case(
    "SELECT team FROM league.games WHERE game_date = '2021-1-5'",
    "write the day as YYYY-MM-DD"
)]
#[case(
    "SELECT team FROM league.games WHERE processed_at > '2026-01-04 20:00:00'",
    "write TIMESTAMP '…' or DATETIME '…'"
)]
#[case("SELECT team FROM", "cannot parse the query")]
fn syntax_errors_are_explained(#[case] sql: &str, #[case] sentence: &str) {
    let error = translate(sql, now(), &TableCatalog::new()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Code);
    assert!(error.message.contains(sentence), "{error}");
}

#[test]
fn a_misspelt_column_is_a_code_error() {
    let error = ask("SELECT tem FROM league.games").unwrap_err();
    assert_eq!(error.class, ErrorClass::Code);
    assert!(error.message.contains("no such column: tem"), "{error}");
}

#[test]
fn columns_are_named_as_bigquery_names_them() {
    let answer =
        ask("SELECT team, g.points, points + 1, UPPER(team) AS loud, 2 FROM league.games g").unwrap();
    assert_eq!(answer.columns, ["team", "points", "f0_", "loud", "f1_"]);
    let all = ask("SELECT * FROM league.games WHERE TRUE QUALIFY RANK() OVER (ORDER BY points) = 1").unwrap();
    assert_eq!(all.columns.first().map(String::as_str), Some("game_id"));
    assert_eq!(all.columns.len(), 8);
    assert_eq!(all.rows[0].len(), 8);
}

#[rstest]
#[case("SELECT team FROM league.games WHERE game_date = @date", "BOS; NYK")]
#[case("SELECT COUNT(*) FROM league.games WHERE game_date IN UNNEST(@dates)", "4")]
#[case(
    "SELECT COUNT(*) FROM league.games WHERE game_date NOT IN UNNEST(@dates)",
    "0"
)]
#[case(
    "SELECT @date, DATE_SUB(@date, INTERVAL 19 DAY), @date + 1, FORMAT_DATE('%A', @date)",
    "2021-10-20,2021-10-01,2021-10-21,Wednesday"
)]
#[case(
    "SELECT SUM(points) FROM league.games WHERE game_date BETWEEN DATE_SUB(@date, INTERVAL 1 DAY) AND @DATE",
    "507"
)]
fn dates_are_bound(#[case] sql: &str, #[case] expected: &str) {
    assert_eq!(told_about(sql), expected, "{sql}");
}

#[test]
fn a_chain_too_long_to_translate_is_refused() {
    let chain = format!("SELECT points{} FROM league.games", " - 1".repeat(30_000));
    let refused = translate(&chain, now(), &TableCatalog::new()).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Code);
    assert!(refused.message.contains("more than 4000 operators"), "{refused}");
}

/// `SQLite` takes 500 SELECTs in one UNION; a table a day for three years are more.
#[test]
fn a_wildcard_of_a_thousand_tables_is_one_table() {
    let (dir, connection) = league();
    for number in 0..1_000 {
        let sql = format!(
            "CREATE TABLE league.day_{number:03} (n INT64); INSERT INTO league.day_{number:03} VALUES ({number})"
        );
        connection.execute_batch(&sql).unwrap();
    }
    let tables = crate::warehouse::sqlite::trial::shapes(&connection, &[]).unwrap();
    let google =
        "SELECT COUNT(*), SUM(n), MIN(_TABLE_SUFFIX) FROM `p.league.day_*` WHERE _TABLE_SUFFIX >= '990'";
    let sql = translate(google, now(), &tables).unwrap();
    let rows =
        answer(&connection, &sql, &[], Timezone::UTC).map_err(|fault| fault.in_context(&sql, dir.path()));
    assert_eq!(joined(&rows.unwrap()), "10,9945,990");
}
