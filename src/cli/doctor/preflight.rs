//! What would stop a run before it began: queries that do not fit their tables, tables of other plans, rows without an owner.

use std::collections::HashSet;
use std::sync::Arc;

use crate::engine::preflight::{Examination, Findings};
use crate::engine::{Lineage, Permits, Stage};
use crate::ledger::LedgerError;
use crate::plan::Plan;
use crate::warehouse::{Warehouse, WarehouseError};

use super::super::StateDir;
use super::finding::{Area, Finding, Verdict};
use super::state::open_ledger;

/// Looks as a run does before its first unit. How tables differ from their definitions is told elsewhere.
pub(super) async fn findings(
    warehouse: &dyn Warehouse,
    plan: &Plan,
    stages: &[Arc<dyn Stage>],
    folder: &StateDir,
) -> Result<Vec<Finding>, WarehouseError> {
    let examination = Examination {
        plan: plan.name.clone(),
        stages: stages.to_vec(),
        lineage: Lineage::of(stages),
        date: Some(plan.range.from()),
        // A ledger that cannot be read is a finding of its own.
        filled: filled(plan, folder, &warehouse.name()).unwrap_or_default(),
        loads_later: plan.uses_nba_feeds(),
    };
    let looked = examination.look(warehouse).await;
    looked
        .map(|findings| told(&findings))
        .map_err(|error| WarehouseError::new(error.class, error.message))
}

/// Stages whose tables runs of this plan have filled.
fn filled(plan: &Plan, folder: &StateDir, warehouse: &str) -> Result<HashSet<String>, LedgerError> {
    let Some(ledger) = open_ledger(folder)? else {
        return Ok(HashSet::new());
    };
    match ledger.known_target(&plan.name, warehouse)? {
        Some(target) => ledger.filled_stages(target),
        None => Ok(HashSet::new()),
    }
}

fn told(findings: &Findings) -> Vec<Finding> {
    let without_differences = Findings {
        tables: (findings.tables.iter().cloned())
            .map(|mut table| {
                table.differences.clear();
                table
            })
            .collect(),
        ..findings.clone()
    };
    let problems = without_differences.problems(Permits::default());
    let refused = problems
        .into_iter()
        .map(|problem| Finding::new(Area::Warehouse, "preflight", Verdict::Fail, problem));
    let foreign = findings.foreign_rows().into_iter().map(|line| {
        Finding::new(
            Area::Warehouse,
            "preflight",
            Verdict::Note,
            format!("{line}, and no plan owns it"),
        )
        .next("'backcourt run --replace-existing' replaces the rows of every date it runs")
    });
    refused.chain(foreign).collect()
}
