//! A number and the thing it counts, in words an operator reads.

/// `1 date`, `3 dates`; also `2 batches` and `2 queries`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == 1 => format!("{number} {noun}"),
        Some(stem) => format!("{number} {stem}ies"),
        None if noun.ends_with("ch") => format!("{number} {noun}es"),
        None => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stands_alone() {
        let said = |noun| [0, 1, 2].map(|number| counted(number, noun)).join(", ");
        assert_eq!(said("date"), "0 dates, 1 date, 2 dates");
        assert_eq!(said("batch"), "0 batches, 1 batch, 2 batches");
        assert_eq!(said("query"), "0 queries, 1 query, 2 queries");
    }
}
