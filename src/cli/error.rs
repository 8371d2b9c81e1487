//! Errors of commands, one sentence each, and their exit codes. An error of another module keeps its own sentence.

use std::any::Any;
use std::io;
use std::path::PathBuf;

use super::StateDir;
use super::console_process::ConsoleOf;
use super::import::ImportRefusal;
use crate::control::ClientError;
use crate::engine::{HandoverError, LaunchError, StageError};
use crate::feeds::LoadError;
use crate::feeds::faults::ProfileError;
use crate::fence::FenceError;
use crate::import::ImportError;
use crate::ledger::{LedgerError, LockError, RunLock};
use crate::partition::{Grain, Partition, PartitionError};
use crate::plan::{ChangedVariable, Plan, PlanError, with_hint};
use crate::present::AttachError;
use crate::replay::ReplayError;
use crate::telemetry::StartError;
use crate::warehouse::WarehouseError;
use crate::warehouse::bigquery::AddressError;

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Flags(#[from] clap::Error),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Range(#[from] PartitionError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    BoxScores(#[from] LoadError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    ImportRefused(#[from] ImportRefusal),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Fence(#[from] FenceError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Log(#[from] StartError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Handover(#[from] HandoverError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Attach(#[from] AttachError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{}; nothing was created or written", alone_or_more(.0))]
    UnknownColumns(Vec<String>),
    /// The rule for what an operator may do, which is not the command's own, refuses it.
    #[error("{0}")]
    Refused(String),
    /// A system call failed.
    #[error("{what}: {cause}; {next}")]
    System {
        what: String,
        cause: io::Error,
        next: &'static str,
    },

    #[error("{}", with_hint(.what, .name, .known.iter().map(String::as_str)))]
    Unknown {
        what: &'static str,
        name: String,
        known: Vec<String>,
    },
    #[error("config file {} {}", .path.display(), alone_or_counted(.mistakes))]
    Config { path: PathBuf, mistakes: Vec<String> },
    #[error("no home folder found; give a file with --config")]
    NoConfigFolder,
    #[error("no home folder found ({0}); give --state-dir")]
    NoStateFolder(etcetera::HomeDirError),
    #[error("{} already exists; choose another name, or replace it with --force", .0.display())]
    Exists(PathBuf),
    #[error("{} is a file of the state folder; choose another with --output", .0.display())]
    OwnFile(PathBuf),
    #[error("{} is not a regular file; choose another with --output", .0.display())]
    NotAFile(PathBuf),
    #[error("{0} needs a reason; give it with --reason")]
    NoReason(&'static str),

    #[error(
        "state folder {} has {} plans: {}; choose one with --plan, for example --plan {example}",
        .folder.display(), .names.len(), .names.join(", ")
    )]
    SeveralPlans {
        folder: PathBuf,
        names: Vec<String>,
        example: String,
    },
    #[error(
        "{variable} selects plan '{plan}', but plan {} was run in {}; unset it, or give --plan or --state-dir",
        .names.join(", "), .folder.display()
    )]
    PlanOfEnvironment {
        variable: &'static str,
        plan: String,
        folder: PathBuf,
        names: Vec<String>,
    },
    #[error(
        "the active run in {} is of {plan}, but {given}; correct that to use this run, or give the --state-dir of another",
        .folder.display()
    )]
    OtherRun {
        folder: PathBuf,
        plan: String,
        given: String,
    },
    #[error("cannot read {}: {cause}; check that you own its folder, or choose another with --state-dir", .path.display())]
    LedgerOutOfReach { path: PathBuf, cause: io::Error },
    #[error("state folder {} belongs to plan '{plan}', {problem}; give its file with --plan", .folder.display())]
    OtherPlan {
        folder: PathBuf,
        plan: String,
        problem: String,
    },
    #[error(
        "plan {plan} was run in {} with {}; leave out the new values, use another --state-dir, or replace the old ones \
         with 'backcourt run --replace-vars'",
        .folder.display(), super::variables::differences(.changed)
    )]
    OtherVariables {
        plan: String,
        folder: PathBuf,
        changed: Vec<ChangedVariable>,
    },
    #[error(
        "{nothing}plan {plan} has never run in {}; {}start it with 'backcourt run'",
        .folder.display(), or_choose(.environments)
    )]
    NeverRun {
        /// What the command would have worked on, with a colon; may be empty.
        nothing: &'static str,
        plan: String,
        folder: PathBuf,
        /// Environments to choose from, if none is chosen.
        environments: Vec<String>,
    },
    #[error(
        "plan {plan} has never run in {}; start it with 'backcourt run --paused' to tick items before the first date",
        .folder.display()
    )]
    NothingToTick { plan: String, folder: PathBuf },
    #[error("{0} has no outdated dates; nothing to accept")]
    NothingToAccept(String),
    #[error("{why}; {next}")]
    NoActiveRun { why: String, next: &'static str },
    #[error(
        "{home} has no recorded progress for plan {plan}; {}start it with 'backcourt run --warehouse'",
        or_choose(.environments)
    )]
    NoProgress {
        home: String,
        plan: String,
        /// Environments to choose from, if none is chosen.
        environments: Vec<String>,
    },
    #[error("no breakdown available: the warehouse has no tables yet; start with 'backcourt run'")]
    NoBreakdown,
    #[error("{check}: {cause}")]
    Breakdown { check: String, cause: WarehouseError },

    /// A panic. Its report has been printed.
    #[error(
        "stopped by an internal error ({0}); start again to resume, and report it with the log if it happens again"
    )]
    Panicked(String),
    #[error("this process may open only {0} files; allow 1024 with 'ulimit -n 1024', then start again")]
    FewFiles(u64),
    #[error("{}", .console.killed(.by))]
    Killed {
        console: ConsoleOf,
        by: String,
        code: u8,
    },
    #[error("--output tui needs a terminal on standard input and output; use --output plain")]
    NoTerminal,
    #[error("--on-change ask needs the console; use --on-change rerun or --on-change keep")]
    NoConsole,
    #[error(
        "{given}, and {missing} is missing; the plan covers {first} to {last}, give {missing} too for other dates"
    )]
    OutsideOfPlan {
        given: String,
        missing: &'static str,
        first: Partition,
        last: Partition,
    },
    #[error("no stages selected: --stop-after {stop} ends before {}; leave out one of the two flags", .named.join(", "))]
    NoStages { stop: String, named: Vec<String> },
    #[error(
        "no {grain} of stage {stage} lies completely in the selected dates; select whole ones, such as {example}, or leave out \
         --stage"
    )]
    NoWholeDates {
        stage: String,
        grain: Grain,
        example: Partition,
    },

    #[error(
        "'{0}' is not a valid warehouse; write sqlite:DIR, for example sqlite:./warehouse, or bigquery:PROJECT"
    )]
    NotAWarehouse(String),
    #[error(
        "{0} works only with BigQuery, but this warehouse is embedded; leave it out or give --warehouse \
         bigquery:PROJECT"
    )]
    OnlyBigQuery(&'static str),
    #[error("nothing to load: no stage of plan {0} uses box scores; start it with 'backcourt run'")]
    NothingToLoad(String),
    #[error(
        "{0}; load elsewhere with --dataset-prefix or another warehouse, or replace them with --overwrite-raw"
    )]
    ForeignRows(String),

    #[error("plan {0} has no sample dates; add [[sample]] with a representative date and a reason")]
    NoSampleDates(String),
    #[error("no sample date is in this run; plan {plan} samples {}", .dates.join(", "))]
    NoSampleDateChosen { plan: String, dates: Vec<String> },
    #[error("{0} has no raw data to sample yet; load it with 'backcourt load', or leave out --dry-run")]
    NothingToSample(String),
    #[error("the sample crashed: {0}")]
    SampleCrashed(tokio::task::JoinError),

    #[error("--dates is empty; write for example 2024-01-05..2024-01-07")]
    NoDates,
    #[error("{0} not found; give the warehouse to compare with in --from")]
    NothingToCompare(String),
    #[error("{0} has no raw data to rehearse with; load it with 'backcourt load'")]
    NoRawData(String),
    #[error("stage {0} runs a program, and a rehearsal doesn't start programs; leave it out of --stage")]
    RunsAProgram(String),
    #[error(
        "stage {0} depends on its past, and a rehearsal computes each date on its own; leave it out of --stage"
    )]
    DependsOnPast(String),
    #[error(
        "nothing to rehearse: the selected stages of plan {0} all run programs or depend on their past; a rehearsal starts no \
         programs and computes each date on its own"
    )]
    NothingToRehearse(String),
    #[error("{} is the state folder; choose another folder with --scratch", .0.display())]
    ScratchIsState(PathBuf),
    #[error("{} contains files that no rehearsal created; choose another folder with --scratch", .0.display())]
    ScratchInUse(PathBuf),
    #[error(
        "cannot copy {table}: neither backcourt nor plan {plan} defines its columns; choose stages that don't read it \
         with --stage"
    )]
    NoColumns { table: String, plan: String },
}

