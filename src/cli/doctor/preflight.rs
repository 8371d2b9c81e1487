//! Findings that would stop a run before its first unit: queries that don't match their tables, tables of other plans,
//! rows without an owner.

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

/// Runs the preflight of a run. Differences between tables and definitions are reported by another module.
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
        // An unreadable ledger has its own finding.
        filled: filled(plan, folder, &warehouse.name()).unwrap_or_default(),
        loads_later: plan.uses_nba_feeds(),
    };
    let looked = examination.look(warehouse).await;
    looked
        .map(|findings| findings_of(&findings))
        .map_err(|error| WarehouseError::new(error.class, error.message))
}

/// Stages whose tables were filled by runs of this plan.
fn filled(plan: &Plan, folder: &StateDir, warehouse: &str) -> Result<HashSet<String>, LedgerError> {
    let Some(ledger) = open_ledger(folder)? else {
        return Ok(HashSet::new());
    };
    match ledger.known_target(&plan.name, warehouse)? {
        Some(target) => ledger.filled_stages(target),
        None => Ok(HashSet::new()),
    }
}

fn findings_of(findings: &Findings) -> Vec<Finding> {
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
