//! The one script that replaces the rows of some dates: in a transaction, so that a reader sees the old rows or the
//! new ones. Rows travel as one JSON parameter, or by a load job where they are too many for one; dates as literals,
//! because `BigQuery` prunes partitions by them.

use chrono::NaiveDate;

use super::about::{literal, literals};
use super::cell::{expression, row};
use super::fault::Fault;
use super::job::{Answered, Statement};
use super::read;
use super::record::{self, CameFrom};
use super::staging::SENT;
use crate::table::{Row, Stamp, TableDef, Value, sql_name, sql_names};
use crate::warehouse::{ErrorClass, Kept, Recording, Replace};

/// The most rows in bytes one request carries; `BigQuery` takes 10 MB, the query's text included. A parameter is billed
/// nothing and is no job of its own, where a table that rows were loaded into is billed for 10 MiB at least when it is
/// read; so that only what is more is loaded.
pub(super) const MOST_BYTES: usize = 8_000_000;

/// About the most rows in bytes that are loaded for one commit. All of them are in memory at once.
pub(super) const MOST_LOADED: usize = 32_000_000;

/// What a value takes of them on average, its quotes and comma included; the widest tables have 14.
pub(super) const BYTES_A_VALUE: usize = 16;

/// The bytes a row takes in a request, where it is a text within JSON and its quotes are escaped.
pub(super) fn sent_bytes(row: &str) -> usize {
    let escaped = row.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    row.len() + escaped + 1
}

/// What the script calls the rows that are to be stored; a column may have any name that a plan may give it.
pub(super) const FRESH: &str = "_backcourt_fresh";

/// The temporary table of the dates whose stored rows stay.
pub(super) const STAYS: &str = "_backcourt_stays";

/// Statements of the script that change the table at the most: DELETE and INSERT.
pub(super) const CHANGES: usize = 2;

/// The rows of a replace, cut where a commit would grow too large. A date is never cut.
pub(super) fn parts<'a>(replace: &Replace<'a>) -> Vec<Part<'a>> {
    let table = replace.table;
    let mut parts: Vec<Part<'a>> = vec![Part::new(table, replace.record)];
    for &date in replace.dates {
        let short = replace.short.contains(&date);
        let rows = on_date(replace, date);
        let bytes = rows.iter().map(|row| sent_bytes(row)).sum::<usize>();
        match parts.last_mut() {
            Some(last) if last.dates.is_empty() || last.bytes + bytes <= MOST_LOADED => {
                last.add(date, short, rows, bytes);
            }
            _ => {
                let mut next = Part::new(table, replace.record);
                next.add(date, short, rows, bytes);
                parts.push(next);
            }
        }
    }
    parts
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
    /// Dates whose stored rows stay where they are at least as many as this.
    short: Vec<(NaiveDate, usize)>,
    rows: Vec<String>,
    bytes: usize,
    record: Option<&'a Recording>,
}

impl<'a> Part<'a> {
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

    fn add(&mut self, date: NaiveDate, is_short: bool, rows: Vec<String>, bytes: usize) {
        self.dates.push(date);
        if is_short {
            self.short.push((date, rows.len()));
        }
        self.rows.extend(rows);
        self.bytes += bytes;
    }

    /// Whether stored rows of any of its dates may stay; only then does its script answer which.
    pub(super) const fn may_keep(&self) -> bool {
        !self.short.is_empty()
    }

    /// Whether its rows are too many for a parameter.
    pub(super) const fn is_loaded(&self) -> bool {
        self.bytes > MOST_BYTES
    }

    /// Its rows, each as one JSON list.
    pub(super) fn rows(&self) -> &[String] {
        &self.rows
    }

    /// All its rows as one JSON list.
    pub(super) fn parameter(&self) -> String {
        format!("[{}]", self.rows.join(","))
    }

