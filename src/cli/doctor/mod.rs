//! `backcourt doctor`: checks everything a run needs before it starts; read-only. Each area has a module that returns
//! findings; this one combines them.

mod bigquery;
mod declared;
mod finding;
mod inputs;
mod preflight;
mod programs;
mod sources;
mod state;
mod tables;
mod terminal;
mod text;

use std::cell::Cell;
use std::sync::Arc;

use clap::Args;
use futures_util::{FutureExt, StreamExt, stream};
use serde::Serialize;

use crate::engine::{Stage, has_unknown_columns, with_query_columns};
use crate::escape::EscapedText;
use crate::feeds::Feed;
use crate::figures::counted;
use crate::plan::{Plan, SourceTable};
use crate::table::TableDef;
use crate::warehouse::bigquery::BigQueryWarehouse;
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::error::{CliError, cannot_print, no_threads};
use super::home::Home;
use super::progress::ProgressLine;
use super::query_columns::defined;
use super::start::every_stage;
use super::{PlanArgs, StateDir};
use finding::{Area, Finding, Verdict};

/// Maximum concurrent queries: a project has a limit, and other work.
const MAX_CONCURRENT: usize = 8;

/// The `schema` value of the JSON object.
const SCHEMA: &str = "backcourt.doctor/1";

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Run only these raw-data checks, and list all their failing dates
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print one JSON object (see docs/doctor.schema.json)
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Default, Serialize)]
struct DoctorResult {
    findings: Vec<Finding>,
    tables: Vec<QueryTable>,
}

/// The result of one of the plan's queries on the raw tables.
#[derive(Debug, Serialize)]
struct QueryTable {
    name: String,
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct DoctorJson<'a> {
    schema: &'static str,
    plan: &'a str,
    state_dir: String,
    warehouse: String,
    state: Verdict,
    #[serde(flatten)]
    examination: &'a DoctorResult,
}

pub(super) fn doctor(arguments: &DoctorArgs) -> Result<u8, CliError> {
    let plan = match arguments.place.plan_to_compare() {
        Err(error @ (CliError::Ledger(_) | CliError::LedgerOutOfReach { .. }))
            if arguments.names.is_empty() =>
        {
            return without_ledger(arguments, &error);
        }
        plan => plan?,
    };
    if let Some(stranger) = arguments.names.iter().find(|name| plan.source(name).is_none()) {
        let known = plan.sources.iter().map(|source| source.name.as_str());
        return Err(CliError::unknown("source check", stranger, known));
    }
    let stages = every_stage(&plan)?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(&plan)?;
    let mut examination = DoctorResult::default();
    if arguments.names.is_empty() {
        examination.findings.extend(state::findings(&folder, &plan));
        examination.findings.push(of_plan(&plan));
        examination.findings.push(terminal::finding());
    }
    if home.is_missing() {
        examination.findings.push(not_created(&home, &plan));
    } else {
        let subject = Subject {
            names: &arguments.names,
            plan: &plan,
            stages: &stages,
            folder: &folder,
            project: home.project(),
        };
        examine_warehouse(&home, &subject, &mut examination)?;
    }
    print(arguments, &plan.name, &home, &examination)
}

/// Only the findings about the state folder and the terminal: the ledger has the values that the queries need.
fn without_ledger(arguments: &DoctorArgs, error: &CliError) -> Result<u8, CliError> {
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?;
    let mut examination = DoctorResult::default();
    examination.findings.extend(state::without_ledger(&folder, error));
    examination.findings.push(terminal::finding());
    let plan = arguments.place.plan.as_deref().unwrap_or_default();
    print(arguments, plan, &home, &examination)
}

/// Prints the findings; returns the exit code.
fn print(
    arguments: &DoctorArgs,
    plan: &str,
    home: &Home,
    examination: &DoctorResult,
) -> Result<u8, CliError> {
    let worst = examination.findings.iter().map(|finding| finding.state).max();
    let worst = worst.unwrap_or(Verdict::Ok);
    let shown = if arguments.json {
        let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
        let report = DoctorJson {
            schema: SCHEMA,
            plan,
            state_dir: folder.path().display().to_string(),
            warehouse: home.to_string(),
            state: worst,
            examination,
        };
        EscapedText::json(&report).map_err(cannot_print)?
    } else {
        text::text(examination, !arguments.names.is_empty())
    };
    shown.print().map_err(cannot_print)?;
    Ok(u8::from(worst >= Verdict::Warn))
}

fn examine_warehouse(home: &Home, subject: &Subject<'_>, result: &mut DoctorResult) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(no_threads)?;
    let examined = home
        .open_to_read()
        .and_then(|warehouse| runtime.block_on(subject.examine(warehouse.as_ref(), result)));
    if let Err(error) = examined {
        let finding = Finding::new(Area::Warehouse, "place", Verdict::Fail, error.message);
        result.findings.push(finding);
    }
    Ok(())
}

fn not_created(home: &Home, plan: &Plan) -> Finding {
    let next = if plan.uses_nba_feeds() {
        "'backcourt run' creates it and loads the shipped box scores; 'backcourt load' only loads them"
    } else {
        "'backcourt run' creates it"
    };
    let detail = format!("{home} doesn't exist yet");
    Finding::new(Area::Warehouse, "place", Verdict::Note, detail).next(next)
}

fn of_plan(plan: &Plan) -> Finding {
    let detail = format!(
        "{}, {}, {} of raw data, {} to {}",
        counted(plan.stages.len(), "stage"),
        counted(plan.checks.len(), "check"),
        plan.sources.len(),
        plan.range.from(),
        plan.range.to()
    );
    Finding::new(Area::Plan, plan.name.clone(), Verdict::Ok, detail)
}

