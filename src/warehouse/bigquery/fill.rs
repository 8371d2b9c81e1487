//! Rewriting whole tables: rows are loaded into staging tables, which one transaction then copies. A failure part-way
//! leaves the old rows in place.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::api_error::ApiError;
use super::cell::row;
use super::script::{self, MAX_LOADED_BYTES, sent_bytes};
use super::staging::{Disposition, Staged};
use super::statement::Statement;
use super::{BigQueryWarehouse, doing};
use crate::table::{TableDef, Value};
use crate::warehouse::{Filling, Warehouse, WarehouseError};

pub(super) async fn fill(
    warehouse: &BigQueryWarehouse,
    tables: Vec<Filling>,
    written: &AtomicUsize,
) -> Result<(), WarehouseError> {
    let mut filled = Vec::with_capacity(tables.len());
    let loaded = load_all(warehouse, tables, written, &mut filled).await;
    let exchanged = match loaded {
        Ok(()) => warehouse.exchange(exchange(warehouse, &filled)).await,
        Err(error) => Err(error),
    };
    for (table, _) in &filled {
        warehouse.shared.forget(&warehouse.prefix.path(table));
    }
    remove(warehouse, &filled).await;
    exchanged
}

async fn load_all(
    warehouse: &BigQueryWarehouse,
    tables: Vec<Filling>,
    written: &AtomicUsize,
    filled: &mut Vec<(TableDef, Staged)>,
) -> Result<(), WarehouseError> {
    for filling in tables {
        warehouse.ensure(&filling.table).await?;
        let table = filling.table.clone();
        let doing = doing("filling", &table);
        let in_context = |error: ApiError| error.in_context(&doing);
        let id = format!("backcourt_fill_{:016x}", fastrand::u64(..));
        let staged = warehouse.make_staging(&table, &id).await.map_err(in_context)?;
        let loaded = load(warehouse, filling, &id, &staged, written).await;
        filled.push((table, staged));
        loaded.map_err(in_context)?;
    }
    Ok(())
}

/// Loads the rows in chunks that fit in memory.
async fn load(
    warehouse: &BigQueryWarehouse,
    filling: Filling,
    id: &str,
    into: &Staged,
    written: &AtomicUsize,
) -> Result<(), ApiError> {
    let mut rows = (filling.rows.map(|values| row(&values).to_string())).peekable();
    let mut jobs = 0;
    loop {
        let (mut part, mut bytes) = (Vec::new(), 0);
        while let Some(next) =
            rows.next_if(|next| part.is_empty() || bytes + sent_bytes(next) <= MAX_LOADED_BYTES)
        {
            bytes += sent_bytes(&next);
            part.push(next);
        }
        if part.is_empty() {
            return Ok(());
        }
        let id = format!("{id}_{jobs}_rows");
        jobs += 1;
        let load = || warehouse.load(into, &id, &part, Disposition::Append);
        warehouse.insist(load).await?;
        written.fetch_add(part.len(), Ordering::Relaxed);
    }
}

fn exchange(warehouse: &BigQueryWarehouse, filled: &[(TableDef, Staged)]) -> Statement {
    let copies: Vec<String> = filled
        .iter()
        .map(|(table, staged)| {
            let (path, every) = (warehouse.prefix.path(table), table.partition_column().is_any());
            let fresh = script::sent_by_load(table, &staged.path);
            format!(
                "DELETE FROM `{path}` WHERE {every};\n{}",
                script::insert(table, &path, &fresh, "@now", script::NEW_ROWS_ALIAS)
            )
        })
        .collect();
    let guard = warehouse.held.guard();
    let sql = format!(
        "BEGIN TRANSACTION;\n{guard}{}COMMIT TRANSACTION;",
        copies.concat()
    );
    let now = Value::Timestamp(chrono::Utc::now()).to_string();
    Statement::new(sql).with("now", "TIMESTAMP", now)
}

async fn remove(warehouse: &BigQueryWarehouse, filled: &[(TableDef, Staged)]) {
    join_all(filled.iter().map(|(_, staged)| warehouse.unstage(staged))).await;
}
