//! Tables that `BigQuery` partitions by ingestion time. Their date is `_PARTITIONTIME`, a pseudo column: the schema doesn't
//! have it, `*` doesn't select it, and a write gives it like a column.

use std::borrow::Cow;

use super::{Column, ColumnType, Stamp, TableDef, Value};
use crate::partition::{Partition, Timezone};

/// The start of a row's partition.
pub const PARTITION_TIME: &str = "_PARTITIONTIME";

/// The day of it.
pub const PARTITION_DATE: &str = "_PARTITIONDATE";

impl Column {
    /// The pseudo column of a table partitioned by ingestion time.
    #[must_use]
    pub const fn partition_time() -> Self {
        Self {
            name: Cow::Borrowed(PARTITION_TIME),
            kind: ColumnType::Timestamp,
            nullable: false,
            stamp: Some(Stamp::PartitionTime),
            doc: Cow::Borrowed("The start of the row's partition."),
            part: None,
        }
    }

    /// Whether the schema of its table doesn't have it.
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        self.stamp == Some(Stamp::PartitionTime)
    }
}

impl TableDef {
    /// Whether it is partitioned by ingestion time.
    #[must_use]
    pub fn is_by_ingestion_time(&self) -> bool {
        self.date_column == PARTITION_TIME
    }

    /// The columns of its schema.
    pub fn schema_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_pseudo())
    }

    /// The columns whose values come with a write: all except the stamps of time.
    pub fn sent_columns(&self) -> impl Iterator<Item = &Column> {
        let is_sent = |column: &&Column| column.stamp.is_none() || column.is_pseudo();
        self.columns.iter().filter(is_sent)
    }

    /// The zone in which the days of its date column begin. A partition of ingestion time has the date of its start in UTC,
    /// whatever day of whatever zone its rows are of.
    pub(super) fn zone_of_dates(&self) -> Timezone {
        if self.is_by_ingestion_time() {
            Timezone::UTC
        } else {
            self.zone
        }
    }
}

/// The `_PARTITIONTIME` of the rows of a date.
#[must_use]
pub fn partition_time(date: Partition) -> Value {
    Value::Timestamp(date.start(Timezone::UTC))
}
