//! Translation of date and timestamp functions, whose arguments aren't plain expressions.

use sqlparser::ast::{Expr, Interval};

use super::call::Call;
use super::refusal::SqlRefusal;
use super::{SqlWriter, Written, literal};
use crate::partition::Timezone;
use crate::table;

/// The elements of a timestamp's format that mean the same in both dialects.
pub(super) const INSTANT_ELEMENTS: &str = "YmdFyjaAbBeHMSTRGV%";

/// The parts that instants can be truncated to.
pub(super) const INSTANTS: &[&str] = &[
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "ISOWEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
];

impl SqlWriter<'_> {
    /// Translates a date or timestamp function; `None` if it is another function.
    pub(super) fn calendar(&mut self, call: &Call<'_>) -> Result<Option<String>, SqlRefusal> {
        const DAYS: &[&str] = &["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
        const STARTS: &[&str] = &["DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR"];
        const MOMENTS: &[&str] = &["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY"];
        let written = match call.name {
            "CURRENT_DATE" => {
                let [] = call.exactly()?;
                literal::text(&self.now.date_naive().to_string())
            }
            "CURRENT_TIMESTAMP" => {
                let [] = call.exactly()?;
                literal::text(&table::Value::Timestamp(self.now).to_string())
            }
            "DATE" if call.arguments.len() == 3 => {
                let [year, month, day] = call.exactly()?;
                let (year, month) = (self.expression(year)?, self.expression(month)?);
                format!("gsql_date({year}, {month}, {})", self.expression(day)?)
            }
            "DATE_ADD" => self.shifted(call, "gsql_date_add", "", DAYS)?,
            "DATE_SUB" => self.shifted(call, "gsql_date_add", "- ", DAYS)?,
            "TIMESTAMP_ADD" => self.shifted(call, "gsql_timestamp_add", "", MOMENTS)?,
            "TIMESTAMP_SUB" => self.shifted(call, "gsql_timestamp_add", "- ", MOMENTS)?,
            "DATE_DIFF" => self.difference(call, "gsql_date_diff", DAYS)?,
            "TIMESTAMP_DIFF" => self.difference(call, "gsql_timestamp_diff", MOMENTS)?,
            "DATE_TRUNC" => {
                let [date, part] = call.exactly()?;
                let part = allowed_part(call, part, STARTS)?;
                format!("gsql_date_trunc({}, '{part}')", self.expression(date)?)
            }
            "DATE" if call.arguments.len() == 2 => {
                let [at, zone] = call.exactly()?;
                format!("gsql_date({}, {})", self.expression(at)?, zone_of(call, zone)?)
            }
            "TIMESTAMP" if call.arguments.len() == 2 => {
                let [day, zone] = call.exactly()?;
                format!(
                    "gsql_timestamp({}, {})",
                    self.expression(day)?,
                    zone_of(call, zone)?
                )
            }
            "TIMESTAMP" => {
                let [day] = call.exactly()?;
                format!("gsql_timestamp({}, 'UTC')", self.expression(day)?)
            }
            "LAST_DAY" if call.arguments.len() == 2 => {
                let [day, part] = call.exactly()?;
                let part = allowed_part(call, part, &STARTS[1..])?;
                format!("gsql_last_day({}, '{part}')", self.expression(day)?)
            }
            "LAST_DAY" => {
                let [day] = call.exactly()?;
                format!("gsql_last_day({}, 'MONTH')", self.expression(day)?)
            }
            "TIMESTAMP_TRUNC" if call.arguments.len() == 3 => {
                let [at, part, zone] = call.exactly()?;
                let (part, zone) = (allowed_part(call, part, INSTANTS)?, zone_of(call, zone)?);
                format!("gsql_timestamp_trunc({}, '{part}', {zone})", self.expression(at)?)
            }
            "TIMESTAMP_TRUNC" => {
                let [at, part] = call.exactly()?;
                let part = allowed_part(call, part, INSTANTS)?;
                format!("gsql_timestamp_trunc({}, '{part}', 'UTC')", self.expression(at)?)
            }
            "FORMAT_TIMESTAMP" if call.arguments.len() == 3 => {
                let [format, at, zone] = call.exactly()?;
                let (format, zone) = (safe_format(call, format, INSTANT_ELEMENTS)?, zone_of(call, zone)?);
                format!(
                    "gsql_format_timestamp({format}, {}, {zone})",
                    self.expression(at)?
                )
            }
            "FORMAT_TIMESTAMP" => {
                let [format, at] = call.exactly()?;
                let format = safe_format(call, format, INSTANT_ELEMENTS)?;
                format!("gsql_format_timestamp({format}, {}, 'UTC')", self.expression(at)?)
            }
            "FORMAT_DATE" | "PARSE_DATE" => {
                let [format, date] = call.exactly()?;
                // ISO years and weeks can be written, but not read without the day of the week.
                let more = if call.name == "FORMAT_DATE" { "GV" } else { "" };
                let format = safe_format(call, format, &format!("YmdFyjaAbBe%{more}"))?;
                let name = call.name.to_ascii_lowercase();
                format!("gsql_{name}({format}, {})", self.expression(date)?)
            }
            _ => return self.datetime(call),
        };
        Ok(Some(written))
    }

    pub(super) fn shifted(&mut self, call: &Call<'_>, name: &str, sign: &str, parts: &[&str]) -> Written {
        let [from, by] = call.exactly()?;
        let Expr::Interval(Interval {
            value,
            leading_field: Some(field),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        }) = by
        else {
            return Err(SqlRefusal::construct(format_args!("{}(…, {by})", call.name)));
        };
        let part = part_word(&field.to_string());
        if !parts.contains(&part.as_str()) {
            return Err(SqlRefusal::construct(format_args!(
                "{}(…, INTERVAL … {field})",
                call.name
            )));
        }
        let (from, by) = (self.expression(from)?, self.expression(value)?);
        Ok(format!("{name}({from}, {sign}{by}, '{part}')"))
    }

    pub(super) fn difference(&mut self, call: &Call<'_>, name: &str, parts: &[&str]) -> Written {
        let [left, right, part] = call.exactly()?;
        let part = allowed_part(call, part, parts)?;
        Ok(format!(
            "{name}({}, {}, '{part}')",
            self.expression(left)?,
            self.expression(right)?
        ))
    }
}

