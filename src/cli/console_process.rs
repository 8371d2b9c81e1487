//! The two processes of a command that opens the console: one waits and gives the terminal back if the other is killed,
//! the other works. It doesn't know what the work is.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::term::{Ended, ProcessRole, Supervisor, supervisor};

use super::error::CliError;

/// What a killed console belonged to, for the sentence that reports it.
#[derive(Debug)]
pub(super) enum ConsoleOf {
    /// The run in the same process, with its logs.
    Run(PathBuf),
    /// A run in another process, with its logs.
    OtherRun(PathBuf),
    /// A recording, or the progress recorded in a warehouse.
    Record,
}

fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Whether standard input and output are a terminal that can show the console.
pub(super) fn has_screen() -> bool {
    has_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// Starts the worker process. Returns twice: in the worker process with its supervisor, and in the supervisor with the
/// exit code, once the worker process has ended or detached. A killed process reports nothing itself. Without a terminal
/// there is nothing to give back, and only one process.
pub(super) fn split(console: ConsoleOf) -> Result<ControlFlow<u8, Option<Supervisor>>, CliError> {
    if !has_terminal() {
        return Ok(ControlFlow::Continue(None));
    }
    match supervisor().map_err(no_process)? {
        ProcessRole::Worker(supervisor) => Ok(ControlFlow::Continue(supervisor)),
        ProcessRole::Supervisor(Ended {
            code,
            killed_by: None,
        }) => Ok(ControlFlow::Break(code)),
        ProcessRole::Supervisor(Ended {
            code,
            killed_by: Some(by),
        }) => Err(CliError::Killed { console, by, code }),
    }
}

fn no_process(cause: io::Error) -> CliError {
    CliError::System {
        what: "cannot start the worker process".to_owned(),
        cause,
        next: "free some memory, raise the process limit, or use a command without a console",
    }
}

impl ConsoleOf {
    /// What was killed, by what, and what to do next.
    pub(super) fn killed(&self, by: &str) -> String {
        match self {
            Self::Run(logs) => format!(
                "the process of the run was killed ({by}); see its log in {}, then start it again to resume",
                logs.display()
            ),
            Self::OtherRun(logs) => format!(
                "the process of the console was killed ({by}); the run is another process: see its log in {}, then \
                 attach again",
                logs.display()
            ),
            Self::Record => {
                format!("the process of the console was killed ({by}); it writes nothing, start it again")
            }
        }
    }
}
