//! NULLs per column in sampled and stored rows: shows a column that nothing fills before a whole backfill.

use serde::{Deserialize, Serialize};

use crate::figures::counted;
use crate::table::{Row, TableDef, Value};

/// NULLs of one stage over all its sampled dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageNulls {
    /// Stage name.
    pub stage: String,
    /// Number of computed rows.
    pub sampled: usize,
    /// Number of stored rows for the same dates.
    pub stored: usize,
    /// Columns with any NULL, in table order.
    pub columns: Vec<ColumnNulls>,
}

/// NULLs of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnNulls {
    /// Column name.
    pub column: String,
    /// Computed rows in which it is NULL.
    pub sampled: usize,
    /// Stored rows in which it is NULL.
    pub stored: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nulls {
    rows: usize,
    columns: Vec<usize>,
}

impl Nulls {
    /// Counts the NULLs in rows of one table, with all columns in order.
    pub(super) fn of_rows(rows: &[Row]) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        let nulls = |at: usize| {
            rows.iter()
                .filter(|row| row.get(at) == Some(&Value::Null))
                .count()
        };
        Self {
            rows: rows.len(),
            columns: (0..width).map(nulls).collect(),
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.rows += other.rows;
        self.columns
            .resize(other.columns.len().max(self.columns.len()), 0);
        for (count, more) in self.columns.iter_mut().zip(&other.columns) {
            *count += more;
        }
    }

    fn of(&self, at: usize) -> usize {
        self.columns.get(at).copied().unwrap_or_default()
    }
}

impl StageNulls {
    /// Pairs the counts of a stage; leaves out write timestamps.
    pub(super) fn new(stage: &str, table: &TableDef, sampled: &Nulls, stored: &Nulls) -> Self {
        let columns = table.columns.iter().enumerate();
        let columns = columns.filter(|(_, column)| column.stamp.is_none());
        let columns = columns.map(|(at, column)| ColumnNulls {
            column: column.name.to_string(),
            sampled: sampled.of(at),
            stored: stored.of(at),
        });
        Self {
            stage: stage.to_owned(),
            sampled: sampled.rows,
            stored: stored.rows,
            columns: columns
                .filter(|column| column.sampled + column.stored > 0)
                .collect(),
        }
    }

    /// Columns that are NULL in every sampled row.
    pub fn never_filled(&self) -> impl Iterator<Item = &ColumnNulls> {
        let all = self.sampled;
        self.columns
            .iter()
            .filter(move |column| all > 0 && column.sampled == all)
    }

    /// One line each: columns that are always NULL, then those that sometimes are, with the share in stored rows.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if self.sampled == 0 {
            return Vec::new();
        }
        let never = self.never_filled().map(|column| self.beside(column, None));
        let never: Vec<String> = never.collect();
        let some = (self.columns.iter()).filter(|column| column.sampled < self.sampled);
        let some: Vec<String> = some
            .map(|column| self.beside(column, Some(share(column.sampled, self.sampled))))
            .collect();
        let rows = counted(self.sampled, "sampled row");
        let mut lines = Vec::new();
        if !never.is_empty() {
            lines.push(format!("NULL in every one of {rows}: {}", never.join(", ")));
        }
        if !some.is_empty() {
            lines.push(format!("NULL in part of {rows}: {}", some.join(", ")));
        }
        lines
    }

    /// A column with its share of NULLs, and the share in stored rows if it differs.
    fn beside(&self, column: &ColumnNulls, sampled: Option<String>) -> String {
        let name = &column.column;
        let own = sampled.clone().unwrap_or_else(|| share(1, 1));
        let stored = (self.stored > 0).then(|| share(column.stored, self.stored));
        let stored = stored.filter(|stored| *stored != own);
        match (sampled, stored) {
            (None, None) => name.clone(),
            (None, Some(stored)) => format!("{name} (stored {stored})"),
            (Some(sampled), None) => format!("{name} {sampled}"),
            (Some(sampled), Some(stored)) => format!("{name} {sampled} (stored {stored})"),
        }
    }
}

/// Percent with one decimal; shows 0 or 100 only if exact.
#[allow(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn share(part: usize, whole: usize) -> String {
    let percent = 100.0 * part as f64 / whole.max(1) as f64;
    let percent = if part == 0 || part == whole {
        percent
    } else {
        percent.clamp(0.1, 99.9)
    };
    format!("{percent:.1} %")
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::table::{Column, ColumnType, Stamp, fixture};

    fn table() -> TableDef {
        TableDef {
            columns: Cow::Owned(vec![
                Column::required("team", ColumnType::String, ""),
                Column::nullable("usage_rate", ColumnType::Float64, ""),
                Column::nullable("line", ColumnType::Float64, ""),
                Column::nullable("pace", ColumnType::Float64, ""),
                Column::stamped("created_at", Stamp::Created, ""),
            ]),
            ..fixture::table()
        }
    }

    fn nulls(rows: &[[Option<f64>; 3]]) -> Nulls {
        let row = |cells: &[Option<f64>; 3]| {
            let cells = cells.iter().map(|cell| Value::from(*cell));
            let around = |value: Value| std::iter::once(value);
            let row = around("BOS".into()).chain(cells);
            row.chain(around(Value::Null)).collect()
        };
        Nulls::of_rows(&rows.iter().map(row).collect::<Vec<Row>>())
    }

    #[test]
    fn all_null_columns_are_named_and_null_rates_show_the_stored_rate() {
        let known = Some(1.0);
        let sampled = nulls(&[[None, None, known], [None, None, None], [None, None, known]]);
        let stored = nulls(&[[known, None, known], [None, None, known]]);
        let found = StageNulls::new("s", &table(), &sampled, &stored);
        assert_eq!((found.sampled, found.stored, found.columns.len()), (3, 2, 3));
        assert_eq!(
            found.lines(),
            [
                "NULL in every one of 3 sampled rows: usage_rate (stored 50.0 %), line",
                "NULL in part of 3 sampled rows: pace 33.3 % (stored 0.0 %)",
            ]
        );
    }

    #[test]
    fn missing_rows_are_not_reported() {
        let known = Some(1.0);
        let none = StageNulls::new("s", &table(), &nulls(&[]), &nulls(&[[None, None, None]]));
        assert_eq!(none.lines(), [] as [String; 0]);
        let whole = StageNulls::new("s", &table(), &nulls(&[[known; 3]]), &nulls(&[]));
        assert_eq!(whole.lines(), [] as [String; 0]);
        let first = StageNulls::new("s", &table(), &nulls(&[[None, known, known]]), &nulls(&[]));
        assert_eq!(first.lines(), ["NULL in every one of 1 sampled row: usage_rate"]);
    }

    #[test]
    fn rates_are_never_rounded_to_0_or_100_percent() {
        assert_eq!(
            [share(0, 9), share(1, 5000), share(4999, 5000), share(9, 9)],
            ["0.0 %", "0.1 %", "99.9 %", "100.0 %"]
        );
    }
}
