//! Filling whole tables from scratch: into tables beside them, which one transaction then copies over, so that a
//! failure half-way leaves what was there before.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::BigQueryWarehouse;
use super::cell::row;
use super::fault::Fault;
use super::job::Statement;
use super::script::{self, MOST_BYTES, sent_bytes};
use crate::table::{TableDef, Value, bigquery_table, sql_name};
use crate::warehouse::{Filling, Warehouse, WarehouseError};

/// Every date there is: a table may refuse a query that names none.
const ALWAYS: &str = ">= DATE '0001-01-01'";

pub(super) async fn fill(
    warehouse: &BigQueryWarehouse,
    tables: Vec<Filling>,
    written: &AtomicUsize,
) -> Result<(), WarehouseError> {
    let mut filled = Vec::with_capacity(tables.len());
    for filling in tables {
        warehouse.ensure(&filling.table).await?;
        let table = filling.table.clone();
        let beside = format!("{}__filling", warehouse.prefix.path(&table));
        let done = aside(warehouse, filling, &beside, written).await;
        filled.push((table, beside));
        if let Err(fault) = done {
            let doing = super::doing("filling", &filled[filled.len() - 1].0);
            remove(warehouse, &filled).await;
            return Err(fault.told(&doing));
        }
    }
    let exchanged = warehouse
        .exchange(Statement::new(exchange(warehouse, &filled)))
        .await;
    for (table, _) in &filled {
        warehouse.shared.forget(&warehouse.prefix.path(table));
    }
    remove(warehouse, &filled).await;
    exchanged
}

/// Fills the table beside the one that is meant, in requests as large as they may be.
async fn aside(
    warehouse: &BigQueryWarehouse,
    filling: Filling,
    beside: &str,
    written: &AtomicUsize,
) -> Result<(), Fault> {
    let table = filling.table;
    warehouse
        .ask(Statement::new(format!("DROP TABLE IF EXISTS `{beside}`")))
        .await?;
    warehouse
        .ask(Statement::new(bigquery_table(&table, beside)))
        .await?;
    let mut sent = Vec::new();
    let mut bytes = 0;
    for values in filling.rows {
        let next = row(&values).to_string();
        if bytes + sent_bytes(&next) > MOST_BYTES {
            insert(warehouse, &table, beside, &mut sent, written).await?;
            bytes = 0;
        }
        bytes += sent_bytes(&next);
        sent.push(next);
    }
    insert(warehouse, &table, beside, &mut sent, written).await
}

async fn insert(
    warehouse: &BigQueryWarehouse,
    table: &TableDef,
    beside: &str,
    sent: &mut Vec<String>,
    written: &AtomicUsize,
) -> Result<(), Fault> {
    let rows = std::mem::take(sent);
    if rows.is_empty() {
        return Ok(());
    }
    let _turn = warehouse.limits.turn(beside, 1).await;
    let statement = Statement::new(script::insert(
        table,
        beside,
        &script::sent(table),
        "@now",
        script::FRESH,
    ))
    .with("rows", "STRING", format!("[{}]", rows.join(",")))
    .with(
        "now",
        "TIMESTAMP",
        Value::Timestamp(chrono::Utc::now()).to_string(),
    );
    warehouse.once(statement).await?;
    written.fetch_add(rows.len(), Ordering::Relaxed);
    Ok(())
}

fn exchange(warehouse: &BigQueryWarehouse, filled: &[(TableDef, String)]) -> String {
    let copies: Vec<String> = filled
        .iter()
        .map(|(table, beside)| {
            let (path, date) = (warehouse.prefix.path(table), sql_name(&table.date_column));
            format!(
                "DELETE FROM `{path}` WHERE {date} {ALWAYS};\n\
                 INSERT INTO `{path}` SELECT * FROM `{beside}` WHERE {date} {ALWAYS};"
            )
        })
        .collect();
    let guard = warehouse.held.guard();
    format!(
        "BEGIN TRANSACTION;\n{guard}{}\nCOMMIT TRANSACTION;",
        copies.join("\n")
    )
}

/// The tables beside are of no use any more. That one stays behind hurts nobody; the next filling drops it.
async fn remove(warehouse: &BigQueryWarehouse, filled: &[(TableDef, String)]) {
    for (_, beside) in filled {
        let dropped = warehouse
            .ask(Statement::new(format!("DROP TABLE IF EXISTS `{beside}`")))
            .await;
        if let Err(fault) = dropped {
            tracing::warn!("{beside} could not be dropped: {}", fault.message);
        }
    }
}
