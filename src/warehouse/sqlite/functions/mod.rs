//! `GoogleSQL` functions that `SQLite` lacks or defines differently, registered on every connection as `gsql_…`. The
//! translation calls them by these names; an invalid argument fails the query with a message.

mod aggregate;
mod arithmetic;
mod array;
mod bytes;
mod calendar;
mod cast;
mod datetime;
mod pattern;
mod row_digest;
mod text;

use rusqlite::functions::{Context, FunctionFlags, SqlFnOutput};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};

/// Registers all functions on a connection.
pub(super) fn register(connection: &Connection) -> Result<()> {
    arithmetic::register(connection)?;
    calendar::register(connection)?;
    datetime::register(connection)?;
    bytes::register(connection)?;
    cast::register(connection)?;
    text::register(connection)?;
    pattern::register(connection)?;
    array::register(connection)?;
    row_digest::register(connection)?;
    aggregate::register(connection)
}

const fn pure() -> FunctionFlags {
    FunctionFlags::SQLITE_UTF8
        .union(FunctionFlags::SQLITE_DETERMINISTIC)
        .union(FunctionFlags::SQLITE_INNOCUOUS)
}

/// Registers a deterministic scalar function.
fn scalar<T: SqlFnOutput + 'static>(
    connection: &Connection,
    name: &str,
    arguments: i32,
    work: fn(&Context<'_>) -> Result<T>,
) -> Result<()> {
    connection.create_scalar_function(name, arguments, pure(), work)
}

/// The error for an invalid argument; the operator sees its message.
fn refuse(sentence: impl Into<String>) -> Error {
    Error::UserFunctionError(sentence.into().into())
}

/// Whether any argument is NULL, which makes the result of nearly every function NULL.
fn any_null(context: &Context<'_>) -> bool {
    (0..context.len()).any(|at| context.get_raw(at) == ValueRef::Null)
}

/// A numeric argument.
#[allow(
    clippy::cast_precision_loss,
    reason = "GoogleSQL converts INT64 to FLOAT64 in the same way"
)]
fn number(context: &Context<'_>, at: usize) -> Result<f64> {
    match context.get_raw(at) {
        ValueRef::Integer(number) => Ok(number as f64),
        ValueRef::Real(number) => Ok(number),
        other => Err(refuse(format!("{} is not a number", shown(other)))),
    }
}

/// An INT64 argument.
fn integer(context: &Context<'_>, at: usize) -> Result<i64> {
    match context.get_raw(at) {
        ValueRef::Integer(number) => Ok(number),
        other => Err(refuse(format!("{} is not an integer", shown(other)))),
    }
}

/// A STRING argument.
fn text<'c>(context: &'c Context<'_>, at: usize) -> Result<&'c str> {
    match context.get_raw(at) {
        ValueRef::Text(bytes) => str::from_utf8(bytes).map_err(|error| Error::Utf8Error(at, error)),
        other => Err(refuse(format!("{} is not a text", shown(other)))),
    }
}

/// Formats a value for a message.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// An argument of any type.
fn owned(context: &Context<'_>, at: usize) -> Result<Value> {
    context.get(at)
}
