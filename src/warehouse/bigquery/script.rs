//! The script that replaces the rows of some dates in one transaction, so that readers see either the old or the new
//! rows. Rows are sent as one JSON parameter, or by a load job if they are too many; dates are literals, so that
//! `BigQuery` prunes partitions.

use std::collections::HashMap;

use super::api_error::ApiError;
use super::cell::{expression, row};
use super::read;
use super::record::{self, KEPT_DATES, RowCountSource};
use super::staging::SENT;
use super::statement::{JobResult, Statement};
use crate::partition::{Partition, Timezone};
use crate::table::{
    Column, DateType, PartitionColumn, Row, Stamp, TableDef, Value, partition_of, sql_name, sql_names,
    start_literal, start_type,
};
use crate::warehouse::{ErrorClass, Kept, Recording, Replace};

/// Maximum size of the rows in one request, in bytes; `BigQuery` allows 10 MB including the query text. A parameter is
/// free and needs no job, whereas reading a loaded table is billed at least 10 MiB, so only larger parts are loaded.
pub(super) const MAX_INLINE_BYTES: usize = 8_000_000;

/// Approximate maximum size of the rows loaded for one commit, in bytes. All of them are in memory at once.
pub(super) const MAX_LOADED_BYTES: usize = 32_000_000;

/// Average size of a value in bytes, with quotes and comma; the widest tables have 14.
pub(super) const BYTES_A_VALUE: usize = 16;

/// The size of a row in a request, where it is a JSON string with escaped quotes.
pub(super) fn sent_bytes(row: &str) -> usize {
    let escaped = row.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    row.len() + escaped + 1
}

/// The alias of the rows to store, chosen not to clash with a column name of a plan.
pub(super) const NEW_ROWS_ALIAS: &str = "_backcourt_fresh";

/// The partition of rows to store by ingestion time. Only a table may have a column of its own name for it.
pub(super) const NEW_PARTITION: &str = "_backcourt_partition";

/// Maximum number of DML statements on the table in one script: DELETE and INSERT.
pub(super) const CHANGES: usize = 2;

/// Splits a replace so that no commit gets too large. A date is never split.
pub(super) fn parts<'a>(replace: &Replace<'a>) -> Vec<CommitPart<'a>> {
    let table = replace.table;
    let mut parts: Vec<CommitPart<'a>> = vec![CommitPart::new(table, replace.record)];
    let mut by_date: HashMap<Partition, Vec<String>> = HashMap::new();
    for row in replace.rows.iter() {
        if let Some(date) = table.partition_of(row) {
            by_date.entry(date).or_default().push(sent_row(table, row));
        }
    }
    for &date in replace.dates {
        let short = replace.short.contains(&date);
        let rows = by_date.remove(&date).unwrap_or_default();
        let bytes = rows.iter().map(|row| sent_bytes(row)).sum::<usize>();
        match parts.last_mut() {
            Some(last) if last.dates.is_empty() || last.bytes + bytes <= MAX_LOADED_BYTES => {
                last.add(date, short, rows, bytes);
            }
            _ => {
                let mut next = CommitPart::new(table, replace.record);
                next.add(date, short, rows, bytes);
                parts.push(next);
            }
        }
    }
    parts
}

/// A row as it is sent: without the columns that the warehouse stamps.
fn sent_row(table: &TableDef, held: &Row) -> String {
    let sent = table.sent_columns().filter_map(|column| {
        let at = table.position(&column.name)?;
        held.get(at).cloned()
    });
    row(&sent.collect()).to_string()
}

/// The name of a column in the rows to store, quoted.
fn new_name(column: &Column) -> String {
    if column.is_pseudo() {
        return NEW_PARTITION.to_owned();
    }
    sql_name(&column.name)
}

/// The partition column of the rows to store.
fn new_partition_column(table: &TableDef) -> PartitionColumn {
    if table.is_by_ingestion_time() {
        return PartitionColumn::of_type(NEW_PARTITION, DateType::Timestamp, table.grain, Timezone::UTC);
    }
    table.partition_column()
}

/// Some dates of a replace and their rows, small enough for one commit.
#[derive(Debug)]
pub(super) struct CommitPart<'a> {
    table: &'a TableDef,
    dates: Vec<Partition>,
    /// Dates whose stored rows are kept if there are at least this many.
    short: Vec<(Partition, usize)>,
    rows: Vec<String>,
    bytes: usize,
    record: Option<&'a Recording>,
}

