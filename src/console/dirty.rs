//! How much of the screen a message has changed.

/// How much has to be drawn again. The greater wish wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dirty {
    /// Nothing.
    #[default]
    None,
    /// Only what moves by itself: the clock, the ages of the workers' batches.
    Partial,
    /// Everything may have changed.
    Full,
    /// The screen itself may be spoilt: start from an empty one.
    Force,
}
