//! The flags of `run` and what they mean for a plan: dates, stages, source.

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use crate::engine::{OnChange, Permits, Work};
use crate::partition::{Partition, PartitionRange, PartitionRanges};
use crate::plan::{MAX_WORKERS, Plan};
use crate::stages;

use super::PlanArgs;
use super::error::CliError;
use super::number::in_range;
use super::start::Show;

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "a flag is given or it is not")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) place: PlanArgs,
    /// First date [default: the plan's]
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<String>,
    /// Last date [default: the plan's]
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<String>,
    /// Only these dates
    #[arg(long, value_name = "D,D..D…", value_delimiter = ',', conflicts_with_all = ["from", "to"])]
    dates: Vec<String>,
    /// Only these stages
    #[arg(long = "stage", value_name = "S,S…", value_delimiter = ',')]
    pub(super) stages: Vec<String>,
    #[command(flatten)]
    workers: WorkersArg,
    /// Source of the rows [default: the plan's]
    #[arg(long, value_parser = PossibleValuesParser::new(stages::SOURCES))]
    pub(super) source: Option<String>,
    #[command(flatten)]
    pub(super) show: Show,
    /// Start paused, before the first unit
    #[arg(long)]
    pub(super) paused: bool,
    /// Compute the plan's sample dates first and diff them against the stored rows, without writing; then continue:
    /// press p in the console; elsewhere, only if nothing differs. With --dry-run: sample only
    #[arg(long)]
    pub(super) sample: bool,
    /// Run all dates, including those already done
    #[arg(long)]
    pub(super) no_resume: bool,
    /// Start with the latest dates [default: the plan's order]
    #[arg(long)]
    pub(super) newest_first: bool,
    /// What to do with outdated dates [default: ask in the console, keep elsewhere]
    #[arg(long, value_name = "WHAT", value_enum, env = "BACKCOURT_ON_CHANGE")]
    on_change: Option<OnChangeWord>,
    /// Show what would run, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Stop after this stage
    #[arg(long, value_name = "STAGE")]
    pub(super) stop_after: Option<String>,
    /// Start these stages without approval where the plan requires it; all for every stage
    #[arg(long, value_name = "STAGE,…", value_delimiter = ',')]
    advance: Vec<String>,
    /// Replace rows of tables that another program filled and no plan owns
    #[arg(long)]
    replace_existing: bool,
    /// Take over tables of another plan, which is then refused
    #[arg(long)]
    take_over: bool,
    /// Alter tables to match the plan: add nullable columns, drop NOT NULL, recreate empty tables
    #[arg(long)]
    migrate: bool,
    /// Use only the values of variables given now, instead of those of earlier runs
    #[arg(long)]
    replace_vars: bool,
    /// Drain after this many failed units
    #[arg(long, value_name = "K", value_parser = in_range(1_u64, None))]
    pub(super) fail_fast: Option<u64>,
}

/// What to do with outdated dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnChangeWord {
    /// Rerun them with everything else that is due
    Rerun,
    /// Keep their rows; they stay outdated
    Keep,
    /// Ask before the first date
    Ask,
}

impl From<OnChangeWord> for OnChange {
    fn from(word: OnChangeWord) -> Self {
        match word {
            OnChangeWord::Rerun => Self::Rerun,
            OnChangeWord::Keep => Self::Keep,
            OnChangeWord::Ask => Self::Ask,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct WorkersArg {
    /// Number of workers; change it later with + and - [default: the plan's]
    #[arg(long, value_name = "N", env = "PARALLELIZATION_WORKERS",
          value_parser = in_range(1, MAX_WORKERS))]
    workers: Option<usize>,
}

/// The source set by the old runbook's environment variable `FORCE_TEAM_RECONSTRUCTION`.
pub(super) fn forced_source() -> Option<String> {
    let forced =
        std::env::var("FORCE_TEAM_RECONSTRUCTION").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    forced.then(|| stages::FORCED.to_owned())
}

/// Parses dates and date ranges; a longer period than the plan's partitions selects those of the plan in it. Sorted,
/// without duplicates.
pub(super) fn dates_of(typed: &[String], plan: &Plan) -> Result<Vec<Partition>, CliError> {
    Ok(PartitionRanges::selected_in(typed, plan.range)?
        .partitions()
        .collect())
}

impl RunArgs {
    /// Loads the plan.
    pub(super) fn plan(&self) -> Result<Plan, CliError> {
        if self.replace_vars {
            self.place.plan_with_new_values()
        } else {
            self.place.plan()
        }
    }

