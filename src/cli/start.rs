//! What run, rerun and check have in common: they take the lock, open everything, launch the engine and present it.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use clap::{Args, ValueEnum};
use tokio::sync::watch;

use crate::console::keymap::Keymap;
use crate::control::{ControlLock, ControlServer, PlaceError, RunAccess, Socket};
use crate::engine::{
    Ceilings, Checks, Ending, Engine, Lineage, Losses, OnChange, Options, Origin, Permits, Prepare,
    RetryPolicy, RunOutput, Sample, Selection, Setup, Stage, Work,
};
use crate::escape::EscapedText;
use crate::fence::LeaseGuard;
use crate::ledger::{Ledger, LedgerError, RunLock, RunRecord};
use crate::metrics::{MetricsAddress, MetricsPort, MetricsServer, RunMetrics};
use crate::own_file::WatchedFile;
use crate::partition::Partition;
use crate::plan::Plan;
use crate::present::{self, Notify, OnHangUp, Presenter, PresenterContext};
use crate::stages;
use crate::telemetry;
use crate::warehouse::Warehouse;

use super::console_process::{ConsoleOf, has_screen, split};
use super::error::CliError;
use super::first_use::FirstUse;
use super::lease::lease;
use super::look::ConsoleArgs;
use super::operator::{console_name, operator};
use super::origin::FromBoxScores;
use super::query_columns::with_columns;
use super::{PlanArgs, StateDir, variables};

/// Maximum dates per batch: the raw rows of a batch are held in memory, for up to 15 workers at once.
pub(super) const MAX_BATCH_DATES: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// The console in a terminal, plain lines elsewhere
    Auto,
    /// The console
    Tui,
    /// Readable lines; also the mode for screen readers
    Plain,
    /// One JSON object per event, see docs/event.schema.json
    Jsonl,
    /// Nothing; see the exit code and the ledger
    Silent,
}

/// How a run is shown: output format and console.
#[derive(Debug, Clone, Args)]
pub(super) struct Show {
    /// Output format
    #[arg(long, value_enum, env = "BACKCOURT_OUTPUT", default_value_t = Output::Auto)]
    output: Output,
    /// Serve the run's metrics for a monitoring system over HTTP, see docs/metrics.md; a port alone is one of 127.0.0.1
    #[arg(long, value_name = "ADDRESS", env = "BACKCOURT_METRICS")]
    metrics: Option<MetricsAddress>,
    #[command(flatten)]
    console: Console,
}

/// The console's look, and what a run does without it.
#[derive(Debug, Clone, Args)]
pub(super) struct Console {
    #[command(flatten)]
    look: ConsoleArgs,
    /// What the run does when its terminal hangs up
    #[arg(long, value_enum, env = "BACKCOURT_ON_HANGUP", default_value_t = HangUp::Continue, value_name = "WHAT")]
    on_hangup: HangUp,
    /// How to notify you of the first failure, the first closed gate and the end of the run: bell, osc9, osc777,
    /// osc9-tmux or osc777-tmux inside tmux, never, or command:PROGRAM, which gets `BACKCOURT_EVENT` and
    /// `BACKCOURT_MESSAGE` in its environment
    #[arg(long, value_name = "HOW", env = "BACKCOURT_NOTIFY", default_value = "bell", value_parser = Notify::parse)]
    notify: Notify,
}

/// What the run does when its terminal hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HangUp {
    /// Continue without a screen and write lines to the log; reattach with attach
    Continue,
    /// Finish in-flight work, then exit
    Drain,
    /// Exit now; the next start redoes in-flight work
    Abort,
}

impl From<HangUp> for OnHangUp {
    fn from(hang_up: HangUp) -> Self {
        match hang_up {
            HangUp::Continue => Self::Continue,
            HangUp::Drain => Self::Drain,
            HangUp::Abort => Self::Abort,
        }
    }
}

impl Show {
    /// With a fixed output format.
    pub(super) const fn new(output: Output, console: Console) -> Self {
        Self {
            output,
            metrics: None,
            console,
        }
    }

    /// The presenter of a command without a run: never the console.
    pub(super) fn without_screen(&self) -> Result<Presenter, CliError> {
        Ok(match self.presenter()? {
            Presenter::Tui => Presenter::Plain,
            presenter => presenter,
        })
    }

