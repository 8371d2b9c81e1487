//! Replaces the rows of some dates by the result of a query, in one script: no rows leave the warehouse. Invalid rows
//! are quarantined in the script, which returns the row count and the quarantined rows per date. All of this is
//! computed before the commit, so that no `BigQuery` limit can be hit after it.

use super::about::about;
use super::api_error::ApiError;
use super::read;
use super::record::{self, KEPT_DATES, RowCountSource};
use super::script::{NEW_PARTITION, TempTable, exchange, requested, stored_rows};
use super::statement::{JobResult, Statement};
use crate::partition::{Grain, Partition};
use crate::sql::QueryScript;
use crate::table::{
    CarriedType, Column, ColumnType, Decimals, FaultKind, Quarantined, Row, TableDef, Value, digest,
    sql_name, sql_names, start_literal, start_type, text_literal,
};
use crate::warehouse::{Asking, ErrorClass, Refill, Refilled, RowsExpected};

/// Maximum number of dates in a script whose query runs once per date, since the script repeats the query for each.
const MAX_DATES: usize = 50;

/// Approximate maximum length of a script, in characters; `BigQuery` allows a million.
const MAX_SCRIPT_LENGTH: usize = 500_000;

/// Maximum number of quarantined rows returned per date and per script. The first few show what is wrong with a query.
const MAX_QUARANTINED: usize = 1_000;
const MAX_QUARANTINED_TOTAL: usize = 10_000;

/// Maximum length of a returned quarantined row, in characters. With [`MAX_QUARANTINED_TOTAL`] rows a result stays
/// below 40 MB, and the cell of a date below 4 MB, whatever the query returns; `BigQuery` allows 100 MB per row.
const MAX_ROW_LENGTH: usize = 1_000;

/// Columns added to those of the table: the requested date, the fault of a row, the fingerprint of a valid row and the
/// text of an invalid one.
const REQUESTED_DATE: &str = "_backcourt_asked";
const FAULT: &str = "_backcourt_fault";
const PRINT: &str = "_backcourt_print";
const TEXT: &str = "_backcourt_text";

/// Aliases for the query's rows and for a single row, chosen not to clash with a column name.
const ROWS_ALIAS: &str = "_backcourt_own";
const ROW: &str = "_backcourt_row";

/// The temporary table with the query's rows and their faults. It is the only one of that size, because reading each
/// further one would be billed again.
const QUERY_ROWS: &str = "_backcourt_answered";

/// The temporary table with the script's result, a few rows.
const SCRIPT_RESULT: &str = "_backcourt_told";

/// Splits the dates of a refill so that no script gets too large. Declarations before the query may contain its date, and
/// a script has them once.
pub(super) fn parts<'a>(refill: &Refill<'a>) -> impl Iterator<Item = &'a [Partition]> {
    let declares = QueryScript::of(refill.sql).is_ok_and(|script| !script.before.is_empty());
    let most = match refill.asking {
        Asking::AllAtOnce => refill.dates.len(),
        Asking::DateByDate if declares => 1,
        Asking::DateByDate => (MAX_SCRIPT_LENGTH / refill.sql.len().max(1)).min(MAX_DATES),
    };
    refill.dates.chunks(most.max(1))
}

/// The script for some of a refill's dates. `sql` is the query with resolved dataset names; `guard` starts the
/// transaction.
///
/// # Errors
/// If the query can't be tokenised; returns a message for the operator.
pub(super) fn statement(
    refill: &Refill<'_>,
    sql: &str,
    dates: &[Partition],
    path: &str,
    guard: &str,
    ledger: &str,
) -> Result<Statement, String> {
    let table = refill.table;
    let owed = owed(refill, dates);
    let (keep, stays) = if owed.is_empty() {
        (String::new(), TempTable::None)
    } else {
        let stays = staying(table, path, &owed);
        (
            format!("CREATE TEMP TABLE {KEPT_DATES} AS {stays};\n"),
            TempTable::Listed,
        )
    };
    let text = format!(
        "{}BEGIN TRANSACTION;\n{guard}\
         CREATE TEMP TABLE {QUERY_ROWS} AS {};\n\
         {keep}{}\
         CREATE TEMP TABLE {SCRIPT_RESULT} AS {};\n\
         {}COMMIT TRANSACTION;\n\
         SELECT * FROM {SCRIPT_RESULT} ORDER BY asked, stayed",
        declarations(refill, sql, dates)?,
        answered(table, &judged(table, &rows(refill, sql, dates)?)),
        exchange(table, path, dates, &fitting(table), stays),
        counts(stays, dates.len()),
        refill.record.map_or_else(String::new, |recording| {
            let came = RowCountSource::Query(&came(), digest(&[]));
            record::within(
                ledger,
                recording,
                refill.table.grain,
                came,
                stays == TempTable::Listed,
            )
        }),
    );
    let now = Value::Timestamp(refill.now).to_string();
    let statement = Statement::new(text).with("now", "TIMESTAMP", now);
    Ok(match refill.record {
        Some(recording) => statement.with("record", "STRING", record::sent(recording.of(dates))),
        None => statement,
    })
}

