//! "Did you mean …?" for a word that is not known.

/// The known word most similar to the given one, if it is similar enough to be a typo.
#[must_use]
pub fn near_miss<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// An error message for an unknown word, with the likely intended word or all known ones.
#[must_use]
pub fn with_hint<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let list: Vec<&str> = known.clone().into_iter().collect();
    match near_miss(word, known) {
        Some(candidate) => format!("{what} '{word}' not found; did you mean '{candidate}'?"),
        None => format!("{what} '{word}' not found; choose one of: {}", list.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_get_a_suggestion_and_unrelated_words_do_not() {
        let stages = ["team_offense", "team_defense"];
        assert_eq!(near_miss("team_ofense", stages), Some("team_offense"));
        assert_eq!(near_miss("weather", stages), None);
        assert_eq!(
            with_hint("stage", "team_ofense", stages),
            "stage 'team_ofense' not found; did you mean 'team_offense'?"
        );
        assert_eq!(
            with_hint("stage", "weather", stages),
            "stage 'weather' not found; choose one of: team_offense, team_defense"
        );
    }
}
