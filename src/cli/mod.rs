//! The command line: one file per subcommand. It wires the rooms together and decides nothing about a backfill.

mod accept;
mod attach;
mod check;
mod completions;
mod config;
mod ctl;
mod doctor;
mod dry_run;
mod error;
mod file;
mod first_use;
mod home;
mod keys;
mod lease;
mod load;
mod look;
mod man;
mod number;
mod operator;
mod origin;
mod progress;
mod recorded;
mod rehearse;
mod replay;
mod report;
mod rerun;
mod run;
mod sample;
mod start;
mod state_dir;
mod status;
mod tick;
mod waive;
mod which_plan;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::console::sanitised;
use crate::plan::{Plan, with_hint};
use crate::stages;

use config::Config;
use error::CliError;
use state_dir::StateDir;

/// Runs a date-by-date backfill in its own process and lets one operator steer it.
///
/// Without a subcommand it runs the plan of the state folder. In a new folder that is the built-in one, on the embedded
/// warehouse: it loads the shipped box scores on first use, fills the tables of eight stages for 2021-10-19 to 2026-01-03
/// and runs their checks.
#[derive(Debug, Parser)]
#[command(name = "backcourt", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    run: run::RunArgs,
    /// Settings and keys of your own [default: `$XDG_CONFIG_HOME/backcourt/config.toml`]
    #[arg(long, global = true, value_name = "FILE", env = "BACKCOURT_CONFIG")]
    config: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  no unit and no blocking check failed
  1  a unit or a blocking check failed, a sample stands against the run, a rehearsal differs, or doctor found something
  2  a bad flag, name, value, date or input file; a folder or ledger that cannot be used; or more would be billed than
     is allowed
  3  ended early; start again to go on
  4  refused: another run is using the state folder, or a run or load is at work on the plan's tables
  130, 143  ended by Ctrl-C or SIGTERM; start again to go on";

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run the plan: everything that is not done yet, then its checks
    Run(Box<run::RunArgs>),
    /// Fill the raw feeds, from the shipped box scores or from CSV files
    Load(load::LoadArgs),
    /// Ask checks now and show what they say
    Check(check::CheckArgs),
    /// Do chosen dates again
    Rerun(rerun::RerunArgs),
    /// Let a failed check pass, with a reason that is recorded for good
    Waive(waive::WaiveArgs),
    /// Declare rows that another definition of a stage made as good as the plan's, with a reason
    Accept(accept::AcceptArgs),
    /// Show the console of a run on this terminal, or read-only what a warehouse has recorded of one
    Attach(attach::AttachArgs),
    /// Show a run of the past again, from its event log
    Replay(replay::ReplayArgs),
    /// Give an order to a run that is under way, from another shell
    Ctl(ctl::CtlArgs),
    /// Tick an item of the runbook by hand, with a note that is recorded for good
    Tick(tick::TickArgs),
    /// Say what works and what is wrong before anything is run; writes nothing
    Doctor(doctor::DoctorArgs),
    /// Compute dates anew in a scratch folder and show how they differ from what another warehouse holds
    Rehearse(Box<rehearse::RehearseArgs>),
    /// Write the handoff document from the ledger
    Report(report::ReportArgs),
    /// Show how the whole plan stands, whichever part of it the last run was about
    Status(status::StatusArgs),
    /// Show the keys of the console as they are in effect
    Keys,
    /// Show the settings of the config file, a sample of it, or where it is
    Config(config::ConfigArgs),
    /// Print what makes a shell complete this command line
    Completions(completions::CompletionsArgs),
    /// Print the manual page of the program or of a subcommand
    Man(man::ManArgs),
}

/// Flags every subcommand takes.
#[derive(Debug, Clone, Args)]
struct Place {
    /// Folder of the ledger, events, logs and embedded warehouse [default: `$XDG_STATE_HOME/backcourt`]
    #[arg(long, value_name = "DIR", env = "BACKCOURT_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Plan: nba, harbour or a TOML file [default: the plan that was run in the state folder; nba in a new one]
    #[arg(long, value_name = "NAME|FILE")]
    plan: Option<String>,
    #[command(flatten)]
    warehouse: home::WarehouseArgs,
}