/// The dates whose stored rows are protected, each with the expected row count; `None` if one row is enough.
fn owed(refill: &Refill<'_>, dates: &[Partition]) -> Vec<(Partition, Option<u32>)> {
    let expected = |date: &Partition| {
        let at = refill.dates.iter().position(|other| other == date)?;
        match refill.expected.get(at).unwrap_or(&RowsExpected::AtLeastOne) {
            RowsExpected::Exactly(rows) => Some((*date, Some(*rows))),
            RowsExpected::AtLeastOne => Some((*date, None)),
            RowsExpected::Any => None,
        }
    };
    dates.iter().filter_map(expected).collect()
}

/// SQL for the dates whose stored rows are kept, by the rule of [`RowsExpected::keeps`]: the new rows miss the
/// expectation and are not more than the stored ones.
fn staying(table: &TableDef, path: &str, owed: &[(Partition, Option<u32>)]) -> String {
    let days: Vec<Partition> = owed.iter().map(|(date, _)| *date).collect();
    let each: Vec<String> = owed
        .iter()
        .map(|(date, rows)| {
            let rows = rows.map_or_else(|| "NULL".to_owned(), |rows| rows.to_string());
            format!("({}, {rows})", start_literal(*date))
        })
        .collect();
    format!(
        "SELECT held.day, held.stored FROM ({}) AS held \
         JOIN UNNEST(ARRAY<STRUCT<day {}, expected INT64>>[{}]) AS owed ON owed.day = held.day \
         LEFT JOIN (SELECT {REQUESTED_DATE} AS day, COUNTIF({FAULT} IS NULL) AS fit, COUNTIF({FAULT} IS NOT NULL) AS aside \
         FROM {QUERY_ROWS} GROUP BY {REQUESTED_DATE}) AS came ON came.day = held.day \
         WHERE held.stored >= COALESCE(came.fit, 0) AND (COALESCE(came.aside, 0) > 0 \
         OR COALESCE(came.fit, 0) = 0 OR came.fit != owed.expected)",
        stored_rows(table, path, &days),
        start_type(table.grain),
        each.join(", "),
    )
}

/// The statements before the query, which come first in a script.
fn declarations(refill: &Refill<'_>, sql: &str, dates: &[Partition]) -> Result<String, String> {
    Ok(match QueryScript::of(sql)?.before {
        "" => String::new(),
        before => format!("{}\n", about(before, dates, refill.table.zone)?),
    })
}

/// SQL for the query's rows, each with the requested date.
fn rows(refill: &Refill<'_>, sql: &str, dates: &[Partition]) -> Result<String, String> {
    let query = QueryScript::of(sql)?.query;
    let own = |asked: &str, dates: &[Partition]| {
        let sql = about(query, dates, refill.table.zone)?;
        Ok(format!(
            "SELECT {asked} AS {REQUESTED_DATE}, {ROWS_ALIAS}.* FROM (\n{sql}\n) AS {ROWS_ALIAS}"
        ))
    };
    let of_one = |date: &Partition| own(&start_literal(*date), &[*date]);
    match (refill.asking, dates) {
        (Asking::DateByDate, _) => {
            let each: Result<Vec<String>, String> = dates.iter().map(of_one).collect();
            Ok(each?.join("\nUNION ALL\n"))
        }
        (Asking::AllAtOnce, [date]) => of_one(date),
        (Asking::AllAtOnce, _) => {
            // A row of another date fails the script, because it can't be assigned to a requested date.
            let column = refill.table.partition_column().of_alias(ROWS_ALIAS);
            let day = column.name();
            let asked = format!(
                "IF({}, {}, ERROR(CONCAT('the query for {} returns a row of ', COALESCE(CAST({day} AS \
                 STRING), 'NULL'), ', which is not one of the requested dates')))",
                column.is_dated(dates),
                column.start(),
                refill.table.path(),
            );
            own(&asked, dates)
        }
    }
}

/// The column list of the query.
fn made(table: &TableDef) -> String {
    sql_names(table.made_columns().map(|column| &column.name))
}

