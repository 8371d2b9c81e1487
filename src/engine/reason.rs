//! Limits the length of a unit's recorded reason, so that it fits on a line of a report. The full text is in the log.

/// Maximum length of a reason, in characters.
const MAX_LENGTH: usize = 500;

/// Cuts the text to 500 characters; the last one is then `…`.
#[must_use]
pub(super) fn bounded(reason: &str) -> String {
    cut(reason, MAX_LENGTH)
}

/// Cuts the text to `most` characters; the last one is then `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_at_most_500_characters() {
        assert_eq!(bounded("short"), "short");
        let whole = "é".repeat(500);
        assert_eq!(bounded(&whole), whole);
        let shown = bounded(&format!("{whole}!"));
        assert_eq!(shown.chars().count(), 500);
        assert!(shown.ends_with("é…"), "{shown}");
    }
}
