//! Columns: name, `BigQuery` type and meaning.

use std::borrow::Cow;
use std::fmt;

use super::type_parser::{self, TypeError};
use super::{CarriedType, Part};

/// The digits of a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimals {
    /// Digits in total.
    pub precision: u8,
    /// Digits after the point.
    pub scale: u8,
}

impl Decimals {
    /// Whether these digits are enough for every number of the others.
    pub(super) const fn hold(self, other: Self) -> bool {
        self.scale >= other.scale && self.precision - self.scale >= other.precision - other.scale
    }
}

/// A `BigQuery` column type.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// A date and a time of day, without a zone.
    Datetime,
    /// A time of day.
    Time,
    /// Bytes, written as base64.
    Bytes,
    /// Any JSON document.
    Json,
    /// An array of texts.
    StringArray,
    /// An array of numbers.
    Float64Array,
    /// A type whose values a query leaves in the warehouse.
    Carried(CarriedType),
}

impl ColumnType {
    /// The types that backcourt converts; `NUMERIC` can have its digits in parentheses.
    pub const WORDS: [&str; 13] = [
        "INT64",
        "FLOAT64",
        "NUMERIC",
        "STRING",
        "BOOL",
        "DATE",
        "TIMESTAMP",
        "DATETIME",
        "TIME",
        "BYTES",
        "JSON",
        "ARRAY<STRING>",
        "ARRAY<FLOAT64>",
    ];

    /// The names of the types that only a query can fill.
    pub const CARRIED_WORDS: [&str; 8] = [
        "STRUCT<name TYPE>",
        "ARRAY<TYPE>",
        "BYTES(n)",
        "BIGNUMERIC",
        "GEOGRAPHY",
        "INTERVAL",
        "RANGE<DATE>",
        "STRING(n)",
    ];

    /// Parses a `BigQuery` type.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        type_parser::parse(text)
    }

    /// Parses the name of a type that backcourt converts; `None` for any other text.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::parse(word).ok().filter(|kind| !kind.is_carried())
    }

    /// The array of these elements; `None` for arrays of arrays, which don't exist.
    #[must_use]
    pub fn array_of(element: Self) -> Option<Self> {
        match element {
            Self::String => Some(Self::StringArray),
            Self::Float64 => Some(Self::Float64Array),
            element if element.is_array() => None,
            element => Some(Self::Carried(CarriedType::Array(Box::new(element)))),
        }
    }

    /// Whether its values are never converted here.
    #[must_use]
    pub const fn is_carried(&self) -> bool {
        matches!(self, Self::Carried(_))
    }

    /// Whether it is an array, which `BigQuery` never stores as NULL.
    #[must_use]
    pub const fn is_array(&self) -> bool {
        matches!(
            self,
            Self::StringArray | Self::Float64Array | Self::Carried(CarriedType::Array(_))
        )
    }

    /// Whether its values can be sorted.
    #[must_use]
    pub const fn is_sortable(&self) -> bool {
        match self {
            Self::Json | Self::StringArray | Self::Float64Array => false,
            Self::Carried(carried) => carried.is_sortable(),
            _ => true,
        }
    }

    /// Whether values can be put into groups, as the values of a key must be.
    #[must_use]
    pub const fn is_groupable(&self) -> bool {
        !matches!(
            self,
            Self::Carried(CarriedType::Geography | CarriedType::Array(_) | CarriedType::Struct(_))
        )
    }

    /// The type of a column as `GoogleSQL`.
    #[must_use]
    pub fn sql(&self) -> String {
        match self {
            Self::Carried(carried) => carried.sql(Self::sql),
            other => other.to_string(),
        }
    }

    /// The type of a value as `GoogleSQL`: lengths and digits belong to columns only.
    #[must_use]
    pub fn sql_of_value(&self) -> String {
        match self {
            Self::Numeric { .. } => "NUMERIC".to_owned(),
            Self::Carried(CarriedType::ShortString(_)) => "STRING".to_owned(),
            Self::Carried(CarriedType::ShortBytes(_)) => "BYTES".to_owned(),
            Self::Carried(CarriedType::BigNumeric(_)) => "BIGNUMERIC".to_owned(),
            Self::Carried(carried) => carried.sql(Self::sql_of_value),
            other => other.to_string(),
        }
    }

    /// Whether a column of this type can store every value of another type without loss.
    pub(super) fn holds(&self, declared: &Self) -> bool {
        match (self, declared) {
            (held, declared) if held == declared => true,
            (
                Self::Numeric { precision, scale },
                Self::Numeric {
                    precision: declared,
                    scale: declared_scale,
                },
            ) => Decimals {
                precision: *precision,
                scale: *scale,
            }
            .hold(Decimals {
                precision: *declared,
                scale: *declared_scale,
            }),
            (Self::String, Self::Carried(CarriedType::ShortString(_)))
            | (Self::Bytes, Self::Carried(CarriedType::ShortBytes(_))) => true,
            (Self::Carried(held), declared) => held.holds(declared),
            _ => false,
        }
    }

    /// Whether `BigQuery` can change a column of this type to another one and keep its values.
    pub(super) fn widens_to(&self, wider: &Self) -> bool {
        let is_nested = matches!(self, Self::Carried(carried) if carried.is_nested());
        !is_nested && wider.holds(self)
    }

    /// The type with its article, for messages: `an INT64`, `a DATE`, `valid JSON`.
    #[must_use]
    pub fn with_article(&self) -> String {
        match self {
            Self::Json => "valid JSON".to_owned(),
            Self::Int64 | Self::Carried(CarriedType::Interval) => format!("an {self}"),
            array if array.is_array() => format!("an {self}"),
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
            Self::Datetime => f.write_str("DATETIME"),
            Self::Time => f.write_str("TIME"),
            Self::Bytes => f.write_str("BYTES"),
            Self::Json => f.write_str("JSON"),
            Self::StringArray => f.write_str("ARRAY<STRING>"),
            Self::Float64Array => f.write_str("ARRAY<FLOAT64>"),
            Self::Carried(carried) => carried.fmt(f),
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
    /// The start of its partition, in a table partitioned by ingestion time.
    PartitionTime,
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
            "INTERVAL",
            "",
        ] {
            assert_eq!(ColumnType::from_word(word), None, "{word}");
        }
    }
}
