//! The length of reasons: of a failure, of a waiver, of a tick. They fit on a line of a report, in the ledger, in the
//! events and on the screen. Must not know what they are about.

/// Maximum length of a reason, in characters.
const MAX_LENGTH: usize = 500;

/// Cuts the text to 500 characters; the last one is then `…`. The full text belongs in the log.
#[must_use]
pub fn bounded(reason: &str) -> String {
    cut(reason, MAX_LENGTH)
}

/// Cuts the text to `most` characters; the last one is then `…`.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// Why a typed reason is refused, if it is too long; `what` names it: `the note`.
#[must_use]
pub fn refused(what: &str, typed: &str) -> Option<String> {
    let length = typed.chars().count();
    (length > MAX_LENGTH).then(|| format!("{what} has {length} characters; shorten it to {MAX_LENGTH}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_at_most_500_characters() {
        assert_eq!(bounded("short"), "short");
        let whole = "é".repeat(500);
        assert_eq!(bounded(&whole), whole);
        assert_eq!(refused("the note", &whole), None);
        let longer = format!("{whole}!");
        let shown = bounded(&longer);
        assert_eq!(shown.chars().count(), 500);
        assert!(shown.ends_with("é…"), "{shown}");
        let refusal = refused("the note", &longer).unwrap();
        assert_eq!(refusal, "the note has 501 characters; shorten it to 500");
    }
}
