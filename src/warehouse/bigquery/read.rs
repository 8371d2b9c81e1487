//! Reads by date, and decoding of query results.

use super::api_error::ApiError;
use super::cell::{column_type, value};
use super::schema;
use super::script::NEW_PARTITION;
use super::statement::{JobResult, Statement};
use crate::figures::counted;
use crate::partition::Partition;
use crate::table::{Column, ColumnType, Row, sql_name, sql_names};
use crate::warehouse::{Dates, ErrorClass, Read};

/// The query for a read. Dates are literals, so that `BigQuery` prunes partitions.
pub(super) fn statement(read: &Read<'_>, path: &str) -> Result<Statement, ApiError> {
    match read.dates {
        Dates::Only(dates) => select(read, &read.table.partition_column().is_in(dates), path),
        Dates::Between(from, to) => statement_of(read, &[(from, to)], path),
    }
}

/// The query for these ranges of dates in place of the read's own.
pub(super) fn statement_of(
    read: &Read<'_>,
    ranges: &[(Partition, Partition)],
    path: &str,
) -> Result<Statement, ApiError> {
    let column = read.table.partition_column();
    let range = |(from, to): &(Partition, Partition)| column.is_between(*from, *to);
    let ranges: Vec<String> = ranges.iter().map(range).collect();
    select(read, &ranges.join(" OR "), path)
}

/// The query for rows that meet a condition, ordered by date and then by key, because `BigQuery` has no stored order.
fn select(read: &Read<'_>, condition: &str, path: &str) -> Result<Statement, ApiError> {
    let sortable = |column: &&Column| column.kind.is_sortable();
    let columns = columns(read)?;
    let mut order = vec![read.table.date_column.as_ref()];
    if read.table.key.is_empty() {
        order.extend(
            columns
                .iter()
                .copied()
                .filter(sortable)
                .map(|column| column.name.as_ref()),
        );
    } else {
        order.extend(read.table.key.iter().map(AsRef::as_ref));
    }
    Ok(Statement::new(format!(
        "SELECT {} FROM `{path}` WHERE {condition} ORDER BY {}",
        columns
            .iter()
            .map(|column| read_as(column))
            .collect::<Vec<_>>()
            .join(", "),
        sql_names(order)
    )))
}

/// A column as it is read. Nested values are only shown, so they are read as JSON. A result can't have a column with the
/// name of a pseudo column.
fn read_as(column: &Column) -> String {
    let name = sql_name(&column.name);
    match &column.kind {
        ColumnType::Carried(carried) if carried.is_nested() => {
            format!("IF({name} IS NULL, NULL, TO_JSON_STRING({name})) AS {name}")
        }
        _ if column.is_pseudo() => format!("{name} AS {NEW_PARTITION}"),
        _ => name,
    }
}

fn columns<'t>(read: &Read<'t>) -> Result<Vec<&'t Column>, ApiError> {
    let column = |name: &&str| {
        read.table.column(name).ok_or_else(|| {
            ApiError::new(
                ErrorClass::Code,
                format!("{} has no column {name}", read.table.path()),
            )
        })
    };
    read.columns.iter().map(column).collect()
}

/// Decodes the rows of a read with the types of the table definition.
pub(super) fn rows(read: &Read<'_>, answered: &JobResult) -> Result<Vec<Row>, ApiError> {
    let columns: Vec<(&str, ColumnType)> = columns(read)?
        .into_iter()
        .map(|column| (column.name.as_ref(), column.kind.clone()))
        .collect();
    all(&columns, answered)
}

pub(super) fn names(answered: &JobResult) -> Vec<String> {
    let fields = answered.schema.fields.as_deref().unwrap_or_default();
    fields.iter().map(|field| field.name.clone()).collect()
}

/// Decodes the rows of a query with the types reported by the server.
pub(super) fn typed(answered: &JobResult) -> Result<Vec<Row>, ApiError> {
    let fields = answered.schema.fields.as_deref().unwrap_or_default();
    let columns: Result<Vec<(&str, ColumnType)>, ApiError> = fields
        .iter()
        .map(|field| {
            let kind = column_type(field).ok_or_else(|| {
                ApiError::new(
                    ErrorClass::Code,
                    format!(
                        "the query returns column '{}' as {}, which is not supported; cast it to STRING, FLOAT64 or \
                         DATE, or leave it out",
                        field.name,
                        schema::kind(field)
                    ),
                )
            })?;
            Ok((field.name.as_str(), kind))
        })
        .collect();
    all(&columns?, answered)
}

fn all(columns: &[(&str, ColumnType)], answered: &JobResult) -> Result<Vec<Row>, ApiError> {
    let bad = |problem: String| ApiError::new(ErrorClass::Data, problem);
    let mut rows = Vec::with_capacity(answered.rows.len());
    for row in &answered.rows {
        let cells = row.cells.as_deref().unwrap_or_default();
        if cells.len() != columns.len() {
            return Err(bad(format!(
                "got a row of {} for {}",
                counted(cells.len(), "cell"),
                counted(columns.len(), "column")
            )));
        }
        let values: Result<Row, _> = columns
            .iter()
            .zip(cells)
            .map(|((name, kind), cell)| value(name, kind, cell))
            .collect();
        rows.push(values.map_err(|error| bad(error.to_string()))?);
    }
    Ok(rows)
}
