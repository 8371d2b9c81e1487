//! The one script that replaces the rows of some dates: in a transaction, so that a reader sees the old rows or the
//! new ones. Rows travel as one JSON parameter, dates as literals, because `BigQuery` prunes partitions by them.

use chrono::NaiveDate;

use super::about::literals;
use super::cell::{expression, row};
use super::job::Statement;
use crate::table::{Row, Stamp, TableDef, Value, sql_name, sql_names};
use crate::warehouse::{ErrorClass, Replace, WarehouseError};

/// The most rows in bytes one request carries; `BigQuery` takes 10 MB, the query's text included.
pub(super) const MOST_BYTES: usize = 8_000_000;

/// What a value takes of them on average, its quotes and comma included; the widest tables have 14.
pub(super) const BYTES_A_VALUE: usize = 16;

/// The bytes a row takes in a request, where it is a text within JSON and its quotes are escaped.
pub(super) fn sent_bytes(row: &str) -> usize {
    let escaped = row.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    row.len() + escaped + 1
}

/// What the script calls the rows that are to be stored; a column may have any name that a plan may give it.
pub(super) const FRESH: &str = "_backcourt_fresh";

/// Statements of the script that change the table at the most: DELETE and INSERT.
pub(super) const CHANGES: usize = 2;

/// The rows of a replace, cut where a request would grow too large. A date is never cut.
pub(super) fn parts<'a>(replace: &Replace<'a>) -> Result<Vec<Part<'a>>, WarehouseError> {
    let table = replace.table;
    let mut parts: Vec<Part<'a>> = vec![Part::new(table)];
    for &date in replace.dates {
        let rows = on_date(replace, date);
        let bytes = rows.iter().map(|row| sent_bytes(row)).sum::<usize>();
        if bytes > MOST_BYTES {
            return Err(WarehouseError::new(
                ErrorClass::Data,
                format!(
                    "the rows of {date} for {} come to {bytes} bytes and one request carries {MOST_BYTES}; \
                     a date cannot be cut, give the table fewer or narrower columns",
                    table.path()
                ),
            ));
        }
        match parts.last_mut() {
            Some(last) if last.dates.is_empty() || last.bytes + bytes <= MOST_BYTES => {
                last.add(date, rows, bytes);
            }
            _ => {
                let mut next = Part::new(table);
                next.add(date, rows, bytes);
                parts.push(next);
            }
        }
    }
    Ok(parts)
}

fn on_date(replace: &Replace<'_>, date: NaiveDate) -> Vec<String> {
    let table = replace.table;
    let at = table.position(&table.date_column);
    let is_on = |row: &&Row| at.and_then(|at| row.get(at)).and_then(Value::as_date) == Some(date);
    let sent = |row: &Row| -> Row {
        let kept = row.iter().zip(table.columns.iter());
        kept.filter(|(_, column)| column.stamp.is_none())
            .map(|(value, _)| value.clone())
            .collect()
    };
    let rows = replace.rows.iter().filter(is_on);
    rows.map(|held| row(&sent(held)).to_string()).collect()
}

/// Some dates of a replace and their rows, small enough for one request.
#[derive(Debug)]
pub(super) struct Part<'a> {
    table: &'a TableDef,
    dates: Vec<NaiveDate>,
    rows: Vec<String>,
    bytes: usize,
}

impl<'a> Part<'a> {
    const fn new(table: &'a TableDef) -> Self {
        Self {
            table,
            dates: Vec::new(),
            rows: Vec::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, date: NaiveDate, rows: Vec<String>, bytes: usize) {
        self.dates.push(date);
        self.rows.extend(rows);
        self.bytes += bytes;
    }

    /// The script for this part of the table at `path`, stamped with `now`; `guard` is said first in its transaction.
    pub(super) fn statement(&self, path: &str, now: &str, guard: &str) -> Statement {
        let rows = format!("[{}]", self.rows.join(","));
        Statement::new(script(self.table, path, &self.dates, guard))
            .with("rows", "STRING", rows)
            .with("now", "TIMESTAMP", now.to_owned())
    }
}

/// The text of the script; it differs only by the dates.
fn script(table: &TableDef, path: &str, dates: &[NaiveDate], guard: &str) -> String {
    format!(
        "BEGIN TRANSACTION;\n{guard}{}COMMIT TRANSACTION;",
        exchange(table, path, dates, &sent(table))
    )
}

/// What puts the rows of a SELECT in the place of those these dates hold, within a transaction that is open. The SELECT
/// answers every column that is not stamped, by its name.
pub(super) fn exchange(table: &TableDef, path: &str, dates: &[NaiveDate], fresh: &str) -> String {
    let on_dates = format!("{} IN ({})", sql_name(&table.date_column), literals(dates));
    let created = table
        .stamp_position(Stamp::Created)
        .map(|at| sql_name(&table.columns[at].name));
    let keep = match created {
        Some(created) if !table.key.is_empty() => {
            let keys = sql_names(table.key.iter());
            format!(
                "CREATE TEMP TABLE kept AS SELECT {keys}, MIN({created}) AS first FROM `{path}` \
                 WHERE {on_dates} GROUP BY {keys};\n"
            )
        }
        _ => String::new(),
    };
    let (first, from, held) = if keep.is_empty() {
        ("@now", FRESH.to_owned(), format!("`{path}` WHERE {on_dates}"))
    } else {
        let same: Vec<String> = (table.key.iter())
            .map(|key| sql_name(key))
            .map(|key| format!("kept.{key} = {FRESH}.{key}"))
            .collect();
        let joined = format!("{FRESH} LEFT JOIN kept ON {}", same.join(" AND "));
        ("COALESCE(kept.first, @now)", joined, "kept".to_owned())
    };
    // A DELETE of nothing takes as long as one of something, and in a first run there is never anything.
    format!(
        "{keep}IF EXISTS (SELECT 1 FROM {held}) THEN\nDELETE FROM `{path}` WHERE {on_dates};\nEND IF;\n{}",
        insert(table, path, fresh, first, &from)
    )
}

/// The SELECT that makes the rows in the parameter `@rows` into rows of a table.
pub(super) fn sent(table: &TableDef) -> String {
    let columns: Vec<String> = (table.made_columns().enumerate())
        .map(|(at, column)| {
            format!(
                "{} AS {}",
                expression(column.kind, "sent", at),
                sql_name(&column.name)
            )
        })
        .collect();
    format!(
        "SELECT {} FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS sent",
        columns.join(", ")
    )
}

/// The statement that inserts what a SELECT answers, as [`FRESH`]; `first` is what the creation stamp receives, `from`
/// where the rows come from in the end.
pub(super) fn insert(table: &TableDef, path: &str, fresh: &str, first: &str, from: &str) -> String {
    let values: Vec<String> = (table.columns.iter())
        .map(|column| match column.stamp {
            Some(Stamp::Created) => first.to_owned(),
            Some(Stamp::Processed) => "@now".to_owned(),
            None => format!("{FRESH}.{}", sql_name(&column.name)),
        })
        .collect();
    format!(
        "INSERT INTO `{path}` ({})\nWITH {FRESH} AS ({fresh})\nSELECT {} FROM {from};\n",
        sql_names(table.columns.iter().map(|column| &column.name)),
        values.join(", "),
    )
}