    fn presenter(&self) -> Result<Presenter, CliError> {
        let is_terminal = has_screen();
        Ok(match self.output {
            Output::Tui if !is_terminal => {
                return Err(CliError::NoTerminal);
            }
            Output::Auto if is_terminal => Presenter::Tui,
            Output::Tui => Presenter::Tui,
            Output::Auto | Output::Plain => Presenter::Plain,
            Output::Jsonl => Presenter::Jsonl,
            Output::Silent => Presenter::Silent,
        })
    }
}

/// What to run, before anything is opened.
#[derive(Debug)]
pub(super) struct RunSpec {
    pub(super) plan: Plan,
    /// Names of the stages that take part.
    pub(super) stages: Vec<String>,
    /// The dates, sorted and without duplicates.
    pub(super) dates: Vec<Partition>,
    /// The source given by the operator, if any.
    pub(super) source: Option<String>,
    pub(super) workers: usize,
    /// Pause before the first unit.
    pub(super) paused: bool,
    /// Which units are due.
    pub(super) work: Work,
    /// Let fewer rows than expected replace stored ones.
    pub(super) accept_short: bool,
    /// What to do with outdated units, if the operator gave it.
    pub(super) on_change: Option<OnChange>,
    /// Checks to run whether or not they have a current result.
    pub(super) ask: Option<Checks>,
    /// The sample to take before the first unit.
    pub(super) sample: Option<Sample>,
    /// Stages that start without approval.
    pub(super) advance: Vec<String>,
    /// What the run may do to tables that differ from the plan.
    pub(super) permits: Permits,
    /// Drain after this many failures.
    pub(super) fail_fast: Option<u64>,
    pub(super) show: Show,
    /// Key bindings of the console.
    pub(super) keymap: Keymap,
}

impl RunSpec {
    /// The engine's options, without those that depend on the warehouse and the presenter.
    fn options(&self) -> Options {
        Options {
            run_id: run_id(),
            dates: self.dates.clone(),
            source_is_explicit: self.source.is_some(),
            source: self.source.clone().unwrap_or_else(|| self.plan.source.clone()),
            workers: self.workers,
            largest_batch: MAX_BATCH_DATES,
            operator: operator(),
            paused: self.paused,
            work: self.work.clone(),
            accept_short: self.accept_short,
            on_change: OnChange::default(),
            ask: self.ask.clone(),
            released: self.advance.clone(),
            fail_fast: self.fail_fast,
            permits: self.permits,
            ceilings: Ceilings::default(),
            stay: false,
            control: None,
            retry: RetryPolicy::default(),
        }
    }

    /// With the columns that the plan leaves to its queries.
    fn with_columns(self, warehouse: &Arc<dyn Warehouse>) -> Result<Self, CliError> {
        let plan = with_columns(self.plan, &self.stages, self.dates.first().copied(), warehouse)?;
        let sampled = |sample: Sample| -> Result<Sample, CliError> {
            Ok(Sample {
                stages: resolve(&plan, &self.stages)?,
                every: every_stage(&plan)?,
                ..sample
            })
        };
        let sample = self.sample.map(sampled).transpose()?;
        Ok(Self { plan, sample, ..self })
    }

    /// Only the selected units, with the plan's source and number of workers. The dates are still missing.
    pub(super) fn only(
        selection: Selection,
        plan: Plan,
        stages: Vec<String>,
        show: Show,
        keymap: Keymap,
    ) -> Self {
        Self {
            workers: plan.workers,
            plan,
            stages,
            dates: Vec::new(),
            source: None,
            paused: false,
            work: Work::Only(selection),
            accept_short: false,
            on_change: None,
            ask: None,
            sample: None,
            advance: Vec::new(),
            permits: Permits::default(),
            fail_fast: None,
            show,
            keymap,
        }
    }
}

/// The default for outdated units: the console asks; other presenters keep them.
fn on_change(given: Option<OnChange>, presenter: Presenter) -> Result<OnChange, CliError> {
    let has_screen = matches!(presenter, Presenter::Tui);
    match given {
        Some(OnChange::Ask) if !has_screen => Err(CliError::NoConsole),
        Some(given) => Ok(given),
        None if has_screen => Ok(OnChange::Ask),
        None => Ok(OnChange::Keep),
    }
}

