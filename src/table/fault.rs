//! Why a row can't be stored: the kind of fault, the column, and a message with the refused value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Kinds of faults that quarantine a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// NULL in a NOT NULL column.
    NotNull,
    /// Not a value of the column's type.
    Type,
    /// A value too large or too long for the column.
    Range,
    /// Bytes that are not UTF-8, or a NUL byte.
    Encoding,
    /// The key is already used by another row.
    DuplicateKey,
    /// The row is of another date than the one being filled.
    OtherDate,
    /// The row is of another slice of the table than the plan's.
    OtherSlice,
    /// The number of values differs from the number of columns.
    Width,
}

impl FaultKind {
    const ALL: [Self; 8] = [
        Self::NotNull,
        Self::Type,
        Self::Range,
        Self::Encoding,
        Self::DuplicateKey,
        Self::OtherDate,
        Self::OtherSlice,
        Self::Width,
    ];

    /// The word it is counted and recorded under.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotNull => "not_null",
            Self::Type => "type",
            Self::Range => "range",
            Self::Encoding => "encoding",
            Self::DuplicateKey => "duplicate_key",
            Self::OtherDate => "other_date",
            Self::OtherSlice => "other_slice",
            Self::Width => "width",
        }
    }

    /// Parses the recorded word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Its kind.
    pub kind: FaultKind,
    /// The column at fault; `None` if it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong, with the refused value in quotes.
    pub what: String,
}

impl RowFault {
    /// The message for a row on this line of the program's output: `column tons, line 4: 'two' is not an INT64`.
    #[must_use]
    pub fn sentence(&self, line: Option<u64>) -> String {
        let column = self.column.as_ref().map(|name| format!("column {name}"));
        let line = line.map(|line| format!("line {line}"));
        let place: Vec<String> = column.into_iter().chain(line).collect();
        match place.as_slice() {
            [] => self.what.clone(),
            place => format!("{}: {}", place.join(", "), self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_kinds_round_trip_through_text_and_json() {
        for kind in FaultKind::ALL {
            assert_eq!(FaultKind::from_word(kind.word()), Some(kind));
            assert_eq!(serde_json::json!(kind), kind.word());
        }
        assert_eq!(FaultKind::from_word("rows"), None);
    }

    #[test]
    fn messages_include_column_and_line_if_known() {
        let fault = |column: Option<&str>| RowFault {
            kind: FaultKind::Type,
            column: column.map(str::to_owned),
            what: "'two' is not an INT64".to_owned(),
        };
        let some = fault(Some("tons"));
        assert_eq!(
            some.sentence(Some(4)),
            "column tons, line 4: 'two' is not an INT64"
        );
        assert_eq!(some.sentence(None), "column tons: 'two' is not an INT64");
        assert_eq!(fault(None).sentence(Some(4)), "line 4: 'two' is not an INT64");
        assert_eq!(fault(None).sentence(None), "'two' is not an INT64");
    }
}
