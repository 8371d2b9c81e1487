//! States of runbook items and of their conditions, and the words they are shown as.

use std::fmt;

use serde::{Deserialize, Serialize};

/// State of a runbook item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not started.
    Open,
    /// Partly done.
    #[serde(alias = "under_way")]
    InProgress,
    /// Completed by its conditions, or ticked.
    Done,
    /// The operator must act: something failed, or it is a manual item whose turn has come.
    #[serde(alias = "needs_you")]
    ActionRequired,
    /// It was done and no longer is: its inputs changed, or its tick was withdrawn.
    #[serde(alias = "undone")]
    Reopened,
}

impl ItemState {
    /// Every state, done first, open last.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::ActionRequired,
        Self::Reopened,
        Self::InProgress,
        Self::Open,
    ];

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in progress",
            Self::Done => "done",
            Self::ActionRequired => "action required",
            Self::Reopened => "reopened",
        }
    }
}

impl fmt::Display for ItemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}
