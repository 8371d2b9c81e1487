//! What the stages of a rehearsal read, copied out of the other warehouse: exactly the dates they say they know.

use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::super::error::CliError;
use super::super::progress::Progress;
use super::super::start::every_stage;
use crate::engine::Lineage;
use crate::feeds::Feed;
use crate::figures::counted;
use crate::plan::Plan;
use crate::table::{TableDef, admit};
use crate::warehouse::{Dates, ErrorClass, Read, Replace, Warehouse, WarehouseError};

/// Dates that are read at once: a season of a feed in a handful of questions, and no more in memory than that.
const AT_ONCE: usize = 45;

/// Questions that are under way at once; most of their time is waiting.
const LANES: usize = 4;

/// A table with the dates of it that must be there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Needed {
    table: TableDef,
    dates: Vec<NaiveDate>,
}

/// How many rows of a table were copied.
#[derive(Debug, Serialize)]
pub(super) struct Copied {
    /// `dataset.table`.
    pub(super) table: String,
    /// Dates that were read; none where the table is not there.
    pub(super) dates: usize,
    /// Rows that came and fit the table.
    pub(super) rows: usize,
    /// Rows that came and do not: a key that stands twice, a value that is missing. They were left out.
    pub(super) left_out: usize,
}

/// What these dates need of which tables. A table that nobody here can define cannot be made here.
pub(super) fn needed(plan: &Plan, lineage: &Lineage, dates: &[NaiveDate]) -> Result<Vec<Needed>, CliError> {
    let stages = every_stage(plan)?;
    let mut defined: Vec<&TableDef> = Feed::ALL.into_iter().map(Feed::table).collect();
    defined.extend(stages.iter().filter_map(|stage| stage.fills().definition()));
    let needs = lineage.needs(&dates.iter().copied().collect());
    let needed = needs.into_iter().map(|(path, dates)| {
        let table = defined.iter().find(|table| table.path() == path);
        let table = table.ok_or_else(|| {
            CliError::Usage(format!(
                "cannot copy {path}: neither backcourt nor plan {} defines its columns; choose stages that don't read \
                 it with --stage",
                plan.name
            ))
        })?;
        Ok(Needed {
            table: (*table).clone(),
            dates: dates.into_iter().collect(),
        })
    });
    needed.collect()
}

/// Copies what is needed, several questions at a time. A table that is not there is made and stays empty.
pub(super) async fn copy(
    from: &Arc<dyn Warehouse>,
    to: &Arc<dyn Warehouse>,
    needed: &[Needed],
    progress: &Progress,
) -> Result<Vec<Copied>, WarehouseError> {
    let steps: usize = needed.iter().map(|needed| needed.dates.len()).sum();
    let lanes = Arc::new(Semaphore::new(LANES));
    let mut copied = Vec::with_capacity(needed.len());
    // Dropped with this future, it takes its tasks with it.
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
                // It is never closed; were it, reading without a lane would only take more memory.
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
        progress.say(&format!(
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
    dates: &[NaiveDate],
) -> Result<Copied, WarehouseError> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Only(dates),
    };
    let admitted = admit(table, from.read(read).await?);
    for set_aside in &admitted.quarantined {
        tracing::warn!("{}: skipped a row: {}", table.path(), set_aside.reason);
    }
    let replace = Replace {
        table,
        dates,
        rows: &admitted.rows,
        short: &[],
        now: Utc::now(),
        name: None,
        record: None,
    };
    to.replace(replace).await?;
    Ok(Copied {
        table: table.path(),
        dates: dates.len(),
        rows: admitted.rows.len(),
        left_out: admitted.quarantined.len(),
    })
}
