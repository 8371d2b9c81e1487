//! The plan file: stages, checks, runbook and date range, parsed into types that can't be invalid. This module knows
//! tables and the version of each built-in rule, but no warehouse, ledger or clock.

mod binds;
mod breakdown;
mod builtin;
mod check;
mod checks;
mod chosen_environment;
mod definition;
mod division;
mod environment;
mod filled_table;
mod fingerprint;
mod given;
mod hint;
mod inputs;
mod limits;
mod load;
mod mistake;
mod mistakes;
mod name_in_file;
mod names;
mod normal_form;
mod order;
mod queries;
mod raw;
mod references;
mod runbook;
mod sample;
mod schema;
mod shape;
mod slices;
mod source;
mod sql_names;
mod stage;
mod stages;
mod substitute;
mod template;
mod variable_mistakes;
mod variables;

pub use breakdown::BreakdownSpec;
pub use builtin::{BUILTIN, is_builtin};
pub use check::{
    Bound, CheckSpec, Expectation, Severity, SourceTable, TextTest, value_and_target, value_text,
};
pub use environment::{PlanEnvironment, environment_in, slice_in, written_name};
pub use filled_table::{FilledTable, InferredTable};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use given::{ENVIRONMENT, GivenVariables, RecordedVariables};
pub use hint::{near_miss, with_hint};
pub use inputs::PlanInput;
pub use limits::MAX_WORKERS;
pub use load::{PlanError, load, load_with};
pub use mistake::{Mistake, line_of, toml_mistake};
pub use name_in_file::name_in_file;
pub use runbook::{Condition, DoneWhen, ItemId, ItemSpec, NotAnItem};
pub use sample::SampleDate;
pub use schema::schema;
pub use source::SourceSpec;
pub use stage::{
    Active, Advance, Binds, CommandSpec, DateQuery, ExpectRows, ProgramCall, ReadReach, ReadSpec, SqlSpec,
    StageKind, StageOutput, StageSpec, WorkOrder,
};
pub use template::Template;
pub use variables::{ChangedVariable, PlanVariables};

use crate::partition::{Grain, Partition, PartitionRange, Timezone, whole_partitions};
use crate::sql::{TableName, tables};
use crate::table::Slice;

/// The source in the description of a run: `, source auto`; empty if there is no choice.
#[must_use]
pub fn source_clause(source: Option<&str>) -> String {
    source.map_or_else(String::new, |source| format!(", source {source}"))
}

/// A validated plan: everything a run needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Short name, with the environment and the slice if there are any; progress, leases and tables belong to it.
    pub name: String,
    /// Where it was read from: a built-in name or an absolute path. Empty if it was parsed from a string.
    pub origin: String,
    /// Title shown in the header.
    pub title: String,
    /// The title as its file has it, with `${name}` for a variable.
    pub written_title: String,
    /// The environment it was loaded for, if any.
    pub environment: Option<PlanEnvironment>,
    /// The values that divide the tables of which it fills a slice.
    pub slice: Slice,
    /// The names of all its environments.
    pub environments: Vec<String>,
    /// The values of its variables that its file doesn't have.
    pub variables: PlanVariables,
    /// First and last date of the backfill, of the plan's own length or the shortest of its stages.
    pub range: PartitionRange,
    /// The zone in which its days begin.
    pub timezone: Timezone,
    /// Which dates of a stage start first.
    pub order: WorkOrder,
    /// The month in which a year begins in the calendar, 1 to 12.
    pub first_month: u32,
    /// Source the stages read by default.
    pub source: String,
    /// Workers at the start; the operator can change the number during a run.
    pub workers: usize,
    /// Stages in the order they run.
    pub stages: Vec<StageSpec>,
    /// Checks in display order.
    pub checks: Vec<CheckSpec>,
    /// The operator's checklist, in order; may be empty.
    pub runbook: Vec<ItemSpec>,
    /// Dates of the sample, in order, without duplicates.
    pub samples: Vec<SampleDate>,
    /// Raw-data checks, run before the first unit, in display order; all advisory.
    pub sources: Vec<CheckSpec>,
    /// Queries on the raw tables whose results are shown as they are.
    pub source_tables: Vec<SourceTable>,
    /// The raw tables it declares as sources.
    pub declared_sources: Vec<SourceSpec>,
    /// Breakdowns of checks, in display order.
    pub breakdowns: Vec<BreakdownSpec>,
}