/// Runs a job from taking the lock to the exit code.
pub(super) fn start(place: &PlanArgs, job: RunSpec) -> Result<u8, CliError> {
    let presenter = job.show.presenter()?;
    let on_change = on_change(job.on_change, presenter)?;
    let folder = StateDir::of(place.state_dir.as_deref())?;
    resolve(&job.plan, &job.stages)?;
    let home = place.warehouse.home(&folder)?.of(&job.plan)?;
    home.refuse_foreign_queries(&job.plan)?;
    let supervisor = match presenter {
        Presenter::Tui => match split(ConsoleOf::Run(folder.logs()))? {
            ControlFlow::Break(code) => return Ok(code),
            ControlFlow::Continue(supervisor) => supervisor,
        },
        _ => None,
    };
    let metrics_port = job.show.metrics.map(metrics_port).transpose()?;
    folder.create()?;
    let _lock = RunLock::take(folder.path(), &job.plan.name, Utc::now())?;
    let mut ledger = Ledger::open(&folder.ledger())?;
    let losses = Losses::default();
    let log_losses = losses.clone();
    let on_loss = move |missing| log_losses.report(RunOutput::Log, Some(missing));
    let (log, files) = telemetry::start(&folder.logs(), on_loss)?;
    let warehouse = home.open()?;
    let job = job.with_columns(&warehouse)?;
    let stages = resolve(&job.plan, &job.stages)?;
    let lineage = Lineage::of(&every_stage(&job.plan)?);
    let lease_guard = lease(&warehouse, &job.plan, &folder)?;
    let lease_confirmed = lease_guard.as_ref().map(LeaseGuard::confirmed);
    variables::refuse_superseded(&job.plan, &ledger)?;
    ledger.record_plan(&job.plan)?;
    let socket = reachable(Socket::bind(folder.path()));
    let (origin, prepare) = feeds_of(&job.plan, &ledger, &warehouse.name())?;
    let options = Options {
        on_change,
        ceilings: place.warehouse.ceilings(),
        stay: matches!(presenter, Presenter::Tui),
        control: (socket.as_ref()).map(|socket| socket.path().display().to_string()),
        retry: RetryPolicy::over(warehouse.as_ref()),
        ..job.options()
    };
    let run = options.run_id.clone();
    let mut engine = Engine::launch(Setup {
        plan: Arc::new(job.plan),
        stages,
        lineage,
        origin,
        prepare,
        sample: job.sample,
        warehouse,
        lease_guard,
        ledger,
        events: folder.events(),
        in_use: [folder.ledger(), RunLock::path(folder.path())]
            .map(|path| WatchedFile::of(&path))
            .into(),
        losses: losses.clone(),
        options,
    })?;
    let _metrics = metrics(&mut engine, metrics_port, lease_confirmed);
    let control_lock = ControlLock::default();
    let context = PresenterContext {
        log: &log,
        folder: folder.path(),
        control_lock: &control_lock,
        name: &console_name(),
        preferences: &job.show.console.look.preferences(&job.keymap),
        on_hang_up: job.show.console.on_hangup.into(),
        notify: job.show.console.notify,
        losses: &losses,
        supervisor,
    };
    let ending = present_run(engine, presenter, socket, context)?;
    // The last lines are written as they drop.
    drop(files);
    report_losses(&losses, &run, &ending, &folder);
    Ok(losses.exit_code(ending.exit_code))
}

/// Prints what is missing of the outputs. What was lost after the run had recorded its end is recorded now.
fn report_losses(losses: &Losses, run: &str, ending: &Ending, folder: &StateDir) {
    losses.print_error();
    let incomplete = losses.clauses();
    // Opening a ledger that another program has removed would create an empty one.
    if incomplete == ending.incomplete || !folder.ledger().exists() {
        return;
    }
    let ending = Ending {
        incomplete,
        ..ending.clone()
    };
    let recorded =
        Ledger::open(&folder.ledger()).and_then(|mut ledger| ledger.amend_ending(run, &ending.sentence()));
    if let Err(error) = recorded {
        EscapedText::of(format_args!("backcourt: {error}")).print_error();
    }
}

/// Shows the run, and serves other consoles, until it has ended.
fn present_run(
    engine: Engine,
    presenter: Presenter,
    socket: Option<Socket>,
    context: PresenterContext<'_>,
) -> Result<Ending, CliError> {
    let shown = RunAccess {
        access: engine.access(),
        log: context.log.clone(),
        control_lock: context.control_lock.clone(),
    };
    let _server = socket.and_then(|socket| reachable(ControlServer::start(socket, shown)));
    present::present(engine, presenter, context).map_err(|cause| not_presented(presenter, cause))
}

