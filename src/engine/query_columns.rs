//! Finds the columns of query stages that the plan leaves to their query, before anything else of a run begins. Reads
//! schemas and tries queries; changes nothing.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::partition::Partition;
use crate::plan::{Plan, StageSpec};
use crate::table::{TableDef, inferred_columns, stored_columns};
use crate::warehouse::{ErrorClass, Trial, Tried, Warehouse, WarehouseError};

/// Whether any of these stages leaves its columns to its query.
#[must_use]
pub fn has_unknown_columns(plan: &Plan, stages: &[String]) -> bool {
    (plan.stages.iter()).any(|stage| stages.contains(&stage.name) && stage.inferred().is_some())
}

/// The plan with the columns of these stages, in its order, so that a stage may read the table of an earlier one; and why
/// columns are still unknown, one sentence each. `defined` are the tables whose definitions are known, and `date` is one
/// to try the queries with.
///
/// # Errors
/// If the warehouse can't be asked.
pub async fn with_query_columns(
    mut plan: Plan,
    stages: &[String],
    defined: Vec<TableDef>,
    date: Partition,
    warehouse: &dyn Warehouse,
) -> Result<(Plan, Vec<String>), WarehouseError> {
    let is_missing = |table: TableDef| async move {
        let held = warehouse.schema(&table.path()).await?;
        Ok::<_, WarehouseError>(held.is_none().then_some(table))
    };
    let planned = try_join_all(defined.into_iter().map(is_missing)).await?;
    let mut finder = ColumnFinder {
        warehouse,
        date,
        planned: planned.into_iter().flatten().collect(),
        unknown: BTreeSet::new(),
        problems: Vec::new(),
    };
    let filled = plan
        .stages
        .iter()
        .filter_map(|stage| Some((stage.table.clone()?, stage.name.clone())));
    let filled: Vec<(String, String)> = filled.collect();
    for stage in plan
        .stages
        .iter_mut()
        .filter(|stage| stages.contains(&stage.name))
    {
        match finder.definition(stage, &filled).await? {
            Some(table) => stage.complete(table),
            None => finder
                .unknown
                .extend(stage.inferred().map(|(table, _)| table.path())),
        }
    }
    Ok((plan, finder.problems))
}

struct ColumnFinder<'w> {
    warehouse: &'w dyn Warehouse,
    date: Partition,
    /// Tables that are known but don't exist yet.
    planned: Vec<TableDef>,
    /// Tables of stages whose columns could not be found.
    unknown: BTreeSet<String>,
    problems: Vec<String>,
}

impl ColumnFinder<'_> {
    /// The definition of the table that a stage leaves to its query; `None` if there is none to find, or a problem, which
    /// is noted.
    async fn definition(
        &mut self,
        stage: &StageSpec,
        filled: &[(String, String)],
    ) -> Result<Option<TableDef>, WarehouseError> {
        let Some((table, spec)) = stage.inferred() else {
            return Ok(None);
        };
        let held = self.warehouse.schema(&table.path()).await?;
        // The query may read its own table, which the seed creates.
        let seed = spec.seed.as_ref().filter(|_| held.is_none());
        let query = seed.unwrap_or(&spec.query);
        let planned: Vec<&TableDef> = self.planned.iter().collect();
        let trial = Trial {
            sql: &query.sql,
            date: self.date.at_start(stage.range.grain()),
            planned: &planned,
        };
        let columns = match (self.warehouse.infer(trial).await, &held) {
            (Ok(Tried::Returns(returned)), held) => inferred_columns(&returned, held.as_ref()),
            (Err(error), _) if !matches!(error.class, ErrorClass::Code | ErrorClass::Data) => {
                return Err(error);
            }
            // The preflight reports what is wrong with the query.
            (_, Some(held)) => stored_columns(held).map_err(|column| {
                vec![format!(
                    "table {} has {column}, whose type is not supported",
                    table.path()
                )]
            }),
            (Ok(Tried::Missing(missing)), None) if self.unknown.contains(&missing) => return Ok(None),
            (Ok(Tried::Missing(missing)), None) if missing == table.path() => Err(vec![
                "the query reads its own table, which doesn't exist yet; give a seed, or declare 'columns'"
                    .to_owned(),
            ]),
            (Ok(Tried::Missing(missing)), None) => {
                let is_planned = planned.iter().any(|table| table.path() == missing);
                Err(vec![not_found(&missing, filled, is_planned)])
            }
            (Ok(Tried::NotReported), None) => Err(vec![
                "the warehouse doesn't report the columns of the query; declare 'columns'".to_owned(),
            ]),
            (Err(error), None) => Err(vec![error.message]),
        };
        let definition = columns.and_then(|columns| {
            let complete = table.with_columns(columns);
            complete.map_err(|problem| vec![format!("the query of {}: {problem}", table.path())])
        });
        match definition {
            Ok(definition) => {
                if held.is_none() {
                    self.planned.push(definition.clone());
                }
                Ok(Some(definition))
            }
            Err(problems) => {
                let in_words = problems
                    .into_iter()
                    .map(|problem| format!("stage {}: {problem}", stage.name));
                self.problems.extend(in_words);
                Ok(None)
            }
        }
    }
}

/// A query's columns can't be found without the tables it reads. One that this run will create is found if its name is in
/// backticks.
fn not_found(missing: &str, filled: &[(String, String)], is_planned: bool) -> String {
    let next = match filled.iter().find(|(path, _)| path == missing) {
        Some(_) if is_planned => format!("write it as `{missing}`, in backticks"),
        Some((_, stage)) => format!("run stage {stage} first, which fills it"),
        None => "correct its name, or load it first".to_owned(),
    };
    format!(
        "table {missing} not found, and the columns of the query follow from it; {next}, or declare 'columns'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_table_is_reported_with_the_stage_that_fills_it() {
        let filled = [("mart.one".to_owned(), "one".to_owned())];
        assert!(not_found("mart.one", &filled, false).contains("run stage one first"));
        assert!(not_found("mart.one", &filled, true).contains("write it as `mart.one`, in backticks"));
        assert!(not_found("raw.x", &filled, false).contains("correct its name"));
    }
}
