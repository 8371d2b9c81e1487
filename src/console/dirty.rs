//! How much of the screen a message changed.

/// How much must be redrawn. Of two requests the greater wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dirty {
    #[default]
    None,
    /// Only what advances with time: the clock and the ages of the workers' batches.
    Partial,
    /// Everything may have changed.
    Full,
    /// The screen may be corrupted: clear it and redraw.
    Force,
}
