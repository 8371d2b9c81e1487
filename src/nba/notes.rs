//! Remarks collected while a date is computed: each reason once, with a count.

use std::collections::BTreeMap;

/// Counted remarks, such as rejected rows. They don't affect the state of the date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(BTreeMap<String, u32>);

impl Notes {
    /// Counts one occurrence of this reason.
    pub fn add(&mut self, reason: String) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// One line per reason, in alphabetical order, with the count if it is more than one.
    #[must_use]
    pub fn lines(self) -> Vec<String> {
        let line = |(reason, count)| match count {
            1 => reason,
            _ => format!("{reason} ({count} times)"),
        };
        self.0.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_reasons_are_listed_once_with_a_count() {
        let mut notes = Notes::default();
        for reason in ["bdl: b", "bdl: a", "bdl: b"] {
            notes.add(reason.to_owned());
        }
        assert_eq!(notes.lines(), ["bdl: a", "bdl: b (2 times)"]);
    }
}
