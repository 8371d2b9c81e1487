//! `backcourt replay`: plays back the console of a past run.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;

use crate::console::keymap::Keymap;
use crate::engine::Losses;
use crate::escape::EscapedText;
use crate::figures::counted;
use crate::present::{self, JsonLines, Presenter};
use crate::replay::{self, RecordedEvents, RecordedRun};

use super::StateDir;
use super::console_process::{ConsoleOf, has_screen, split};
use super::error::{CliError, cannot_print};
use super::look::ConsoleArgs;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ReplayArgs {
    /// An events.jsonl [default: the one in the state folder]
    #[arg(value_name = "EVENTS")]
    events: Option<PathBuf>,
    /// State folder with the events.jsonl [default: `$XDG_STATE_HOME/backcourt`]
    #[arg(long, value_name = "DIR", env = "BACKCOURT_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Run id, as in the header [default: the newest run that did any work]
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// List the recorded runs and how each ended
    #[arg(long, conflicts_with = "run")]
    list: bool,
    /// Playback speed, 0.1 to 10000 times; change it with + and -
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    speed: f64,
    #[command(flatten)]
    look: ConsoleArgs,
}

const HELP: &str = "\
Plays back the console of a recorded run: dates, workers, checks, runbook, cost. Runs, queries and writes nothing, and
needs no active run. Space pauses, + and - change the speed, > and < jump to the next and previous failure, failing
check, gate or pause, } and { skip a minute forward and back, q quits. Idle stretches take at most 5 s.

  backcourt replay --list
  backcourt replay --speed 20
  backcourt replay events.jsonl --run 20260104T101500.120-5e3f9a12

Without a terminal, prints the run like 'run --output plain'. See docs/replay.md.";

/// Parses the playback speed, 0.1 to 10,000.
fn speed(text: &str) -> Result<f64, String> {
    let speed = text
        .parse::<f64>()
        .ok()
        .filter(|speed| (0.1..=10_000.0).contains(speed));
    speed.ok_or_else(|| "give a number from 0.1 to 10000".to_owned())
}

pub(super) fn replay(arguments: &ReplayArgs, keymap: &Keymap) -> Result<u8, CliError> {
    let path = match &arguments.events {
        Some(path) => path.clone(),
        None => StateDir::of(arguments.state_dir.as_deref())?.events(),
    };
    if arguments.list {
        return list(&replay::list(&path)?);
    }
    let has_screen = has_screen();
    // Before the file is read: both processes would read it.
    if has_screen && let ControlFlow::Break(code) = split(ConsoleOf::Record)? {
        return Ok(code);
    }
    let recording = replay::read(&path, arguments.run.as_deref())?;
    if !has_screen {
        return Ok(print(&recording));
    }
    let preferences = arguments.look.preferences(keymap);
    present::replay(recording, arguments.speed, &preferences).map_err(|cause| CliError::System {
        what: "cannot open the screen".to_owned(),
        cause,
        next: "pipe the output to print the run as lines",
    })
}

/// Lists every run and how it ended, oldest first.
fn list(runs: &[RecordedRun]) -> Result<u8, CliError> {
    let line = |run: &RecordedRun| {
        let missing = match run.missing {
            0 => String::new(),
            events => format!("; {} missing in the file", counted(events, "event")),
        };
        format!(
            "{}  {}{missing}",
            run.run,
            run.ended.as_deref().unwrap_or(END_NOT_RECORDED)
        )
    };
    let text: EscapedText = runs.iter().map(line).collect();
    text.print().map_err(cannot_print)?;
    Ok(0)
}

/// Shown for a run without a recorded end.
const END_NOT_RECORDED: &str = "its end is not recorded: it is still running, or its process was killed";

/// Prints the run as plain lines, all at once; returns the exit code.
fn print(recording: &RecordedEvents) -> u8 {
    for remark in &recording.remarks {
        EscapedText::of(format_args!("backcourt: {remark}")).print_error();
    }
    let losses = Losses::default();
    let mut lines = JsonLines::new(Presenter::Plain, losses.clone());
    for fact in &recording.facts {
        lines.fact(fact);
    }
    lines.finish();
    losses.print_error();
    losses.exit_code(0)
}
