//! `backcourt rehearse`: recomputes dates in a scratch folder from rows copied out of another warehouse, and diffs the
//! result against that warehouse, which is only read.

mod compute;
mod copy;
mod difference;
mod scratch;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::engine::{Lineage, Stage, threads};
use crate::escape::EscapedText;
use crate::feeds;
use crate::figures::counted;
use crate::partition::{Partition, PartitionRanges, compact};
use crate::plan::Plan;
use crate::stages;
use crate::telemetry;
use crate::warehouse::Warehouse;

use super::error::{CliError, cannot_print, no_threads};
use super::file::put;
use super::home::Home;
use super::progress::{ProgressLine, waiting};
use super::query_columns::with_columns;
use super::run_args::{chosen_stages, forced_source};
use super::start::resolve;
use super::{PlanArgs, StateDir};
use compute::{Computing, StageResult};
use difference::TableDifference;
use scratch::Scratch;

/// The `schema` value of the JSON object.
const SCHEMA: &str = "backcourt.rehearsal/1";

/// Flags of `rehearse`. `--warehouse` is renamed to `--from`, because nothing is written to it.
#[derive(Debug, Args)]
#[command(mut_arg("warehouse", |flag| flag
    .long("from")
    .required(true)
    .help("Warehouse to copy input rows from and compare with: bigquery:PROJECT, bigquery:PROJECT@URL or sqlite:DIR")))]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Dates to recompute, for example 2024-01-05..2024-01-07,2024-01-10
    #[arg(long, value_name = "D..D,D…", required = true)]
    dates: String,
    /// Only these stages [default: all except those that run a program]
    #[arg(long = "stage", value_name = "S,S…", value_delimiter = ',')]
    stages: Vec<String>,
    /// Stop after this stage
    #[arg(long, value_name = "STAGE")]
    stop_after: Option<String>,
    /// Source of the rows [default: the plan's]
    #[arg(long, value_parser = PossibleValuesParser::new(stages::SOURCES))]
    source: Option<String>,
    /// Scratch folder; emptied at each start and kept afterwards [default: rehearse in the state folder]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Maximum differing rows to show per table
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
    /// Print one JSON object with every difference (see docs/rehearsal.schema.json)
    #[arg(long)]
    json: bool,
    /// Write every difference to this file, and print the summary
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Serialize)]
struct Rehearsal {
    schema: &'static str,
    plan: String,
    from: String,
    source: Option<String>,
    dates: Vec<Partition>,
    copied: Vec<copy::Copied>,
    tables: Vec<TableDifference>,
    /// The scratch folder it was computed in.
    scratch: String,
    equal: bool,
}

pub(super) fn rehearse(arguments: &RehearseArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let dates = PartitionRanges::selected_in(std::slice::from_ref(&arguments.dates), plan.range)?;
    let dates: Vec<Partition> = dates.partitions().collect();
    if dates.is_empty() {
        return Err(CliError::NoDates);
    }
    arguments.chosen(&plan)?;
    let source = arguments.source.clone().or_else(forced_source);
    let source = source.unwrap_or_else(|| plan.source.clone());
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(&plan)?;
    if home.is_missing() {
        return Err(CliError::NothingToCompare(home.to_string()));
    }
    let from = home.open_to_read()?;
    let names: Vec<String> = plan.stages.iter().map(|stage| stage.name.clone()).collect();
    let plan = with_columns(plan, &names, dates.first().copied(), &from)?;
    let stages = arguments.chosen(&plan)?;
    let needed = copy::needed(&plan, &Lineage::of(&stages), &dates)?;
    let at = scratch::place(arguments.scratch.as_deref(), &folder);
    let here = Home::Embedded(at.join("warehouse"));
    here.refuse_foreign_queries(&plan)?;
    let scratch = Scratch::begin(&at, &folder, &plan.name)?;
    let (_, _files) = telemetry::start(&scratch.folder().logs(), |_| ())?;
    let to = here.open()?;
    let rehearsal = Rehearsing {
        plan,
        stages,
        dates,
        source,
        from,
        to,
        scratch,
    }
    .run(&needed)?;
    arguments.print(&rehearsal)?;
    Ok(u8::from(!rehearsal.equal))
}

