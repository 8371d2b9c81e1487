//! Runs a translated query. Comparisons return 0 or 1 and dates ISO text, because result columns have no declared type
//! in `SQLite`; `Value::as_date` reads both forms of a date.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Statement};

use super::fault::SqliteFault;
use super::googlesql::bound_as;
use crate::partition::{Parameter, Partition, Timezone};
use crate::table::{RESERVED, Row, Value};
use crate::warehouse::Answer;

/// The result of the query for these dates.
pub(super) fn answer(
    connection: &Connection,
    sql: &str,
    dates: &[Partition],
    zone: Timezone,
) -> Result<Answer, SqliteFault> {
    let mut statement = connection.prepare_cached(sql).map_err(unprepared)?;
    if !statement.readonly() {
        return Err(SqliteFault::code("a query must not change anything"));
    }
    let shown: Vec<(usize, String)> = statement
        .column_names()
        .into_iter()
        .enumerate()
        // Columns added by the translation are not part of the result.
        .filter(|(_, name)| !name.starts_with(RESERVED))
        .map(|(at, name)| (at, name.to_owned()))
        .collect();
    bind(&mut statement, dates, zone)?;
    let mut rows = Vec::new();
    let mut found = statement.raw_query();
    while let Some(stored) = found.next()? {
        let row: Result<Row, SqliteFault> = shown
            .iter()
            .map(|(at, name)| value(name, stored.get_ref(*at)?))
            .collect();
        rows.push(row?);
    }
    Ok(Answer {
        columns: shown.into_iter().map(|(_, name)| name).collect(),
        rows,
    })
}

fn bind(statement: &mut Statement<'_>, dates: &[Partition], zone: Timezone) -> Result<(), SqliteFault> {
    for (name, value) in parameters(dates, zone) {
        if let Some(at) = statement.parameter_index(&name)? {
            statement.raw_bind_parameter(at, value)?;
        }
    }
    Ok(())
}

/// The parameters of a translated query, in stored form; those of one partition only if there is a first.
pub(super) fn parameters(dates: &[Partition], zone: Timezone) -> Vec<(String, String)> {
    let instant = |at| Value::Timestamp(at).to_string();
    let json = |values: Vec<String>| serde_json::json!(values).to_string();
    let value = |parameter| match parameter {
        Parameter::Date => dates.first().map(|date| date.first_day().to_string()),
        Parameter::Start => dates.first().map(|date| instant(date.start(zone))),
        Parameter::End => dates.first().map(|date| instant(date.end(zone))),
        Parameter::Dates => {
            // Hours share their day.
            let days: BTreeSet<NaiveDate> = dates.iter().map(|date| date.first_day()).collect();
            Some(json(days.into_iter().map(|day| day.to_string()).collect()))
        }
        Parameter::Starts => Some(json(dates.iter().map(|date| instant(date.start(zone))).collect())),
    };
    let bound = |parameter| Some((bound_as(parameter), value(parameter)?));
    Parameter::ALL.into_iter().filter_map(bound).collect()
}

fn value(column: &str, stored: ValueRef<'_>) -> Result<Value, SqliteFault> {
    match stored {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Real(number) => Ok(Value::Float(number)),
        ValueRef::Text(text) => str::from_utf8(text)
            .map(|text| Value::from(text.to_owned()))
            .map_err(|_| SqliteFault::data(format!("the query returns column {column} with invalid UTF-8"))),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
    }
}

/// A query that can't be prepared is wrong itself, unless it names a table that isn't loaded yet.
fn unprepared(error: rusqlite::Error) -> SqliteFault {
    let reason = match &error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        _ => return error.into(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::Unknown) if reason.starts_with("no such table") => SqliteFault::data(format!(
            "{reason}; run the stage that fills it, or load it with 'backcourt import' (box scores with 'backcourt load')"
        )),
        Some(ErrorCode::Unknown) => SqliteFault::code(format!("the query fails: {reason}")),
        _ => error.into(),
    }
}
