//! Looks at a source in the embedded warehouse.

use std::collections::HashSet;
use std::fmt::Write as _;

use rusqlite::Connection;

use super::fault::SqliteFault;
use super::googlesql::{self, TableCatalog};
use super::{query, schema, trial};
use crate::partition::Timezone;
use crate::table::{DateType, Schema, SourceMark, sql_name};
use crate::warehouse::source::PART;
use crate::warehouse::{SourceLook, SourceState, WarehouseError};

/// Most columns of one call of a function.
const COLUMNS_AT_ONCE: usize = 90;

/// What each partition of the source holds, from one snapshot.
pub(super) fn state(connection: &Connection, look: SourceLook<'_>) -> Result<SourceState, SqliteFault> {
    let refused = |why: &str| SqliteFault::Classified(look.refuse(why));
    if look.mark == SourceMark::Modified {
        return Err(refused(
            "watch is \"modified\", which the embedded warehouse doesn't know; use \"rows\" or \"digest\"",
        ));
    }
    let path = look.name().local();
    let catalog = if look.name().is_wildcard() {
        trial::shapes(connection, &[])?
    } else {
        TableCatalog::new()
    };
    // The columns of a wildcard are those of its last table.
    let newest = match path.strip_suffix('*').and_then(|begin| begin.split_once('.')) {
        Some((dataset, prefix)) => {
            let last = googlesql::matching(&catalog, dataset, prefix).pop();
            last.map(|table| format!("{dataset}.{}", table.name))
        }
        None => Some(path.clone()),
    };
    let held = match newest {
        Some(newest) => schema::schema(connection, &newest)?,
        None => None,
    };
    let held = held.ok_or_else(|| refused("the table was not found; load it with 'backcourt import'"))?;
    let kind = match look.pseudo_type() {
        Some(kind) if look.is_by_table() => kind,
        Some(_) => {
            return Err(refused(
                "the embedded warehouse has no pseudo columns; give a column",
            ));
        }
        None => date_type(&held, look.date).ok_or_else(|| {
            let why = format!(
                "column '{}' is not a DATE, DATETIME or TIMESTAMP of it; correct date",
                look.date
            );
            refused(&why)
        })?,
    };
    let local = SourceLook { table: &path, ..look };
    let sql = match look.mark {
        SourceMark::Digest => digest_sql(&local, kind, &held, &catalog),
        SourceMark::Rows | SourceMark::Modified => {
            local.sql(kind, "").and_then(|sql| translated(&sql, &catalog))
        }
    };
    let sql = sql.map_err(SqliteFault::Classified)?;
    let answer = query::answer(connection, &sql, &[], Timezone::UTC)?;
    look.state(&answer, kind).map_err(SqliteFault::Classified)
}

fn date_type(held: &Schema, name: &str) -> Option<DateType> {
    let column = (held.columns.iter()).find(|column| column.name.eq_ignore_ascii_case(name))?;
    DateType::of_stored(&column.kind)
}

fn translated(sql: &str, catalog: &TableCatalog) -> Result<String, WarehouseError> {
    googlesql::translate(sql, chrono::Utc::now(), catalog)
}

/// The query of the rows and of a hash of them, whatever their order: the sums of both halves of the hash of each row.
fn digest_sql(
    look: &SourceLook<'_>,
    kind: DateType,
    held: &Schema,
    catalog: &TableCatalog,
) -> Result<String, WarehouseError> {
    let names: HashSet<&str> = held.columns.iter().map(|column| column.name.as_str()).collect();
    let mut names: Vec<String> = names.into_iter().map(sql_name).collect();
    names.sort_unstable();
    let (part, condition) = look.part_and_condition(kind)?;
    let rows = translated(
        &format!(
            "SELECT {part} AS {PART}, {} FROM `{}` WHERE {condition}",
            names.join(", "),
            look.table
        ),
        catalog,
    )?;
    let mut digest = String::from("0");
    for names in names.chunks(COLUMNS_AT_ONCE) {
        digest = format!("gsql_row_digest({digest}");
        for name in names {
            let _ = write!(digest, ", {name}");
        }
        digest.push(')');
    }
    Ok(format!(
        "SELECT {PART}, COUNT(*), SUM(digest & 2147483647), SUM((digest >> 33) & 2147483647) \
         FROM (SELECT {PART}, {digest} AS digest FROM ({rows})) GROUP BY {PART}"
    ))
}
