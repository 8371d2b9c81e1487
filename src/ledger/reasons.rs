//! Groups dates or rows by reason: forty dates that failed for two reasons are two lines.

/// Items with the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameReason<K, T> {
    /// The kind they have in common.
    pub kind: K,
    /// The reason; what differs between items, such as a game's id, is replaced by `…`.
    pub reason: String,
    /// The items, in their original order.
    pub things: Vec<T>,
}

/// Groups items of the same kind whose reasons are equal except for words with digits and quoted values; the largest
/// group first. A group of one keeps its full reason.
pub fn by_reason<K: PartialEq, T>(
    things: impl IntoIterator<Item = T>,
    kind_and_reason: impl Fn(&T) -> (K, String),
) -> Vec<SameReason<K, T>> {
    let mut groups: Vec<(String, SameReason<K, T>)> = Vec::new();
    for thing in things {
        let (kind, reason) = kind_and_reason(&thing);
        let print = fingerprint(&reason);
        let known = groups
            .iter_mut()
            .find(|(known, group)| *known == print && group.kind == kind);
        match known {
            Some((_, group)) => {
                group.reason = common(&group.reason, &reason);
                group.things.push(thing);
            }
            None => groups.push((
                print,
                SameReason {
                    kind,
                    reason,
                    things: vec![thing],
                },
            )),
        }
    }
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.things.len()));
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The words two reasons have in common; differing words become `…`.
fn common(one: &str, other: &str) -> String {
    let same = |(word, other): (&str, &str)| {
        if word == other {
            word.to_owned()
        } else {
            "…".to_owned()
        }
    };
    let words = words(one).into_iter().zip(words(other));
    words.map(same).collect::<Vec<_>>().join(" ")
}

/// Normalizes a reason: words with digits and quoted values become `…`, so that equivalent reasons are equal.
#[must_use]
pub fn fingerprint(reason: &str) -> String {
    let word = |word: &str| {
        if is_quoted(word) || word.chars().any(|letter| letter.is_ascii_digit()) {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    words(reason).into_iter().map(word).collect::<Vec<_>>().join(" ")
}

fn is_quoted(word: &str) -> bool {
    word.trim_start_matches('(').starts_with('\'')
}

/// The words of a reason. A quoted value is one word, whatever spaces it contains.
fn words(reason: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = reason;
    loop {
        let opened = if is_quoted(rest) { closing_quote(rest) } else { 0 };
        let end = rest[opened..].find(' ').map(|space| opened + space);
        words.push(&rest[..end.unwrap_or(rest.len())]);
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return words,
        }
    }
}

/// Position of the closing quote of a text that starts with one; 0 if it is never closed.
fn closing_quote(text: &str) -> usize {
    let opening = text.find('\'').unwrap_or(0);
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip_while(|(at, _)| *at <= opening) {
        match letter {
            '\'' if !is_escaped => return at,
            _ => is_escaped = letter == '\\' && !is_escaped,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_only_in_numbers_are_grouped() {
        let reasons = [
            (1, 'p', "no line of 12 for 20240102_BOS_BKN"),
            (2, 'f', "the feed did not answer"),
            (3, 'f', "the feed did not answer"),
            (4, 'f', "no line for 20240104_BOS_BKN"),
            (5, 'p', "no line of 12 for 20240105_LAL_DEN"),
            (6, 'f', "the feed did not answer"),
        ];
        let groups = by_reason(reasons, |(_, kind, reason)| (*kind, (*reason).to_owned()));
        let found: Vec<(char, &str, Vec<i32>)> = groups
            .iter()
            .map(|group| {
                let numbers = group.things.iter().map(|(number, ..)| *number).collect();
                (group.kind, group.reason.as_str(), numbers)
            })
            .collect();
        assert_eq!(
            found,
            [
                ('f', "the feed did not answer", vec![2, 3, 6]),
                ('p', "no line of 12 for …", vec![1, 5]),
                ('f', "no line for 20240104_BOS_BKN", vec![4]),
            ]
        );
    }

    #[test]
    fn reasons_that_differ_only_in_quoted_values_are_grouped() {
        let reasons = [
            "column tons: 'two' is not an INT64",
            "column tons: 'not a \\'number\\' at all' is not an INT64",
            "column name: 'two' is not UTF-8",
        ];
        let groups = by_reason(reasons, |reason| ((), (*reason).to_owned()));
        let found: Vec<(&str, usize)> = (groups.iter())
            .map(|group| (group.reason.as_str(), group.things.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("column tons: … is not an INT64", 2),
                ("column name: 'two' is not UTF-8", 1),
            ]
        );
        assert_eq!(fingerprint("the plan's 'gate is open"), "the plan's … is open");
    }
}
