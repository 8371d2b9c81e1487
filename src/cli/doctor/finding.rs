//! A finding of the doctor: a verdict, its detail and what to do about it.

use crate::partition::Partition;
use serde::Serialize;

/// What a finding is about; each area has its own heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Area {
    /// The state folder and its contents.
    State,
    Plan,
    Warehouse,
    Terminal,
    Sources,
}

impl Area {
    pub(super) const ALL: [Self; 5] = [
        Self::State,
        Self::Plan,
        Self::Warehouse,
        Self::Terminal,
        Self::Sources,
    ];

    /// The heading shown.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::State => "State folder",
            Self::Plan => "Plan",
            Self::Warehouse => "Warehouse",
            Self::Terminal => "Terminal",
            Self::Sources => "Sources",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As expected.
    Ok,
    /// Worth knowing, but not a problem.
    Note,
    /// A raw-data check is failing, dates failed, or a table costs more than it should. A run can still start.
    Warn,
    /// A run can't work.
    Fail,
}

impl Verdict {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) area: Area,
    /// The subject, such as a table or the lock.
    pub(super) what: String,
    pub(super) state: Verdict,
    pub(super) detail: String,
    /// What to do, if anything.
    pub(super) next: Option<String>,
    /// The affected dates, in order.
    pub(super) dates: Vec<Partition>,
}

impl Finding {
    /// A finding without a next step.
    pub(super) fn new(
        area: Area,
        what: impl Into<String>,
        state: Verdict,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            area,
            what: what.into(),
            state,
            detail: detail.into(),
            next: None,
            dates: Vec::new(),
        }
    }

    /// Adds what to do next.
    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self {
            next: Some(next.into()),
            ..self
        }
    }
}