/// SQL for the rows as they would be stored, each with its fault.
fn judged(table: &TableDef, rows: &str) -> String {
    let stored: Vec<String> = table.made_columns().map(stored).collect();
    let mut faults: Vec<String> = (other_slices(table))
        .chain(table.made_columns().flat_map(faults))
        .collect();
    if table.is_by_ingestion_time() {
        // Its rows are of the date that they were asked for.
        faults.push("CAST(NULL AS STRING)".to_owned());
    } else {
        faults.insert(0, other_day(table));
    }
    format!(
        "SELECT {REQUESTED_DATE}, {}, COALESCE({}) AS {FAULT} FROM (\n{rows}\n)",
        stored.join(", "),
        faults.join(", ")
    )
}

/// SQL for the fault of a row of another date than it was asked for; NULL if it is of that date.
fn other_day(table: &TableDef) -> String {
    let (column, grain) = (table.partition_column(), table.grain);
    let day = column.name();
    format!(
        "IF({} != {REQUESTED_DATE}, CONCAT({}, {}, ' is not {} ', {}), NULL)",
        column.start(),
        fault_prefix(FaultKind::OtherDate, &table.date_column),
        quoted(&format!("CAST({day} AS STRING)")),
        grain.place(),
        match grain {
            Grain::Hour => format!("FORMAT_TIMESTAMP('{}', {REQUESTED_DATE})", grain.sql_format()),
            Grain::Day => format!("CAST({REQUESTED_DATE} AS STRING)"),
            Grain::Week | Grain::Month | Grain::Year => {
                format!("FORMAT_DATE('{}', {REQUESTED_DATE})", grain.sql_format())
            }
        },
    )
}

/// SQL expressions for the faults of a row of another slice.
fn other_slices(table: &TableDef) -> impl Iterator<Item = String> {
    table.slice.faults().filter_map(|(name, value, what)| {
        let column = table.column(name)?;
        Some(format!(
            "IF({} != {value}, CONCAT({}, {}, {}), NULL)",
            sql_name(name),
            fault_prefix(FaultKind::OtherSlice, name),
            shown(column),
            text_literal(&what)
        ))
    })
}

/// SQL for a value as stored in its column. Type mismatches make the server fail the script before it changes anything.
fn stored(column: &Column) -> String {
    let name = sql_name(&column.name);
    match column.kind {
        // Multiplying by one rejects strings, which would otherwise be converted silently. Halves are rounded away from
        // zero.
        ColumnType::Numeric { scale, .. } => {
            format!("ROUND(SAFE_CAST({name} * 1 AS NUMERIC), {scale}) AS {name}")
        }
        ColumnType::Carried(CarriedType::BigNumeric(Some(Decimals { scale, .. }))) => {
            format!("ROUND(CAST({name} * 1 AS BIGNUMERIC), {scale}) AS {name}")
        }
        _ => name,
    }
}

/// SQL expressions for the possible faults of a column; NULL if there is none. Each starts with the fault's kind and
/// uses the messages of [`crate::table::admit`].
fn faults(column: &Column) -> Vec<String> {
    let name = sql_name(&column.name);
    let shown = shown(column);
    let begun = |kind| fault_prefix(kind, &column.name);
    let mut faults = Vec::new();
    if !column.nullable {
        faults.push(format!(
            "IF({name} IS NULL, CONCAT({}, 'NULL is not allowed'), NULL)",
            begun(FaultKind::NotNull)
        ));
    }
    match &column.kind {
        &ColumnType::Numeric { precision, scale } => {
            let limit = 10_f64.powi(i32::from(precision) - i32::from(scale));
            faults.push(format!(
                "IF(NOT (ABS(ROUND(CAST({name} AS FLOAT64), {scale})) < {limit}), \
                 CONCAT({}, {shown}, ' does not fit {}'), NULL)",
                begun(FaultKind::Range),
                column.kind
            ));
        }
        ColumnType::Float64 => faults.push(format!(
            "IF({}, CONCAT({}, {shown}, ' is not a number'), NULL)",
            no_number(&name),
            begun(FaultKind::Type)
        )),
        ColumnType::Float64Array => faults.push(format!(
            "IF(EXISTS (SELECT 1 FROM UNNEST({name}) AS item WHERE {}), \
             CONCAT({}, 'an item is not a number'), NULL)",
            no_number("item"),
            begun(FaultKind::Type)
        )),
        ColumnType::Carried(carried) => faults.extend(too_large(&name, carried).map(|condition| {
            format!(
                "IF({condition}, CONCAT({}, {shown}, ' does not fit {carried}'), NULL)",
                begun(FaultKind::Range)
            )
        })),
        _ => {}
    }
    faults
}

