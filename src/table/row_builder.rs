//! Builds a row column by column: every value comes with the name of its column. Knows no table in particular.

use super::{Column, Row, TableDef, Value};

/// A row under construction. Columns come in stored order, none left out. A debug build panics on any other column, so
/// a test that builds one row of a table checks all its names; a release build doesn't compare them.
#[derive(Debug)]
pub struct RowBuilder {
    columns: &'static [Column],
    values: Row,
}

impl RowBuilder {
    /// An empty row of this table.
    #[must_use]
    pub fn new(table: &'static TableDef) -> Self {
        Self {
            columns: &table.columns,
            values: Row::with_capacity(table.columns.len()),
        }
    }

    /// Adds the value of the next column.
    pub fn push(&mut self, column: &str, value: impl Into<Value>) {
        debug_assert_eq!(self.next_column().map(|next| next.name.as_ref()), Some(column));
        self.values.push(value.into());
    }

    /// Adds NULL for each of the next columns.
    pub fn push_nulls(&mut self, columns: &[&str]) {
        for column in columns {
            self.push(column, Value::Null);
        }
    }

    /// Adds NULL for the next columns as long as they match.
    pub fn push_nulls_while(&mut self, matches: impl Fn(&Column) -> bool) {
        while self.next_column().is_some_and(&matches) {
            self.values.push(Value::Null);
        }
    }

    /// The values so far.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The row, with NULL for the stamps at its end, which the warehouse sets.
    #[must_use]
    pub fn finish(mut self) -> Row {
        self.push_nulls_while(|column| column.stamp.is_some());
        debug_assert_eq!(self.next_column(), None);
        self.values
    }

    fn next_column(&self) -> Option<&'static Column> {
        self.columns.get(self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::LazyLock;

    use super::*;
    use crate::table::fixture::table;

    fn built(columns: &'static [&'static str]) -> std::thread::Result<Row> {
        static TABLE: LazyLock<TableDef> = LazyLock::new(table);
        catch_unwind(|| {
            let mut row = RowBuilder::new(&TABLE);
            row.push_nulls(columns);
            row.finish()
        })
    }

    #[test]
    fn columns_missing_extra_or_out_of_place_are_refused() {
        let row = built(&["game_date", "team", "rate", "points", "made_of"]);
        assert_eq!(row.unwrap().len(), 6, "the stamp too");
        for wrong in [
            &["game_date", "team", "rate", "points"][..],
            &[
                "game_date",
                "team",
                "rate",
                "points",
                "made_of",
                "created_at",
                "more",
            ],
            &["game_date", "team", "points", "rate", "made_of"],
            &["game_date", "team", "assists"],
        ] {
            assert!(built(wrong).is_err(), "{wrong:?}");
        }
    }
}
