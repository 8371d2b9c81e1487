//! Questions before the first unit. With a screen the run holds at each until its operator has answered.
//!
//! To add one: a [`Topic`], a [`Question`] that is handed to [`Dispatcher::put_question`] from wherever it turns out
//! before the first unit (without a screen, decide there instead), and an arm in
//! [`Dispatcher::take_answer`] for what the answer does. The console, `ctl answer`, attach and replay show any question.

use std::sync::Arc;

use super::super::{Event, OnChange, Question, Topic};
use super::{Dispatcher, Fatal, Mode};

impl Dispatcher {
    /// Has a question asked before the first unit, behind those that were put before.
    pub(super) fn put_question(&mut self, question: Question) {
        self.to_ask.push_back(question);
    }

    /// Asks the next question, if there is one; says whether the run holds for it.
    pub(super) fn ask_next(&mut self) -> bool {
        let Some(question) = self.to_ask.pop_front() else {
            return false;
        };
        tracing::info!("question: {}", question.title);
        self.emit(Event::QuestionAsked(question.clone()));
        self.question = Some(Arc::new(question));
        self.hold();
        true
    }

    /// Whether the run holds for the answer to a question about this.
    pub(super) fn waits_for(&self, topic: Topic) -> bool {
        (self.question.iter()).any(|question| question.topic == topic)
    }

    /// Whether the question the run holds for must be answered in its own words.
    pub(super) fn asks_more_than_to_go_on(&self) -> bool {
        (self.question.iter()).any(|question| !question.topic.has_own_page())
    }

    /// What to say to whoever wants the run to go on without an answer.
    pub(super) fn question_told(&self) -> String {
        self.question.as_ref().map_or_else(String::new, |question| {
            let words: Vec<&str> = question
                .choices
                .iter()
                .map(|choice| choice.word.as_str())
                .collect();
            format!(
                "the run awaits an answer: {} Reply with 'answer {}'",
                question.title,
                words.join("' or 'answer ")
            )
        })
    }

    /// The operator's answer to the question the run holds for.
    pub(super) fn answer(&mut self, word: &str, by: &str) -> Result<Result<String, String>, Fatal> {
        let Some(question) = self.question.clone().filter(|_| self.mode == Mode::Holding) else {
            return Ok(Err("no open question to answer".to_owned()));
        };
        if let Err(refusal) = question.choice(word) {
            return Ok(Err(refusal));
        }
        self.resume(Some(word), by)?;
        Ok(Ok(format!("answered: {word}")))
    }

    /// Takes the answer to the question the run holds for, if it holds for one; the first of its choices where none is
    /// named. Says whether there was one.
    pub(super) fn close_question(&mut self, word: Option<&str>, by: &str) -> bool {
        let Some(question) = self.question.take() else {
            return false;
        };
        let chosen = word.and_then(|word| question.choice(word).ok()).unwrap_or(0);
        let answer = (question.choices.get(chosen)).map_or_else(String::new, |choice| choice.word.clone());
        tracing::info!("{by} answered: {answer}");
        self.take_answer(question.topic, chosen);
        self.emit(Event::QuestionAnswered {
            topic: question.topic,
            answer,
            by: by.to_owned(),
        });
        true
    }

    /// What an answer does, by its place among the choices, before the run goes on.
    fn take_answer(&mut self, topic: Topic, chosen: usize) {
        match topic {
            // That the run goes on is all it does.
            Topic::Cost | Topic::Sample => {}
            Topic::ExistingRows => self.options.permits.replace_existing = true,
            Topic::Outdated if chosen == 0 => self.options.on_change = OnChange::Keep,
            Topic::Outdated => self.options.on_change = OnChange::Rerun,
        }
    }
}
