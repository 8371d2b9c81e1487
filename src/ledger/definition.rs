//! Whether what the ledger holds was made by the definition that the plan has now.

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::plan::Fingerprint;

/// Which definition something was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Definition {
    /// The one the plan has now.
    Current,
    /// Another one.
    Changed,
    /// Nobody wrote it down: the ledger is older than fingerprints.
    Unknown,
}

impl Definition {
    /// Of something that was recorded under a fingerprint, held against what the plan has now.
    #[must_use]
    pub fn of(recorded: Option<Fingerprint>, now: Fingerprint) -> Self {
        match recorded {
            None => Self::Unknown,
            Some(recorded) if recorded == now => Self::Current,
            Some(_) => Self::Changed,
        }
    }
}

/// Reads a fingerprint where there is one.
pub(super) fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Fingerprint>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| {
        text.parse()
            .map_err(|cause| super::units::bad_word(column, cause))
    })
    .transpose()
}
