//! Warehouse errors, classified by how the engine handles them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The error class decides whether a unit is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// A temporary fault: dropped connection, busy file, server error. Retried with backoff.
    Transient,
    /// Too many calls in a short time. Retried with backoff.
    Rate,
    /// A quota is exhausted: disk, daily or per table. The run stops until there is room again.
    Quota,
    /// A conflict with another writer. Retried with backoff.
    Contention,
    /// Bad data: a missing table, a value of the wrong type. Not retried.
    Data,
    /// Permission denied. The run stops until access is granted.
    Auth,
    /// A bug in the program or the query. Not retried.
    Code,
    /// Sent without an answer, so it may have been applied. Its outcome is looked up before any retry.
    Unknown,
}

impl ErrorClass {
    /// Whether a retry can help.
    #[must_use]
    pub const fn retries(self) -> bool {
        matches!(self, Self::Transient | Self::Rate | Self::Contention)
    }

    /// Whether the error affects all dates equally. The run stops, and no date is marked failed.
    #[must_use]
    pub const fn stops_the_run(self) -> bool {
        matches!(self, Self::Quota | Self::Auth)
    }

    /// All classes.
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

    /// Parses a class from its stored name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The name shown and stored.
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

/// A failed warehouse call: its class and a message for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WarehouseError {
    /// The class, which decides how it is handled.
    pub class: ErrorClass,
    /// What happened, to what, and what to do next.
    pub message: String,
}

impl WarehouseError {
    /// Creates an error of this class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}
