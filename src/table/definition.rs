//! Table definitions, from which DDL, column lists and docs are generated.

use std::borrow::Cow;

use super::{Column, Part, Slice, Stamp};
use crate::partition::{Grain, Timezone};

/// A table: location, columns, key and partitioning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    /// `BigQuery` dataset; the embedded warehouse has one file per dataset.
    pub dataset: Cow<'static, str>,
    /// Table name within the dataset.
    pub name: Cow<'static, str>,
    /// What one row is, for `docs/tables.md`.
    pub doc: Cow<'static, str>,
    /// Columns in stored order.
    pub columns: Cow<'static, [Column]>,
    /// The `DATE`, `DATETIME` or `TIMESTAMP` column the table is partitioned by.
    pub date_column: Cow<'static, str>,
    /// The length of the partitions that are replaced at once.
    pub grain: Grain,
    /// The zone in which the days of a `TIMESTAMP` date column begin.
    pub zone: Timezone,
    /// The rows of the table that it is about. The others are neither read nor counted, replaced or deleted.
    pub slice: Slice,
    /// Columns of the unique key; empty for a raw feed, which may contain duplicates.
    pub key: Cow<'static, [Cow<'static, str>]>,
    /// Clustering columns, most selective first.
    pub cluster: Cow<'static, [Cow<'static, str>]>,
    /// Whether `BigQuery` requires a filter on the date column.
    pub require_partition_filter: bool,
}

impl TableDef {
    /// A table of the program, so far without key, clustering and required filter.
    #[must_use]
    pub fn new(
        dataset: &'static str,
        name: &'static str,
        doc: &'static str,
        columns: impl Into<Cow<'static, [Column]>>,
        date_column: &'static str,
    ) -> Self {
        Self {
            dataset: Cow::Borrowed(dataset),
            name: Cow::Borrowed(name),
            doc: Cow::Borrowed(doc),
            columns: columns.into(),
            date_column: Cow::Borrowed(date_column),
            grain: Grain::Day,
            zone: Timezone::UTC,
            slice: Slice::default(),
            key: Cow::Borrowed(&[]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        }
    }

    /// The table with this unique key.
    #[must_use]
    pub fn keyed_by(self, columns: &[&'static str]) -> Self {
        let key = columns.iter().map(|name| Cow::Borrowed(*name)).collect();
        Self { key, ..self }
    }

    /// The table clustered by these columns.
    #[must_use]
    pub fn clustered_by(self, columns: &[&'static str]) -> Self {
        let cluster = columns.iter().map(|name| Cow::Borrowed(*name)).collect();
        Self { cluster, ..self }
    }

    /// The table with a required filter on its date column.
    #[must_use]
    pub fn requiring_filter(self) -> Self {
        Self {
            require_partition_filter: true,
            ..self
        }
    }

    /// `dataset.table`, the same in both warehouses.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.dataset, self.name)
    }

    /// The position of a column in a row.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// Looks up a column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|known| known.name == name)
    }

    /// The columns a stage computes: all except those the warehouse stamps.
    pub fn made_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.stamp.is_none())
    }

    /// The columns with this role, in stored order.
    pub fn playing(&self, part: Part) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(move |column| column.part == Some(part))
    }

    /// Position of the column with this stamp.
    #[must_use]
    pub fn stamp_position(&self, stamp: Stamp) -> Option<usize> {
        self.columns.iter().position(|column| column.stamp == Some(stamp))
    }

    /// Whether the embedded warehouse stores the rows in the order of their key, which begins with the date. That takes
    /// no index, neither for the key nor for the date.
    #[must_use]
    pub fn is_stored_by_key(&self) -> bool {
        let is_required = |name| self.column(name).is_some_and(|column| !column.nullable);
        self.key.first() == Some(&self.date_column) && self.key.iter().all(|name| is_required(name))
    }

    /// Positions of the key columns.
    #[must_use]
    pub fn key_positions(&self) -> Vec<usize> {
        self.key.iter().filter_map(|name| self.position(name)).collect()
    }
}