impl RehearseArgs {
    /// The stages to compute. Programs aren't started: their side effects are unknown. Nor are stages that depend on their
    /// past: the rows before a date are not in the scratch folder.
    fn chosen(&self, plan: &Plan) -> Result<Vec<Arc<dyn Stage>>, CliError> {
        let names = chosen_stages(plan, &self.stages, self.stop_after.as_deref())?;
        let (mut chosen, is_named) = (Vec::new(), !self.stages.is_empty());
        for stage in resolve(plan, &names)? {
            let name = || stage.name().to_owned();
            if stage.calls().is_none() && !stage.depends_on_past() {
                chosen.push(stage);
            } else if is_named && stage.calls().is_some() {
                return Err(CliError::RunsAProgram(name()));
            } else if is_named {
                return Err(CliError::DependsOnPast(name()));
            }
        }
        if chosen.is_empty() {
            return Err(CliError::NothingToRehearse(plan.name.clone()));
        }
        Ok(chosen)
    }

    fn print(&self, rehearsal: &Rehearsal) -> Result<(), CliError> {
        let whole = || -> Result<EscapedText, CliError> {
            if self.json {
                return EscapedText::json(rehearsal).map_err(cannot_print);
            }
            Ok(text::text(rehearsal, usize::MAX))
        };
        let shown = match &self.output {
            Some(path) => {
                let state = StateDir::of(self.place.state_dir.as_deref())?;
                put(&super::state_dir::real(path), &whole()?, self.force, &state)?;
                text::text(rehearsal, 0)
            }
            None if self.json => whole()?,
            None => text::text(rehearsal, self.rows),
        };
        shown.print().map_err(cannot_print)
    }
}

/// A rehearsal with both warehouses open.
struct Rehearsing {
    plan: Plan,
    stages: Vec<Arc<dyn Stage>>,
    dates: Vec<Partition>,
    source: String,
    from: Arc<dyn Warehouse>,
    to: Arc<dyn Warehouse>,
    scratch: Scratch,
}

impl Rehearsing {
    /// Copies, computes and compares.
    fn run(self, needed: &[copy::Needed]) -> Result<Rehearsal, CliError> {
        let runtime = threads().map_err(no_threads)?;
        let progress = ProgressLine::default();
        if self.plan.uses_nba_feeds() {
            let asked = || runtime.block_on(feeds::is_loaded(self.from.as_ref()));
            let is_loaded = waiting(&self.from.name(), asked);
            if !is_loaded? {
                return Err(CliError::NoRawData(self.from.name()));
            }
        }
        progress.step(&format!(
            "copying input rows from {} for {}",
            self.from.name(),
            counted(self.dates.len(), "date")
        ));
        let copied = runtime.block_on(copy::copy(&self.from, &self.to, needed, &progress))?;
        let computing = Computing {
            plan: &self.plan,
            dates: &self.dates,
            source: &self.source,
            warehouse: &self.to,
            folder: self.scratch.folder(),
        };
        let computed = computing.stages(&self.stages, &progress)?;
        let tables = runtime.block_on(self.compare(computed, &progress))?;
        Ok(Rehearsal {
            schema: SCHEMA,
            plan: self.plan.name.clone(),
            from: self.from.name(),
            source: self.plan.shown_source(&self.source),
            equal: tables.iter().all(TableDifference::is_equal),
            tables,
            dates: self.dates.clone(),
            copied,
            scratch: self.scratch.folder().path().display().to_string(),
        })
    }

    async fn compare(
        &self,
        computed: Vec<StageResult>,
        progress: &ProgressLine,
    ) -> Result<Vec<TableDifference>, CliError> {
        progress.step("comparing");
        let mut tables = Vec::new();
        for (stage, made) in self.stages.iter().zip(computed) {
            let Some(table) = stage.fills().definition() else {
                continue;
            };
            progress.update(&format!("comparing {}", table.path()));
            let (here, there) = (self.to.as_ref(), self.from.as_ref());
            let found = TableDifference::find(stage.name(), table, &self.dates, made, here, there);
            tables.push(found.await?);
        }
        Ok(tables)
    }
}

impl Rehearsal {
    /// Its dates in compact form.
    fn days(&self) -> String {
        compact(&self.dates).replace(',', ", ")
    }
}
