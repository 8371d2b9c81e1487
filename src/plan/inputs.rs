//! The inputs of a plan: tables that it reads and doesn't fill.

use super::Plan;
use super::stage::{StageKind, StageOutput, StageSpec};
use crate::sql::{TableName, tables};

/// A table that a plan only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInput {
    /// Without its project if the plan runs on it.
    pub name: TableName,
    /// Whether a stage or one of its checks needs it to exist before a run. Raw-data checks and breakdowns never stop a run,
    /// and a program that declares no table may create any.
    pub is_needed: bool,
}

impl Plan {
    /// Every query of the plan, with what it belongs to.
    pub fn queries(&self) -> impl Iterator<Item = (String, &str)> {
        self.needed_queries().chain(self.other_queries())
    }

    /// The tables that the plan reads and doesn't fill, each once, in order of their names. `is_own` returns whether
    /// the plan runs on a project, which the plan file alone doesn't say; in another project, every table is an input.
    ///
    /// Metadata and names with one part are left out. A name without backticks is included: it may be a column.
    pub fn inputs(&self, is_own: impl Fn(&str) -> bool) -> Vec<PlanInput> {
        let declared = self.stages.iter().flat_map(|stage| &stage.reads);
        let declared = declared.map(|read| TableName::of_path(&read.table));
        let needed = declared.chain(names(self.needed_queries()));
        // A program that declares no table may create any.
        let is_needed = !self.stages.iter().any(|stage| match &stage.kind {
            StageKind::Command(spec) => spec.output == StageOutput::Nothing,
            StageKind::Nba | StageKind::Sql(_) => false,
        });
        let needed = needed.map(|name| (name, is_needed));
        let others = names(self.other_queries()).map(|name| (name, false));
        let mut inputs: Vec<PlanInput> = Vec::new();
        for (name, is_needed) in needed.chain(others) {
            let is_here = name.project().is_none_or(|project| is_own(&project));
            let is_filled = || {
                let mut filled = self.stages.iter().filter_map(|stage| stage.table.as_deref());
                filled.any(|table| name.covers(table))
            };
            if name.dataset().is_none() || name.is_metadata() || (is_here && is_filled()) {
                continue;
            }
            let name = if is_here { name.without_project() } else { name };
            match inputs
                .iter_mut()
                .find(|input| input.name.to_string() == name.to_string())
            {
                // A name in backticks is certainly a table.
                Some(known) if name.is_marked => known.name.is_marked = true,
                Some(_) => {}
                None => inputs.push(PlanInput { name, is_needed }),
            }
        }
        inputs.sort_by_key(|input| input.name.to_string());
        inputs
    }

    /// The queries of stages and their checks.
    fn needed_queries(&self) -> impl Iterator<Item = (String, &str)> {
        let of_stage = |stage: &'_ StageSpec| format!("stage '{}'", stage.name);
        let stages = (self.stages.iter())
            .flat_map(move |stage| stage.queries().map(move |sql| (of_stage(stage), sql)));
        let checks =
            (self.checks.iter()).map(|check| (format!("check '{}'", check.name), check.sql.as_str()));
        stages.chain(checks)
    }

    fn other_queries(&self) -> impl Iterator<Item = (String, &str)> {
        let sources =
            (self.sources.iter()).map(|check| (format!("source check '{}'", check.name), check.sql.as_str()));
        let tables = (self.source_tables.iter())
            .map(|table| (format!("source table '{}'", table.name), table.sql.as_str()));
        let breakdowns = (self.breakdowns.iter())
            .map(|spec| (format!("breakdown of '{}'", spec.check), spec.sql.as_str()));
        sources.chain(tables).chain(breakdowns)
    }
}

fn names<'q>(queries: impl Iterator<Item = (String, &'q str)>) -> impl Iterator<Item = TableName> {
    // A query that can't be tokenised is refused elsewhere.
    queries.filter_map(|(_, sql)| tables(sql).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;
    use super::super::queries::QuerySource;

    const PLAN: &str = r#"
name = "p"
title = "Inputs of every kind"
from = "2024-01-01"
to = "2024-01-02"
active = "SELECT day FROM `raw.days`"
[[stage]]
name = "one"
kind = "sql"
reads = [{ table = "raw.declared" }]
sql = "WITH w AS (SELECT 1) SELECT day FROM acme.raw.events, w, `other.raw.events`, acme.mart.u WHERE day = @date"
expect_rows = "SELECT COUNT(*) FROM raw.counts WHERE day = @date"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }]
[[check]]
name = "there"
stage = "one"
title = "Rows are there"
severity = "advisory"
sql = "SELECT COUNT(*) AS n FROM `mart.t` JOIN `raw.events` USING (day), `raw.INFORMATION_SCHEMA.TABLES`"
expect = [{ column = "n", at_least = 1 }]
[[source_check]]
name = "raw"
feed = "raw"
title = "Raw rows"
sql = "SELECT 1 FROM `raw.days` JOIN `raw.log` JOIN `other.mart.t`"
expect = [{ rows = 0 }]
"#;

    #[test]
    fn tables_that_are_only_read_are_listed_once() {
        let plan = parse(PLAN, &QuerySource::Builtin).unwrap();
        let inputs = plan.inputs(|project| project == "acme");
        let listed: Vec<(String, bool)> = (inputs.iter())
            .map(|input| (input.name.to_string(), input.is_needed))
            .collect();
        let expected = [
            ("mart.u", true),
            ("other.mart.t", false),
            ("other.raw.events", true),
            ("raw.counts", true),
            ("raw.days", true),
            ("raw.declared", true),
            ("raw.events", true),
            ("raw.log", false),
        ];
        assert_eq!(listed, expected.map(|(name, needed)| (name.to_owned(), needed)));
        let unmarked: Vec<String> = (inputs.iter().filter(|input| !input.name.is_marked))
            .map(|input| input.name.to_string())
            .collect();
        assert_eq!(unmarked, ["raw.counts"]);
    }
}
