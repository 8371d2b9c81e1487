//! A mistake in a TOML file with its line, worded for the author of the file.

use std::fmt;

use super::near_miss;

/// A mistake in a plan file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Its line, from 1; `None` if it concerns the whole file.
    pub line: Option<usize>,
    /// What is wrong and how to fix it.
    pub problem: String,
}

impl Mistake {
    /// A mistake of the file as a whole.
    pub(super) const fn of_file(problem: String) -> Self {
        Self { line: None, problem }
    }

    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        Self {
            line: Some(line_of(text, error.span().map_or(0, |span| span.start))),
            problem: in_words(error),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// The line of this byte offset, from 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Formats a TOML error: line, problem, and a hint for a likely typo.
#[must_use]
pub fn toml_mistake(text: &str, error: &toml::de::Error) -> String {
    Mistake::of_toml(text, error).to_string()
}

/// The problem with a hint for a likely typo.
fn in_words(error: &toml::de::Error) -> String {
    let message = error.message().lines().next().unwrap_or_default();
    match (intended_word(error), message.split_once(", expected")) {
        (Some(candidate), Some((unknown, _))) => format!("{unknown}; did you mean '{candidate}'?"),
        _ => message.to_owned(),
    }
}

/// The known word that was probably meant by an unknown one.
pub(super) fn intended_word(error: &toml::de::Error) -> Option<&str> {
    // The message quotes the unknown word first and the known ones after it, all in backticks.
    let message = error.message().lines().next()?;
    let mut quoted = message.strip_prefix("unknown")?.split('`').skip(1).step_by(2);
    near_miss(quoted.next()?, quoted)
}

/// All mistakes, one on each line.
#[cfg(test)]
pub(super) fn in_lines(mistakes: Vec<Mistake>) -> String {
    let lines: Vec<String> = mistakes.into_iter().map(|mistake| mistake.to_string()).collect();
    lines.join("\n")
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
