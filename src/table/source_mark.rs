//! What of a source is compared between two looks at it.

/// What tells whether the rows of a partition have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceMark {
    /// How many there are.
    Rows,
    /// A hash of all their columns, whatever their order.
    Digest,
    /// When the warehouse last changed the partition.
    Modified,
}

impl SourceMark {
    /// The word in a plan.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Digest => "digest",
            Self::Modified => "modified",
        }
    }
}
