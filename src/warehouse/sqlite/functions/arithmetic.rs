//! Arithmetic with `GoogleSQL` semantics: `/` returns a float, division by zero and integer overflow are errors, halves
//! are rounded away from zero.

use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::calendar::shift_days;
use super::{any_null, integer, number, owned, refuse, scalar, shown};

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_add", 2, add)?;
    scalar(connection, "gsql_subtract", 2, subtract)?;
    scalar(connection, "gsql_divide", 2, divide)?;
    scalar(connection, "gsql_safe_divide", 2, safe_divide)?;
    scalar(connection, "gsql_mod", 2, |c| whole(c, "MOD", i64::checked_rem))?;
    scalar(connection, "gsql_div", 2, |c| whole(c, "DIV", i64::checked_div))?;
    scalar(connection, "gsql_round", 1, |c| real(c, f64::round))?;
    scalar(connection, "gsql_round", 2, |c| scaled(c, f64::round))?;
    scalar(connection, "gsql_trunc", 1, |c| real(c, f64::trunc))?;
    scalar(connection, "gsql_trunc", 2, |c| scaled(c, f64::trunc))?;
    scalar(connection, "gsql_ceil", 1, |c| real(c, f64::ceil))?;
    scalar(connection, "gsql_floor", 1, |c| real(c, f64::floor))?;
    scalar(connection, "gsql_sqrt", 1, square_root)?;
    scalar(connection, "gsql_pow", 2, power)
}

/// Adds by the operands' runtime types: `date + 1` is a date.
fn add(context: &Context<'_>) -> Result<Value> {
    match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Null, _) | (_, ValueRef::Null) => Ok(Value::Null),
        (ValueRef::Integer(left), ValueRef::Integer(right)) => {
            left.checked_add(right).map(Value::Integer).ok_or_else(overflow)
        }
        (ValueRef::Text(_), ValueRef::Integer(days)) => shift_days(context, 0, days),
        (ValueRef::Integer(days), ValueRef::Text(_)) => shift_days(context, 1, days),
        _ => Ok(Value::Real(number(context, 0)? + number(context, 1)?)),
    }
}

fn subtract(context: &Context<'_>) -> Result<Value> {
    match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Null, _) | (_, ValueRef::Null) => Ok(Value::Null),
        (ValueRef::Integer(left), ValueRef::Integer(right)) => {
            left.checked_sub(right).map(Value::Integer).ok_or_else(overflow)
        }
        (ValueRef::Text(_), ValueRef::Integer(days)) => {
            shift_days(context, 0, days.checked_neg().ok_or_else(overflow)?)
        }
        (ValueRef::Text(_), ValueRef::Text(_)) => Err(refuse(
            "subtracting dates gives an INTERVAL, which the embedded warehouse does not support; use DATE_DIFF",
        )),
        _ => Ok(Value::Real(number(context, 0)? - number(context, 1)?)),
    }
}

fn divide(context: &Context<'_>) -> Result<Option<f64>> {
    if any_null(context) {
        return Ok(None);
    }
    let (left, right) = (number(context, 0)?, number(context, 1)?);
    if right == 0.0 {
        return Err(refuse(format!("division by zero: {left} / {right}")));
    }
    Ok(Some(left / right))
}

fn safe_divide(context: &Context<'_>) -> Result<Option<f64>> {
    if any_null(context) {
        return Ok(None);
    }
    let (left, right) = (number(context, 0)?, number(context, 1)?);
    Ok((right != 0.0).then(|| left / right))
}

fn whole(context: &Context<'_>, name: &str, work: fn(i64, i64) -> Option<i64>) -> Result<Option<i64>> {
    if any_null(context) {
        return Ok(None);
    }
    let (left, right) = (integer(context, 0)?, integer(context, 1)?);
    if right == 0 {
        return Err(refuse(format!("division by zero: {name}({left}, {right})")));
    }
    work(left, right).map(Some).ok_or_else(overflow)
}

fn real(context: &Context<'_>, work: fn(f64) -> f64) -> Result<Option<f64>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(Some(work(number(context, 0)?)))
}

/// Rounds to this many decimal places, or before the decimal point if negative.
fn scaled(context: &Context<'_>, work: fn(f64) -> f64) -> Result<Option<f64>> {
    if any_null(context) {
        return Ok(None);
    }
    let (value, digits) = (number(context, 0)?, integer(context, 1)?);
    let Some(digits) = i32::try_from(digits)
        .ok()
        .filter(|digits| (-300..=300).contains(digits))
    else {
        return Err(refuse(format!("{digits} is not a valid number of digits")));
    };
    let scale = 10_f64.powi(digits.abs());
    let rounded = if digits < 0 {
        work(value / scale) * scale
    } else {
        work(value * scale) / scale
    };
    // With too many digits to scale by, rounding changes nothing.
    Ok(Some(if rounded.is_finite() { rounded } else { value }))
}

fn square_root(context: &Context<'_>) -> Result<Option<f64>> {
    if any_null(context) {
        return Ok(None);
    }
    let value = number(context, 0)?;
    if value < 0.0 {
        return Err(refuse(format!("SQRT({value}) is not a number")));
    }
    Ok(Some(value.sqrt()))
}

fn power(context: &Context<'_>) -> Result<Value> {
    if any_null(context) {
        return owned(context, 0).map(|_| Value::Null);
    }
    let power = number(context, 0)?.powf(number(context, 1)?);
    if power.is_finite() {
        Ok(Value::Real(power))
    } else {
        Err(refuse(format!(
            "POW({}, {}) is not a number",
            shown(context.get_raw(0)),
            shown(context.get_raw(1))
        )))
    }
}

fn overflow() -> rusqlite::Error {
    refuse("INT64 overflow")
}
