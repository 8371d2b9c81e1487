//! Computed rows against stored rows, by key. Pure: it knows a table's definition and nothing of stages or dates.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::super::counted;
use crate::table::{Column, ColumnType, Row, TableDef, Value};

/// Changes and keys given word for word; of the rest only the count.
const EXAMPLES: usize = 3;

/// What a run would do to the rows stored for a date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Rows that are stored with the same values.
    pub same: usize,
    /// Rows that are stored with other values.
    pub changed: usize,
    /// Rows whose key is not stored.
    pub new: usize,
    /// Stored rows whose key was not computed, and all but one of those that share a key.
    pub gone: usize,
    /// The first keys that are not stored.
    pub new_keys: Vec<String>,
    /// The first keys that were not computed.
    pub gone_keys: Vec<String>,
    /// Columns that hold another value, in the table's order.
    pub columns: Vec<ChangedColumn>,
}

/// A column that holds another value than is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedColumn {
    /// Its name.
    pub column: String,
    /// In how many rows.
    pub rows: usize,
    /// The first of them.
    pub examples: Vec<Change>,
}

/// One value that is another one than is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The row's key, without the date.
    pub key: String,
    /// What is stored.
    pub old: String,
    /// What was computed.
    pub new: String,
}

impl Difference {
    /// Holds computed rows against stored ones. Both have every column of the table, in its order; columns that only
    /// say when a row was written do not count.
    #[must_use]
    pub fn between(table: &TableDef, computed: &[Row], stored: &[Row]) -> Self {
        let key = key_of(table);
        let mut by_key: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
        for row in stored {
            by_key.entry(words(&key, row)).or_default().push(row);
        }
        let mut found = Self::default();
        let mut columns: HashMap<usize, ChangedColumn> = HashMap::new();
        for row in computed {
            let words = words(&key, row);
            let Some(old) = by_key.get_mut(&words).and_then(Vec::pop) else {
                found.new += 1;
                example(&mut found.new_keys, || shown(table, &key, row));
                continue;
            };
            let other = differing(table, old, row);
            if other.is_empty() {
                found.same += 1;
            } else {
                found.changed += 1;
            }
            for at in other {
                let column = columns.entry(at).or_insert_with(|| ChangedColumn {
                    column: table.columns[at].name.to_string(),
                    rows: 0,
                    examples: Vec::new(),
                });
                column.rows += 1;
                example(&mut column.examples, || Change {
                    key: shown(table, &key, row),
                    old: old[at].to_string(),
                    new: row[at].to_string(),
                });
            }
        }
        for row in by_key.values().flatten() {
            found.gone += 1;
            example(&mut found.gone_keys, || shown(table, &key, row));
        }
        let mut columns: Vec<_> = columns.into_iter().collect();
        columns.sort_unstable_by_key(|(at, _)| *at);
        found.columns = columns.into_iter().map(|(_, column)| column).collect();
        found
    }

    /// Whether a run would leave the stored rows as they are.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.changed == 0 && self.new == 0 && self.gone == 0
    }

    /// The differences one by one, a line each: columns first, then keys.
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

/// Some of `count` things, with how many more there are.
fn listed(some: &[String], count: usize) -> String {
    let text = some.join(", ");
    match count.saturating_sub(some.len()) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn example<T>(examples: &mut Vec<T>, one: impl FnOnce() -> T) {
    if examples.len() < EXAMPLES {
        examples.push(one());
    }
}

/// What tells rows apart. A table without a key has no row twice only if every value counts.
fn key_of(table: &TableDef) -> Vec<usize> {
    let key = table.key_positions();
    if key.is_empty() {
        return (0..table.columns.len())
            .filter(|&at| table.columns[at].stamp.is_none())
            .collect();
    }
    key
}

fn words(key: &[usize], row: &Row) -> Vec<String> {
    key.iter().map(|&at| row[at].to_string()).collect()
}

/// A key as an operator reads it; the date stands beside it already.
fn shown(table: &TableDef, key: &[usize], row: &Row) -> String {
    let date = table.position(&table.date_column);
    let others = key.iter().copied().filter(|at| Some(*at) != date);
    let others: Vec<usize> = others.collect();
    // A table with one row a date has no other name for it.
    let named = if others.is_empty() { key } else { &others };
    words(named, row).join(" ")
}

/// The columns in which two rows differ, by their place.
fn differing(table: &TableDef, old: &Row, new: &Row) -> Vec<usize> {
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(at, column)| column.stamp.is_none() && !is_same(column, &old[*at], &new[*at]))
        .map(|(at, _)| at)
        .collect()
}

