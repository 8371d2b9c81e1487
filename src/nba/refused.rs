//! Why a text from a feed was not taken for what it should be.

/// A text that is not what its column promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} {reason}")]
pub struct Refused {
    /// What the text should have been, in the field's own word.
    pub what: &'static str,
    /// The text as it came.
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