struct Subject<'a> {
    /// The raw-data checks to run; if any are named, nothing else is examined.
    names: &'a [String],
    plan: &'a Plan,
    stages: &'a [Arc<dyn Stage>],
    folder: &'a StateDir,
    project: Option<BigQueryWarehouse>,
}

impl Subject<'_> {
    /// Examines the warehouse; findings made before an error are kept.
    async fn examine(
        &self,
        warehouse: &dyn Warehouse,
        examination: &mut DoctorResult,
    ) -> Result<(), WarehouseError> {
        if !self.names.is_empty() || self.tables(warehouse, &mut examination.findings).await? {
            self.sources(warehouse, examination).await?;
        }
        Ok(())
    }

    /// The stages, with the columns that the plan leaves to its queries as far as these tell them.
    async fn with_columns(
        &self,
        warehouse: &dyn Warehouse,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Arc<dyn Stage>>, WarehouseError> {
        let names: Vec<String> = self.stages.iter().map(|stage| stage.name().to_owned()).collect();
        if !has_unknown_columns(self.plan, &names) {
            return Ok(self.stages.to_vec());
        }
        let refused = |error: CliError| WarehouseError::new(ErrorClass::Code, error.to_string());
        let defined = defined(self.plan).map_err(refused)?;
        let (plan, date) = (self.plan.clone(), self.plan.range.from());
        let (plan, problems) = with_query_columns(plan, &names, defined, date, warehouse).await?;
        let failed = |problem| Finding::new(Area::Warehouse, "columns", Verdict::Fail, problem);
        findings.extend(problems.into_iter().map(failed));
        every_stage(&plan).map_err(refused)
    }

    /// Examines the tables and what else a run needs. Returns whether the raw-data checks can run.
    async fn tables(
        &self,
        warehouse: &dyn Warehouse,
        findings: &mut Vec<Finding>,
    ) -> Result<bool, WarehouseError> {
        let place = Finding::new(Area::Warehouse, "place", Verdict::Ok, warehouse.name());
        findings.push(place);
        let is_fed = self.plan.uses_nba_feeds();
        let feeds = Feed::ALL.into_iter().filter(|_| is_fed);
        let mut defined: Vec<&TableDef> = feeds.map(Feed::table).collect();
        let stages = self.with_columns(warehouse, findings).await?;
        defined.extend(stages.iter().filter_map(|stage| stage.fills().definition()));
        match &self.project {
            None => findings.extend(tables::findings(warehouse, &defined).await?),
            Some(project) => {
                let (found, may_ask) = bigquery::findings(project, &defined).await;
                findings.extend(found);
                if !may_ask {
                    return Ok(false);
                }
            }
        }
        let project = self.project.as_ref();
        let inputs = inputs::findings(warehouse, project, self.plan).await?;
        let stopping = preflight::findings(warehouse, self.plan, &stages, self.folder).await?;
        // A missing input is reported once.
        let is_repeated = |found: &Finding| {
            let missing = |input: &Finding| found.detail.contains(&format!("table {} not found", input.what));
            inputs
                .iter()
                .filter(|input| input.state == Verdict::Fail)
                .any(missing)
        };
        let stopping: Vec<Finding> = stopping.into_iter().filter(|found| !is_repeated(found)).collect();
        findings.extend(inputs);
        findings.extend(declared::findings(warehouse, self.plan).await);
        findings.extend(project.and_then(|project| programs::finding(project, self.plan)));
        findings.extend(stopping);
        if is_fed {
            let loaded = sources::loaded(warehouse, self.folder).await?;
            let nothing = loaded.state == Verdict::Note && loaded.next.is_some();
            findings.push(loaded);
            if nothing {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs the raw-data checks.
    async fn sources(
        &self,
        warehouse: &dyn Warehouse,
        examination: &mut DoctorResult,
    ) -> Result<(), WarehouseError> {
        let chosen = |name: &str| self.names.is_empty() || self.names.iter().any(|named| named == name);
        let asked: Vec<_> = self
            .plan
            .sources
            .iter()
            .filter(|source| chosen(&source.name))
            .collect();
        let shown = if self.names.is_empty() {
            self.plan.source_tables.as_slice()
        } else {
            &[]
        };
        let steps = asked.len() + shown.len();
        let (progress, answers) = (ProgressLine::default(), Cell::new(0));
        let advance = |more: usize| {
            answers.set(answers.get() + more);
            progress.update(&format!("running raw-data checks: {} of {steps}", answers.get()));
        };
        advance(0);
        let at_once = warehouse.read_slots().min(MAX_CONCURRENT);
        let grain = self.plan.range.grain();
        let findings = stream::iter(asked)
            .map(|check| sources::run_check(check, grain, warehouse).inspect(|_| advance(1)));
        let findings: Vec<Finding> = findings.buffered(at_once).collect().await;
        examination.findings.extend(findings);
        let tables =
            stream::iter(shown).map(|table| run_source_query(table, warehouse).inspect(|_| advance(1)));
        let tables: Vec<_> = tables.buffered(at_once).collect().await;
        for table in tables {
            examination.tables.push(table?);
        }
        Ok(())
    }
}

async fn run_source_query(
    table: &SourceTable,
    warehouse: &dyn Warehouse,
) -> Result<QueryTable, WarehouseError> {
    let answer = warehouse.query(&table.sql).await?;
    let cells = |row: &crate::table::Row| row.iter().map(ToString::to_string).collect();
    Ok(QueryTable {
        name: table.name.clone(),
        title: table.title.clone(),
        rows: answer.rows.iter().map(cells).collect(),
        columns: answer.columns,
    })
}
