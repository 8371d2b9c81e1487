//! Values of variables within SQL. `${name}` there is for a part of a name, so that no value can end a string, start a
//! comment or add a statement; other values are parameters.

/// Whether a value may stand between these texts of a query: only letters, digits, `_`, `-`, `.`, `:` and `*`, and no
/// comment starts or ends where they meet.
pub(super) fn is_name_part(before: &str, value: &str, after: &str) -> bool {
    let fits = |letter: char| letter.is_alphanumeric() || "_-.:*".contains(letter);
    let last = before.chars().next_back();
    let together: String = (last.into_iter())
        .chain(value.chars())
        .chain(after.chars().next())
        .collect();
    value.chars().all(fits) && !["--", "/*", "*/"].iter().any(|mark| together.contains(mark))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("`", "my-project.raw.events_*", "`", true)]
    #[case("events", "", "", true)]
    #[case("`", "example.com:project", ".", true)]
    #[case("'", "x' OR 'a' = 'a", "'", false)]
    #[case("'", "x\\", "'", false)]
    #[case("`", "raw`.t", "`", false)]
    #[case(" ", "a b", " ", false)]
    #[case(" ", "a;b", " ", false)]
    #[case(" ", "a--b", " ", false)]
    #[case("x-", "-b", " ", false)]
    #[case("-", "", "-", false)]
    #[case("x/", "*", " ", false)]
    #[case("/* x", "*", "/", false)]
    fn only_parts_of_names_are_allowed(
        #[case] before: &str,
        #[case] value: &str,
        #[case] after: &str,
        #[case] is_allowed: bool,
    ) {
        assert_eq!(is_name_part(before, value, after), is_allowed);
    }
}
