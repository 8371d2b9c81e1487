//! Questions before the first unit. With a screen, the run waits at each one for the operator's answer.
//!
//! To add one: a [`Topic`]; a [`Question`] passed to [`Dispatcher::put_question`] as soon as it is known to be needed,
//! before the first unit (without a screen, decide there instead); and an arm in [`Dispatcher::apply_answer`] that
//! applies the answer. The console, `ctl answer`, attach and replay show any question.

use std::sync::Arc;

use super::super::{Event, OnChange, Question, Reply, Topic};
use super::mode::HoldReason;
use super::{Dispatcher, Fatal};

impl Dispatcher {
    pub(super) fn put_question(&mut self, question: Question) {
        self.preflight.questions.push_back(question);
    }

    /// Asks the next queued question. Returns whether the run now waits for an answer.
    pub(super) fn ask_next(&mut self) -> bool {
        let Some(question) = self.preflight.questions.pop_front() else {
            return false;
        };
        tracing::info!("question: {}", question.title);
        self.emit(Event::QuestionAsked(question.clone()));
        self.hold(HoldReason::Question(Arc::new(question)));
        true
    }

    /// Whether the open question needs an explicit choice, so that a plain resume can't answer it.
    pub(super) fn needs_a_choice(&self) -> bool {
        (self.mode.question()).is_some_and(|question| !question.topic.has_own_page())
    }

    /// The refusal for a resume while a question is open; lists the choices.
    pub(super) fn question_message(&self) -> String {
        self.mode.question().map_or_else(String::new, |question| {
            format!(
                "the run awaits an answer: {} Reply with 'answer {}'",
                question.title,
                question.words("' or 'answer ")
            )
        })
    }

    pub(super) fn answer(&mut self, word: &str, by: &str) -> Result<Reply, Fatal> {
        let Some(question) = self.mode.question() else {
            return Ok(Reply::Refused("no open question to answer".to_owned()));
        };
        if let Err(refusal) = question.choice(word) {
            return Ok(Reply::Refused(refusal));
        }
        self.resume(Some(word), by)?;
        Ok(Reply::Accepted(format!("answered: {word}")))
    }

    /// Closes a question with this choice, by default the first one.
    pub(super) fn close_question(&mut self, question: &Question, word: Option<&str>, by: &str) {
        let chosen = word.and_then(|word| question.choice(word).ok()).unwrap_or(0);
        let answer = (question.choices.get(chosen)).map_or_else(String::new, |choice| choice.word.clone());
        tracing::info!("{by} answered: {answer}");
        self.apply_answer(question.topic, chosen);
        self.emit(Event::QuestionAnswered {
            topic: question.topic,
            answer,
            by: by.to_owned(),
        });
    }

    /// Applies an answer; `chosen` is the index among the question's choices.
    fn apply_answer(&mut self, topic: Topic, chosen: usize) {
        match topic {
            // Answering lets the run continue; nothing else changes.
            Topic::Cost | Topic::Sample => {}
            Topic::ExistingRows => self.options.permits.replace_existing = true,
            Topic::Outdated if chosen == 0 => self.options.on_change = OnChange::Keep,
            Topic::Outdated => self.options.on_change = OnChange::Rerun,
        }
    }
}
