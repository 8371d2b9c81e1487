//! Errors for invalid texts from a feed.

/// A text that is not valid for its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} {reason}")]
pub struct Refused {
    /// What was expected, such as `game`.
    pub what: &'static str,
    /// The text as received.
    pub text: String,
    /// What is wrong with it, as the rest of a sentence.
    pub reason: &'static str,
}

impl Refused {
    pub(crate) fn new(what: &'static str, text: &str, reason: &'static str) -> Self {
        Self {
            what,
            text: text.to_owned(),
            reason,
        }
    }
}
