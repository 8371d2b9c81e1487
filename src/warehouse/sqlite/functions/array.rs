//! Array functions on the stored form, JSON text.

use rusqlite::functions::Context;
use rusqlite::types::Value;
use rusqlite::{Connection, Result};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;

use super::{any_null, integer, refuse, scalar, text};

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_split", 2, split)?;
    scalar(connection, "gsql_array_at", 2, |c| at(c, false))?;
    scalar(connection, "gsql_array_safe_at", 2, |c| at(c, true))?;
    scalar(connection, "gsql_array_length", 1, length)
}

fn split(context: &Context<'_>) -> Result<Option<String>> {
    if any_null(context) {
        return Ok(None);
    }
    let (text, between) = (text(context, 0)?, text(context, 1)?);
    let parts: Vec<&str> = if text.is_empty() {
        vec![""]
    } else if between.is_empty() {
        text.split("").filter(|letter| !letter.is_empty()).collect()
    } else {
        text.split(between).collect()
    };
    Ok(Some(serde_json::json!(parts).to_string()))
}

/// The element at a zero-based index.
fn at(context: &Context<'_>, safe: bool) -> Result<Value> {
    if any_null(context) {
        return Ok(Value::Null);
    }
    let (mut items, position): (Vec<Json>, _) = (items(context)?, integer(context, 1)?);
    match usize::try_from(position).ok().filter(|&at| at < items.len()) {
        Some(at) => element(items.swap_remove(at)),
        None if safe => Ok(Value::Null),
        None => Err(refuse(format!(
            "array index {position} is out of bounds, the array has {} elements",
            items.len()
        ))),
    }
}

fn length(context: &Context<'_>) -> Result<Option<i64>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(i64::try_from(items::<IgnoredAny>(context)?.len()).ok())
}

fn items<T: DeserializeOwned>(context: &Context<'_>) -> Result<Vec<T>> {
    let text = text(context, 0)?;
    serde_json::from_str(text).map_err(|_| refuse(format!("{text:?} is not an ARRAY")))
}

fn element(item: Json) -> Result<Value> {
    match item {
        Json::Null => Ok(Value::Null),
        Json::Bool(truth) => Ok(Value::Integer(i64::from(truth))),
        Json::String(text) => Ok(Value::Text(text)),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Integer)
            .or_else(|| number.as_f64().map(Value::Real))
            .ok_or_else(|| refuse(format!("{number} is out of range"))),
        nested @ (Json::Array(_) | Json::Object(_)) => Err(refuse(format!("{nested} is not a single value"))),
    }
}