/// Whether two values are one as the column declares them: a NUMERIC has only its decimals, a JSON no spaces.
fn is_same(column: &Column, old: &Value, new: &Value) -> bool {
    match (column.kind, old, new) {
        (ColumnType::Numeric { scale, .. }, Value::Float(old), Value::Float(new)) => {
            let step = 10_f64.powi(i32::from(scale));
            let (old, new) = ((old * step).round(), (new * step).round());
            old.total_cmp(&new).is_eq() || (old == 0.0 && new == 0.0)
        }
        (ColumnType::Json, Value::Text(old), Value::Text(new)) if old != new => {
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            parsed(old).is_some_and(|old| Some(old) == parsed(new))
        }
        (_, Value::Timestamp(old), Value::Timestamp(new)) => old.timestamp_micros() == new.timestamp_micros(),
        (_, old, new) => old == new,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use chrono::{DateTime, NaiveDate, Utc};
    use rstest::rstest;

    use super::*;
    use crate::table::Stamp;

    fn table() -> TableDef {
        let rate = ColumnType::Numeric {
            precision: 5,
            scale: 2,
        };
        TableDef {
            dataset: Cow::Borrowed("d"),
            name: Cow::Borrowed("t"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![
                Column::required("game_date", ColumnType::Date, ""),
                Column::required("team", ColumnType::String, ""),
                Column::nullable("rate", rate, ""),
                Column::nullable("points", ColumnType::Int64, ""),
                Column::nullable("made_of", ColumnType::Json, ""),
                Column::stamped("created_at", Stamp::Created, ""),
            ]),
            date_column: Cow::Borrowed("game_date"),
            key: Cow::Owned(vec![Cow::Borrowed("game_date"), Cow::Borrowed("team")]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        }
    }

    fn row(team: &str, rate: Option<f64>, points: Option<i64>) -> Row {
        let date = NaiveDate::from_ymd_opt(2023, 12, 16).unwrap();
        let made_of = Value::from(r#"{"a": 1, "b": 2}"#);
        let never = Value::Null;
        vec![
            date.into(),
            team.into(),
            rate.into(),
            points.into(),
            made_of,
            never,
        ]
    }

    fn counts(found: &Difference) -> (usize, usize, usize, usize) {
        (found.same, found.changed, found.new, found.gone)
    }

    #[test]
    fn rows_are_matched_by_their_key_and_not_by_their_place() {
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
    fn a_column_says_in_how_many_rows_and_shows_the_first_three() {
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
    fn when_a_row_was_written_does_not_count() {
        let mut stored = row("BOS", Some(1.0), Some(5));
        stored[5] = Value::Timestamp(DateTime::<Utc>::UNIX_EPOCH);
        let found = Difference::between(&table(), &[row("BOS", Some(1.0), Some(5))], &[stored]);
        assert_eq!((counts(&found), found.is_none()), ((1, 0, 0, 0), true));
        assert_eq!(found.lines(), [] as [String; 0]);
    }

    #[test]
    fn a_key_that_is_stored_twice_has_one_row_too_many() {
        let (once, other) = (row("BOS", None, Some(5)), row("BOS", None, Some(6)));
        let found = Difference::between(&table(), std::slice::from_ref(&once), &[other, once.clone()]);
        assert_eq!(counts(&found), (1, 0, 0, 1));
        assert_eq!(found.lines(), ["gone: BOS"]);
    }

    #[test]
    fn without_a_key_every_value_tells_rows_apart() {
        let table = TableDef {
            key: Cow::Borrowed(&[]),
            ..table()
        };
        let found = Difference::between(&table, &[row("BOS", None, Some(5))], &[row("BOS", None, Some(6))]);
        assert_eq!(counts(&found), (0, 0, 1, 1));
    }

    #[rstest]
    // Both are 12.35 with two decimals.
    #[case(2, Value::from(12.351), Value::from(12.349), true)]
    #[case(2, Value::from(12.34), Value::from(12.35), false)]
    #[case(2, Value::from(-0.001), Value::from(0.0), true)]
    #[case(2, Value::from(0.0), Value::Null, false)]
    #[case(3, Value::Null, Value::from(0_i64), false)]
    #[case(3, Value::Null, Value::Null, true)]
    #[case(3, Value::from(5_i64), Value::from(6_i64), false)]
    #[case(4, Value::from(r#"{"b":2,"a":1}"#), Value::from(r#"{"a": 1, "b": 2}"#), true)]
    #[case(4, Value::from(r#"{"a": 1}"#), Value::from(r#"{"a": 2}"#), false)]
    #[case(4, Value::from("no json"), Value::from("no  json"), false)]
    #[case(1, Value::from("BOS"), Value::from("bos"), false)]
    fn values_are_compared_as_their_column_declares_them(
        #[case] column: usize,
        #[case] old: Value,
        #[case] new: Value,
        #[case] same: bool,
    ) {
        assert_eq!(is_same(&table().columns[column], &old, &new), same);
    }
}
