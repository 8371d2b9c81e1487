//! The columns that a plan leaves to its queries, found in the warehouse before a command needs them.

use std::sync::Arc;

use tokio::runtime::Builder;

use super::error::{CliError, no_threads};
use super::progress::waiting;
use super::start::every_stage;
use crate::engine::{has_unknown_columns, with_query_columns};
use crate::feeds::Feed;
use crate::partition::Partition;
use crate::plan::Plan;
use crate::table::TableDef;
use crate::warehouse::Warehouse;

/// The plan with the columns of these stages. `date` is one to try their queries with.
pub(super) fn with_columns(
    plan: Plan,
    stages: &[String],
    date: Option<Partition>,
    warehouse: &Arc<dyn Warehouse>,
) -> Result<Plan, CliError> {
    if !has_unknown_columns(&plan, stages) {
        return Ok(plan);
    }
    let (defined, date) = (defined(&plan)?, date.unwrap_or(plan.range.from()));
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(no_threads)?;
    let (plan, problems) = waiting(&warehouse.name(), || {
        runtime.block_on(with_query_columns(
            plan,
            stages,
            defined,
            date,
            warehouse.as_ref(),
        ))
    })?;
    if problems.is_empty() {
        Ok(plan)
    } else {
        Err(CliError::UnknownColumns(problems))
    }
}

/// The tables of a plan whose definitions are known without its warehouse.
pub(super) fn defined(plan: &Plan) -> Result<Vec<TableDef>, CliError> {
    let feeds = Feed::ALL.into_iter().filter(|_| plan.uses_nba_feeds());
    let mut defined: Vec<TableDef> = feeds.map(|feed| feed.table().clone()).collect();
    let stages = every_stage(plan)?;
    defined.extend(
        stages
            .iter()
            .filter_map(|stage| stage.fills().definition().cloned()),
    );
    Ok(defined)
}