/// The SQL condition of a value that exceeds the limit of its column, if that has one.
fn too_large(name: &str, kind: &CarriedType) -> Option<String> {
    match kind {
        CarriedType::ShortString(length) => Some(format!("CHAR_LENGTH({name}) > {length}")),
        CarriedType::ShortBytes(length) => Some(format!("BYTE_LENGTH({name}) > {length}")),
        CarriedType::BigNumeric(Some(Decimals { precision, scale })) => Some(format!(
            "ABS(ROUND(CAST({name} AS BIGNUMERIC), {scale})) >= BIGNUMERIC '1e{}'",
            precision - scale
        )),
        _ => None,
    }
}

/// SQL for a quoted value in a message. Bytes may not be a text, and nested values can't be cast to one.
fn shown(column: &Column) -> String {
    let name = sql_name(&column.name);
    quoted(&match &column.kind {
        ColumnType::Carried(CarriedType::ShortString(_)) => name,
        ColumnType::Carried(CarriedType::Geography) => format!("ST_ASTEXT({name})"),
        ColumnType::Bytes | ColumnType::Carried(_) => format!("TO_JSON_STRING({name})"),
        _ => format!("CAST({name} AS STRING)"),
    })
}

/// SQL for the text of a row, from which its fingerprint is computed.
fn row_text(table: &TableDef) -> String {
    let value = |column: &Column| {
        let name = sql_name(&column.name);
        match column.kind {
            ColumnType::Carried(CarriedType::Geography) => format!("ST_ASTEXT({name}) AS {name}"),
            _ => name,
        }
    };
    let values: Vec<String> = table.made_columns().map(value).collect();
    format!("TO_JSON_STRING(STRUCT({}))", values.join(", "))
}

/// SQL that orders equal keys, always in the same way.
fn row_order(table: &TableDef) -> String {
    let is_geography = |column: &Column| column.kind == ColumnType::Carried(CarriedType::Geography);
    if table.columns.iter().any(is_geography) {
        return row_text(table);
    }
    format!("TO_JSON_STRING({ROW})")
}

/// The start of a fault message for this kind and column.
fn fault_prefix(kind: FaultKind, column: &str) -> String {
    format!("'{kind} column {column}: '")
}

