//! One thing the doctor looked at: how it stands, and what to do about it.

use chrono::NaiveDate;
use serde::Serialize;

/// What a finding is about; the screenful has a heading for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Area {
    /// The state folder and what lies in it.
    State,
    /// The plan.
    Plan,
    /// The warehouse and its tables.
    Warehouse,
    /// The terminal.
    Terminal,
    /// The raw tables.
    Sources,
}

impl Area {
    /// Every area, in the order shown.
    pub(super) const ALL: [Self; 5] = [
        Self::State,
        Self::Plan,
        Self::Warehouse,
        Self::Terminal,
        Self::Sources,
    ];

    /// The heading.
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

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing is wrong.
    Note,
    /// A check of the raw tables is not met, dates failed, or a table costs more than it should. A run goes on all the same.
    Warn,
    /// A run cannot do its work as things stand.
    Fail,
}

impl Verdict {
    /// The word shown.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What it is about.
    pub(super) area: Area,
    /// The thing, in a word or by its name.
    pub(super) what: String,
    /// How it stands.
    pub(super) state: Verdict,
    /// What was found, in one sentence.
    pub(super) detail: String,
    /// What to do, if anything.
    pub(super) next: Option<String>,
    /// The dates it names, in order.
    pub(super) dates: Vec<NaiveDate>,
}

impl Finding {
    /// A finding with nothing to do about it.
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

    /// The same, with what to do next.
    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self {
            next: Some(next.into()),
            ..self
        }
    }
}