impl<'a> CommitPart<'a> {
    const fn new(table: &'a TableDef, record: Option<&'a Recording>) -> Self {
        Self {
            table,
            dates: Vec::new(),
            short: Vec::new(),
            rows: Vec::new(),
            bytes: 0,
            record,
        }
    }

    fn add(&mut self, date: Partition, is_short: bool, rows: Vec<String>, bytes: usize) {
        self.dates.push(date);
        if is_short {
            self.short.push((date, rows.len()));
        }
        self.rows.extend(rows);
        self.bytes += bytes;
    }

    pub(super) fn dates(&self) -> &[Partition] {
        &self.dates
    }

    /// Whether stored rows of any date may be kept. Only then does the script return the kept dates.
    pub(super) const fn may_keep(&self) -> bool {
        !self.short.is_empty()
    }

    /// Whether the rows are too large for a parameter.
    pub(super) const fn is_loaded(&self) -> bool {
        self.bytes > MAX_INLINE_BYTES
    }

    /// The rows, each as one JSON list.
    pub(super) fn rows(&self) -> &[String] {
        &self.rows
    }

    /// All rows as one JSON list.
    pub(super) fn parameter(&self) -> String {
        format!("[{}]", self.rows.join(","))
    }

    /// The script for this part of the table at `path`, stamped with `now`; `guard` starts the transaction. Rows are
    /// sent as a parameter unless they were loaded into a table. Progress entries are written to the table at `ledger`.
    pub(super) fn statement(
        &self,
        path: &str,
        now: &str,
        guard: &str,
        loaded: Option<&str>,
        ledger: &str,
    ) -> Statement {
        let fresh = loaded.map_or_else(|| sent(self.table), |loaded| sent_by_load(self.table, loaded));
        let record = self.record.map_or_else(String::new, |recording| {
            record::within(
                ledger,
                recording,
                self.table.grain,
                RowCountSource::Sent,
                self.may_keep(),
            )
        });
        let text = script(
            self.table,
            path,
            &self.dates,
            &self.short,
            guard,
            [&fresh, &record],
        );
        let mut statement = Statement::new(text).with("now", "TIMESTAMP", now.to_owned());
        if let Some(recording) = self.record {
            statement = statement.with("record", "STRING", record::sent(recording.of(&self.dates)));
        }
        match loaded {
            Some(_) => statement,
            None => statement.with("rows", "STRING", self.parameter()),
        }
    }
}

/// The text of the script. It varies only with the dates, and returns the kept dates if there may be any. `fresh` is
/// the SELECT of the rows, `record` the SQL that records them.
fn script(
    table: &TableDef,
    path: &str,
    dates: &[Partition],
    short: &[(Partition, usize)],
    guard: &str,
    [fresh, record]: [&str; 2],
) -> String {
    if short.is_empty() {
        return format!(
            "BEGIN TRANSACTION;\n{guard}{}{record}COMMIT TRANSACTION;",
            exchange(table, path, dates, fresh, TempTable::None)
        );
    }
    let came: Vec<String> = short
        .iter()
        .map(|(date, rows)| format!("({}, {rows})", start_literal(*date)))
        .collect();
    let days: Vec<Partition> = short.iter().map(|(date, _)| *date).collect();
    let stays = format!(
        "SELECT held.day, held.stored FROM ({}) AS held \
         JOIN UNNEST(ARRAY<STRUCT<day {}, came INT64>>[{}]) AS came ON came.day = held.day \
         WHERE held.stored >= came.came",
        stored_rows(table, path, &days),
        start_type(table.grain),
        came.join(", ")
    );
    format!(
        "BEGIN TRANSACTION;\n{guard}CREATE TEMP TABLE {KEPT_DATES} AS {stays};\n{}{record}COMMIT TRANSACTION;\n\
         SELECT day, stored FROM {KEPT_DATES} ORDER BY day",
        exchange(table, path, dates, fresh, TempTable::Listed)
    )
}

/// SQL for the number of stored rows per date, as `day` and `stored`. Dates without rows are missing from the result.
pub(super) fn stored_rows(table: &TableDef, path: &str, dates: &[Partition]) -> String {
    let column = table.partition_column();
    let start = column.start();
    format!(
        "SELECT {start} AS day, COUNT(*) AS stored FROM `{path}` WHERE {} GROUP BY {start}",
        column.is_in(dates)
    )
}

/// The requested partition that a script returns by its start.
pub(super) fn requested(dates: &[Partition], start: &Value) -> Option<Partition> {
    dates
        .iter()
        .copied()
        .find(|date| partition_of(start, date.grain(), Timezone::UTC) == Some(*date))
}

