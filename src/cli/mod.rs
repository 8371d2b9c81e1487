//! The command line, one file per subcommand. It connects the other modules and decides nothing about a backfill.

mod accept;
mod active_run;
mod attach;
mod check;
mod completions;
mod config;
mod console_process;
mod ctl;
mod doctor;
mod dry_run;
mod error;
mod file;
mod first_use;
mod home;
mod import;
mod keys;
mod lease;
mod load;
mod look;
mod man;
mod number;
mod open_files;
mod operator;
mod origin;
mod plan;
mod progress;
mod query_columns;
mod recorded;
mod rehearse;
mod replay;
mod report;
mod rerun;
mod run;
mod run_args;
mod sample;
mod start;
mod state_dir;
mod status;
mod tick;
mod variables;
mod waive;
mod which_plan;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::escape::{EscapedText, escaped, is_unsafe};
use crate::plan::{GivenVariables, Plan, PlanError, StageSpec, with_hint};
use crate::stages;
use crate::version::{BUILD, VERSION};

use config::Config;
use error::CliError;
use state_dir::StateDir;

/// Run, watch and steer a partition-by-partition backfill on BigQuery, from one terminal.
///
/// Runs the stages of a plan date by date, checks each stage before the next one starts, and resumes where it stopped.
/// Without a subcommand it runs the plan of the state folder; in a new folder that is the built-in demo, which fills
/// eight NBA tables for 2021-10-19 to 2026-01-03 from shipped box scores in an embedded warehouse.
#[allow(clippy::doc_markdown, reason = "this comment is the help text")]
#[derive(Debug, Parser)]
#[command(name = "backcourt", version = VERSION, long_version = BUILD, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    run: run_args::RunArgs,
    /// Config file with settings and key bindings [default: `$XDG_CONFIG_HOME/backcourt/config.toml`]
    #[arg(long, global = true, value_name = "FILE", env = "BACKCOURT_CONFIG")]
    config: Option<PathBuf>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  success: no unit and no blocking check failed
  1  a unit or a blocking check failed, a sample blocks the run, a rehearsal differs, or doctor found a problem
  2  invalid flag, name, value, date or input file; unusable folder or ledger; or the cost limit would be exceeded
  3  ended early; start again to resume
  4  refused: another run uses the state folder, a run, load or import is working on the plan's tables, or the run doesn't answer
  130, 143  ended by Ctrl-C or SIGTERM; start again to resume";

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run all pending dates of the plan, then its checks
    Run(Box<run_args::RunArgs>),
    /// Load the raw tables of the NBA plan from the shipped box scores or CSV files
    Load(load::LoadArgs),
    /// Import a CSV or JSON-lines file into a raw table of the embedded warehouse
    Import(Box<import::ImportArgs>),
    /// Run checks and show the results
    Check(check::CheckArgs),
    /// Rerun selected dates
    Rerun(rerun::RerunArgs),
    /// Waive a failed check, with a reason
    Waive(waive::WaiveArgs),
    /// Accept outdated rows of a stage as current, with a reason
    Accept(accept::AcceptArgs),
    /// Attach a console to a run, or observe it read-only from the warehouse
    Attach(attach::AttachArgs),
    /// Replay a past run
    Replay(replay::ReplayArgs),
    /// Control a running backfill from another shell
    Ctl(ctl::CtlArgs),
    /// Tick a runbook item, with a note
    Tick(tick::TickArgs),
    /// Check credentials, permissions, tables and sources; read-only
    Doctor(doctor::DoctorArgs),
    /// Recompute dates in a scratch folder and diff them against a warehouse
    Rehearse(Box<rehearse::RehearseArgs>),
    /// Write the handoff report
    Report(report::ReportArgs),
    /// Show the progress of the whole plan
    Status(status::StatusArgs),
    /// Check the plan file, show what it runs, or print its JSON Schema; read-only
    Plan(plan::PlanCommand),
    /// List the key bindings of the console
    Keys,
    /// Show the settings, a config template or the path of the config file
    Config(config::ConfigArgs),
    /// Print a shell completion script
    Completions(completions::CompletionsArgs),
    /// Print a manual page
    Man(man::ManArgs),
}

