//! Findings about the raw tables: where they were loaded from, and the results of the plan's raw-data checks.

use crate::checks::ask;
use crate::engine::Origin;
use crate::feeds::{self, Feed};
use crate::partition::Grain;
use crate::plan::{CheckSpec, value_and_target, value_text};
use crate::warehouse::{Warehouse, WarehouseError};

use super::super::StateDir;
use super::super::origin::FromBoxScores;
use super::finding::{Area, Finding, Verdict};
use super::state::open_ledger;

/// Which feeds have rows, and where they were loaded from.
pub(super) async fn loaded(warehouse: &dyn Warehouse, folder: &StateDir) -> Result<Finding, WarehouseError> {
    let mut held = Vec::new();
    let mut empty = Vec::new();
    for feed in Feed::ALL {
        let has_rows = warehouse.holds_rows(feed.table()).await?;
        if has_rows { &mut held } else { &mut empty }.push(feed.word());
    }
    let of = |state, detail: String| Finding::new(Area::Sources, "feeds", state, detail);
    if held.is_empty() {
        return Ok(of(Verdict::Note, "nothing loaded yet".to_owned())
            .next("'backcourt load' or the first 'backcourt run' loads them"));
    }
    let origin = match feeds::foreign(warehouse).await? {
        Some(_) => " by another program; 'load' and reloading dates skip them".to_owned(),
        None => recorded(folder, &warehouse.name()).map_or_else(String::new, |from| format!(", from {from}")),
    };
    Ok(if empty.is_empty() {
        of(Verdict::Ok, format!("all {} loaded{origin}", held.len()))
    } else {
        let empty = empty.join(", ");
        of(
            Verdict::Note,
            format!("{} loaded{origin}; empty: {empty}", held.join(", ")),
        )
    })
}

/// Where the raw tables were loaded from, according to the ledger. An unreadable ledger has its own finding.
fn recorded(folder: &StateDir, warehouse: &str) -> Option<String> {
    let ledger = open_ledger(folder).ok()??;
    Some(FromBoxScores::of(&ledger, warehouse).ok()?.name())
}

/// Runs one raw-data check. A failed query is a finding too.
pub(super) async fn run_check(check: &CheckSpec, grain: Grain, warehouse: &dyn Warehouse) -> Finding {
    let what = format!("{}: {}", check.stage, check.name);
    let of = |state, detail: String| Finding::new(Area::Sources, what.clone(), state, detail);
    match ask(check, grain, warehouse).await {
        Err(error) => of(Verdict::Fail, error.message),
        Ok(measured) if measured.met => {
            let value = value_text(&measured.value, &check.target());
            of(Verdict::Ok, format!("{}: {value}", check.title))
        }
        Ok(measured) => Finding {
            dates: measured.failing_dates,
            ..of(
                Verdict::Warn,
                format!(
                    "{}: {}",
                    check.title,
                    value_and_target(&measured.value, &check.target())
                ),
            )
        },
    }
}
