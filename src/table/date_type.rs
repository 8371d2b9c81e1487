//! The type of a column of dates in a table that another program fills.

use super::StoredType;

/// What the values of such a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateType {
    /// A day.
    Date,
    /// A day and a time without a zone.
    Datetime,
    /// An instant.
    Timestamp,
    /// Not known: a date or an instant as text.
    Text,
}

impl DateType {
    /// The type of an existing column; `None` if it has no dates.
    #[must_use]
    pub fn of_stored(kind: &StoredType) -> Option<Self> {
        match kind.to_string().to_ascii_uppercase().as_str() {
            "DATE" => Some(Self::Date),
            "DATETIME" => Some(Self::Datetime),
            "TIMESTAMP" => Some(Self::Timestamp),
            // A table that another program made in the embedded warehouse may declare no type.
            "STRING" | "TEXT" | "" => Some(Self::Text),
            _ => None,
        }
    }
}