    /// The script for this part of the table at `path`, stamped with `now`; `guard` is said first in its transaction.
    /// Its rows go along as a parameter, unless they were loaded into a table. What is recorded goes to the table at `ledger`.
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
            record::within(ledger, recording, CameFrom::Sent, self.may_keep())
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

/// The text of the script; it differs only by the dates, and says which stayed where any of them may. `fresh` is the
/// SELECT of the rows, `record` what is said to record them.
fn script(
    table: &TableDef,
    path: &str,
    dates: &[NaiveDate],
    short: &[(NaiveDate, usize)],
    guard: &str,
    [fresh, record]: [&str; 2],
) -> String {
    if short.is_empty() {
        return format!(
            "BEGIN TRANSACTION;\n{guard}{}{record}COMMIT TRANSACTION;",
            exchange(table, path, dates, fresh, Stays::None)
        );
    }
    let came: Vec<String> = short
        .iter()
        .map(|(date, rows)| format!("({}, {rows})", literal(*date)))
        .collect();
    let days: Vec<NaiveDate> = short.iter().map(|(date, _)| *date).collect();
    let stays = format!(
        "SELECT held.day, held.stored FROM ({}) AS held \
         JOIN UNNEST(ARRAY<STRUCT<day DATE, came INT64>>[{}]) AS came ON came.day = held.day \
         WHERE held.stored >= came.came",
        stored_rows(table, path, &days),
        came.join(", ")
    );
    format!(
        "BEGIN TRANSACTION;\n{guard}CREATE TEMP TABLE {STAYS} AS {stays};\n{}{record}COMMIT TRANSACTION;\n\
         SELECT day, stored FROM {STAYS} ORDER BY day",
        exchange(table, path, dates, fresh, Stays::Listed)
    )
}

/// How many rows each of these dates holds, as `day` and `stored`; a date without rows is not answered.
pub(super) fn stored_rows(table: &TableDef, path: &str, dates: &[NaiveDate]) -> String {
    let day = sql_name(&table.date_column);
    format!(
        "SELECT {day} AS day, COUNT(*) AS stored FROM `{path}` WHERE {day} IN ({}) GROUP BY {day}",
        literals(dates)
    )
}

/// The dates whose stored rows stayed, as the script of a replace answers them.
///
/// # Errors
/// When the answer has another form, in a sentence for the log.
pub(super) fn kept(answered: &Answered) -> Result<Vec<Kept>, Fault> {
    let kept = |row: Row| match row.as_slice() {
        [Value::Date(date), Value::Int(rows)] => Some(Kept {
            date: *date,
            rows: u32::try_from(*rows).ok()?,
        }),
        _ => None,
    };
    let rows = read::typed(answered)?.into_iter().map(kept);
    rows.collect::<Option<_>>().ok_or_else(|| {
        let sentence = "the script returns kept dates in another format than it was sent";
        Fault::new(ErrorClass::Code, sentence.to_owned())
    })
}

/// Whether the script of an exchange has made the temporary table of the dates whose stored rows stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    /// No date's rows may stay.
    None,
    /// It is there.
    Listed,
}

impl Stays {
    /// The condition that leaves those dates out.
    fn left_out(self, day: &str) -> String {
        match self {
            Self::None => String::new(),
            Self::Listed => format!(" AND {day} NOT IN (SELECT day FROM {STAYS})"),
        }
    }
}

/// What puts the rows of a SELECT in the place of those these dates hold, within a transaction that is open. The SELECT
/// answers every column that is not stamped, by its name.
pub(super) fn exchange(
    table: &TableDef,
    path: &str,
    dates: &[NaiveDate],
    fresh: &str,
    stays: Stays,
) -> String {
    let day = sql_name(&table.date_column);
    let on_dates = format!("{day} IN ({}){}", literals(dates), stays.left_out(&day));
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
    let from = match stays {
        Stays::None => from,
        Stays::Listed => format!("{from} WHERE TRUE{}", stays.left_out(&format!("{FRESH}.{day}"))),
    };
    format!(
        "{keep}IF EXISTS (SELECT 1 FROM {held}) THEN\nDELETE FROM `{path}` WHERE {on_dates};\nEND IF;\n{}",
        insert(table, path, fresh, first, &from)
    )
}

/// The SELECT that makes the rows in the parameter `@rows` into rows of a table.
fn sent(table: &TableDef) -> String {
    format!(
        "SELECT {} FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS {SENT}",
        sent_columns(table)
    )
}

/// The same of rows that were loaded into a table.
pub(super) fn sent_by_load(table: &TableDef, loaded: &str) -> String {
    format!("SELECT {} FROM `{loaded}`", sent_columns(table))
}

fn sent_columns(table: &TableDef) -> String {
    let columns: Vec<String> = (table.made_columns().enumerate())
        .map(|(at, column)| {
            format!(
                "{} AS {}",
                expression(column.kind, SENT, at),
                sql_name(&column.name)
            )
        })
        .collect();
    columns.join(", ")
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
