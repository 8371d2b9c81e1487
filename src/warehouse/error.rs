//! What can go wrong with a warehouse, sorted by what one does about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of an error decides whether a unit is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// A passing fault: dropped connection, busy file, server error. Tried again after a pause.
    Transient,
    /// Too many calls in a short time. Tried again after a pause.
    Rate,
    /// An allowance is used up: the disk, the day, the table. The run stops until there is room again.
    Quota,
    /// Another writer was in the way. Tried again after a pause.
    Contention,
    /// The data themselves: a missing table, a value of the wrong type. Not tried again.
    Data,
    /// No permission. The run stops until somebody gives it.
    Auth,
    /// A fault in the program or the query. Not tried again.
    Code,
    /// Sent, and no answer came: it may have happened. Looked up before anything is repeated.
    Unknown,
}

impl ErrorClass {
    /// Whether waiting and trying again can help.
    #[must_use]
    pub const fn retries(self) -> bool {
        matches!(self, Self::Transient | Self::Rate | Self::Contention)
    }

    /// Whether the place itself is at fault and every date would meet it alike: the run stops, and no date is to blame.
    #[must_use]
    pub const fn stops_the_run(self) -> bool {
        matches!(self, Self::Quota | Self::Auth)
    }

    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Transient,
        Self::Rate,
        Self::Quota,
        Self::Contention,
        Self::Data,
        Self::Auth,
        Self::Code,
        Self::Unknown,
    ];

    /// The class of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The word shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Rate => "rate",
            Self::Quota => "quota",
            Self::Contention => "contention",
            Self::Data => "data",
            Self::Auth => "auth",
            Self::Code => "code",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A failed warehouse call: its class and one sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WarehouseError {
    /// What to do about it.
    pub class: ErrorClass,
    /// What happened, to what, and what to do next.
    pub message: String,
}

impl WarehouseError {
    /// An error of this class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}
