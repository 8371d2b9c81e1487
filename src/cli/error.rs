//! What ends a command before it began, and the exit code that goes with it.

use crate::engine::LaunchError;
use crate::fence::FenceError;
use crate::ledger::{LedgerError, LockError};
use crate::plan::{PlanError, RangeError};

/// A command that did nothing, and why in one sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// What was typed, or a file that was named, cannot be used.
    #[error("{0}")]
    Usage(String),
    /// Somebody else is at work in the state folder, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody else writes what the plan fills, or nobody can say.
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The engine could not start.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Something the command needed from the system failed.
    #[error("{what}: {cause}; {next}")]
    System {
        /// What was being done, to what.
        what: String,
        /// What the system said.
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
