//! Columns: name, `BigQuery` type and meaning.

use std::borrow::Cow;
use std::fmt;

use super::Part;

/// A `BigQuery` column type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// 64-bit signed integer.
    Int64,
    /// Double precision.
    Float64,
    /// Fixed point: `precision` digits in total, `scale` of them after the point.
    Numeric {
        /// Digits in total.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8 text.
    String,
    /// True or false.
    Bool,
    /// A calendar day.
    Date,
    /// A point in time, UTC.
    Timestamp,
    /// Any JSON document.
    Json,
    /// An array of texts.
    StringArray,
    /// An array of numbers.
    Float64Array,
}

impl ColumnType {
    /// The type names a plan can use; `NUMERIC` can have its digits in parentheses.
    pub const WORDS: [&str; 10] = [
        "INT64",
        "FLOAT64",
        "NUMERIC",
        "STRING",
        "BOOL",
        "DATE",
        "TIMESTAMP",
        "JSON",
        "ARRAY<STRING>",
        "ARRAY<FLOAT64>",
    ];

    /// Parses a `BigQuery` type name; `None` if there is no such type, or it has too many digits.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "INT64" => Some(Self::Int64),
            "FLOAT64" => Some(Self::Float64),
            "NUMERIC" => Some(Self::Numeric {
                precision: 38,
                scale: 9,
            }),
            "STRING" => Some(Self::String),
            "BOOL" => Some(Self::Bool),
            "DATE" => Some(Self::Date),
            "TIMESTAMP" => Some(Self::Timestamp),
            "JSON" => Some(Self::Json),
            "ARRAY<STRING>" => Some(Self::StringArray),
            "ARRAY<FLOAT64>" => Some(Self::Float64Array),
            _ => {
                let digits = word.strip_prefix("NUMERIC(")?.strip_suffix(')')?;
                let (precision, scale) = digits.split_once(',').unwrap_or((digits, "0"));
                let (precision, scale): (u8, u8) =
                    (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
                let fits = scale <= 9 && (scale.max(1)..=29 + scale).contains(&precision);
                fits.then_some(Self::Numeric { precision, scale })
            }
        }
    }

    /// The type with its article, for messages: `an INT64`, `a DATE`, `valid JSON`.
    #[must_use]
    pub fn with_article(self) -> String {
        match self {
            Self::Json => "valid JSON".to_owned(),
            Self::Int64 | Self::StringArray | Self::Float64Array => format!("an {self}"),
            _ => format!("a {self}"),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int64 => f.write_str("INT64"),
            Self::Float64 => f.write_str("FLOAT64"),
            Self::Numeric { precision, scale } => write!(f, "NUMERIC({precision},{scale})"),
            Self::String => f.write_str("STRING"),
            Self::Bool => f.write_str("BOOL"),
            Self::Date => f.write_str("DATE"),
            Self::Timestamp => f.write_str("TIMESTAMP"),
            Self::Json => f.write_str("JSON"),
            Self::StringArray => f.write_str("ARRAY<STRING>"),
            Self::Float64Array => f.write_str("ARRAY<FLOAT64>"),
        }
    }
}

/// Columns set by the warehouse on write, because pure stages have no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// When the key was first written; kept on replace.
    Created,
    /// When the row was last written.
    Processed,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, as in the warehouse.
    pub name: Cow<'static, str>,
    /// Type, as in the warehouse.
    pub kind: ColumnType,
    /// Whether NULL may be stored.
    pub nullable: bool,
    /// Set if the warehouse fills it rather than the stage.
    pub stamp: Option<Stamp>,
    /// Meaning, unit and origin of the formula, for `docs/tables.md`.
    pub doc: Cow<'static, str>,
    /// Its role where rows are shown one by one.
    pub part: Option<Part>,
}

impl Column {
    /// A nullable column.
    #[must_use]
    pub const fn nullable(name: &'static str, kind: ColumnType, doc: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            nullable: true,
            stamp: None,
            doc: Cow::Borrowed(doc),
            part: None,
        }
    }

    /// A NOT NULL column.
    #[must_use]
    pub const fn required(name: &'static str, kind: ColumnType, doc: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            nullable: false,
            stamp: None,
            doc: Cow::Borrowed(doc),
            part: None,
        }
    }

    /// The column with this role.
    #[must_use]
    pub const fn playing(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }

    /// Whether it is an array of issues: what was wrong with a row, or what replaced a missing value.
    #[must_use]
    pub fn lists_issues(&self) -> bool {
        self.kind == ColumnType::StringArray && self.name.ends_with("issues")
    }

    /// A timestamp column the warehouse sets on write.
    #[must_use]
    pub const fn stamped(name: &'static str, stamp: Stamp, doc: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: ColumnType::Timestamp,
            nullable: true,
            stamp: Some(stamp),
            doc: Cow::Borrowed(doc),
            part: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_types_round_trip_through_their_name() {
        for word in ColumnType::WORDS {
            let kind = ColumnType::from_word(word).unwrap();
            assert_eq!(ColumnType::from_word(&kind.to_string()), Some(kind), "{word}");
        }
        let numeric = |precision, scale| Some(ColumnType::Numeric { precision, scale });
        assert_eq!(ColumnType::from_word("NUMERIC(6, 2)"), numeric(6, 2));
        assert_eq!(ColumnType::from_word("NUMERIC(5)"), numeric(5, 0));
        assert_eq!(ColumnType::from_word("NUMERIC(38,9)"), numeric(38, 9));
        for word in [
            "INTEGER",
            "int64",
            "NUMERIC(1,2)",
            "NUMERIC(39,9)",
            "NUMERIC(6,10)",
            "NUMERIC()",
            "",
        ] {
            assert_eq!(ColumnType::from_word(word), None, "{word}");
        }
    }
}
