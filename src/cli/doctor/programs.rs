//! A finding about programs that write tables themselves: a dataset prefix doesn't reach them.

use crate::plan::{Plan, StageKind, StageOutput};
use crate::warehouse::bigquery::BigQueryWarehouse;

use super::finding::{Area, Finding, Verdict};

/// Names the stages whose programs could write beside the prefix.
pub(super) fn finding(project: &BigQueryWarehouse, plan: &Plan) -> Option<Finding> {
    let prefix = project.dataset_prefix();
    let writing: Vec<&str> = (plan.stages.iter())
        .filter(|stage| match &stage.kind {
            StageKind::Command(spec) => !matches!(spec.output, StageOutput::Printed(_)),
            StageKind::Nba | StageKind::Sql(_) => false,
        })
        .map(|stage| stage.name.as_str())
        .collect();
    if prefix.is_empty() || writing.is_empty() {
        return None;
    }
    let detail = format!(
        "{}: what a program writes itself is not moved by --dataset-prefix",
        writing.join(", ")
    );
    let next = format!("make sure that these programs write to datasets with the prefix {prefix}");
    Some(Finding::new(Area::Warehouse, "programs", Verdict::Note, detail).next(next))
}