/// Flags shared by the subcommands that work on a plan.
#[derive(Debug, Clone, Args)]
#[allow(clippy::doc_markdown, reason = "these comments are the help text")]
struct PlanArgs {
    /// Folder for the ledger, events, logs and embedded warehouse [default: `$XDG_STATE_HOME/backcourt`]
    #[arg(long, value_name = "DIR", env = "BACKCOURT_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Plan: nba, shop or a TOML file [env: BACKCOURT_PLAN] [default: the plan of the state folder; nba in a new one]
    #[arg(long, value_name = "NAME|FILE")]
    plan: Option<String>,
    /// Value of a variable of the plan; repeatable [env: BACKCOURT_VAR_NAME] [default: the value of the last run]
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variables::assignment)]
    vars: Vec<(String, String)>,
    /// Environment of the plan: the name of an [environment.NAME] in its file, or '' for none [env:
    /// BACKCOURT_ENVIRONMENT] [default: the only one that was run]
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    warehouse: home::WarehouseArgs,
}

impl PlanArgs {
    /// Loads the plan and checks that this program has its source and built-in stages. Refuses values of variables that
    /// differ from those of earlier runs.
    fn plan(&self) -> Result<Plan, CliError> {
        let plan = self.of_program(which_plan::load(self, &self.variables())?)?;
        variables::refuse_changed(&plan, &StateDir::of(self.state_dir.as_deref())?)?;
        Ok(plan)
    }

    /// The same with any values of variables, for a command that only shows what differs.
    fn plan_to_compare(&self) -> Result<Plan, CliError> {
        let plan = self.of_program(which_plan::load(self, &self.variables())?)?;
        variables::report_changed(&plan);
        Ok(plan)
    }

    /// The same with values that replace those of earlier runs.
    fn plan_with_new_values(&self) -> Result<Plan, CliError> {
        let given = GivenVariables {
            replaces_recorded: true,
            ..self.variables()
        };
        self.of_program(which_plan::load(self, &given)?)
    }

    /// The same for a command that shows the plan file as a run would read it.
    fn plan_to_show(&self) -> Result<Plan, CliError> {
        let plan = self.of_program(which_plan::load_any(self, &self.variables())?)?;
        variables::report_changed(&plan);
        Ok(plan)
    }

    fn of_program(&self, plan: Plan) -> Result<Plan, CliError> {
        let named = self.plan.as_ref().unwrap_or(&plan.name);
        variables::report_recorded(&plan);
        let foreign = foreign_to_program(&plan);
        if foreign.is_empty() {
            return Ok(plan);
        }
        Err(PlanError::of_whole(named, foreign).into())
    }
}

/// What a plan expects of this program that it doesn't have: a source, or built-in stages with their tables.
fn foreign_to_program(plan: &Plan) -> Vec<String> {
    let is_known = stages::SOURCES.contains(&plan.source.as_str());
    let source = (!is_known).then(|| with_hint("source", &plan.source, stages::SOURCES));
    let of_stage = |spec: &StageSpec| {
        let Some(stage) = stages::stage(spec) else {
            return Some(with_hint("built-in stage", &spec.name, stages::BUILT_IN));
        };
        let (table, declared) = (stage.fills().path(), spec.table.clone());
        (table != declared).then(|| {
            format!(
                "stage {} fills {}, not {}",
                spec.name,
                table.unwrap_or_default(),
                declared.unwrap_or_default()
            )
        })
    };
    source
        .into_iter()
        .chain(plan.stages.iter().filter_map(of_stage))
        .collect()
}

/// The parsed command line with the config file.
struct ParsedCli {
    cli: Cli,
    matches: ArgMatches,
    config: Config,
}

/// Runs the program with these arguments; returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let understood = Cli::command().try_get_matches_from(&arguments);
    let understood = understood.and_then(|matches| match flag_before_command(&matches) {
        Some(refusal) => Err(refusal),
        None => Ok((Cli::from_arg_matches(&matches)?, matches)),
    });
    let (cli, matches) = match understood {
        Ok(understood) => understood,
        Err(refusal) => return refused(&refusal),
    };
    let work = || {
        open_files::require()?;
        handle(&with_config(cli, matches, arguments)?)
    };
    // The runtime and the log panic if they get no thread or no descriptor.
    let result = catch_unwind(AssertUnwindSafe(work));
    match result.unwrap_or_else(|panic| Err(CliError::panicked(panic.as_ref()))) {
        Ok(code) => ExitCode::from(code),
        Err(CliError::Flags(refusal)) => refused(&refusal),
        Err(error) => {
            tracing::error!("{error}");
            let mut text = EscapedText::of(format_args!("backcourt: {error}"));
            text.extend(error.details().iter().map(|line| format!("  {line}")));
            text.print_error();
            ExitCode::from(error.exit_code())
        }
    }
}