/// Binds the port of the metrics before anything is opened, so that no run starts without the metrics it was asked for.
fn metrics_port(address: MetricsAddress) -> Result<MetricsPort, CliError> {
    MetricsPort::bind(address).map_err(|cause| CliError::System {
        what: format!("cannot serve metrics at {address}"),
        cause,
        next: "choose a free port of this host with --metrics",
    })
}

/// Serves the metrics of a run. A run without them goes on: nothing of it depends on them.
fn metrics(
    engine: &mut Engine,
    port: Option<MetricsPort>,
    lease: Option<watch::Receiver<Instant>>,
) -> Option<MetricsServer> {
    let facts = engine.events_from_start()?;
    let run = RunMetrics {
        snapshots: engine.access().snapshots,
        facts,
        lease,
    };
    MetricsServer::start(port?, run)
        .inspect_err(|error| tracing::warn!("cannot serve metrics: {error}"))
        .ok()
}

type RawTables = (Option<Arc<dyn Origin>>, Option<Box<dyn Prepare>>);

/// Where the plan's raw tables come from, and what loads them on first use.
fn feeds_of(plan: &Plan, ledger: &Ledger, warehouse: &str) -> Result<RawTables, CliError> {
    if !plan.uses_nba_feeds() {
        return Ok((None, None));
    }
    let origin = Arc::new(FromBoxScores::of(ledger, warehouse)?);
    Ok((Some(origin), Some(Box::new(FirstUse))))
}

fn not_presented(presenter: Presenter, cause: std::io::Error) -> CliError {
    let (what, next) = match presenter {
        Presenter::Tui => ("cannot open the screen", "use --output plain"),
        _ => (
            "cannot show the run",
            "check the output and the limits of the process, then start again",
        ),
    };
    CliError::System {
        what: what.to_owned(),
        cause,
        next,
    }
}

/// A run id. Jobs are named after it, and two hosts may start in the same millisecond.
fn run_id() -> String {
    let now = Utc::now().format("%Y%m%dT%H%M%S%.3f");
    format!("{now}-{:08x}", fastrand::u32(..))
}

/// A part of the control socket. A run without it is only out of reach for other processes.
fn reachable<T>(opened: Result<T, PlaceError>) -> Option<T> {
    opened
        .inspect_err(|error| tracing::warn!("{error}; the run takes no commands from other processes"))
        .ok()
}

/// Every date of the plan and every recorded date outside its range: reruns and checks select from these, whatever
/// dates the last run had.
pub(super) fn every_date(
    ledger: &Ledger,
    run: &RunRecord,
    plan: &Plan,
) -> Result<Vec<Partition>, LedgerError> {
    let mut dates = match ledger.known_target(&run.plan, &run.warehouse)? {
        Some(target) => ledger.recorded_dates(target)?,
        None => BTreeSet::new(),
    };
    dates.extend(plan.range.partitions());
    Ok(dates.into_iter().collect())
}

/// The stages of the plan that have begun: only these can be rerun or checked. All of them if none has.
pub(super) fn started_stages(
    ledger: &Ledger,
    run: &RunRecord,
    plan: &Plan,
) -> Result<Vec<String>, LedgerError> {
    let begun = match ledger.known_target(&run.plan, &run.warehouse)? {
        Some(target) => ledger.begun_stages(target)?,
        None => HashSet::new(),
    };
    let names = plan.stages.iter().map(|stage| stage.name.clone());
    Ok(names
        .filter(|name| begun.is_empty() || begun.contains(name))
        .collect())
}

/// The stages with these names, in plan order.
pub(super) fn resolve(plan: &Plan, names: &[String]) -> Result<Vec<Arc<dyn Stage>>, CliError> {
    for name in names {
        if plan.stage(name).is_none() {
            return Err(CliError::no_stage(plan, name));
        }
    }
    plan.stages
        .iter()
        .filter(|spec| names.contains(&spec.name))
        .map(|spec| {
            stages::stage(spec)
                .ok_or_else(|| CliError::unknown("built-in stage", &spec.name, stages::BUILT_IN))
        })
        .collect()
}

pub(super) fn every_stage(plan: &Plan) -> Result<Vec<Arc<dyn Stage>>, CliError> {
    let names: Vec<String> = plan.stages.iter().map(|stage| stage.name.clone()).collect();
    resolve(plan, &names)
}
