//! Questions before the first unit. While one is open, nothing is computed or written. When to ask one, and what an
//! answer does, is decided in `dispatcher/asking.rs`.

use serde::{Deserialize, Serialize};

/// The subject of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Whether to accept the estimated cost. Has its own page in the console.
    Cost,
    /// Whether to continue after the sample. Has its own page in the console.
    Sample,
    /// Whether to replace rows of another program in a table without an owner.
    ExistingRows,
    /// Whether to rerun outdated dates.
    Outdated,
}

impl Topic {
    /// The word shown and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Sample => "sample",
            Self::ExistingRows => "existing rows",
            Self::Outdated => "outdated dates",
        }
    }

    /// Whether the console has a page for it, so that the question needs no text of its own.
    #[must_use]
    pub const fn has_own_page(self) -> bool {
        matches!(self, Self::Cost | Self::Sample)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The argument of 'backcourt ctl answer', in lower case.
    pub word: String,
    pub label: String,
}

/// A question before the first unit. Quitting is always possible instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What it is about.
    pub topic: Topic,
    /// One sentence ending in a question mark.
    pub title: String,
    /// What to know before answering, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The possible answers, at least one.
    pub choices: Vec<Choice>,
}

impl Question {
    /// Builds a question from lines of text and `(word, label)` choices.
    #[must_use]
    pub fn new(topic: Topic, title: impl Into<String>, lines: Vec<String>, choices: &[(&str, &str)]) -> Self {
        let choices = choices.iter().map(|(word, label)| Choice {
            word: (*word).to_owned(),
            label: (*label).to_owned(),
        });
        Self {
            topic,
            title: title.into(),
            lines,
            choices: choices.collect(),
        }
    }

    /// Asks to approve the estimated cost.
    #[must_use]
    pub fn cost() -> Self {
        let title = "Start at this estimated cost?";
        Self::new(Topic::Cost, title, Vec::new(), &[("begin", "Start")])
    }

    /// Asks to continue after the sample.
    #[must_use]
    pub fn sample() -> Self {
        let title = "Continue with the full range?";
        Self::new(Topic::Sample, title, Vec::new(), &[("continue", "Continue")])
    }

    /// Asks before rows of another program are replaced; `lines` has one for each table.
    #[must_use]
    pub fn existing_rows(mut lines: Vec<String>) -> Self {
        let title = match lines.len() {
            1 => "Replace rows of a table that no plan owns?".to_owned(),
            tables => format!("Replace rows of {tables} tables that no plan owns?"),
        };
        lines.push("The run replaces the rows of every date it runs; rows of other dates stay.".to_owned());
        lines.push("The tables then belong to this plan; other plans that fill them are refused.".to_owned());
        Self::new(Topic::ExistingRows, title, lines, &[("replace", "Replace")])
    }

    /// Asks whether to rerun outdated dates; `lines` has one for each stage. The first choice changes nothing.
    #[must_use]
    pub fn outdated(mut lines: Vec<String>) -> Self {
        lines.push(
            "Rerun replaces their rows using the plan's definition. Keep leaves them outdated.".to_owned(),
        );
        let choices = [("keep", "Keep"), ("rerun", "Rerun")];
        Self::new(Topic::Outdated, "Rerun the outdated dates?", lines, &choices)
    }

    /// The words of all choices.
    pub(super) fn words(&self, separator: &str) -> String {
        let words: Vec<&str> = self.choices.iter().map(|choice| choice.word.as_str()).collect();
        words.join(separator)
    }

    /// The index of the choice with this word; `go-on` is an earlier spelling of `continue`.
    ///
    /// # Errors
    /// If there is none; the message lists the choices.
    pub fn choice(&self, word: &str) -> Result<usize, String> {
        let current = if word == "go-on" { "continue" } else { word };
        let found = self.choices.iter().position(|choice| choice.word == current);
        found.ok_or_else(|| {
            format!(
                "'{word}' is not a valid answer about the {}; choose one of: {}",
                self.topic.word(),
                self.words(", ")
            )
        })
    }
}
