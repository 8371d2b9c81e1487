//! The plan file: stages, checks, runbook and the date range, as types that cannot hold nonsense.
//! This room parses and validates; it knows tables and the version of each built-in rule, but no warehouse, no ledger
//! and no clock.

mod binds;
mod breakdown;
mod builtin;
mod check;
mod dates;
mod fingerprint;
mod hint;
mod load;
mod mistake;
mod normal_form;
mod order;
mod queries;
mod runbook;
mod sample;
mod stage;
mod stages;

pub use breakdown::BreakdownSpec;
pub use builtin::{BUILTIN, is_builtin};
pub use check::{Bound, CheckSpec, Expectation, Severity, SourceTable, TextTest};
pub use dates::{DateRange, RangeError, compact_dates, expand_dates, parse_date};
pub use fingerprint::{Fingerprint, NotAFingerprint};
pub use hint::{near_miss, with_hint};
pub use load::{PlanError, load};
pub use mistake::{line_of, toml_mistake};
pub use runbook::{Condition, DoneWhen, ItemId, ItemSpec, NotAnItem};
pub use sample::SampleDate;
pub use stage::{
    Active, Advance, Binds, CommandSpec, DateQuery, ExpectRows, Leaves, ReadSpec, SqlSpec, StageKind,
    StageSpec,
};

use std::collections::BTreeSet;

use crate::sql::tables;

/// Everything a run needs to know about what is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Short name; the ledger keeps units apart by it.
    pub name: String,
    /// Where it was read from: a built-in name, or the whole path of its file. Empty of a text that came from neither.
    pub origin: String,
    /// What the operator reads in the header.
    pub title: String,
    /// First and last date of the backfill.
    pub range: DateRange,
    /// Which source the stages read when nobody says otherwise.
    pub source: String,
    /// Workers at the start; the operator may change the number while it runs.
    pub workers: usize,
    /// Stages in the order they run.
    pub stages: Vec<StageSpec>,
    /// Checks in the order they are shown.
    pub checks: Vec<CheckSpec>,
    /// The operator's list of what is to be done, in order; may be empty.
    pub runbook: Vec<ItemSpec>,
    /// The dates a sample is taken of, in order, each once.
    pub samples: Vec<SampleDate>,
    /// Checks of the raw tables, asked before the first unit, in the order they are shown; all of them advise.
    pub sources: Vec<CheckSpec>,
    /// Tables about the raw tables, shown as they are answered.
    pub source_tables: Vec<SourceTable>,
    /// Why what some of them count is not all known, in the order they are shown.
    pub breakdowns: Vec<BreakdownSpec>,
}

impl Plan {
    /// The stage of this name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageSpec> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The check of this name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&CheckSpec> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// The datasets of a project whose tables its stages fill and read, and its queries name. A name without backticks and
    /// without a project is left out: it may be a column.
    #[must_use]
    pub fn datasets(&self, project: &str) -> BTreeSet<String> {
        let declared = self.stages.iter().flat_map(|stage| {
            let read = stage.reads.iter().map(|read| read.table.as_str());
            stage.table.as_deref().into_iter().chain(read)
        });
        let declared = declared.filter_map(|path| path.split_once('.'));
        let declared = declared.map(|(dataset, _)| dataset.to_owned());
        let queries = self.stages.iter().flat_map(StageSpec::queries);
        let named = queries
            .chain(self.checks.iter().map(|check| check.sql.as_str()))
            .filter_map(|sql| tables(sql).ok())
            .flatten()
            .filter_map(|name| name.dataset_in(project));
        declared.chain(named).collect()
    }

    /// Refuses a query that reads a table of the plan by a name with its project and does not declare it. `is_own` says
    /// whether the plan runs on a project, which its file alone does not tell.
    ///
    /// # Errors
    /// In a sentence for the operator that names the stage, the table and what to add.
    pub fn reads_are_declared(&self, is_own: impl Fn(&str) -> bool) -> Result<(), String> {
        order::reads_are_declared(&self.stages, is_own)
    }

    /// Whether any of its stages is made from box scores.
    #[must_use]
    pub fn uses_nba_feeds(&self) -> bool {
        self.stages.iter().any(|stage| stage.kind == StageKind::Nba)
    }

    /// The runbook's item of this number.
    #[must_use]
    pub fn item(&self, item: &str) -> Option<&ItemSpec> {
        self.runbook.iter().find(|spec| spec.item.as_str() == item)
    }

    /// The check of the raw tables of this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&CheckSpec> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The breakdown that explains this check.
    #[must_use]
    pub fn breakdown(&self, check: &str) -> Option<&BreakdownSpec> {
        self.breakdowns.iter().find(|breakdown| breakdown.check == check)
    }

    /// The checks that belong to a stage, in order.
    pub fn checks_of<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a CheckSpec> {
        self.checks.iter().filter(move |check| check.stage == stage)
    }
}
