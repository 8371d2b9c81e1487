//! A stage as the plan describes it.

use serde::Deserialize;

/// How the rows of a stage come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageKind {
    /// One of the built-in basketball rules, found by the stage's name.
    Nba,
}

/// How a stage begins once the gates before it are passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advance {
    /// By itself.
    #[default]
    Auto,
    /// When the operator says so.
    Ask,
}

/// One table filled date by date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// Name, unique in the plan.
    pub name: String,
    /// `dataset.table` it fills.
    pub table: String,
    /// How its rows come about.
    pub kind: StageKind,
    /// Stages whose gate must be passed before this one starts; each stands before it in the plan.
    pub needs: Vec<String>,
    /// Whether it begins by itself.
    pub advance: Advance,
}