/// SQL for a quoted text, truncated to 60 characters.
fn quoted(text: &str) -> String {
    format!(r#"CONCAT("'", {}, "'")"#, cut(text, 60))
}

/// SQL for a text truncated to `most` characters.
fn cut(text: &str, most: usize) -> String {
    format!("IF(CHAR_LENGTH({text}) > {most}, CONCAT(SUBSTR({text}, 1, {most}), '…'), {text})")
}

fn no_number(name: &str) -> String {
    format!("IS_NAN(CAST({name} AS FLOAT64)) OR IS_INF(CAST({name} AS FLOAT64))")
}

/// SQL for the checked rows without duplicate keys among the valid ones, with fingerprint or text.
fn answered(table: &TableDef, judged: &str) -> String {
    let text = row_text(table);
    format!(
        "SELECT *, IF({FAULT} IS NULL, FARM_FINGERPRINT({text}), NULL) AS {PRINT}, \
         IF({FAULT} IS NULL, NULL, {}) AS {TEXT} FROM ({})",
        cut(&text, MAX_ROW_LENGTH),
        each_key_once(table, judged)
    )
}

fn each_key_once(table: &TableDef, judged: &str) -> String {
    if table.key.is_empty() {
        return judged.to_owned();
    }
    let named = table.key.join(", ");
    let mut keys = sql_names(table.key.iter());
    if table.is_by_ingestion_time() {
        // A key can't contain its date.
        keys = format!("{REQUESTED_DATE}, {keys}");
    }
    let texts: Vec<String> = (table.key.iter())
        .filter_map(|key| table.column(key).map(shown))
        .collect();
    format!(
        "SELECT * EXCEPT ({FAULT}), COALESCE({FAULT}, IF(ROW_NUMBER() OVER (\
         PARTITION BY {keys}, {FAULT} IS NULL ORDER BY {}) > 1, \
         CONCAT('{} key ({named}) = (', {}, ') is a duplicate'), NULL)) AS {FAULT} FROM ({judged}) AS {ROW}",
        row_order(table),
        FaultKind::DuplicateKey,
        texts.join(", ', ', ")
    )
}

fn fitting(table: &TableDef) -> String {
    let partition = match (table.is_by_ingestion_time(), table.grain) {
        (false, _) => String::new(),
        (true, Grain::Hour) => format!(", {REQUESTED_DATE} AS {NEW_PARTITION}"),
        (true, _) => format!(", TIMESTAMP({REQUESTED_DATE}) AS {NEW_PARTITION}"),
    };
    format!(
        "SELECT {}{partition} FROM {QUERY_ROWS} WHERE {FAULT} IS NULL",
        made(table)
    )
}

/// The row count, quarantined rows and digest of each date with rows, read from the script's result.
fn came() -> String {
    format!(
        "SELECT asked AS day, held AS fit, \
         IF(quarantined IS NULL, 0, ARRAY_LENGTH(JSON_QUERY_ARRAY(CONCAT('[', quarantined, ']')))) AS aside, \
         print ^ halves ^ held AS digest FROM {SCRIPT_RESULT} WHERE stayed IS NULL"
    )
}

/// The result for each date with rows: the number of valid rows, two numbers for their digest, and the quarantined
/// rows. A date whose stored rows were kept has a second row with their count only.
///
/// The fingerprints of a date are combined by XOR, which is independent of row count and order. Equal rows, which a
/// table without a key may contain, cancel each other out, so the lower halves are summed as well. A sum of whole
/// fingerprints would overflow an INT64.
fn counts(stays: TempTable, dates: usize) -> String {
    let also = match stays {
        TempTable::None => String::new(),
        TempTable::Listed => format!(
            " UNION ALL SELECT day, 0, CAST(NULL AS INT64), CAST(NULL AS INT64), CAST(NULL AS STRING), stored \
             FROM {KEPT_DATES}"
        ),
    };
    let most = MAX_QUARANTINED.min(MAX_QUARANTINED_TOTAL / dates.max(1)).max(1);
    format!(
        "SELECT {REQUESTED_DATE} AS asked, COUNTIF({FAULT} IS NULL) AS held, BIT_XOR({PRINT}) AS print, \
         CAST(SUM({PRINT} & 0xFFFFFFFF) AS INT64) AS halves, \
         STRING_AGG(IF({FAULT} IS NULL, NULL, TO_JSON_STRING([{FAULT}, {TEXT}])), ',' ORDER BY {TEXT} LIMIT {most}) \
         AS quarantined, CAST(NULL AS INT64) AS stayed \
         FROM {QUERY_ROWS} GROUP BY {REQUESTED_DATE}{also}"
    )
}

/// Parses the script's result for all its dates. A date that is missing has no rows.
///
/// # Errors
/// If the result has another shape; returns a message for the log.
pub(super) fn refilled(dates: &[Partition], answered: &JobResult) -> Result<Vec<Refilled>, ApiError> {
    let mut refilled: Vec<Refilled> = (dates.iter())
        .map(|&date| Refilled {
            date,
            rows: 0,
            kept: None,
            digest: digest(&[]),
            set_aside: Vec::new(),
        })
        .collect();
    for row in read::typed(answered)? {
        let counts = of_row(dates, row).and_then(|counts| {
            let held = refilled.iter_mut().find(|of| of.date == counts.date)?;
            match counts.kept {
                Some(_) => held.kept = counts.kept,
                None => {
                    *held = Refilled {
                        kept: held.kept,
                        ..counts
                    }
                }
            }
            Some(())
        });
        counts.ok_or_else(|| {
            let sentence = "the script returns a date in another format than it was sent";
            ApiError::new(ErrorClass::Code, sentence.to_owned())
        })?;
    }
    Ok(refilled)
}

fn of_row(dates: &[Partition], row: Row) -> Option<Refilled> {
    let [date, rows, print, halves, quarantined, stayed] = <[Value; 6]>::try_from(row).ok()?;
    let Value::Int(rows) = rows else {
        return None;
    };
    let held = u32::try_from(rows).ok()?;
    let pairs = match quarantined {
        Value::Text(pairs) => serde_json::from_str(&format!("[{pairs}]")).ok()?,
        _ => Vec::<(String, String)>::new(),
    };
    let quarantined = |(fault, row): (String, String)| {
        let (kind, reason) = fault.split_once(' ')?;
        Some(Quarantined {
            row: vec![Value::from(row)],
            kind: FaultKind::from_word(kind)?,
            reason: reason.to_owned(),
        })
    };
    Some(Refilled {
        date: requested(dates, &date)?,
        rows: held,
        kept: match stayed {
            Value::Int(rows) => Some(u32::try_from(rows).ok()?),
            _ => None,
        },
        // The script computes the same digest for its progress entry.
        digest: match (print, halves) {
            (Value::Int(print), Value::Int(halves)) => (print ^ halves ^ rows).cast_unsigned(),
            _ => digest(&[]),
        },
        set_aside: pairs.into_iter().map(quarantined).collect::<Option<_>>()?,
    })
}