impl Place {
    /// The plan, if this program can do what it says.
    fn plan(&self) -> Result<Plan, CliError> {
        let plan = which_plan::load(self)?;
        let named = self.plan.as_ref().unwrap_or(&plan.name);
        let refuse = |problem: String| Err(CliError::Usage(format!("plan {named}: {problem}")));
        if !stages::SOURCES.contains(&plan.source.as_str()) {
            return refuse(with_hint("source", &plan.source, stages::SOURCES));
        }
        for spec in &plan.stages {
            let Some(stage) = stages::stage(spec) else {
                return refuse(with_hint("built-in stage", &spec.name, stages::BUILT_IN));
            };
            let (table, said) = (stage.fills().path(), spec.table.clone());
            if table != said {
                return refuse(format!(
                    "stage {} fills {}, not {}",
                    spec.name,
                    table.unwrap_or_default(),
                    said.unwrap_or_default()
                ));
            }
        }
        Ok(plan)
    }
}

/// The command line as it was understood.
struct Given {
    cli: Cli,
    matches: ArgMatches,
    config: Config,
}

/// Runs the program on these arguments.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let understood = Cli::command().try_get_matches_from(&arguments);
    let understood = understood.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match understood {
        Ok(understood) => understood,
        Err(refusal) => {
            // Help goes to standard output, a refusal to standard error; if neither can be written, nobody reads.
            drop(refusal.print());
            return ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2));
        }
    };
    match with_config(cli, matches, arguments).and_then(|given| obey(&given)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tracing::error!("{error}");
            // What stood in a file may be quoted in it, and must give no orders to the terminal.
            let said = error.to_string();
            let lines: Vec<_> = said.split('\n').map(sanitised).collect();
            drop(writeln!(std::io::stderr(), "backcourt: {}", lines.join("\n")));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Reads the config file, and the command line once more with what it says as defaults.
fn with_config(cli: Cli, matches: ArgMatches, arguments: Vec<OsString>) -> Result<Given, CliError> {
    let config = match &cli.command {
        Some(Subcommands::Completions(_) | Subcommands::Man(_)) => Config::default(),
        Some(Subcommands::Config(asked)) if asked.needs_no_file() => Config::default(),
        _ => Config::read(cli.config.as_deref())?,
    };
    if config == Config::default() {
        return Ok(Given { cli, matches, config });
    }
    let refuse = |error: clap::Error| CliError::Usage(error.to_string());
    let command = config.as_defaults_of(Cli::command());
    let matches = command.try_get_matches_from(arguments).map_err(refuse)?;
    let cli = Cli::from_arg_matches(&matches).map_err(refuse)?;
    Ok(Given { cli, matches, config })
}

fn obey(given: &Given) -> Result<u8, CliError> {
    let (cli, keymap) = (&given.cli, given.config.keymap());
    match &cli.command {
        None => run::run(&cli.run, keymap),
        Some(Subcommands::Run(arguments)) => run::run(arguments, keymap),
        Some(Subcommands::Load(arguments)) => load::load(arguments),
        Some(Subcommands::Check(arguments)) => check::check(arguments, keymap),
        Some(Subcommands::Rerun(arguments)) => rerun::rerun(arguments, keymap),
        Some(Subcommands::Waive(arguments)) => waive::waive(arguments),
        Some(Subcommands::Accept(arguments)) => accept::accept(arguments),
        Some(Subcommands::Attach(arguments)) => {
            let named = given.matches.subcommand_matches("attach");
            attach::attach(arguments, named.unwrap_or(&given.matches), keymap)
        }
        Some(Subcommands::Replay(arguments)) => replay::replay(arguments, keymap),
        Some(Subcommands::Ctl(arguments)) => ctl::ctl(arguments),
        Some(Subcommands::Tick(arguments)) => tick::tick(arguments),
        Some(Subcommands::Doctor(arguments)) => doctor::doctor(arguments),
        Some(Subcommands::Rehearse(arguments)) => rehearse::rehearse(arguments),
        Some(Subcommands::Report(arguments)) => report::report(arguments),
        Some(Subcommands::Status(arguments)) => status::status(arguments),
        Some(Subcommands::Keys) => keys::keys(keymap),
        Some(Subcommands::Config(arguments)) => {
            let shown = given.matches.subcommand_matches("config");
            let shown = shown.and_then(|config| config.subcommand_matches("show"));
            config::config(arguments, cli.config.as_deref(), &given.config, shown)
        }
        Some(Subcommands::Completions(arguments)) => completions::completions(arguments),
        Some(Subcommands::Man(arguments)) => man::man(arguments),
    }
}
