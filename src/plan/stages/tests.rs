//! Parsing custom stages from a plan file, and the message for each mistake.

use crate::partition::Grain;
use std::time::Duration;

use chrono::Weekday;
use rstest::rstest;

use super::super::load::parse;
use super::super::mistake::in_lines;
use super::super::queries::QuerySource;
use super::super::{Active, Binds, ExpectRows, Plan, ReadReach, StageKind, StageOutput, Template};
use crate::table::{Column, ColumnType, Slice};

const PLAN: &str = r#"
name = "port"
title = "A port"
from = "2024-03-01"
to = "2024-03-03"
active = ["fri", "sat"]
[[stage]]
name = "calls"
kind = "command"
command = ["collect", "--day", "{date}"]
table = "port.calls"
date_column = "day"
[[stage]]
name = "tons"
kind = "sql"
needs = ["calls"]
reads = [{ table = "port.calls", days_back = 2 }]
sql = "SELECT day, SUM(tons) AS tons FROM port.calls WHERE day = @date GROUP BY day"
table = "port.tons"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "tons", type = "NUMERIC(8,1)", nullable = true }]
expect_rows = 1
"#;

fn plan(text: &str) -> Result<Plan, String> {
    parse(text, &QuerySource::Builtin).map_err(in_lines)
}

#[test]
fn command_and_query_stages_are_parsed() {
    let plan = plan(PLAN).unwrap();
    assert!(!plan.uses_nba_feeds());
    let [calls, tons] = plan.stages.as_slice() else {
        panic!("two stages")
    };
    assert_eq!(calls.active, Active::Weekdays(vec![Weekday::Fri, Weekday::Sat]));
    let StageKind::Command(command) = &calls.kind else {
        panic!("a command")
    };
    let argv: Vec<&str> = command.argv.iter().map(Template::as_written).collect();
    assert_eq!(argv, ["collect", "--day", "{date}"]);
    assert_eq!((command.batch, command.retry_batch), (1, None));
    assert_eq!(command.timeout, Duration::from_mins(10));
    assert_eq!((command.skip_exit_code, command.retry_exit_code), (None, 75));
    assert_eq!(
        command.output,
        StageOutput::Rows {
            table: "port.calls".to_owned(),
            date_column: "day".to_owned(),
            grain: Grain::Day,
            slice: Slice::default(),
        }
    );
    let StageKind::Sql(sql) = &tons.kind else {
        panic!("a query")
    };
    assert_eq!(
        (sql.query.binds, &sql.expect),
        (Binds::OneDate, &ExpectRows::Exactly(1))
    );
    let table = sql.table.definition().unwrap();
    assert_eq!(table.path(), "port.tons");
    assert_eq!(table.columns[1].kind.to_string(), "NUMERIC(8,1)");
    assert!(table.columns[1].nullable && !table.columns[0].nullable);
    assert_eq!(table.columns[0].kind, ColumnType::Date);
    assert_eq!(
        (tons.reads[0].table.as_str(), tons.reads[0].reach),
        ("port.calls", ReadReach::DaysBack(2))
    );
}

#[test]
fn a_query_needs_no_columns() {
    let inferred = PLAN.replacen(
        "columns = [{ name = \"day\", type = \"DATE\" }, { name = \"tons\", type = \"NUMERIC(8,1)\", nullable = true }]\n",
        "",
        1,
    );
    assert_ne!(inferred, PLAN);
    let mut plan = plan(&inferred).unwrap();
    let stage = plan.stages.iter_mut().find(|stage| stage.name == "tons").unwrap();
    let (table, _) = stage.inferred().unwrap();
    assert_eq!(table.path(), "port.tons");
    let column = |name: &str, word: &str| Column {
        name: name.to_owned().into(),
        ..Column::nullable("", ColumnType::parse(word).unwrap(), "")
    };
    let with = |columns: &[(&str, &str)]| {
        table.with_columns(columns.iter().map(|(name, word)| column(name, word)).collect())
    };
    let complete = with(&[("day", "DATE"), ("tons", "FLOAT64")]).unwrap();
    assert!(!complete.columns[0].nullable && complete.columns[1].nullable);
    assert_eq!(
        with(&[("tons", "FLOAT64")]).unwrap_err(),
        "date_column: column 'day' not found; choose one of: tons"
    );
    assert_eq!(
        with(&[("day", "STRING")]).unwrap_err(),
        "date_column 'day' must be a DATE, DATETIME or TIMESTAMP column that is not nullable"
    );
    let fingerprint = stage.fingerprint;
    stage.complete(complete);
    assert!(stage.inferred().is_none());
    assert_eq!(stage.fingerprint, fingerprint);
}

