//! TOML errors with their line, worded for the author of the file.

use super::near_miss;

/// The line of this byte offset, from 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Formats a TOML error: line, problem, and a hint for a likely typo.
#[must_use]
pub fn toml_mistake(text: &str, error: &toml::de::Error) -> String {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let message = error.message().lines().next().unwrap_or_default();
    // The message quotes the unknown word first and the known ones after it, all in backticks.
    let mut quoted = message.split('`').skip(1).step_by(2);
    let hint = message
        .starts_with("unknown")
        .then(|| quoted.next().and_then(|word| near_miss(word, quoted)))
        .flatten();
    match (hint, message.split_once(", expected")) {
        (Some(candidate), Some((unknown, _))) => {
            format!("line {line}: {unknown}; did you mean '{candidate}'?")
        }
        _ => format!("line {line}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_numbers_include_the_line_break() {
        let text = "a = 1\nb = 2\n";
        let lines = [0, 5, 6, 11, 12].map(|at| line_of(text, at));
        assert_eq!(lines, [1, 1, 2, 2, 3]);
    }
}
