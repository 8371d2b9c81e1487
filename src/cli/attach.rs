//! `backcourt attach`: a console on another terminal for an active run, or, with `--warehouse`, a read-only one on any
//! host.

use std::ops::ControlFlow;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use crate::console::Preferences;
use crate::console::keymap::Keymap;
use crate::present::{self, Notify};

use super::active_run::refuse_other_run;
use super::console_process::{ConsoleOf, split};
use super::error::{CliError, environments_to_choose};
use super::look::ConsoleArgs;
use super::operator::console_name;
use super::recorded::Observing;
use super::{PlanArgs, StateDir};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct AttachArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Observe only; never take control
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    look: ConsoleArgs,
    /// How to notify you of the first failure, the first closed gate and the end of the run; values as for `run`
    #[arg(long, value_name = "HOW", env = "BACKCOURT_NOTIFY", default_value = "bell", value_parser = Notify::parse)]
    notify: Notify,
}

const HELP: &str = "\
Without --warehouse, attaches to the run of the state folder, on the same host. With --warehouse, opens a read-only
console on any host from the progress recorded in the warehouse; it refreshes every 30 s and with r, and writes nothing.
With --plan, --environment or --var, a run of another plan, environment or slice is refused.

  backcourt attach
  backcourt attach --warehouse bigquery:PROJECT --plan nba";

pub(super) fn attach(arguments: &AttachArgs, matches: &ArgMatches, keymap: &Keymap) -> Result<u8, CliError> {
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let preferences = arguments.look.preferences(keymap);
    // Only `--warehouse` on the command line asks to observe.
    if matches.value_source("warehouse") == Some(ValueSource::CommandLine) {
        return observe(&arguments.place, &folder, &preferences);
    }
    refuse_other_run(&arguments.place, &folder)?;
    if let ControlFlow::Break(code) = split(ConsoleOf::OtherRun(folder.logs()))? {
        return Ok(code);
    }
    let shown = present::attach(
        folder.path(),
        &console_name(),
        arguments.read_only,
        &preferences,
        arguments.notify.clone(),
    )?;
    shown.ok_or_else(|| CliError::no_active_run(&folder, "start one with 'backcourt run'"))
}

/// The read-only console of the progress recorded in the warehouse.
fn observe(place: &PlanArgs, folder: &StateDir, preferences: &Preferences) -> Result<u8, CliError> {
    // Before the screen is opened, so that what it prints stays in the terminal.
    let plan = place.plan()?;
    if let ControlFlow::Break(code) = split(ConsoleOf::Record)? {
        return Ok(code);
    }
    let home = place.warehouse.home(folder)?.of(&plan)?;
    let Some(observing) = Observing::of(&home, &plan)? else {
        return Err(CliError::NoProgress {
            home: home.to_string(),
            environments: environments_to_choose(&plan),
            plan: plan.name,
        });
    };
    let Observing {
        runtime,
        observer,
        observed,
    } = observing;
    present::observe(&runtime, observer, &observed, preferences).map_err(|cause| CliError::System {
        what: "cannot open the screen".to_owned(),
        cause,
        next: "use 'backcourt status' instead",
    })
}