/// Prints help on standard output, or why the command line was refused on standard error. clap repeats arguments and
/// environment variables unchanged: if one is unsafe, the text is printed without styles, and escaped.
fn refused(refusal: &clap::Error) -> ExitCode {
    let own = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BACKCOURT_"));
    let given = std::env::args_os().chain(own.map(|(_, value)| value));
    let given: Vec<String> = given.map(|value| value.to_string_lossy().into_owned()).collect();
    let values = given
        .iter()
        .flat_map(|value| [value.as_str(), value.split_once('=').unwrap_or_default().1]);
    let values: Vec<&str> = values.filter(|value| value.contains(is_unsafe)).collect();
    if values.is_empty() {
        // If that fails, there is nowhere to report it.
        drop(refusal.print());
    } else {
        let styled = refusal.render().ansi().to_string();
        let styled = values
            .iter()
            .fold(styled, |text, value| text.replace(value, &escaped(value)));
        let mut parts = styled.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        let text = parts.fold(first, |text, part| {
            text + part.split_once('m').unwrap_or_default().1
        });
        let text: EscapedText = text.lines().collect();
        if refusal.use_stderr() {
            text.print_error();
        } else {
            drop(text.print());
        }
    }
    ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2))
}

/// Reads the config file and parses the command line again with the file's values as defaults.
fn with_config(cli: Cli, matches: ArgMatches, arguments: Vec<OsString>) -> Result<ParsedCli, CliError> {
    let config = match &cli.command {
        Some(Subcommands::Completions(_) | Subcommands::Man(_)) => Config::default(),
        Some(Subcommands::Config(asked)) if asked.needs_no_file() => Config::default(),
        _ => Config::read(cli.config.as_deref())?,
    };
    if config == Config::default() {
        return Ok(ParsedCli { cli, matches, config });
    }
    let command = config.as_defaults_of(Cli::command());
    let matches = command.try_get_matches_from(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok(ParsedCli { cli, matches, config })
}

/// The refusal of a flag of a run before another command, which would not get it.
fn flag_before_command(matches: &ArgMatches) -> Option<clap::Error> {
    let (name, _) = matches.subcommand()?;
    let mut command = Cli::command();
    let is_given = |flag: &&Arg| {
        let source = matches.value_source(flag.get_id().as_str());
        !flag.is_global_set() && source == Some(ValueSource::CommandLine)
    };
    let flag = command.get_arguments().find(is_given)?.get_long()?.to_owned();
    let problem =
        format!("'--{flag}' cannot be used with '{name}' before it; write 'backcourt {name} --{flag} …'");
    Some(command.error(ErrorKind::ArgumentConflict, problem))
}

fn handle(parsed: &ParsedCli) -> Result<u8, CliError> {
    let (cli, keymap) = (&parsed.cli, parsed.config.keymap());
    match &cli.command {
        None => run::run(&cli.run, keymap),
        Some(Subcommands::Run(arguments)) => run::run(arguments, keymap),
        Some(Subcommands::Load(arguments)) => load::load(arguments),
        Some(Subcommands::Import(arguments)) => import::import(arguments),
        Some(Subcommands::Check(arguments)) => check::check(arguments, keymap),
        Some(Subcommands::Rerun(arguments)) => rerun::rerun(arguments, keymap),
        Some(Subcommands::Waive(arguments)) => waive::waive(arguments),
        Some(Subcommands::Accept(arguments)) => accept::accept(arguments),
        Some(Subcommands::Attach(arguments)) => {
            let named = parsed.matches.subcommand_matches("attach");
            attach::attach(arguments, named.unwrap_or(&parsed.matches), keymap)
        }
        Some(Subcommands::Replay(arguments)) => replay::replay(arguments, keymap),
        Some(Subcommands::Ctl(arguments)) => ctl::ctl(arguments),
        Some(Subcommands::Tick(arguments)) => tick::tick(arguments),
        Some(Subcommands::Doctor(arguments)) => doctor::doctor(arguments),
        Some(Subcommands::Rehearse(arguments)) => rehearse::rehearse(arguments),
        Some(Subcommands::Report(arguments)) => report::report(arguments),
        Some(Subcommands::Status(arguments)) => status::status(arguments),
        Some(Subcommands::Plan(arguments)) => plan::plan(arguments),
        Some(Subcommands::Keys) => keys::keys(keymap),
        Some(Subcommands::Config(arguments)) => {
            let shown = parsed.matches.subcommand_matches("config");
            let shown = shown.and_then(|config| config.subcommand_matches("show"));
            config::config(arguments, cli.config.as_deref(), &parsed.config, shown)
        }
        Some(Subcommands::Completions(arguments)) => completions::completions(arguments),
        Some(Subcommands::Man(arguments)) => man::man(arguments),
    }
}
