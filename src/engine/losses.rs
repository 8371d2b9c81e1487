//! What of a run's outputs is missing because it couldn't be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::escape::EscapedText;

/// Exit code of a run whose outputs lack events.
const EVENTS_MISSING: u8 = 3;

/// Where a run writes besides its ledger and its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunOutput {
    /// The log files.
    Log,
    /// `events.jsonl`.
    EventLog,
    /// The lines that `--output` asked for.
    StandardOutput,
}

impl RunOutput {
    const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::EventLog => "events.jsonl",
            Self::StandardOutput => "standard output",
        }
    }
}

/// The missing parts, by output. Clones share them: the writers report, the dispatcher shows.
#[derive(Debug, Clone, Default)]
pub struct Losses(Arc<Mutex<BTreeMap<RunOutput, String>>>);

impl Losses {
    /// Reports what of an output is missing so far, `37 lines missing (No space left on device)`; `None` if nothing is.
    pub fn report(&self, output: RunOutput, missing: Option<String>) {
        let mut losses = self.lock();
        match missing {
            Some(missing) => losses.insert(output, missing),
            None => losses.remove(&output),
        };
    }

    /// A clause for each incomplete output.
    #[must_use]
    pub fn clauses(&self) -> Vec<String> {
        let losses = self.lock();
        let clause = |(output, missing): (&RunOutput, &String)| format!("{}: {missing}", output.name());
        losses.iter().map(clause).collect()
    }

    /// The exit code of a run that would otherwise end with `code`. The log is for people: without its lines, no program
    /// that reads the run's events misses any.
    #[must_use]
    pub fn exit_code(&self, code: u8) -> u8 {
        if code < EVENTS_MISSING && self.lock().keys().any(|output| *output != RunOutput::Log) {
            EVENTS_MISSING
        } else {
            code
        }
    }

    /// Prints a line for each incomplete output on standard error.
    pub fn print_error(&self) {
        let line = |clause| format!("backcourt: incomplete: {clause}");
        let text: EscapedText = self.clauses().into_iter().map(line).collect();
        text.print_error();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunOutput, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_events_change_the_exit_code_and_missing_log_lines_do_not() {
        let losses = Losses::default();
        losses.report(RunOutput::Log, Some("1 line missing (full)".to_owned()));
        assert_eq!(losses.exit_code(0), 0);
        losses.report(RunOutput::EventLog, Some("2 events missing (full)".to_owned()));
        assert_eq!([0, 1, 3, 4].map(|code| losses.exit_code(code)), [3, 3, 3, 4]);
        assert_eq!(
            losses.clauses(),
            [
                "log: 1 line missing (full)",
                "events.jsonl: 2 events missing (full)"
            ]
        );
        losses.report(RunOutput::EventLog, None);
        assert_eq!(losses.exit_code(1), 1);
    }
}
