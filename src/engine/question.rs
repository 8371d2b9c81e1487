//! A question before the first unit: what is asked, and the answers there are. As long as one is open, nothing is made and
//! nothing written. When one is asked, and what an answer does, is the dispatcher's business (`dispatcher/asking.rs`).

use serde::{Deserialize, Serialize};

/// Which question it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Whether the run may be billed for what the estimate says. It has a page of its own.
    Cost,
    /// Whether to go on after the sample. It has a page of its own.
    Sample,
    /// Whether to replace rows that another program stored in a table without an owner.
    ExistingRows,
    /// Whether to rerun dates that another definition of their stage made.
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

    /// Whether the console shows a page of its own for it, so that the question itself says nothing more.
    #[must_use]
    pub const fn has_own_page(self) -> bool {
        matches!(self, Self::Cost | Self::Sample)
    }
}

/// One answer to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What 'backcourt ctl answer' takes: lower-case letters.
    pub word: String,
    /// What the button says.
    pub label: String,
}

/// A question before the first unit. Leaving the run is always another way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which.
    pub topic: Topic,
    /// What is asked, in one sentence with its question mark.
    pub title: String,
    /// What to know before answering, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The answers, one at least.
    pub choices: Vec<Choice>,
}

impl Question {
    /// A question.
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

    /// The one about the cost.
    #[must_use]
    pub fn cost() -> Self {
        let title = "Start at this estimated cost?";
        Self::new(Topic::Cost, title, Vec::new(), &[("begin", "Start")])
    }

    /// The one after the sample.
    #[must_use]
    pub fn sample() -> Self {
        let title = "Continue with the full range?";
        Self::new(Topic::Sample, title, Vec::new(), &[("go-on", "Continue")])
    }

    /// The place of the answer with this word.
    ///
    /// # Errors
    /// When there is none; the sentence names those there are.
    pub fn choice(&self, word: &str) -> Result<usize, String> {
        let found = self.choices.iter().position(|choice| choice.word == word);
        found.ok_or_else(|| {
            let words: Vec<&str> = self.choices.iter().map(|choice| choice.word.as_str()).collect();
            format!(
                "'{word}' is not a valid answer about the {}; choose one of: {}",
                self.topic.word(),
                words.join(", ")
            )
        })
    }
}
