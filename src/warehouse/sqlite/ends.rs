//! The first and last value of a partition column in stored form, which is compared as text.

use crate::partition::{Partition, Timezone};
use crate::table::{ColumnType, TableDef, Value};

/// The values between which the rows of a partition are.
pub(super) fn ends(table: &TableDef, date: Partition) -> [String; 2] {
    between(table, date, date)
}

/// The values between which the rows from the start of one partition to the end of another are.
pub(super) fn between(table: &TableDef, from: Partition, to: Partition) -> [String; 2] {
    let instants = |zone| [from.start(zone), to.last_instant(zone)];
    match table.column(&table.date_column).map(|column| &column.kind) {
        Some(ColumnType::Timestamp) => instants(table.zone).map(|at| Value::Timestamp(at).to_string()),
        // Its days are those that it shows, whatever the zone.
        Some(ColumnType::Datetime) => {
            instants(Timezone::UTC).map(|at| Value::Datetime(at.naive_utc()).to_string())
        }
        _ => [from.first_day(), to.last_day()].map(|day| day.to_string()),
    }
}
