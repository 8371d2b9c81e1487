//! The rows a program prints: each is converted, quarantined with a reason, or refused with all others.

use std::time::Duration;

use backcourt::partition::Partition;
use backcourt::stages::printed;
use backcourt::table::{Admitted, Column, ColumnType, MAX_DESCRIBED, TableDef};
use proptest::prelude::*;

use super::in_words;
use super::target::FuzzTarget;
use crate::rows::day;

const TARGET: FuzzTarget = FuzzTarget {
    name: "printed_rows",
    nested: &[
        ["day,detail\n2024-03-01,", "[", "]", "\n"],
        ["day,detail,tags\n2024-03-01,\"", "{\"\"a\"\":", "}", "\",[]\n"],
    ],
    cases: 1_000,
    bound: Duration::from_secs(5),
    run,
};

/// A table with a column of every type.
fn table() -> TableDef {
    let types = [
        ("day", ColumnType::Date),
        ("number", ColumnType::Int64),
        ("share", ColumnType::Float64),
        (
            "price",
            ColumnType::Numeric {
                precision: 10,
                scale: 2,
            },
        ),
        ("is_home", ColumnType::Bool),
        ("at", ColumnType::Timestamp),
        ("name", ColumnType::String),
        ("detail", ColumnType::Json),
        ("tags", ColumnType::StringArray),
    ];
    let columns: Vec<Column> = types
        .into_iter()
        .map(|(name, kind)| Column::nullable(name, kind, "a value"))
        .collect();
    TableDef::new("d", "t", "a row", columns, "day")
}

fn run(input: &[u8]) -> Result<(), TestCaseError> {
    let table = table();
    let one = [Partition::day(day("2024-03-01"))];
    let several = [Partition::day(day("2024-02-29")), one[0]];
    for dates in [&one[..], &several] {
        match printed::admitted(&table, dates, input) {
            Ok(admitted) => {
                prop_assert!(admitted.keys().eq(dates));
                admitted
                    .values()
                    .try_for_each(|admitted| is_sound(&table, admitted))?;
            }
            Err(refusal) => in_words(&refusal)?,
        }
    }
    Ok(())
}

fn is_sound(table: &TableDef, admitted: &Admitted) -> Result<(), TestCaseError> {
    for row in &admitted.rows {
        prop_assert_eq!(row.len(), table.columns.len());
    }
    // The others only count.
    for described in admitted.quarantined.iter().take(MAX_DESCRIBED) {
        in_words(&described.reason)?;
    }
    Ok(())
}

#[test]
fn printed_rows() {
    TARGET.fuzz();
}
