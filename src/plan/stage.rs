//! A stage as the plan describes it.

/// How the rows of a stage come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageKind {
    /// One of the built-in basketball rules, found by the stage's name.
    Nba,
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
}
