//! The types of existing columns: what a warehouse reports, and how the embedded one declares ours.

use std::fmt;

use super::ColumnType;

/// The type of an existing column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredType {
    /// Exactly this type.
    Exactly(ColumnType),
    /// NUMERIC of unknown precision.
    Numeric,
    /// Only the `SQLite` storage class is known: INTEGER, REAL or TEXT, as declared by earlier versions.
    Stored(&'static str),
    /// A type that plans don't support, by the warehouse's name.
    Other(String),
}

impl StoredType {
    /// Parses a declared `SQLite` type. Earlier versions declared only the storage class.
    #[must_use]
    pub fn from_declared(text: &str) -> Self {
        if let Some(storage) = ["INTEGER", "REAL", "TEXT"]
            .into_iter()
            .find(|storage| *storage == text)
        {
            return Self::Stored(storage);
        }
        let word = match text.split_once(' ') {
            Some(("TEXT", "ARRAY_STRING")) => "ARRAY<STRING>",
            Some(("TEXT", "ARRAY_FLOAT64")) => "ARRAY<FLOAT64>",
            Some(("INTEGER" | "REAL" | "TEXT" | "BLOB", word)) => word,
            // Another program's, which may store them in another form.
            _ if ["DATETIME", "TIME", "BYTES"].contains(&text) => {
                return Self::Other(format!("{text} of another program"));
            }
            _ => text,
        };
        ColumnType::from_word(word).map_or_else(|| Self::Other(text.to_owned()), Self::Exactly)
    }

    /// Whether it can store every value of a declared type without loss.
    pub(super) fn holds(&self, declared: &ColumnType) -> bool {
        match self {
            Self::Exactly(held) => held.holds(declared),
            Self::Numeric => matches!(declared, ColumnType::Numeric { .. }),
            // Earlier versions declared no DATETIME or TIME so: such a text is another program's, in any form.
            Self::Stored(class) => {
                let is_later = matches!(declared, ColumnType::Datetime | ColumnType::Time);
                !declared.is_carried() && !is_later && *class == storage(declared)
            }
            Self::Other(_) => false,
        }
    }
}

impl fmt::Display for StoredType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(kind) => write!(f, "{kind}"),
            Self::Numeric => f.write_str("NUMERIC"),
            Self::Stored(storage) => f.write_str(storage),
            Self::Other(word) => f.write_str(word),
        }
    }
}

/// `SQLite` storage class of a type: numbers are stored as numbers, bytes as they are, everything else as text.
pub(super) const fn storage(kind: &ColumnType) -> &'static str {
    match kind {
        ColumnType::Int64 | ColumnType::Bool => "INTEGER",
        ColumnType::Float64 | ColumnType::Numeric { .. } => "REAL",
        ColumnType::Bytes => "BLOB",
        ColumnType::String
        | ColumnType::Date
        | ColumnType::Timestamp
        | ColumnType::Datetime
        | ColumnType::Time
        | ColumnType::Json
        | ColumnType::StringArray
        | ColumnType::Float64Array
        // The embedded warehouse refuses tables with these.
        | ColumnType::Carried(_) => "TEXT",
    }
}

/// The declared `SQLite` type: its first word sets the type affinity, the rest names the column type, for
/// [`StoredType::from_declared`].
pub(super) fn declared(kind: &ColumnType) -> String {
    match kind {
        // These names already set the right affinity.
        ColumnType::Int64 | ColumnType::Float64 => kind.to_string(),
        ColumnType::StringArray => "TEXT ARRAY_STRING".to_owned(),
        ColumnType::Float64Array => "TEXT ARRAY_FLOAT64".to_owned(),
        kind => format!("{} {kind}", storage(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_round_trip_with_the_right_storage_type() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let kinds = ColumnType::WORDS.map(|word| ColumnType::from_word(word).unwrap());
        let five_two = ColumnType::Numeric {
            precision: 5,
            scale: 2,
        };
        for kind in kinds.into_iter().chain([five_two]) {
            let sql = format!("CREATE TABLE t (c {})", declared(&kind));
            connection.execute_batch(&sql).unwrap();
            let written: String =
                (connection.query_row("SELECT type FROM pragma_table_info('t')", [], |row| row.get(0)))
                    .unwrap();
            assert_eq!(
                StoredType::from_declared(&written),
                StoredType::Exactly(kind.clone()),
                "{written}"
            );
            // How a column stores a number given as text shows its affinity. A blob has none.
            let given = if kind == ColumnType::Bytes {
                "x'00'"
            } else {
                "'2.0'"
            };
            let insert = format!("INSERT INTO t VALUES ({given})");
            connection.execute(&insert, []).unwrap();
            let stored: String =
                (connection.query_row("SELECT typeof(c) FROM t", [], |row| row.get(0))).unwrap();
            assert_eq!(stored.to_uppercase(), storage(&kind), "{written}");
            connection.execute_batch("DROP TABLE t").unwrap();
        }
        assert_eq!(StoredType::from_declared("TEXT"), StoredType::Stored("TEXT"));
        assert_eq!(
            StoredType::from_declared("BLOB"),
            StoredType::Other("BLOB".to_owned())
        );
        assert_eq!(
            StoredType::from_declared("DATETIME"),
            StoredType::Other("DATETIME of another program".to_owned())
        );
    }
}
