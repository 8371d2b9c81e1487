//! The table that a query fills. A plan declares its columns, or leaves them to the query.

use std::borrow::Cow;

use super::hint::with_hint;
use crate::partition::{Grain, Timezone};
use crate::table::{Column, ColumnType, PARTITION_DATE, PARTITION_TIME, Slice, TableDef, refuse_column_name};

/// The table that a query fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilledTable {
    /// With its columns: declared, or found out by now.
    Complete(TableDef),
    /// Its columns follow from the query, which only a warehouse can tell.
    Inferred(InferredTable),
}

/// A table of which the plan declares everything but the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferredTable {
    pub(super) dataset: String,
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) date_column: String,
    pub(super) grain: Grain,
    pub(super) zone: Timezone,
    pub(super) key: Vec<String>,
    /// With the values as they are written.
    pub(super) slice: Slice,
}

impl FilledTable {
    /// Its definition, if the columns are known.
    #[must_use]
    pub const fn definition(&self) -> Option<&TableDef> {
        match self {
            Self::Complete(table) => Some(table),
            Self::Inferred(_) => None,
        }
    }
}

impl InferredTable {
    /// `dataset.table`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.dataset, self.name)
    }

    /// The name of its date column.
    #[must_use]
    pub fn date_column(&self) -> &str {
        &self.date_column
    }

    /// The length of its partitions.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        self.grain
    }

    /// The rows of the table that belong to the plan, with the values as they are written.
    #[must_use]
    pub const fn slice(&self) -> &Slice {
        &self.slice
    }

    /// The table with these columns. Its date column and its key hold no NULL.
    ///
    /// # Errors
    /// If one of them isn't a column, or has a type that it can't have.
    pub fn with_columns(&self, mut columns: Vec<Column>) -> Result<TableDef, String> {
        if self.date_column == PARTITION_TIME {
            columns.push(Column::partition_time());
        }
        for column in &mut columns {
            let is_required = column.name == self.date_column
                || self.key.iter().any(|key| column.name == *key)
                || self.slice.columns().any(|name| column.name == name);
            column.nullable &= !is_required;
        }
        date_column(&columns, &self.date_column, self.grain)?;
        key(&columns, &self.key)?;
        let slice = slice(&columns, &self.slice)?;
        Ok(TableDef {
            dataset: Cow::Owned(self.dataset.clone()),
            name: Cow::Owned(self.name.clone()),
            doc: Cow::Owned(self.doc.clone()),
            date_column: Cow::Owned(self.date_column.clone()),
            grain: self.grain,
            zone: self.zone,
            key: self.key.iter().cloned().map(Cow::Owned).collect(),
            columns: Cow::Owned(columns),
            // Reads and commits of a slice then skip the rows of the others.
            cluster: slice.columns().map(|name| Cow::Owned(name.to_owned())).collect(),
            slice,
            require_partition_filter: false,
        })
    }
}

/// Refuses the name of a date column that no column can have. A pseudo column is the date of a table that is partitioned by
/// ingestion time.
pub(super) fn date_column_name(name: &str) -> Result<(), String> {
    match name {
        PARTITION_TIME => Ok(()),
        PARTITION_DATE => Err(format!(
            "date_column '{PARTITION_DATE}' is the day of {PARTITION_TIME}; write date_column = \"{PARTITION_TIME}\""
        )),
        name => refuse_column_name(name).map_err(|problem| format!("date_column {problem}")),
    }
}

/// Refuses a date column that partitions of this length can't be told by.
pub(super) fn date_column(columns: &[Column], name: &str, grain: Grain) -> Result<(), String> {
    let date = column_of(columns, "date_column", name)?;
    let is_of_dates = matches!(
        date.kind,
        ColumnType::Date | ColumnType::Datetime | ColumnType::Timestamp
    );
    if !is_of_dates || date.nullable {
        return Err(format!(
            "date_column '{name}' must be a DATE, DATETIME or TIMESTAMP column that is not nullable"
        ));
    }
    if grain == Grain::Hour && date.kind == ColumnType::Date {
        return Err(format!(
            "date_column '{name}' is a DATE, but partition is \"hour\"; give a TIMESTAMP or DATETIME column"
        ));
    }
    Ok(())
}

/// Refuses key columns that can't identify a row.
pub(super) fn key(columns: &[Column], key: &[String]) -> Result<(), String> {
    for name in key {
        if name == PARTITION_TIME {
            return Err(format!(
                "key: leave out {PARTITION_TIME}; a key identifies a row within its partition"
            ));
        }
        let column = column_of(columns, "key", name)?;
        if column.nullable {
            return Err(format!(
                "key: column '{name}' is nullable; key columns must not be nullable"
            ));
        }
        if !column.kind.is_groupable() {
            return Err(format!(
                "key: column '{name}' is {}, whose values can't be compared; choose another column",
                column.kind.with_article()
            ));
        }
    }
    Ok(())
}

/// Refuses columns of a slice that are declared as nullable.
pub(super) fn refuse_nullable(columns: &[Column], slice: &Slice) -> Result<(), String> {
    let is_nullable = |name: &&str| (columns.iter()).any(|column| column.name == *name && column.nullable);
    match slice.columns().find(is_nullable) {
        None => Ok(()),
        Some(name) => Err(format!(
            "slice: column '{name}' is nullable; a row without a value would belong to no slice"
        )),
    }
}

/// The slice with values of its columns' types, or why these columns can't divide the table.
fn slice(columns: &[Column], slice: &Slice) -> Result<Slice, String> {
    let columns: Vec<_> = (columns.iter())
        .map(|column| (column.name.as_ref(), &column.kind))
        .collect();
    (slice.typed_as_written(&columns)).map_err(|problem| format!("slice: {problem}"))
}

/// Refuses a slice that doesn't divide the rows of a date, or that the key ignores: rows of different slices would then
/// have the same key.
pub(super) fn refuse_slice(slice: &Slice, date_column: &str, key: &[String]) -> Result<(), String> {
    if slice.columns().any(|name| name == date_column) {
        return Err(format!(
            "slice: '{date_column}' is the date_column; choose another column"
        ));
    }
    match slice.columns().find(|name| !key.iter().any(|key| key == name)) {
        Some(name) if !key.is_empty() => Err(format!(
            "slice: column '{name}' is not in key, so rows of two slices could have one key; add it to key"
        )),
        _ => Ok(()),
    }
}

/// The column that a setting of the stage names.
fn column_of<'a>(columns: &'a [Column], setting: &str, name: &str) -> Result<&'a Column, String> {
    let known = columns.iter().map(|column| column.name.as_ref());
    let found = columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| format!("{setting}: {}", with_hint("column", name, known)))
}
