//! Copies the input rows of a rehearsal from the other warehouse: exactly the dates the stages declare.

use std::sync::Arc;

use chrono::Utc;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::error::CliError;
use super::super::progress::ProgressLine;
use super::super::start::every_stage;
use crate::engine::Lineage;
use crate::feeds::Feed;
use crate::figures::counted;
use crate::partition::{Partition, whole_partitions};
use crate::plan::Plan;
use crate::table::{MAX_DESCRIBED, TableDef, admit};
use crate::warehouse::{Dates, ErrorClass, Read, Replace, Warehouse, WarehouseError};

/// Dates per read: a season of a feed takes a few queries, and memory stays limited.
const AT_ONCE: usize = 45;

/// Concurrent reads; most of their time is waiting.
const MAX_CONCURRENT_COPIES: usize = 4;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Needed {
    table: TableDef,
    dates: Vec<Partition>,
}

#[derive(Debug, Serialize)]
pub(super) struct Copied {
    /// `dataset.table`.
    pub(super) table: String,
    /// Dates that were read; 0 if the table doesn't exist.
    pub(super) dates: usize,
    pub(super) rows: usize,
    /// Rows that were left out because they don't fit the table: a duplicate key, a missing value.
    pub(super) left_out: usize,
}

/// The tables and dates these dates depend on. A table without a known definition can't be copied.
pub(super) fn needed(plan: &Plan, lineage: &Lineage, dates: &[Partition]) -> Result<Vec<Needed>, CliError> {
    let stages = every_stage(plan)?;
    let mut defined: Vec<&TableDef> = Feed::ALL.into_iter().map(Feed::table).collect();
    defined.extend(stages.iter().filter_map(|stage| stage.fills().definition()));
    let of_grain = |grain| match plan.range.whole(grain).filter(|_| grain != plan.range.grain()) {
        Some(range) => whole_partitions(dates, plan.range.grain(), range)
            .into_iter()
            .collect(),
        None => dates.iter().copied().collect(),
    };
    let needs = lineage.needs(of_grain);
    let needed = needs.into_iter().map(|(path, dates)| {
        let table = defined.iter().find(|table| table.path() == path);
        let table = table.ok_or_else(|| CliError::NoColumns {
            table: path.clone(),
            plan: plan.name.clone(),
        })?;
        Ok(Needed {
            table: TableDef {
                grain: dates.first().map_or(table.grain, |date| date.grain()),
                ..(*table).clone()
            },
            dates: dates.into_iter().collect(),
        })
    });
    needed.collect()
}

/// Copies the needed rows, several reads at a time. A missing table is created empty.
pub(super) async fn copy(
    from: &Arc<dyn Warehouse>,
    to: &Arc<dyn Warehouse>,
    needed: &[Needed],
    progress: &ProgressLine,
) -> Result<Vec<Copied>, WarehouseError> {
    let steps: usize = needed.iter().map(|needed| needed.dates.len()).sum();
    let lanes = Arc::new(Semaphore::new(MAX_CONCURRENT_COPIES));
    let mut copied = Vec::with_capacity(needed.len());
    // Aborts its tasks when this future is dropped.
    let mut tasks: JoinSet<Result<(usize, Copied), WarehouseError>> = JoinSet::new();
    for (at, Needed { table, dates }) in needed.iter().enumerate() {
        to.ensure(table).await?;
        copied.push(Copied {
            table: table.path(),
            dates: 0,
            rows: 0,
            left_out: 0,
        });
        if !from.holds_rows(table).await? {
            continue;
        }
        for dates in dates.chunks(AT_ONCE) {
            let (from, to, lanes) = (Arc::clone(from), Arc::clone(to), Arc::clone(&lanes));
            let (table, dates) = (table.clone(), dates.to_vec());
            tasks.spawn(async move {
                // The semaphore is never closed; without a permit a read would only use more memory.
                let _lane = lanes.acquire().await;
                let piece = piece(from.as_ref(), to.as_ref(), &table, &dates).await?;
                Ok((at, piece))
            });
        }
    }
    let mut done = 0;
    while let Some(joined) = tasks.join_next().await {
        let died = |error| WarehouseError::new(ErrorClass::Code, format!("copying crashed: {error}"));
        let (at, piece) = joined.map_err(died)??;
        done += piece.dates;
        progress.update(&format!(
            "copying {}: {done} of {}",
            piece.table,
            counted(steps, "date")
        ));
        let whole: &mut Copied = &mut copied[at];
        whole.dates += piece.dates;
        whole.rows += piece.rows;
        whole.left_out += piece.left_out;
    }
    Ok(copied)
}

/// Copies some dates of a table.
async fn piece(
    from: &dyn Warehouse,
    to: &dyn Warehouse,
    table: &TableDef,
    dates: &[Partition],
) -> Result<Copied, WarehouseError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(dates),
    };
    let admitted = admit(table, from.read(read).await?);
    for set_aside in admitted.quarantined.iter().take(MAX_DESCRIBED) {
        tracing::warn!("{}: skipped a row: {}", table.path(), set_aside.reason);
    }
    let rows = Arc::new(admitted.rows);
    let replace = Replace {
        table,
        dates,
        rows: Arc::clone(&rows),
        short: &[],
        now: Utc::now(),
        name: None,
        record: None,
    };
    to.replace(replace).await?;
    Ok(Copied {
        table: table.path(),
        dates: dates.len(),
        rows: rows.len(),
        left_out: admitted.quarantined.len(),
    })
}
