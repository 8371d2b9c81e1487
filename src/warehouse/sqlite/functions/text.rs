//! String functions on Unicode characters.

use rusqlite::functions::Context;
use rusqlite::{Connection, Result};

use super::{any_null, integer, scalar, text};

pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "gsql_lower", 1, |c| map(c, str::to_lowercase))?;
    scalar(connection, "gsql_upper", 1, |c| map(c, str::to_uppercase))?;
    scalar(connection, "gsql_trim", 1, |c| {
        map(c, |text| text.trim().to_owned())
    })?;
    scalar(connection, "gsql_ltrim", 1, |c| {
        map(c, |text| text.trim_start().to_owned())
    })?;
    scalar(connection, "gsql_rtrim", 1, |c| {
        map(c, |text| text.trim_end().to_owned())
    })?;
    scalar(connection, "gsql_starts_with", 2, |c| {
        pair(c, |text, part| text.starts_with(part))
    })?;
    scalar(connection, "gsql_ends_with", 2, |c| {
        pair(c, |text, part| text.ends_with(part))
    })?;
    scalar(connection, "gsql_substr", 2, substr)?;
    scalar(connection, "gsql_substr", 3, substr)
}

fn map(context: &Context<'_>, work: fn(&str) -> String) -> Result<Option<String>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(Some(work(text(context, 0)?)))
}

fn pair(context: &Context<'_>, work: fn(&str, &str) -> bool) -> Result<Option<bool>> {
    if any_null(context) {
        return Ok(None);
    }
    Ok(Some(work(text(context, 0)?, text(context, 1)?)))
}

/// Positions are one-based; negative ones count from the end. 0 and positions before the start mean the start.
fn substr(context: &Context<'_>) -> Result<Option<String>> {
    if any_null(context) {
        return Ok(None);
    }
    let (text, position) = (text(context, 0)?, integer(context, 1)?);
    let place = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if position < 0 {
        text.chars().count().saturating_sub(place)
    } else {
        place.saturating_sub(1)
    };
    let length = match context.len() {
        3 => usize::try_from(integer(context, 2)?)
            .map_err(|_| super::refuse("SUBSTR does not take a negative length"))?,
        _ => usize::MAX,
    };
    Ok(Some(text.chars().skip(skipped).take(length).collect()))
}