impl CliError {
    /// The error of a panic with this payload.
    pub(super) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self::Panicked(text.unwrap_or("no message").to_owned())
    }

    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(LockError::Held { .. })
            | Self::Fence(FenceError::Held { .. })
            | Self::Client(ClientError::Silent(_))
            | Self::Attach(AttachError::Client(ClientError::Silent(_))) => 4,
            Self::Killed { code, .. } => *code,
            Self::Panicked(_) => 3,
            _ => 2,
        }
    }

    /// The lines below the first one.
    pub(super) fn details(&self) -> Vec<String> {
        match self {
            Self::Config { mistakes, .. } | Self::UnknownColumns(mistakes) if mistakes.len() > 1 => {
                mistakes.clone()
            }
            Self::Import(ImportError::Rejected { rejected, .. }) => rejected.lines(),
            Self::Plan(PlanError { mistakes, .. }) if mistakes.len() > 1 => {
                mistakes.iter().map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A name that is not among the known ones.
    pub(super) fn unknown<'a>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self::Unknown {
            what,
            name: name.to_owned(),
            known: known.into_iter().map(ToOwned::to_owned).collect(),
        }
    }

    pub(super) fn no_stage(plan: &Plan, name: &str) -> Self {
        Self::unknown("stage", name, plan.stages.iter().map(|stage| stage.name.as_str()))
    }

    pub(super) fn no_check(plan: &Plan, name: &str) -> Self {
        Self::unknown("check", name, plan.checks.iter().map(|check| check.name.as_str()))
    }

    pub(super) fn never_run(nothing: &'static str, plan: &Plan, folder: &StateDir) -> Self {
        Self::NeverRun {
            nothing,
            plan: plan.name.clone(),
            folder: folder.path().to_owned(),
            environments: environments_to_choose(plan),
        }
    }

    /// No run of the state folder can take a command.
    pub(super) fn no_active_run(folder: &StateDir, next: &'static str) -> Self {
        let place = folder.path().display();
        let why = match RunLock::holder(folder.path()) {
            Some(holder) => format!("process {} is using {place} but takes no commands", holder.pid),
            None => format!("no run is active in {place}"),
        };
        Self::NoActiveRun { why, next }
    }
}

/// The environments of a plan that was loaded without one.
pub(super) fn environments_to_choose(plan: &Plan) -> Vec<String> {
    let without = plan.environment.is_none().then(|| plan.environments.clone());
    without.unwrap_or_default()
}

fn or_choose(environments: &[String]) -> String {
    if environments.is_empty() {
        return String::new();
    }
    format!(
        "choose one of its environments ({}) with --environment, or ",
        environments.join(", ")
    )
}

fn alone_or_more(problems: &[String]) -> String {
    match problems {
        [one] => one.clone(),
        several => format!("{} problems with columns that follow from queries", several.len()),
    }
}

fn alone_or_counted(mistakes: &[String]) -> String {
    match mistakes {
        [one] => one.clone(),
        several => format!("has {} mistakes:", several.len()),
    }
}

pub(super) fn cannot_print(cause: impl Into<io::Error>) -> CliError {
    CliError::System {
        what: "cannot write to standard output".to_owned(),
        cause: cause.into(),
        next: "check the output path",
    }
}

pub(super) fn no_threads(cause: io::Error) -> CliError {
    CliError::System {
        what: "cannot start the runtime".to_owned(),
        cause,
        next: "free some memory or raise the process limit",
    }
}