    /// What to do with outdated dates, if the flag was given.
    pub(super) fn on_change(&self) -> Option<OnChange> {
        self.on_change.map(OnChange::from)
    }

    pub(super) fn workers(&self, plan: &Plan) -> usize {
        self.workers.workers.unwrap_or(plan.workers)
    }

    /// Which units are due.
    pub(super) fn work(&self) -> Work {
        if self.no_resume { Work::All } else { Work::Missing }
    }

    pub(super) fn chosen_dates(&self, plan: &Plan) -> Result<Vec<Partition>, CliError> {
        if !self.dates.is_empty() {
            return dates_of(&self.dates, plan);
        }
        let grain = plan.range.grain();
        let given = |date: &Option<String>| {
            let date = date.as_deref().map(Partition::parse).transpose()?;
            date.map(|date| PartitionRange::between(date, date, grain))
                .transpose()
        };
        let from = given(&self.from)?.map(|from| from.from());
        let to = given(&self.to)?.map(|to| to.to());
        let (first, last) = (plan.range.from(), plan.range.to());
        let outside = |given, missing| {
            Err(CliError::OutsideOfPlan {
                given,
                missing,
                first,
                last,
            })
        };
        match (from, to) {
            (Some(from), None) if from > last => {
                outside(format!("--from {from} is after the plan's last date"), "--to")
            }
            (None, Some(to)) if to < first => {
                outside(format!("--to {to} is before the plan's first date"), "--from")
            }
            _ => Ok(PartitionRange::new(from.unwrap_or(first), to.unwrap_or(last))?
                .partitions()
                .collect()),
        }
    }

    pub(super) const fn permits(&self) -> Permits {
        Permits {
            replace_existing: self.replace_existing,
            take_over: self.take_over,
            migrate: self.migrate,
        }
    }

    /// The stages that start without approval.
    pub(super) fn released(&self, plan: &Plan) -> Result<Vec<String>, CliError> {
        let names = || plan.stages.iter().map(|stage| stage.name.as_str());
        let is_known = |name: &&String| name.as_str() == "all" || plan.stage(name).is_some();
        if let Some(stranger) = self.advance.iter().find(|name| !is_known(name)) {
            return Err(CliError::no_stage(plan, stranger));
        }
        if self.advance.iter().any(|name| name == "all") {
            return Ok(names().map(ToOwned::to_owned).collect());
        }
        Ok(self.advance.clone())
    }
}

/// Refuses dates none of which belongs to a stage: they may be shorter than those of every stage.
pub(super) fn require_dates(plan: &Plan, stages: &[String], dates: &[Partition]) -> Result<(), CliError> {
    let has_none = |stage: &&String| plan.dates_of(stage, dates).is_empty();
    let Some(spec) = stages.first().and_then(|stage| plan.stage(stage)) else {
        return Ok(());
    };
    if dates.is_empty() || stages.iter().filter(has_none).count() < stages.len() {
        return Ok(());
    }
    Err(CliError::NoWholeDates {
        stage: spec.name.clone(),
        grain: spec.range.grain(),
        example: spec.range.from(),
    })
}

/// The selected stages up to `stop_after`, in plan order; all if none are named.
pub(super) fn chosen_stages(
    plan: &Plan,
    named: &[String],
    stop_after: Option<&str>,
) -> Result<Vec<String>, CliError> {
    let names = || plan.stages.iter().map(|stage| stage.name.as_str());
    let last = match stop_after {
        None => plan.stages.len(),
        Some(stop) => {
            let at = names().position(|name| name == stop);
            at.ok_or_else(|| CliError::no_stage(plan, stop))? + 1
        }
    };
    if let Some(stranger) = named.iter().find(|name| plan.stage(name).is_none()) {
        return Err(CliError::no_stage(plan, stranger));
    }
    let wanted = |name: &str| named.is_empty() || named.iter().any(|stage| stage == name);
    let chosen: Vec<String> = names()
        .take(last)
        .filter(|name| wanted(name))
        .map(ToOwned::to_owned)
        .collect();
    if chosen.is_empty() {
        return Err(CliError::NoStages {
            stop: stop_after.unwrap_or_default().to_owned(),
            named: named.to_owned(),
        });
    }
    Ok(chosen)
}
