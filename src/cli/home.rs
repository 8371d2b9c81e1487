//! Parses which warehouse the operator means, and opens it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::StateDir;
use super::error::CliError;
use super::number::in_range;
use super::start::every_stage;
use crate::engine::Ceilings;
use crate::feeds::{self, Feed, feed_outages};
use crate::partition::{Partition, Timezone};
use crate::plan::{Plan, PlanError, StageSpec};
use crate::sql::TableName;
use crate::warehouse::bigquery::{Address, BigQueryWarehouse, Prefix, Settings};
use crate::warehouse::sqlite::{SqliteWarehouse, as_sent, understands};
use crate::warehouse::{Refill, Warehouse, WarehouseError};

/// Help heading of the flags below.
const HEADING: &str = "Warehouse";

#[derive(Debug, Clone, Args)]
#[allow(clippy::doc_markdown, reason = "these comments are the help text")]
pub(super) struct WarehouseArgs {
    /// Warehouse of the tables: sqlite:DIR, bigquery:PROJECT or bigquery:PROJECT@URL [default: an embedded warehouse
    /// in the state folder]
    #[arg(long, help_heading = HEADING, value_name = "WHERE")]
    warehouse: Option<String>,
    /// Prefix for the BigQuery datasets of tables that the plan fills, to try a run next to production
    #[arg(long, help_heading = HEADING, value_name = "PREFIX", value_parser = Prefix::parse)]
    dataset_prefix: Option<Prefix>,
    /// BigQuery location for new datasets and jobs, for example us-west2 [default: the location of the plan's
    /// datasets]
    #[arg(long, help_heading = HEADING, value_name = "LOCATION", env = "BACKCOURT_LOCATION")]
    location: Option<String>,
    /// Project that BigQuery jobs run in and are billed to [default: the project of the tables]
    #[arg(long, help_heading = HEADING, value_name = "PROJECT", value_parser = billed_project)]
    billing_project: Option<String>,
    /// Label for every BigQuery job; repeatable
    #[arg(long, help_heading = HEADING, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Maximum bytes billed per BigQuery job; a larger job fails before it starts
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = in_range(0_u64, None))]
    max_bytes_billed: Option<u64>,
    /// Maximum bytes billed for all BigQuery jobs of a run; a run estimated above it doesn't start, a run that exceeds
    /// it stops
    #[arg(long, help_heading = HEADING, value_name = "N", value_parser = in_range(0_u64, None))]
    max_total_bytes_billed: Option<u64>,
    /// How long to back off from a table whose BigQuery quota is exhausted; doubles each time in a row [default: 600]
    #[arg(long, alias = "quota-rest", help_heading = HEADING, value_name = "SECONDS", value_parser = in_range(1_u64, 86_400))]
    quota_backoff: Option<u64>,
    /// How long to wait for a heartbeat (one every 10 seconds) of a run on another host before taking its lease of the
    /// plan on BigQuery [default: 120]
    #[arg(long, help_heading = HEADING, value_name = "SECONDS", value_parser = in_range(20_u64, 3_600))]
    lease_wait: Option<u64>,
}

/// A warehouse that is chosen but not open yet.
#[derive(Debug, Clone)]
pub(super) enum Home {
    Embedded(PathBuf),
    BigQuery(Address, Box<Settings>),
}

impl WarehouseArgs {
    /// The warehouse these flags select, by default the state folder's own.
    pub(super) fn home(&self, folder: &StateDir) -> Result<Home, CliError> {
        let named = self.warehouse.as_deref();
        match named.map(|named| named.split_once(':').unwrap_or((named, ""))) {
            None => self.embedded(folder.path().join("warehouse")),
            Some(("sqlite", place)) if !place.is_empty() => {
                self.embedded(super::state_dir::real(Path::new(place)))
            }
            Some(("bigquery", place)) => {
                let address = Address::parse(place)?;
                let settings = self.settings(&address);
                Ok(Home::BigQuery(address, Box::new(settings)))
            }
            Some(_) => Err(CliError::NotAWarehouse(named.unwrap_or_default().to_owned())),
        }
    }

    /// Limits on the bytes billed, per job and per run.
    pub(super) const fn ceilings(&self) -> Ceilings {
        Ceilings {
            of_a_job: self.max_bytes_billed,
            of_the_run: self.max_total_bytes_billed,
        }
    }

