//! Findings about the tables that the plan only reads: whether each exists where it is read.

use crate::feeds::Feed;
use crate::plan::{Plan, PlanInput};
use crate::sql::TableName;
use crate::warehouse::bigquery::{BigQueryWarehouse, Remedy};
use crate::warehouse::{Warehouse, WarehouseError};

use super::finding::{Area, Finding, Verdict};

/// Looks up every input. The feeds of built-in stages are examined with the plan's own tables.
pub(super) async fn findings(
    warehouse: &dyn Warehouse,
    project: Option<&BigQueryWarehouse>,
    plan: &Plan,
) -> Result<Vec<Finding>, WarehouseError> {
    let is_own = |named: &str| project.is_none_or(|project| project.project() == named);
    let is_feed = |name: &TableName| {
        let mut feeds = Feed::ALL.into_iter();
        plan.uses_nba_feeds() && feeds.any(|feed| name.covers(&feed.table().path()))
    };
    let mut found = Vec::new();
    for input in plan.inputs(is_own) {
        let declared = (plan.declared_sources.iter()).find(|source| source.overlaps(&input.name));
        // What a declared source holds shows that it exists.
        if is_feed(&input.name) || declared.is_some_and(|source| source.date.is_some()) {
            continue;
        }
        let is_undeclared = declared.is_none() && !plan.declared_sources.is_empty();
        let examined = finding(warehouse, project, &input).await?;
        found.extend(examined.map(|found| match found.state {
            Verdict::Ok if is_undeclared && input.name.is_marked => undeclared(found),
            _ => found,
        }));
    }
    Ok(found)
}

/// A plan that declares its sources means all of them.
fn undeclared(found: Finding) -> Finding {
    Finding {
        state: Verdict::Warn,
        detail: format!("{}, and it is not declared as a source", found.detail),
        ..found
    }
    .next("add [[source]] with this table, with watch if its late rows should make dates stale")
}

async fn finding(
    warehouse: &dyn Warehouse,
    project: Option<&BigQueryWarehouse>,
    input: &PlanInput,
) -> Result<Option<Finding>, WarehouseError> {
    let name = &input.name;
    let about = |state, detail: &str| Finding::new(Area::Warehouse, name.to_string(), state, detail);
    let stopping = if input.is_needed {
        Verdict::Fail
    } else {
        Verdict::Warn
    };
    if name.is_wildcard() {
        let detail = "a wildcard, not looked up; the plan only reads its tables";
        return Ok(Some(about(Verdict::Ok, detail)));
    }
    let is_there = match project {
        None => {
            let path = name.local();
            let path = path.split_once('$').map_or(path.as_str(), |(whole, _)| whole);
            warehouse.schema(path).await?.is_some()
        }
        Some(project) => match project.is_there(name).await {
            Ok(is_there) => is_there,
            // It may be a column; the trial of its query says what is wrong with it.
            Err(_) if !name.is_marked => return Ok(None),
            Err(error) => {
                let next = error.remedy.map_or(
                    "grant the caller BigQuery Data Viewer on its dataset",
                    Remedy::sentence,
                );
                return Ok(Some(about(stopping, &error.message).next(next)));
            }
        },
    };
    Ok(match (is_there, name.is_marked) {
        (true, _) => Some(about(Verdict::Ok, "exists; the plan only reads it")),
        // It may be a column; the trial of its query says so if it is a missing table.
        (false, false) => None,
        (false, true) => {
            let detail = "not found; the plan reads it, and no stage fills it";
            let next = if project.is_some() {
                "correct its name, or create it; --dataset-prefix moves only tables that the plan fills"
            } else {
                "correct its name, or load it with 'backcourt import'"
            };
            Some(about(stopping, detail).next(next))
        }
    })
}
