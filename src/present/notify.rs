//! Notifies the operator of the first failure, the first closed gate, and the end. Each notification is sent once per
//! run.

use std::process::Stdio;

use tokio::process::Command;

use crate::engine::{Event, Fact};
use crate::escape::escaped;
use crate::ledger::{CheckState, UnitState};
use crate::plan::Severity;
use crate::term::{Attention, Way};

/// How the operator is notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notify {
    /// Not at all.
    Never,
    /// Through the terminal, while there is one.
    Terminal(Attention),
    /// By a custom command, with or without a terminal.
    Command(String),
}

impl Default for Notify {
    fn default() -> Self {
        Self::Terminal(Attention::Bell)
    }
}

impl Notify {
    /// Parses the value of the setting.
    ///
    /// # Errors
    /// One sentence that lists the valid values.
    pub fn parse(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("command:")) {
            (_, Some(command)) if !command.trim().is_empty() => Ok(Self::Command(command.to_owned())),
            ("never", _) => Ok(Self::Never),
            ("bell", _) => Ok(Self::Terminal(Attention::Bell)),
            ("osc9", _) => Ok(Self::Terminal(Attention::Osc9(Way::Straight))),
            ("osc777", _) => Ok(Self::Terminal(Attention::Osc777(Way::Straight))),
            ("osc9-tmux", _) => Ok(Self::Terminal(Attention::Osc9(Way::Tmux))),
            ("osc777-tmux", _) => Ok(Self::Terminal(Attention::Osc777(Way::Tmux))),
            _ => {
                Err("write bell, osc9, osc777, osc9-tmux, osc777-tmux, never, or command:PROGRAM".to_owned())
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notification {
    /// The name of the occasion, passed to a custom command.
    occasion: &'static str,
    text: String,
}

/// Selects the events of a run worth a notification, and sends it.
#[derive(Debug)]
pub(super) struct Notifier {
    how: Notify,
    told: Vec<&'static str>,
}

impl Notifier {
    pub(super) const fn new(how: Notify) -> Self {
        Self {
            how,
            told: Vec::new(),
        }
    }

    /// Sends the notification for an event, if any. `call` notifies through the terminal. Call it inside a runtime.
    pub(super) fn hear(&mut self, fact: &Fact, call: impl FnOnce(Attention, &str)) {
        let Some(notice) = notice(&fact.event).filter(|notice| !self.told.contains(&notice.occasion)) else {
            return;
        };
        self.told.push(notice.occasion);
        match &self.how {
            Notify::Never => {}
            Notify::Terminal(attention) => call(*attention, &notice.text),
            Notify::Command(command) => run(command, &notice),
        }
    }
}

fn notice(event: &Event) -> Option<Notification> {
    let of = |occasion, text: String| {
        let text = escaped(&text).into_owned();
        Some(Notification { occasion, text })
    };
    match event {
        Event::UnitFinished {
            stage,
            date,
            state: UnitState::Failed,
            reason,
            ..
        } => {
            let reason = reason.as_deref().unwrap_or("no reason recorded");
            of("first_failure", format!("{stage} {date} failed: {reason}"))
        }
        Event::CheckFinished {
            check,
            stage,
            severity: Severity::Blocking,
            state: state @ (CheckState::Fail | CheckState::Error),
            value,
            ..
        } => of(
            "gate_closed",
            format!("{check} closes the gate of {stage}: {state}, {value}"),
        ),
        Event::RunFinished { state, message, .. } => of("run_finished", format!("{state}: {message}")),
        _ => None,
    }
}

/// Starts the custom command without waiting for it.
fn run(command: &str, notice: &Notification) {
    let started = Command::new("sh")
        .arg("-c")
        .arg(command)
        .env("BACKCOURT_EVENT", notice.occasion)
        .env("BACKCOURT_MESSAGE", &notice.text)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = started {
        tracing::warn!("cannot start the --notify command: {error}");
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use rstest::rstest;

    use super::*;
    use crate::partition::Partition;

    fn fact(event: Event) -> Fact {
        Fact {
            schema: String::new(),
            seq: 1,
            at: DateTime::UNIX_EPOCH,
            run: "r".to_owned(),
            event,
        }
    }

    fn unit(state: UnitState) -> Event {
        Event::UnitFinished {
            stage: "s".to_owned(),
            date: Partition::parse("1970-01-01").unwrap(),
            state,
            rows: 0,
            expected: 2,
            attempts: 4,
            class: None,
            reason: Some("no route".to_owned()),
        }
    }

    fn check(severity: Severity, state: CheckState) -> Event {
        Event::CheckFinished {
            check: "c".to_owned(),
            stage: "s".to_owned(),
            severity,
            state,
            value: "3 rows".to_owned(),
            target: String::new(),
            failing_dates: Vec::new(),
            coverage: None,
            note: None,
        }
    }

    #[test]
    fn each_event_notifies_once_with_one_sentence() {
        let mut told = Vec::new();
        let mut notifier = Notifier::new(Notify::default());
        let end = Event::RunFinished {
            state: crate::ledger::RunState::Finished,
            message: "9 units done".to_owned(),
            exit_code: 1,
        };
        for event in [
            unit(UnitState::Ok),
            unit(UnitState::Failed),
            unit(UnitState::Failed),
            check(Severity::Advisory, CheckState::Fail),
            check(Severity::Blocking, CheckState::Pass),
            check(Severity::Blocking, CheckState::Fail),
            check(Severity::Blocking, CheckState::Error),
            end,
        ] {
            notifier.hear(&fact(event), |how, text| told.push((how, text.to_owned())));
        }
        let bell = |text: &str| (Attention::Bell, text.to_owned());
        assert_eq!(
            told,
            [
                bell("s 1970-01-01 failed: no route"),
                bell("c closes the gate of s: FAIL, 3 rows"),
                bell("finished: 9 units done"),
            ]
        );
    }

    #[rstest]
    #[case("bell", Ok(Notify::Terminal(Attention::Bell)))]
    #[case("osc9", Ok(Notify::Terminal(Attention::Osc9(Way::Straight))))]
    #[case("osc777", Ok(Notify::Terminal(Attention::Osc777(Way::Straight))))]
    #[case("osc9-tmux", Ok(Notify::Terminal(Attention::Osc9(Way::Tmux))))]
    #[case("osc777-tmux", Ok(Notify::Terminal(Attention::Osc777(Way::Tmux))))]
    #[case("never", Ok(Notify::Never))]
    #[case("command:mail -s done op", Ok(Notify::Command("mail -s done op".to_owned())))]
    #[case("command: ", Err(()))]
    #[case("ring", Err(()))]
    fn notify_settings_are_parsed_or_refused(#[case] text: &str, #[case] how: Result<Notify, ()>) {
        assert_eq!(Notify::parse(text).map_err(drop), how);
    }
}