impl Plan {
    /// The name as its file has it, without the environment and the slice.
    #[must_use]
    pub fn written_name(&self) -> &str {
        let environment = self.environment.as_ref();
        let environment = environment.map(|environment| environment.name.as_str());
        environment::name_without(&self.name, environment)
    }

    /// Looks up a stage by name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageSpec> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The length of the partitions of a stage; of an unknown one, those of the plan's range.
    #[must_use]
    pub fn grain_of(&self, stage: &str) -> Grain {
        self.stage(stage)
            .map_or(self.range.grain(), |stage| stage.range.grain())
    }

    /// The dates of a stage among these. Longer dates than the shortest of the plan are also those in the plan of which all
    /// parts are among them.
    #[must_use]
    pub fn dates_of(&self, stage: &str, dates: &[Partition]) -> Vec<Partition> {
        let Some(stage) = self.stage(stage) else {
            return dates.to_vec();
        };
        let mut found = whole_partitions(dates, self.range.grain(), stage.range);
        let has_length = |date: &Partition| date.grain() == stage.range.grain();
        found.extend(dates.iter().copied().filter(has_length));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Looks up a check by name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckSpec> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// The tables of a project that the stages fill or read, or that queries of stages and checks name. A name without
    /// backticks and project is left out: it may be a column.
    #[must_use]
    pub fn tables_in(&self, project: &str) -> Vec<TableName> {
        let declared = self.stages.iter().flat_map(|stage| {
            let read = stage.reads.iter().map(|read| read.table.as_str());
            stage.table.as_deref().into_iter().chain(read)
        });
        let queries = self.stages.iter().flat_map(StageSpec::queries);
        let named = queries
            .chain(self.checks.iter().map(|check| check.sql.as_str()))
            .filter_map(|sql| tables(sql).ok())
            .flatten()
            .filter(|name| name.dataset_in(project).is_some());
        declared.map(TableName::of_path).chain(named).collect()
    }

    /// Refuses a query that reads a table of the plan by its full name without declaring it, or beyond its slice. `is_own` returns whether
    /// the plan runs on a project, which the plan file alone doesn't say.
    ///
    /// # Errors
    /// Returns a message that names the stage, the table and what to add.
    pub fn reads_are_declared(&self, is_own: impl Fn(&str) -> bool) -> Result<(), String> {
        order::reads_are_declared(&self.stages, &is_own)?;
        self.reads_are_limited(is_own)
    }

    /// Whether any stage is computed from box scores.
    #[must_use]
    pub fn uses_nba_feeds(&self) -> bool {
        self.stages.iter().any(|stage| stage.kind == StageKind::Nba)
    }

    /// The source that a run reads, if the plan has a stage with a choice of sources; no other plan shows one.
    #[must_use]
    pub fn shown_source(&self, source: &str) -> Option<String> {
        self.uses_nba_feeds().then(|| source.to_owned())
    }

    /// Looks up a runbook item by number.
    #[must_use]
    pub fn item(&self, item: &str) -> Option<&ItemSpec> {
        self.runbook.iter().find(|spec| spec.item.as_str() == item)
    }

    /// Looks up a raw-data check by name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&CheckSpec> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The breakdown of this check, if it has one.
    #[must_use]
    pub fn breakdown(&self, check: &str) -> Option<&BreakdownSpec> {
        self.breakdowns.iter().find(|breakdown| breakdown.check == check)
    }

    /// The checks of a stage, in display order.
    pub fn checks_of<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a CheckSpec> {
        self.checks.iter().filter(move |check| check.stage == stage)
    }
}