/// Parses the kept dates from the script's result.
///
/// # Errors
/// If the result has another shape; returns a message for the log.
pub(super) fn kept(dates: &[Partition], answered: &JobResult) -> Result<Vec<Kept>, ApiError> {
    let kept = |row: Row| match row.as_slice() {
        [start, Value::Int(rows)] => Some(Kept {
            date: requested(dates, start)?,
            rows: u32::try_from(*rows).ok()?,
        }),
        _ => None,
    };
    let rows = read::typed(answered)?.into_iter().map(kept);
    rows.collect::<Option<_>>().ok_or_else(|| {
        let sentence = "the script returns kept dates in another format than it was sent";
        ApiError::new(ErrorClass::Code, sentence.to_owned())
    })
}

/// Whether the script has created the temporary table of the dates whose stored rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TempTable {
    /// No: all dates are replaced.
    None,
    /// Yes: its dates are excluded.
    Listed,
}

impl TempTable {
    /// The SQL condition that excludes those dates.
    fn left_out(self, day: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::Listed => format!(" AND {day} NOT IN (SELECT day FROM {KEPT_DATES})"),
        }
    }
}

/// SQL that replaces the rows of these dates with those of a SELECT, inside an open transaction. The SELECT returns
/// every column that is not stamped, by name.
pub(super) fn exchange(
    table: &TableDef,
    path: &str,
    dates: &[Partition],
    fresh: &str,
    stays: TempTable,
) -> String {
    let column = table.partition_column();
    let on_dates = format!("{}{}", column.is_in(dates), stays.left_out(&column.start()));
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
        (
            "@now",
            NEW_ROWS_ALIAS.to_owned(),
            format!("`{path}` WHERE {on_dates}"),
        )
    } else {
        let same: Vec<String> = (table.key.iter())
            .map(|key| sql_name(key))
            .map(|key| format!("kept.{key} = {NEW_ROWS_ALIAS}.{key}"))
            .collect();
        let joined = format!("{NEW_ROWS_ALIAS} LEFT JOIN kept ON {}", same.join(" AND "));
        ("COALESCE(kept.first, @now)", joined, "kept".to_owned())
    };
    // A DELETE takes as long when nothing matches, and a first run has nothing to delete.
    let from = match stays {
        TempTable::None => from,
        TempTable::Listed => format!(
            "{from} WHERE TRUE{}",
            stays.left_out(&new_partition_column(table).of_alias(NEW_ROWS_ALIAS).start())
        ),
    };
    format!(
        "{keep}IF EXISTS (SELECT 1 FROM {held}) THEN\nDELETE FROM `{path}` WHERE {on_dates};\nEND IF;\n{}",
        insert(table, path, fresh, first, &from)
    )
}

/// The SELECT that decodes the rows in the parameter `@rows`.
fn sent(table: &TableDef) -> String {
    format!(
        "SELECT {} FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS {SENT}",
        sent_columns(table)
    )
}

/// The SELECT that decodes the rows loaded into a staging table.
pub(super) fn sent_by_load(table: &TableDef, loaded: &str) -> String {
    format!("SELECT {} FROM `{loaded}`", sent_columns(table))
}

fn sent_columns(table: &TableDef) -> String {
    let columns: Vec<String> = (table.sent_columns().enumerate())
        .map(|(at, column)| format!("{} AS {}", expression(&column.kind, SENT, at), new_name(column)))
        .collect();
    columns.join(", ")
}

/// The INSERT of a SELECT's rows, aliased as [`NEW_ROWS_ALIAS`]. `first` is the creation timestamp, `from` the final source of
/// the rows.
pub(super) fn insert(table: &TableDef, path: &str, fresh: &str, first: &str, from: &str) -> String {
    let values: Vec<String> = (table.columns.iter())
        .map(|column| match column.stamp {
            Some(Stamp::Created) => first.to_owned(),
            Some(Stamp::Processed) => "@now".to_owned(),
            Some(Stamp::PartitionTime) | None => format!("{NEW_ROWS_ALIAS}.{}", new_name(column)),
        })
        .collect();
    format!(
        "INSERT INTO `{path}` ({})\nWITH {NEW_ROWS_ALIAS} AS ({fresh})\nSELECT {} FROM {from};\n",
        sql_names(table.columns.iter().map(|column| &column.name)),
        values.join(", "),
    )
}
