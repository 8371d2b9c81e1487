//! Presenters show a run and send its commands: the console, plain lines, JSON lines, or none. The run may be in this
//! process or another; presenters know only its snapshots and events.

mod frame;
mod headless;
mod json_lines;
mod metrics_source;
mod notify;
mod observe;
mod plain;
mod replay;
mod tui;

use std::io;
use std::path::Path;

use tokio::runtime::Builder;

use crate::console::Preferences;
use crate::control::{self, ClientError, ControlLock};
use crate::engine::{Ending, Engine, Losses};
use crate::escape::EscapedText;
use crate::ledger::RunState;
use crate::telemetry::LogRing;
use crate::term::{self, Signal, Supervisor};
pub use json_lines::JsonLines;
use metrics_source::MetricsSource;
use notify::Notifier;
pub use notify::Notify;
pub use observe::observe;
pub use replay::replay;
use tui::{Left, ScreenContext};

/// How a run is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presenter {
    /// The console.
    Tui,
    /// Readable lines.
    Plain,
    /// One JSON object per event.
    Jsonl,
    /// No output.
    Silent,
    /// Readable lines in the log, for a run without a terminal.
    Log,
}

/// What a run does when its terminal is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnHangUp {
    /// It continues without one.
    #[default]
    Continue,
    /// It finishes in-flight work and ends.
    Drain,
    /// It aborts.
    Abort,
}

/// The context of a run in this process, for its presenter.
#[derive(Debug)]
pub struct PresenterContext<'a> {
    /// Its log.
    pub log: &'a LogRing,
    /// Its state folder.
    pub folder: &'a Path,
    /// Its control lock; the console takes control at the start.
    pub control_lock: &'a ControlLock,
    /// The name other consoles show for this one.
    pub name: &'a str,
    /// The operator's preferences for the console.
    pub preferences: &'a Preferences,
    /// What it does when its terminal is lost.
    pub on_hang_up: OnHangUp,
    /// How the operator is notified.
    pub notify: Notify,
    /// Where it reports what of its output is missing.
    pub losses: &'a Losses,
    /// The supervisor process, if any; without one the console can't detach.
    pub supervisor: Option<Supervisor>,
}

/// Presents a run until it ends; returns how it ended, with the exit code.
///
/// # Errors
/// The screen can't be opened, or standard output can't be written.
pub fn present(
    mut engine: Engine,
    presenter: Presenter,
    mut context: PresenterContext<'_>,
) -> io::Result<Ending> {
    let supervisor = context.supervisor.take();
    let (on_hang_up, losses) = (context.on_hang_up, context.losses);
    let mut notifier = Notifier::new(std::mem::take(&mut context.notify));
    let told = &mut notifier;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ended_by = match presenter {
        Presenter::Tui => {
            match runtime.block_on(console(&mut engine, &context, supervisor.is_some(), told))? {
                Left::Quit => None,
                Left::Signal(signal) => Some(signal),
                Left::Gone => {
                    headless::hung_up(&engine.link, on_hang_up);
                    runtime.block_on(headless::follow(
                        &mut engine.link,
                        Presenter::Log,
                        on_hang_up,
                        told,
                        losses,
                    ))?
                }
                Left::Detached => {
                    let is_held = engine.link.snapshots.borrow().run.state == RunState::Paused;
                    detach(supervisor, context.folder, is_held);
                    runtime.block_on(headless::follow(
                        &mut engine.link,
                        Presenter::Log,
                        on_hang_up,
                        told,
                        losses,
                    ))?
                }
            }
        }
        Presenter::Plain | Presenter::Jsonl | Presenter::Silent | Presenter::Log => {
            let link = &mut engine.link;
            runtime.block_on(headless::follow(link, presenter, on_hang_up, told, losses))?
        }
    };
    // The last commands may still be queued; the runtime must not be dropped before they are sent.
    runtime.block_on(tokio::task::yield_now());
    let ending = engine.join();
    if matches!(presenter, Presenter::Tui | Presenter::Plain) {
        let text: EscapedText = plain::ending(presenter, &ending, context.folder)
            .lines()
            .collect();
        term::print(text.as_str());
    }
    Ok(Ending {
        exit_code: exit_code(&ending, ended_by),
        ..ending
    })
}

/// Detaches from the terminal, so that the shell shows its prompt. If the operating system refuses, the shell waits for
/// the end of the run, and closing the terminal counts as a hang-up.
fn detach(supervisor: Option<Supervisor>, folder: &Path, is_held: bool) {
    let farewell = || {
        let (pid, folder) = (std::process::id(), folder.display());
        let attach = format!("reattach with 'backcourt attach --state-dir {folder}'");
        let said = if is_held {
            format!(
                "detached: the run stays paused as process {pid}; {attach}, resume it with 'backcourt ctl resume \
                 --state-dir {folder}'"
            )
        } else {
            format!("detached: the run continues as process {pid}; {attach}")
        };
        term::print(EscapedText::of(said).as_str());
    };
    match supervisor.map(|supervisor| supervisor.leave(farewell)) {
        Some(Ok(())) => tracing::info!("console detached; the run continues without a terminal"),
        Some(Err(error)) => tracing::warn!("cannot detach from the terminal: {error}"),
        None => {}
    }
}

async fn console(
    engine: &mut Engine,
    context: &PresenterContext<'_>,
    can_detach: bool,
    notifier: &mut Notifier,
) -> io::Result<Left> {
    let client = context.control_lock.client(context.name, true);
    client.take();
    let screen_context = ScreenContext {
        log: context.log.clone(),
        metrics: MetricsSource::own(),
        client,
        remote: false,
        can_detach,
        playing: None,
        reading: None,
    };
    tui::follow(&mut engine.link, context.preferences, screen_context, notifier).await
}

/// A run can't be shown from this process.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// It can't be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The screen can't be opened.
    #[error("cannot open the screen: {0}; use 'backcourt ctl' instead")]
    Screen(#[from] io::Error),
}

/// Shows a run in another process until the operator leaves, prints a closing message and returns the exit code; `None`
/// if no run listens in its state folder.
///
/// # Errors
/// The run can't be reached, or the screen can't be opened.
pub fn attach(
    folder: &Path,
    name: &str,
    read_only: bool,
    preferences: &Preferences,
    notify: Notify,
) -> Result<Option<u8>, AttachError> {
    let mut notifier = Notifier::new(notify);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let Some(mut run) = control::attach(folder, name, read_only).await? else {
            return Ok(None);
        };
        let screen_context = ScreenContext {
            log: run.log,
            metrics: MetricsSource::Remote(run.metrics),
            client: run.client,
            remote: true,
            can_detach: true,
            playing: None,
            reading: None,
        };
        let left = tui::follow(&mut run.link, preferences, screen_context, &mut notifier).await?;
        let last = run.link.snapshots.borrow().run.clone();
        let said = match last.ending {
            Some(ending) => format!("{}: {ending}", last.state),
            None => format!("detached; the run continues as process {}", last.pid),
        };
        term::print(EscapedText::of(said).as_str());
        Ok(Some(left.exit_code()))
    })
}

/// The exit code of a run: 128 plus the signal number if a signal ended it early.
fn exit_code(ending: &Ending, ended_by: Option<Signal>) -> u8 {
    match ended_by {
        Some(Signal::Interrupt) if ending.exit_code == 3 => 130,
        Some(Signal::Terminate) if ending.exit_code == 3 => 143,
        _ => ending.exit_code,
    }
}