    fn settings(&self, address: &Address) -> Settings {
        let prefix = self.dataset_prefix.clone().unwrap_or_default();
        let billed = (self.billing_project.clone()).filter(|billed| *billed != address.project);
        Settings {
            prefix: match billed {
                Some(_) => prefix.within(&address.project),
                None => prefix,
            },
            location: self.location.clone(),
            billing_project: billed,
            labels: self.label.iter().cloned().collect::<HashMap<_, _>>(),
            most_bytes_billed: self.max_bytes_billed,
            quota_backoff: self
                .quota_backoff
                .map_or(Settings::default().quota_backoff, Duration::from_secs),
            lease_wait: self
                .lease_wait
                .map_or(Settings::default().lease_wait, Duration::from_secs),
            ..Settings::default()
        }
    }

    fn embedded(&self, folder: PathBuf) -> Result<Home, CliError> {
        let unused = [
            (self.dataset_prefix.is_some(), "--dataset-prefix"),
            (self.billing_project.is_some(), "--billing-project"),
            (!self.label.is_empty(), "--label"),
            (self.max_bytes_billed.is_some(), "--max-bytes-billed"),
            (self.max_total_bytes_billed.is_some(), "--max-total-bytes-billed"),
            (self.quota_backoff.is_some(), "--quota-backoff"),
            (self.lease_wait.is_some(), "--lease-wait"),
        ];
        match unused.iter().find(|(given, _)| *given) {
            Some((_, flag)) => Err(CliError::OnlyBigQuery(flag)),
            None => Ok(Home::Embedded(folder)),
        }
    }
}

impl Home {
    /// Whether it is certain, without a request, that the warehouse has no tables yet.
    pub(super) fn is_missing(&self) -> bool {
        match self {
            Self::Embedded(folder) => !folder.exists(),
            Self::BigQuery(..) => false,
        }
    }

    /// Adds a plan to the settings: the prefix moves the tables that it fills, and jobs run where its datasets are.
    pub(super) fn of(mut self, plan: &Plan) -> Result<Self, CliError> {
        if let Self::BigQuery(address, settings) = &mut self {
            let filled = filled(plan)?;
            let named = plan.tables_in(&address.project).into_iter();
            let named: Vec<TableName> = named
                .chain(filled.iter().map(|path| TableName::of_path(path)))
                .collect();
            settings.prefix = settings.prefix.clone().moving_only(filled);
            let datasets = named
                .iter()
                .filter_map(|name| settings.prefix.located_dataset(name));
            settings.datasets = datasets.collect::<BTreeSet<_>>().into_iter().collect();
        }
        Ok(self)
    }

    /// Refuses a plan with queries this warehouse can't answer correctly, before anything is created or written.
    pub(super) fn refuse_foreign_queries(&self, plan: &Plan) -> Result<(), CliError> {
        let problems = self.foreign_queries(plan);
        if problems.is_empty() {
            return Ok(());
        }
        Err(PlanError::of_whole(&plan.name, problems).into())
    }

    fn foreign_queries(&self, plan: &Plan) -> Vec<String> {
        // The embedded warehouse has no projects: a table name means the same table with any of them.
        let is_own = |project: &str| match self {
            Self::Embedded(_) => true,
            Self::BigQuery(address, _) => project == address.project,
        };
        let undeclared = plan.reads_are_declared(is_own).err().into_iter();
        match self {
            Self::Embedded(_) => {
                let of_stages = |stage: &StageSpec| -> Vec<(String, String)> {
                    let about = |sql: &str| (format!("stage '{}'", stage.name), sql.to_owned());
                    stage.queries().map(about).collect()
                };
                let of_stages = plan.stages.iter().flat_map(of_stages);
                let refused = |(subject, sql): (String, String)| {
                    understands(&sql).err().map(|error| format!("{subject}: {error}"))
                };
                undeclared.chain(of_stages.filter_map(refused)).collect()
            }
            Self::BigQuery(address, settings) => {
                let named = plan.tables_in(&address.project);
                let datasets: HashSet<String> = named.iter().filter_map(TableName::dataset).collect();
                let datasets = datasets.iter().map(String::as_str).collect();
                let prefix = &settings.prefix;
                let refused = |(subject, sql): (String, &str)| {
                    let refused = prefix.refuse_writing(sql);
                    let refused = refused.and_then(|()| prefix.refuse_unmarked(sql, &datasets));
                    refused.err().map(|problem| format!("{subject}: {problem}"))
                };
                let inputs = plan.inputs(|project| project == address.project).into_iter();
                let clashing = inputs.filter(|input| input.name.project().is_none());
                let clashing = clashing.filter(|input| prefix.would_fill(&input.name)).map(|input| {
                    format!(
                        "the plan reads {}, which --dataset-prefix {prefix} makes a table that it fills; choose \
                         another prefix",
                        input.name
                    )
                });
                let refused = plan.queries().filter_map(refused);
                undeclared.chain(refused).chain(clashing).collect()
            }
        }
    }

