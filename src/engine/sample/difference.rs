//! Summarises how computed rows differ from stored ones, column by column. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::figures::counted;
use crate::table::{Row, TableDef, compare, row_name};

/// Changes and keys shown as examples; the rest are only counted.
const EXAMPLES: usize = 3;

/// How the computed rows of a date differ from the stored ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Rows stored with the same values.
    pub same: usize,
    /// Rows stored with other values.
    pub changed: usize,
    /// Rows whose key is not stored.
    pub new: usize,
    /// Stored rows whose key was not computed, plus duplicates of a key.
    pub gone: usize,
    /// The first new keys.
    pub new_keys: Vec<String>,
    /// The first keys that are gone.
    pub gone_keys: Vec<String>,
    /// Columns with changed values, in table order.
    pub columns: Vec<ChangedColumn>,
}

/// A column with changed values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedColumn {
    /// Column name.
    pub column: String,
    /// Number of rows that differ in it.
    pub rows: usize,
    /// The first of them.
    pub examples: Vec<Change>,
}

/// A changed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The row's key, without the date.
    pub key: String,
    /// The stored value.
    pub old: String,
    /// The computed value.
    pub new: String,
}

impl Difference {
    /// Compares computed rows with stored ones. Both must have all columns of the table, in order. Write timestamps are
    /// ignored.
    #[must_use]
    pub fn between(table: &TableDef, computed: &[Row], stored: &[Row]) -> Self {
        let compared = compare(table, computed, stored);
        let examples = |rows: &[&Row]| {
            let some = rows.iter().take(EXAMPLES);
            some.map(|row| row_name(table, row)).collect()
        };
        let mut columns: BTreeMap<usize, ChangedColumn> = BTreeMap::new();
        for changed in &compared.changed {
            for &at in &changed.columns {
                let column = columns.entry(at).or_insert_with(|| ChangedColumn {
                    column: table.columns[at].name.to_string(),
                    rows: 0,
                    examples: Vec::new(),
                });
                column.rows += 1;
                if column.examples.len() < EXAMPLES {
                    column.examples.push(Change {
                        key: row_name(table, changed.ours),
                        old: changed.theirs[at].to_string(),
                        new: changed.ours[at].to_string(),
                    });
                }
            }
        }
        Self {
            same: compared.same,
            changed: compared.changed.len(),
            new: compared.only_ours.len(),
            gone: compared.only_theirs.len(),
            new_keys: examples(&compared.only_ours),
            gone_keys: examples(&compared.only_theirs),
            columns: columns.into_values().collect(),
        }
    }

    /// Whether the rows are the same.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.changed == 0 && self.new == 0 && self.gone == 0
    }

    /// The differences, one line each: columns first, then keys.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let columns = self.columns.iter().map(ChangedColumn::line);
        let keys = [
            ("new", self.new, &self.new_keys),
            ("gone", self.gone, &self.gone_keys),
        ];
        let keys = keys.into_iter().filter(|(_, count, _)| *count > 0);
        let keys = keys.map(|(word, count, keys)| format!("{word}: {}", listed(keys, count)));
        columns.chain(keys).collect()
    }
}

impl ChangedColumn {
    fn line(&self) -> String {
        let change = |change: &Change| {
            let Change { key, old, new } = change;
            format!("{key} {old} -> {new}")
        };
        let changes: Vec<String> = self.examples.iter().map(change).collect();
        let rows = counted(self.rows, "row");
        format!("{} in {rows}: {}", self.column, listed(&changes, self.rows))
    }
}

/// Lists `some` of `count` items, and how many more there are.
fn listed(some: &[String], count: usize) -> String {
    let text = some.join(", ");
    match count.saturating_sub(some.len()) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::table::Value;
    use crate::table::fixture::{row, table};

    fn counts(found: &Difference) -> (usize, usize, usize, usize) {
        (found.same, found.changed, found.new, found.gone)
    }

    #[test]
    fn rows_are_matched_by_key_and_not_by_position() {
        let stored = [
            row("BOS", Some(1.0), Some(110)),
            row("LAL", Some(2.0), Some(99)),
            row("MIA", None, None),
        ];
        let computed = [
            row("UTA", None, None),
            row("LAL", Some(2.0), Some(101)),
            row("BOS", Some(1.0), Some(110)),
        ];
        let found = Difference::between(&table(), &computed, &stored);
        assert_eq!(counts(&found), (1, 1, 1, 1));
        assert!(!found.is_none());
        assert_eq!(
            found.lines(),
            ["points in 1 row: LAL 99 -> 101", "new: UTA", "gone: MIA"]
        );
    }

    #[test]
    fn changed_columns_show_the_row_count_and_three_examples() {
        let teams = ["BOS", "DEN", "LAL", "MIA", "UTA"];
        let stored = teams.map(|team| row(team, Some(1.0), Some(5)));
        let computed = teams.map(|team| row(team, None, Some(i64::from(team != "UTA") * 5)));
        let found = Difference::between(&table(), &computed, &stored);
        assert_eq!(counts(&found), (0, 5, 0, 0));
        assert_eq!(
            found.lines(),
            [
                "rate in 5 rows: BOS 1 -> NULL, DEN 1 -> NULL, LAL 1 -> NULL and 2 more",
                "points in 1 row: UTA 5 -> 0",
            ]
        );
    }

    #[test]
    fn write_timestamps_are_ignored() {
        let mut stored = row("BOS", Some(1.0), Some(5));
        stored[5] = Value::Timestamp(DateTime::<Utc>::UNIX_EPOCH);
        let found = Difference::between(&table(), &[row("BOS", Some(1.0), Some(5))], &[stored]);
        assert_eq!((counts(&found), found.is_none()), ((1, 0, 0, 0), true));
        assert_eq!(found.lines(), [] as [String; 0]);
    }

    #[test]
    fn a_duplicate_key_counts_as_one_extra_row() {
        let (once, other) = (row("BOS", None, Some(5)), row("BOS", None, Some(6)));
        let found = Difference::between(&table(), std::slice::from_ref(&once), &[other, once.clone()]);
        assert_eq!(counts(&found), (1, 0, 0, 1));
        assert_eq!(found.lines(), ["gone: BOS"]);
    }

    #[test]
    fn rows_without_a_key_are_compared_by_all_values() {
        let table = TableDef {
            key: Cow::Borrowed(&[]),
            ..table()
        };
        let found = Difference::between(&table, &[row("BOS", None, Some(5))], &[row("BOS", None, Some(6))]);
        assert_eq!(counts(&found), (0, 0, 1, 1));
    }
}
