//! The one bound of every reason that a unit is recorded with: whatever a program, a query or a server said, it stays a
//! sentence that fits a line of a report. The rest of it stands in the log.

/// The most characters of a reason.
const MOST: usize = 500;

/// The text in at most 500 characters, the last one `…` where it had more.
#[must_use]
pub(super) fn bounded(reason: &str) -> String {
    cut(reason, MOST)
}

/// The text in at most so many characters, the last one `…` where it had more.
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
