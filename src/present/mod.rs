//! Readers of a run's stream and writers of its orders: the console, plain lines, JSON lines, or nothing.
//! None of them knows more than snapshots and facts tell.

mod frame;
mod headless;
mod plain;
mod tui;

use std::io;
use std::path::Path;

use tokio::runtime::Builder;

use crate::console::Palette;
use crate::engine::{Ending, Engine};
use crate::telemetry::LogRing;
use crate::term::Signal;
pub use headless::Lines;
use tui::Left;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter {
    /// The console, in these colours.
    Tui(Palette),
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
/// When the screen cannot be opened or standard output cannot be written.
pub fn present(mut engine: Engine, presenter: Presenter, log: &LogRing, folder: &Path) -> io::Result<u8> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ended_by = match presenter {
        Presenter::Tui(palette) => match runtime.block_on(tui::follow(&mut engine.link, palette, log))? {
            Left::Quit => None,
            Left::Signal(signal) => Some(signal),
            Left::Gone => {
                tracing::warn!("the terminal is gone; the run goes on without a screen");
                runtime.block_on(headless::follow(&mut engine.link, Presenter::Silent))?
            }
        },
        Presenter::Plain | Presenter::Jsonl | Presenter::Silent => {
            runtime.block_on(headless::follow(&mut engine.link, presenter))?
        }
    };
    // Orders given last are still on their way; the runtime must not be dropped before they are sent.
    runtime.block_on(tokio::task::yield_now());
    let ending = engine.join();
    if matches!(presenter, Presenter::Tui(_) | Presenter::Plain) {
        // A terminal that is gone cannot be told; the log has it.
        drop(plain::say_ending(&mut io::stdout(), presenter, &ending, folder));
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
