//! Before the first unit of a run that needs box scores: loads the shipped ones if no feeds are loaded yet.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::engine::{Meter, Prepare, StageError};
use crate::feeds::faults::Profile;
use crate::feeds::{self, BoxScores, Feed};
use crate::figures::counted;
use crate::warehouse::{ErrorClass, Warehouse};

/// Approximate number of rows in the shipped feeds; used only for the progress bar.
const SHIPPED_ROWS: u32 = 745_000;

/// Loads the shipped box scores if the warehouse has no feeds yet.
#[derive(Debug)]
pub(super) struct FirstUse;

#[async_trait]
impl Prepare for FirstUse {
    fn what(&self) -> String {
        "loading the shipped box scores".to_owned()
    }

    async fn prepare(&self, warehouse: &dyn Warehouse, meter: &Meter) -> Result<Option<String>, StageError> {
        let fault = |message: String| StageError {
            class: ErrorClass::Data,
            message,
        };
        if feeds::is_loaded(warehouse).await? {
            return Ok(None);
        }
        if let Some(foreign) = feeds::foreign(warehouse).await? {
            let schedule = Feed::Schedule.table().path();
            return Err(fault(format!(
                "{foreign}, but {schedule} is empty; fill it from the same source, or replace all raw tables with \
                 'backcourt load --overwrite-raw'"
            )));
        }
        let box_scores = BoxScores::Shipped;
        let faults = Profile::open(box_scores.default_faults()).map_err(|error| fault(error.to_string()))?;
        meter.total.store(SHIPPED_ROWS, Ordering::Relaxed);
        let league = box_scores.read().map_err(|error| fault(error.to_string()))?;
        let report = feeds::load(warehouse, league, faults, &meter.done).await?;
        Ok(Some(loaded(&report)))
    }
}

/// What was loaded, in one sentence.
pub(super) fn loaded(report: &feeds::LoadReport) -> String {
    let rows: usize = report.rows.iter().map(|(_, rows)| rows).sum();
    let feeds: Vec<String> = report
        .rows
        .iter()
        .map(|(feed, rows)| format!("{feed} {rows}"))
        .collect();
    format!(
        "loaded {} with faults '{}': {}",
        counted(rows, "row"),
        report.faults,
        feeds.join(", ")
    )
}