    /// A query as this warehouse receives it for a date.
    pub(super) fn query_as_sent(
        &self,
        sql: &str,
        date: Partition,
        zone: Timezone,
    ) -> Result<String, WarehouseError> {
        match self {
            Self::Embedded(_) => as_sent(sql, date, zone),
            Self::BigQuery(address, settings) => BigQueryWarehouse::new(
                address.clone(),
                settings.as_ref().clone(),
            )
            .query_as_sent(sql, &[date], zone),
        }
    }

    /// The replacement of a date's rows by a query, as this warehouse receives it.
    pub(super) fn refill_as_sent(
        &self,
        refill: &Refill<'_>,
        date: Partition,
    ) -> Result<String, WarehouseError> {
        match self {
            Self::Embedded(_) => as_sent(refill.sql, date, refill.table.zone),
            Self::BigQuery(address, settings) => {
                BigQueryWarehouse::new(address.clone(), settings.as_ref().clone()).refill_as_sent(refill)
            }
        }
    }

    /// Opens it for reading: nothing is created, and simulated outages of feeds don't advance.
    pub(super) fn open_to_read(&self) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        Ok(match self {
            Self::Embedded(folder) => Arc::new(SqliteWarehouse::open_to_read(folder)?),
            Self::BigQuery(address, settings) => {
                Arc::new(BigQueryWarehouse::new(address.clone(), settings.as_ref().clone()))
            }
        })
    }

    /// The `BigQuery` project, if it is one, for checks that go beyond tables.
    pub(super) fn project(&self) -> Option<BigQueryWarehouse> {
        match self {
            Self::Embedded(_) => None,
            Self::BigQuery(address, settings) => {
                Some(BigQueryWarehouse::new(address.clone(), settings.as_ref().clone()))
            }
        }
    }

    /// Opens it; an embedded warehouse with the simulated outages that were loaded. Sends no request to `BigQuery` yet.
    pub(super) fn open(&self) -> Result<Arc<dyn Warehouse>, CliError> {
        match self {
            Self::Embedded(folder) => Ok(feeds::with_outages(Arc::new(SqliteWarehouse::open(folder)?))),
            Self::BigQuery(address, settings) => Ok(Arc::new(BigQueryWarehouse::new(
                address.clone(),
                settings.as_ref().clone(),
            ))),
        }
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(folder) => write!(f, "{}", folder.display()),
            Self::BigQuery(address, _) => write!(f, "{address}"),
        }
    }
}

/// The tables that a plan fills, as `dataset.table`. `load` fills the raw tables of a plan with built-in stages.
fn filled(plan: &Plan) -> Result<BTreeSet<String>, CliError> {
    let mut filled: BTreeSet<String> = plan
        .stages
        .iter()
        .filter_map(|stage| stage.table.clone())
        .collect();
    filled.extend(every_stage(plan)?.iter().filter_map(|stage| stage.fills().path()));
    if plan.uses_nba_feeds() {
        filled.extend(Feed::ALL.map(|feed| feed.table().path()));
        filled.insert(feed_outages().path());
    }
    Ok(filled)
}

fn billed_project(text: &str) -> Result<String, String> {
    match Address::parse(text) {
        Ok(Address {
            project,
            server: None,
        }) => Ok(project),
        Ok(_) => Err("give only the project; the server comes from --warehouse".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Parses a label in the form `BigQuery` accepts.
fn label(text: &str) -> Result<(String, String), String> {
    let fits = |word: &str| {
        word.len() <= 63
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
    };
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && fits(key) && fits(value) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err(
            "write key=value with lower-case letters, digits, - and _, for example team=backfill".to_owned(),
        ),
    }
}