/// Normalises a date part: `HOURS` and `HOUR` are the same.
fn part_word(part: &str) -> String {
    let part = part.to_ascii_uppercase();
    part.strip_suffix('S').map_or(part.clone(), str::to_owned)
}

pub(super) fn allowed_part(call: &Call<'_>, part: &Expr, parts: &[&str]) -> Written {
    let word = part_word(&part.to_string());
    if parts.contains(&word.as_str()) {
        Ok(word)
    } else {
        Err(SqlRefusal::construct(format_args!("{}(…, {part})", call.name)))
    }
}

/// A literal with the name of a time zone.
pub(super) fn zone_name(zone: &Expr) -> Option<String> {
    let Expr::Value(value) = zone else {
        return None;
    };
    let zone = Timezone::parse(literal::text_of(&value.value)?).ok()?;
    Some(literal::text(zone.name()))
}

/// The last argument of a call, a time zone.
fn zone_of(call: &Call<'_>, zone: &Expr) -> Written {
    zone_name(zone).ok_or_else(|| SqlRefusal::construct(format_args!("{}(…, {zone})", call.name)))
}

/// A format string of these elements, which mean the same in both dialects.
pub(super) fn safe_format(call: &Call<'_>, format: &Expr, elements: &str) -> Written {
    let refused = || SqlRefusal::construct(format_args!("{}({format}, …)", call.name));
    let Expr::Value(value) = format else {
        return Err(refused());
    };
    let written = literal::text_of(&value.value).ok_or_else(refused)?;
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' && !letters.next().is_some_and(|element| elements.contains(element)) {
            return Err(refused());
        }
    }
    Ok(literal::text(written))
}
