//! Job labels, so that bills and audits of the project show the purpose of each job.

use crate::warehouse::JobPurpose;

/// Maximum length of a label value, in characters.
const MAX_LABEL_LENGTH: usize = 63;

pub(super) fn of(purpose: JobPurpose<'_>) -> impl Iterator<Item = (String, String)> {
    let named = [
        ("backcourt_stage", purpose.stage),
        ("backcourt_check", purpose.check),
    ];
    let named = named.into_iter().filter_map(|(key, name)| Some((key, name?)));
    named.map(|(key, name)| (key.to_owned(), value(name)))
}

/// Converts a name to the characters allowed in a label: lower case, digits, underscores and dashes.
fn value(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '-' => c,
        _ => '_',
    };
    name.chars().take(MAX_LABEL_LENGTH).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_labels_use_valid_characters_of_stage_and_check() {
        let name = format!("Früh.Check-1 {}", "x".repeat(70));
        let purpose = JobPurpose {
            stage: Some("team_offense"),
            check: Some(&name),
        };
        let labels: Vec<(String, String)> = of(purpose).collect();
        let check = format!("fr_h_check-1_{}", "x".repeat(50));
        assert_eq!(check.len(), MAX_LABEL_LENGTH);
        let expected = [("backcourt_stage", "team_offense"), ("backcourt_check", &check)];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(labels, expected);
        assert_eq!(of(JobPurpose::default()).count(), 0);
    }
}
