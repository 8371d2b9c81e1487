//! Compares rows of a table by key. Columns stamped on write are ignored.

use std::collections::BTreeMap;

use super::{Column, ColumnType, Row, TableDef, Value};

/// Differences between two sets of rows.
#[derive(Debug, Default, PartialEq)]
pub struct Comparison<'r> {
    /// Number of rows equal in both.
    pub same: usize,
    /// Rows in both with different values, in the order of ours.
    pub changed: Vec<Changed<'r>>,
    /// Rows only we have, in their order.
    pub only_ours: Vec<&'r Row>,
    /// Rows only they have, by key; includes surplus rows of a duplicate key.
    pub only_theirs: Vec<&'r Row>,
}

/// A row with different values.
#[derive(Debug, PartialEq)]
pub struct Changed<'r> {
    /// Our row.
    pub ours: &'r Row,
    /// Their row.
    pub theirs: &'r Row,
    /// Positions of the columns that differ; never empty.
    pub columns: Vec<usize>,
}

impl Comparison<'_> {
    /// Whether both have the same rows.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.changed.is_empty() && self.only_ours.is_empty() && self.only_theirs.is_empty()
    }
}

/// Compares our rows with theirs. Both have every column of the table, in its order.
#[must_use]
pub fn compare<'r>(table: &TableDef, ours: &'r [Row], theirs: &'r [Row]) -> Comparison<'r> {
    let key = key_of(table);
    let mut by_key: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
    for row in theirs {
        by_key.entry(words(&key, row)).or_default().push(row);
    }
    let mut found = Comparison::default();
    for row in ours {
        let Some(candidates) = by_key.get_mut(&words(&key, row)).filter(|rows| !rows.is_empty()) else {
            found.only_ours.push(row);
            continue;
        };
        // With a duplicate key, prefer the equal row; the others are surplus anyway.
        let same = candidates
            .iter()
            .position(|other| differing(table, row, other).is_empty());
        let other = candidates.swap_remove(same.unwrap_or_default());
        match differing(table, row, other) {
            columns if columns.is_empty() => found.same += 1,
            columns => found.changed.push(Changed {
                ours: row,
                theirs: other,
                columns,
            }),
        }
    }
    found.only_theirs = by_key.into_values().flatten().collect();
    found
}

/// A row's key as text, without the date, which is shown next to it.
#[must_use]
pub fn row_name(table: &TableDef, row: &Row) -> String {
    let key = key_of(table);
    let date = table.position(&table.date_column);
    let others: Vec<usize> = key.iter().copied().filter(|at| Some(*at) != date).collect();
    // A table with one row per date has no other key.
    words(if others.is_empty() { &key } else { &others }, row).join(" ")
}

/// Positions of the key columns. Without a key, every unstamped column identifies a row.
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

/// Positions of the columns in which two rows differ.
fn differing(table: &TableDef, ours: &Row, theirs: &Row) -> Vec<usize> {
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(at, column)| column.stamp.is_none() && !is_same(column, &ours[*at], &theirs[*at]))
        .map(|(at, _)| at)
        .collect()
}

/// Whether two values are equal for the column's type: NUMERIC up to its scale, JSON regardless of formatting.
fn is_same(column: &Column, ours: &Value, theirs: &Value) -> bool {
    match (&column.kind, ours, theirs) {
        (&ColumnType::Numeric { scale, .. }, Value::Float(ours), Value::Float(theirs)) => {
            let step = 10_f64.powi(i32::from(scale));
            let (ours, theirs) = ((ours * step).round(), (theirs * step).round());
            ours.total_cmp(&theirs).is_eq() || (ours == 0.0 && theirs == 0.0)
        }
        (ColumnType::Json, Value::Text(ours), Value::Text(theirs)) if ours != theirs => {
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            parsed(ours).is_some_and(|ours| Some(ours) == parsed(theirs))
        }
        (_, Value::Timestamp(ours), Value::Timestamp(theirs)) => {
            ours.timestamp_micros() == theirs.timestamp_micros()
        }
        (_, ours, theirs) => ours == theirs,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use rstest::rstest;

    use super::*;
    use crate::table::fixture::{self, table};

    fn row(team: &str, points: i64) -> Row {
        fixture::row(team, Some(1.5), Some(points))
    }

    #[test]
    fn duplicate_keys_match_an_equal_row_in_any_order() {
        let (once, other) = (row("BOS", 5), row("BOS", 6));
        let (ours, theirs) = ([once.clone()], [once.clone(), other.clone()]);
        for theirs in [theirs.clone(), [other.clone(), once]] {
            let found = compare(&table(), &ours, &theirs);
            assert_eq!((found.same, found.changed.len()), (1, 0));
            assert_eq!(found.only_theirs, [&other]);
            assert!(!found.is_equal());
        }
        let found = compare(&table(), &theirs, &ours);
        assert_eq!((found.same, found.only_ours), (1, vec![&other]));
    }

    #[test]
    fn rows_are_named_by_key_without_the_date() {
        assert_eq!(row_name(&table(), &row("BOS", 5)), "BOS");
        let one_a_date = TableDef {
            key: Cow::Owned(vec![Cow::Borrowed("game_date")]),
            ..table()
        };
        assert_eq!(row_name(&one_a_date, &row("BOS", 5)), "2023-12-16");
    }

    #[rstest]
    // Both round to 12.35.
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
    fn values_are_compared_by_declared_type(
        #[case] column: usize,
        #[case] ours: Value,
        #[case] theirs: Value,
        #[case] same: bool,
    ) {
        assert_eq!(is_same(&table().columns[column], &ours, &theirs), same);
    }
}
