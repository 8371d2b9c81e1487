//! Readers of a run's stream and writers of its orders: the console, plain lines, JSON lines, or nothing.
//! None of them knows more than snapshots and facts tell.

mod headless;
mod plain;

use std::io;
use std::path::Path;

use tokio::runtime::Builder;

use crate::engine::{Ending, Engine};
use crate::telemetry::LogRing;
use crate::term::Signal;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter {
    /// The console.
    Tui,
    /// Readable lines.
    Plain,
    /// One JSON object per fact.
    Jsonl,
    /// Nothing.
    Silent,
}

/// Shows a run until it ends and answers with the exit code.
///
/// # Errors
/// When the screen cannot be opened; the run has then been drained.
pub fn present(engine: Engine, presenter: Presenter, _log: &LogRing, folder: &Path) -> io::Result<u8> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut engine = engine;
    let ended_by = match presenter {
        Presenter::Tui => runtime.block_on(headless::follow(&mut engine, presenter))?,
        Presenter::Plain | Presenter::Jsonl | Presenter::Silent => {
            runtime.block_on(headless::follow(&mut engine, presenter))?
        }
    };
    let ending = engine.join();
    if presenter == Presenter::Plain {
        plain::say_ending(&mut io::stdout(), &ending, folder)?;
    }
    Ok(exit_code(&ending, ended_by))
}

/// A run that a signal ended early says so, as shells expect it.
fn exit_code(ending: &Ending, ended_by: Option<Signal>) -> u8 {
    match ended_by {
        Some(Signal::Interrupt) if ending.exit_code == 3 => 130,
        Some(Signal::Terminate) if ending.exit_code == 3 => 143,
        _ => ending.exit_code,
    }
}
