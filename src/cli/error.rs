//! Errors of commands and their exit codes.

use crate::engine::LaunchError;
use crate::fence::FenceError;
use crate::ledger::{LedgerError, LockError};
use crate::plan::{PlanError, RangeError};

/// Why a command did nothing, in one sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// A flag, name, value or input file is invalid.
    #[error("{0}")]
    Usage(String),
    /// Another process uses the state folder, or it can't be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another run writes the plan's tables, or the lease can't be checked.
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// The ledger can't be opened, read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The engine could not start.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// A system call failed.
    #[error("{what}: {cause}; {next}")]
    System {
        /// What was attempted, and on what.
        what: String,
        /// The system's error.
        cause: std::io::Error,
        /// What to do next.
        next: &'static str,
    },
}

impl CliError {
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(LockError::Held { .. }) | Self::Fence(FenceError::Held { .. }) => 4,
            _ => 2,
        }
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RangeError> for CliError {
    fn from(error: RangeError) -> Self {
        Self::Usage(error.to_string())
    }
}
