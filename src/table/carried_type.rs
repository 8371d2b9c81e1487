//! `BigQuery` types whose values stay inside the warehouse: a query fills such a column, but no value of it is ever
//! converted here.

use std::fmt;

use super::column::{ColumnType, Decimals};
use super::{is_name, sql_name};

/// A type that backcourt carries from a query to its table, and can't read or write itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarriedType {
    /// `STRING(n)`: at most this many characters.
    ShortString(u64),
    /// `BYTES(n)`: at most this many bytes.
    ShortBytes(u64),
    /// `BIGNUMERIC`, or with its digits.
    BigNumeric(Option<Decimals>),
    /// A set of points on the Earth.
    Geography,
    /// A duration.
    Interval,
    /// A range of dates or times.
    Range(RangeOf),
    /// An array of another type than texts and numbers.
    Array(Box<ColumnType>),
    /// Named fields.
    Struct(Vec<StructField>),
}

/// What a `RANGE` begins and ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeOf {
    /// Days.
    Date,
    /// Dates with a time of day.
    Datetime,
    /// Points in time.
    Timestamp,
}

impl RangeOf {
    /// Parses the name of an element type.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "DATE" => Some(Self::Date),
            "DATETIME" => Some(Self::Datetime),
            "TIMESTAMP" => Some(Self::Timestamp),
            _ => None,
        }
    }
}

impl fmt::Display for RangeOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Date => "DATE",
            Self::Datetime => "DATETIME",
            Self::Timestamp => "TIMESTAMP",
        })
    }
}

/// A field of a `STRUCT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructField {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: ColumnType,
}

impl CarriedType {
    /// Whether values can be sorted.
    #[must_use]
    pub const fn is_sortable(&self) -> bool {
        !matches!(self, Self::Geography | Self::Array(_) | Self::Struct(_))
    }

    /// Whether the REST API returns a value as nested cells rather than as one text.
    #[must_use]
    pub const fn is_nested(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Struct(_))
    }

    /// The type as SQL, with `inner` for the types in it. Names of fields are quoted, so that reserved words are usable.
    pub(super) fn sql(&self, inner: fn(&ColumnType) -> String) -> String {
        match self {
            Self::Array(element) => format!("ARRAY<{}>", inner(element)),
            Self::Struct(fields) => {
                let field = |field: &StructField| format!("{} {}", sql_name(&field.name), inner(&field.kind));
                let fields: Vec<String> = fields.iter().map(field).collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            other => other.to_string(),
        }
    }

    /// Whether a column of this type can store every value of another type without loss. Lengths of texts don't count:
    /// what is too long fails when it is written.
    pub(super) fn holds(&self, declared: &ColumnType) -> bool {
        match (self, declared) {
            (Self::ShortString(_), ColumnType::String | ColumnType::Carried(Self::ShortString(_)))
            | (Self::ShortBytes(_), ColumnType::Bytes | ColumnType::Carried(Self::ShortBytes(_)))
            | (
                Self::BigNumeric(None),
                ColumnType::Numeric { .. } | ColumnType::Carried(Self::BigNumeric(_)),
            ) => true,
            (Self::BigNumeric(Some(held)), ColumnType::Carried(Self::BigNumeric(Some(declared)))) => {
                held.hold(*declared)
            }
            (Self::BigNumeric(Some(held)), ColumnType::Numeric { precision, scale }) => held.hold(Decimals {
                precision: *precision,
                scale: *scale,
            }),
            (Self::Array(held), ColumnType::Carried(Self::Array(declared))) => held.holds(declared),
            (Self::Struct(held), ColumnType::Carried(Self::Struct(declared))) => {
                let holds = |(held, declared): (&StructField, &StructField)| {
                    held.name.eq_ignore_ascii_case(&declared.name) && held.kind.holds(&declared.kind)
                };
                held.len() == declared.len() && held.iter().zip(declared).all(holds)
            }
            _ => false,
        }
    }
}

impl fmt::Display for CarriedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShortString(length) => write!(f, "STRING({length})"),
            Self::ShortBytes(length) => write!(f, "BYTES({length})"),
            Self::BigNumeric(None) => f.write_str("BIGNUMERIC"),
            Self::BigNumeric(Some(Decimals { precision, scale })) => {
                write!(f, "BIGNUMERIC({precision},{scale})")
            }
            Self::Geography => f.write_str("GEOGRAPHY"),
            Self::Interval => f.write_str("INTERVAL"),
            Self::Range(of) => write!(f, "RANGE<{of}>"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (at, StructField { name, kind }) in fields.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    if is_name(name) {
                        write!(f, "{comma}{name} {kind}")?;
                    } else {
                        write!(f, "{comma}{} {kind}", sql_name(name))?;
                    }
                }
                f.write_str(">")
            }
        }
    }
}