#[rstest]
#[case("ARRAY<STRUCT<id INT64, name STRING>>", None)]
#[case("DATETIME", None)]
#[case("BIGNUMERIC(40,10)", None)]
#[case(
    "STRUCT<id INT>",
    Some("column 'tons': type 'STRUCT<id INT>': type 'INT' not found; did you mean 'INT64'?")
)]
#[case(
    "ARRAY<DATE",
    Some("column 'tons': type 'ARRAY<DATE' has nothing where ARRAY needs '>'")
)]
fn a_query_fills_columns_of_every_type(#[case] word: &str, #[case] refused: Option<&str>) {
    match (plan(&PLAN.replacen("NUMERIC(8,1)", word, 1)), refused) {
        (Ok(plan), None) => {
            let StageKind::Sql(sql) = &plan.stage("tons").unwrap().kind else {
                panic!("a query")
            };
            let table = sql.table.definition().unwrap();
            assert_eq!(table.columns[1].kind.to_string(), word);
        }
        (Err(error), Some(refused)) => {
            assert!(error.ends_with(refused), "{error}");
        }
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn a_table_by_ingestion_time_has_its_date_in_no_column() {
    let by_time = |text: &str| text.replacen("date_column = \"day\"", "date_column = \"_PARTITIONTIME\"", 2);
    let own = "columns = [{ name = \"tons\", type = \"NUMERIC(8,1)\" }]";
    let text = format!(
        "name = \"port\"\ntitle = \"Port\"\nfrom = \"2024-03-01\"\nto = \"2024-03-02\"\n[[stage]]\nname = \"tons\"\n\
         kind = \"sql\"\nsql = \"SELECT 1 AS tons, @date AS d\"\ntable = \"port.tons\"\ndate_column = \"day\"\n{own}\n"
    );
    let read = plan(&by_time(&text)).unwrap();
    let StageKind::Sql(sql) = &read.stage("tons").unwrap().kind else {
        panic!("a query")
    };
    let table = sql.table.definition().unwrap();
    assert!(table.is_by_ingestion_time());
    let made: Vec<&str> = table.made_columns().map(|column| column.name.as_ref()).collect();
    assert_eq!(made, ["tons"]);
    for (from, to, problem) in [
        (
            "@date",
            "day IN UNNEST(@dates)",
            "no row shows which of many dates it is of",
        ),
        (
            "_PARTITIONTIME",
            "_PARTITIONDATE",
            "write date_column = \"_PARTITIONTIME\"",
        ),
        (
            own,
            &format!("{own}\nkey = [\"_PARTITIONTIME\"]"),
            "key: leave out _PARTITIONTIME",
        ),
        (
            "name = \"tons\", type",
            "name = \"_PARTITIONTIME\", type",
            "starts with _PARTITION",
        ),
    ] {
        let error = plan(&by_time(&text).replace(from, to)).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
    let program = text.replace(
        "kind = \"sql\"\nsql = \"SELECT 1 AS tons, @date AS d\"",
        "kind = \"command\"\ncommand = [\"p\", \"{start}\", \"{end}\"]\nbatch = 2",
    );
    let error = plan(&by_time(&program)).unwrap_err();
    assert!(
        error.contains("no printed row shows which date of a call it is of"),
        "{error}"
    );
}

#[test]
fn a_program_prints_only_what_can_be_converted() {
    let columns = "table = \"port.calls\"\ndate_column = \"day\"\n";
    let printed = format!(
        "{columns}columns = [{{ name = \"day\", type = \"DATE\" }}, {{ name = \"at\", type = \"INTERVAL\" }}]\n"
    );
    let error = plan(&PLAN.replacen(columns, &printed, 1)).unwrap_err();
    assert!(
        error.contains(
            "column 'at': printed rows can't be converted to INTERVAL; choose one of: INT64, FLOAT64"
        ),
        "{error}"
    );
}

#[test]
fn command_output_is_stored_only_with_declared_columns() {
    let without = PLAN
        .replace("table = \"port.calls\"\ndate_column = \"day\"\n[[", "[[")
        .replace("needs = [\"calls\"]\n", "");
    let read = plan(&without).unwrap();
    assert_eq!(read.stages[0].table, None);
    let StageKind::Command(command) = &read.stages[0].kind else {
        panic!("a command")
    };
    assert_eq!(command.output, StageOutput::Nothing);
    let printing = PLAN.replacen(
        "date_column = \"day\"",
        "date_column = \"day\"\nkey = [\"day\"]\ncolumns = [{ name = \"day\", type = \"DATE\" }]",
        1,
    );
    let read = plan(&printing).unwrap();
    let StageKind::Command(command) = &read.stages[0].kind else {
        panic!("a command")
    };
    assert!(matches!(command.output, StageOutput::Printed(_)));
}

#[rstest]
#[case(
    "kind = \"sql\"",
    "kind = \"sqll\"",
    "line 15: unknown variant `sqll`; did you mean 'sql'?"
)]
#[case(
    "expect_rows = 1",
    "expect_row = 1",
    "line 23: unknown field `expect_row`; did you mean 'expect_rows'?"
)]
#[case(
    "expect_rows = 1",
    "timeout_seconds = 1",
    "line 23: stage 'tons': a stage of kind sql does not take timeout_seconds; leave it out"
)]
#[case(
    "command = [\"collect\"",
    "sql = \"x\"\ncommand = [\"collect\"",
    "line 10: stage 'calls': a stage of kind command does not take sql; leave it out"
)]
#[case(
    "command = [\"collect\", \"--day\", \"{date}\"]\n",
    "",
    "line 7: stage 'calls': command is missing; write it as [\"program\", \"argument\", …]"
)]
#[case(
    "\"{date}\"]",
    "\"{day}\"]",
    "line 10: stage 'calls': {date} is in neither command nor environment, so every date would run the same; add it"
)]
#[case(
    "--day\", \"{date}\"]",
    "--day\", \"{date:%H}\"]",
    "line 10: stage 'calls': '%H' is not a valid date format; write it with %Y, %m, %d, %j, %G or %V, for example \
     %Y%m%d"
)]
#[case(
    "command = [",
    "batch = 30\ncommand = [",
    "line 11: stage 'calls': {date} is one date, but batch is 30; write {start} and {end}, or {end_exclusive}"
)]
#[case(
    "command = [\"collect\", \"--day\", \"{date}\"]",
    "batch = 30\ncommand = [\"collect\", \"{start:%Y}\"]",
    "line 11: stage 'calls': batch is 30: command or environment must contain {start}, and {end} or {end_exclusive}"
)]
#[case(
    "\"{date}\"]",
    "\"{date:YYYYMMDD}\", \"{start}\", \"${end}\"]",
    "line 10: stage 'calls': {date} is in neither command nor environment, so every date would run the same; add it"
)]
#[case(
    "\"{date}\"]",
    "\"{date:%Y-%m}\"]",
    "line 10: stage 'calls': 2024-03-01 and 2024-03-02 would run the same command; every call must differ, so use \
     formats with year, month and day, such as %Y%m%d"
)]
#[case(
    "command = [\"collect\", \"--day\", \"{date}\"]",
    "batch = 2\ncommand = [\"collect\", \"{start}\", \"{end:%Y}\"]",
    "line 11: stage 'calls': 2024-03-01 and 2024-03-01..2024-03-02 would run the same command; every call must differ, \
     so use formats with year, month and day, such as %Y%m%d"
)]
#[case(
    "command = [\"collect\", \"--day\", \"{date}\"]",
    "batch = 2\ncommand = [\"collect\", \"{start:%Y}\", \"{end}\"]",
    "line 11: stage 'calls': 2024-03-03 and 2024-03-02..2024-03-03 would run the same command; every call must differ, \
     so use formats with year, month and day, such as %Y%m%d"
)]
#[case(
    "[\"collect\", ",
    "[\"collect-{date:%d}\", ",
    "line 10: stage 'calls': the program 'collect-{date:%d}' contains a placeholder; only its arguments and variables may"
)]
#[case(
    "command = [",
    "batch = 0\ncommand = [",
    "line 10: stage 'calls': batch is 0; give 1 to 1000"
)]
#[case(
    "command = [\"collect\", \"--day\", \"{date}\"]",
    "batch = 30\nretry_batch = 31\ncommand = [\"collect\", \"{start}\", \"{end}\"]",
    "line 11: stage 'calls': retry_batch is 31; give 1 to 30"
)]
#[case(
    "command = [",
    "retry_batch = 2\ncommand = [",
    "line 10: stage 'calls': retry_batch needs a batch of several dates; give batch, or leave it out"
)]
#[case(
    "expect_rows = 1",
    "batch = 2",
    "line 23: stage 'tons': a stage of kind sql does not take batch; leave it out"
)]
#[case(
    "table = \"port.calls\"\n",
    "timeout_seconds = 0\ntable = \"port.calls\"\n",
    "line 11: stage 'calls': timeout_seconds is 0; give 1 to 86400"
)]
#[case(
    "table = \"port.calls\"\n",
    "skip_exit_code = 0\ntable = \"port.calls\"\n",
    "line 11: stage 'calls': skip_exit_code is 0, which means success; give another code"
)]
#[case(
    "table = \"port.calls\"\n",
    "skip_exit_code = 75\ntable = \"port.calls\"\n",
    "line 11: stage 'calls': skip_exit_code and retry_exit_code are both 75; they must differ"
)]
#[case(
    "table = \"port.calls\"\n",
    "",
    "line 11: stage 'calls': date_column needs a table; write table = \"dataset.table\""
)]
#[case(
    "date_column = \"day\"\n[[",
    "[[",
    "line 7: stage 'calls': date_column is missing; it is needed to count the rows of a date"
)]
#[case(
    "table = \"port.calls\"\ndate_column = \"day\"\n",
    "expect_rows = 3\n",
    "line 11: stage 'calls': expect_rows needs a table whose rows can be counted; give table and date_column"
)]
#[case(
    "@date GROUP",
    "'@date' GROUP",
    "line 18: stage 'tons': sql has neither @date nor @dates, so it returns the same for every date; add WHERE … = @date"
)]
#[case(
    "@date GROUP",
    "@day GROUP",
    "line 18: stage 'tons': sql has an unknown parameter @day; use @date, @start and @end, or @dates and @starts for many dates at once"
)]
#[case(
    "table = \"port.tons\"\n",
    "",
    "line 13: stage 'tons': table is missing; write dataset.table"
)]
#[case(
    "table = \"port.tons\"",
    "table = \"tons\"",
    "line 19: stage 'tons': 'tons' is not a valid table; write dataset.table with ASCII letters, digits and underscores, for \
     example shop.orders"
)]
#[case(
    "table = \"port.tons\"",
    "table = \"Backcourt.tons\"",
    "line 19: stage 'tons': table 'Backcourt.tons': dataset backcourt is reserved for backcourt's leases; choose another \
     dataset"
)]
#[case(
    "name = \"tons\", type",
    "name = \"_PARTITIONTIME\", type",
    "line 22: stage 'tons': column '_PARTITIONTIME' starts with _PARTITION, which is reserved for columns that the warehouse \
     adds; choose another name"
)]
#[case(
    "name = \"tons\", type",
    "name = \"töns\", type",
    "line 22: stage 'tons': column 'töns' is not a valid name; use ASCII letters, digits and underscores, not starting with a \
     digit"
)]
#[case(
    "type = \"DATE\"",
    "type = \"DAT\"",
    "line 22: stage 'tons': column 'day': type 'DAT' not found; did you mean 'DATE'?"
)]
#[case(
    "NUMERIC(8,1)",
    "NUMERIC(39,1)",
    "line 22: stage 'tons': column 'tons': type 'NUMERIC(39,1)' has digits that NUMERIC can't have: NUMERIC(p,s) has \
     s up to 9 and p from s, at least 1, to s + 29"
)]
#[case(
    "key = [\"day\"]",
    "key = [\"dai\"]",
    "line 21: stage 'tons': key: column 'dai' not found; did you mean 'day'?"
)]
#[case(
    "key = [\"day\"]",
    "key = [\"tons\"]",
    "line 21: stage 'tons': key: column 'tons' is nullable; key columns must not be nullable"
)]
#[case(
    "date_column = \"day\"\nkey",
    "date_column = \"tons\"\nkey",
    "line 20: stage 'tons': date_column 'tons' must be a DATE, DATETIME or TIMESTAMP column that is not nullable"
)]
#[case(
    "name = \"tons\", type",
    "name = \"Day\", type",
    "line 22: stage 'tons': column 'Day' is duplicated; names must be unique"
)]
#[case(
    "expect_rows = 1",
    "expect_rows = 0",
    "line 23: stage 'tons': expect_rows is 0; give 1 or more, or a SELECT"
)]
#[case(
    "expect_rows = 1",
    "expect_rows = \"SELECT 1\"",
    "line 23: stage 'tons': expect_rows has neither @date nor @dates, so it returns the same for every date; add WHERE … = \
     @date"
)]
#[case(
    "active = [\"fri\", \"sat\"]",
    "active = [\"fri\", \"satu\"]",
    "line 6: active: day of the week 'satu' not found; did you mean 'sat'?"
)]
#[case(
    "active = [\"fri\", \"sat\"]",
    "active = []",
    "line 6: active is empty, so no date would have work; leave it out"
)]
#[case(
    "active = [\"fri\", \"sat\"]",
    "active = \"SELECT @date\"",
    "line 6: active has a parameter @date, but it runs once and must return every date with work"
)]
#[case(
    "table = \"port.tons\"",
    "table = \"port.calls\"",
    "line 19: stages 'calls' and 'tons' both fill port.calls and would delete each other's rows; give each its own table"
)]
#[case(
    "needs = [\"calls\"]\n",
    "",
    "line 16: stage 'tons' reads port.calls before stage 'calls' has finished; add needs = [\"calls\"]"
)]
#[case(
    "table = \"port.calls\", days_back",
    "table = \"port.tons\", days_back",
    "line 17: stage 'tons': it reads its own table port.tons, whose dates run in parallel and in any order, so its rows would \
     depend on timing; set depends_on_past = true to run one date after the other, or compute from the source tables up \
     to @date"
)]
#[case(
    "reads = [{ table = \"port.calls\", days_back = 2 }]\n",
    "",
    "line 17: stage 'tons': a query reads port.calls, which stage 'calls' fills, but the stage does not declare it; add reads \
     = [{ table = \"port.calls\" }], with days_back = N if the query also reads earlier dates"
)]
#[case(
    "needs = [\"calls\"]\nreads = [{ table = \"port.calls\", days_back = 2 }]\n",
    "",
    "line 16: stage 'tons': a query reads port.calls, which stage 'calls' fills, but the stage does not declare it; add reads \
     = [{ table = \"port.calls\" }] and needs = [\"calls\"], with days_back = N if the query also reads earlier dates"
)]
#[case(
    "reads = [{ table = \"port.calls\"",
    "reads = [{ table = \"Port.calls\"",
    "line 17: stage 'tons' reads 'Port.calls' but stage 'calls' fills 'port.calls'; spell both the same"
)]
#[case(
    "table = \"port.tons\"",
    "table = \"Port.tons\"",
    "line 19: stages 'calls' and 'tons' fill datasets 'port' and 'Port', which differ only in case; spell both the same"
)]
#[case(
    "table = \"port.tons\"",
    "table = \"PORT.CALLS\"",
    "line 19: stages 'calls' and 'tons' both fill PORT.CALLS and would delete each other's rows; give each its own table"
)]
#[case(
    "expect_rows = 1",
    "expect_rows = \"SELECT COUNT(*) FROM `port.tons` WHERE day = @date\"",
    "line 18: stage 'tons': it reads its own table port.tons, whose dates run in parallel and in any order, so its rows would \
     depend on timing; set depends_on_past = true to run one date after the other, or compute from the source tables up \
     to @date"
)]
#[case(
    "expect_rows = 1",
    "active = \"SELECT day FROM port.calls JOIN `PORT`.`T*` USING (day)\"",
    "line 18: stage 'tons': it reads its own table port.tons, whose dates run in parallel and in any order, so its rows would \
     depend on timing; set depends_on_past = true to run one date after the other, or compute from the source tables up \
     to @date"
)]
fn each_mistake_has_its_own_message(#[case] good: &str, #[case] bad: &str, #[case] sentence: &str) {
    let text = PLAN.replacen(good, bad, 1);
    assert_ne!(text, PLAN, "{good}");
    assert_eq!(plan(&text).unwrap_err(), sentence);
}

/// A format may leave out what is the same for all dates of the plan.
#[test]
fn a_format_must_only_distinguish_the_dates_of_the_plan() {
    let days = PLAN.replace("\"{date}\"]", "\"--year=2024\", \"{date:%m%d}\"]");
    assert!(plan(&days).is_ok());
    let years = days.replace("to = \"2024-03-03\"", "to = \"2025-03-03\"");
    let refused = plan(&years).unwrap_err();
    assert!(
        refused.contains("2024-03-01 and 2025-03-01 would run the same command"),
        "{refused}"
    );
}
