//! Compares each table with its definition, owner and rows, and tries each query against the tables.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};

use super::catalog::{Catalog, CatalogTable};
use super::{Examined, Findings, TableContents};
use crate::engine::{Fills, Lineage, Stage, StageError};
use crate::partition::Partition;
use crate::table::{
    PARTITION_DATE, PARTITION_TIME, PartitionColumn, Schema, SchemaChange, SchemaDifference, TableDef, Value,
    column_mismatches,
};
use crate::warehouse::{ErrorClass, Trial, Tried, Warehouse, WarehouseError};

#[derive(Debug, Clone)]
pub struct Examination {
    pub plan: String,
    pub stages: Vec<Arc<dyn Stage>>,
    pub lineage: Lineage,
    /// A date of the run, to try the queries with.
    pub date: Option<Partition>,
    /// Stages whose tables have rows stored by runs of this plan, according to the ledger.
    pub filled: HashSet<String>,
    /// Whether raw tables are loaded later. A query on a table missing until then is checked when its stage starts.
    pub loads_later: bool,
}

impl Examination {
    /// Examines all tables and queries. Changes nothing.
    pub async fn look(&self, warehouse: &dyn Warehouse) -> Result<Findings, StageError> {
        let catalog = Catalog::read(&self.stages, warehouse).await?;
        self.judge(catalog, warehouse).await
    }

    /// Examines with a catalog that has just been read.
    pub(in crate::engine) async fn judge(
        &self,
        catalog: Catalog,
        warehouse: &dyn Warehouse,
    ) -> Result<Findings, StageError> {
        // Without owners, a warehouse has no rows of others to protect.
        let has_owners = warehouse.owners().is_some();
        let examined = (catalog.0.into_iter()).map(|table| self.table(warehouse, table, has_owners));
        let tables = try_join_all(examined).await?;
        let mut queries = unsupported(warehouse, &tables);
        queries.extend(undivided(&self.stages, &tables));
        queries.extend(self.queries(warehouse, &tables).await?);
        Ok(Findings {
            plan: self.plan.clone(),
            has_owners,
            tables: tables.into_iter().map(|(found, _)| found).collect(),
            queries,
        })
    }

    async fn table(
        &self,
        warehouse: &dyn Warehouse,
        table: CatalogTable,
        has_owners: bool,
    ) -> Result<(Examined, Option<Schema>), WarehouseError> {
        let CatalogTable {
            stage,
            part,
            owners,
            schema,
        } = table;
        let path = part.table();
        let fills = stage.fills();
        let definition = fills.definition();
        let mut differences = Vec::new();
        if let (Some(definition), Some(schema)) = (definition, &schema) {
            differences = warehouse.differences(definition, schema, false);
            // A slice never recreates the table of others, even if no plan has filled it yet.
            if differences.iter().any(SchemaDifference::stops)
                && definition.slice.is_whole()
                && contents(warehouse, path, partition_column(fills, schema))
                    .await?
                    .rows
                    == 0
            {
                differences = warehouse.differences(definition, schema, true);
            }
        }
        let is_foreign = has_owners && owners.is_empty() && !self.filled.contains(stage.name());
        let foreign = match &schema {
            Some(schema) if is_foreign => {
                Some(contents(warehouse, path, partition_column(fills, schema)).await?)
            }
            _ => None,
        };
        let found = Examined {
            stage: stage.name().to_owned(),
            part,
            definition: definition.cloned(),
            differences,
            owners,
            foreign,
        };
        Ok((found, schema))
    }

    /// Problems of the stages' queries, tried on the tables as they are or will be.
    async fn queries(
        &self,
        warehouse: &dyn Warehouse,
        tables: &[(Examined, Option<Schema>)],
    ) -> Result<Vec<String>, StageError> {
        let Some(date) = self.date else {
            return Ok(Vec::new());
        };
        let to_be_made = |(found, schema): &(Examined, Option<Schema>)| {
            let is_to_be = schema.is_none()
                || found
                    .changes()
                    .iter()
                    .any(|change| matches!(change, SchemaChange::Add(_) | SchemaChange::Recreate));
            found.definition.clone().filter(|_| is_to_be)
        };
        let planned: Vec<TableDef> = tables.iter().filter_map(to_be_made).collect();
        let planned: Vec<&TableDef> = planned.iter().collect();
        let planned = planned.as_slice();
        let queries = self.stages.iter().flat_map(|stage| {
            let (table, sql) = match stage.fills() {
                Fills::Query(table, sql, _) => (Some(table), Some(sql)),
                _ => (None, None),
            };
            let queries = sql.into_iter().chain(stage.seed());
            table
                .into_iter()
                .flat_map(move |table| queries.clone().map(move |sql| (stage, table, sql)))
        });
        let trials = queries.map(|(stage, table, sql)| async move {
            let date = date.at_start(stage.grain());
            let trial = Trial { sql, date, planned };
            (stage, table, warehouse.try_out(trial).await)
        });
        let mut problems = Vec::new();
        for (stage, table, tried) in join_all(trials).await {
            let found = match tried {
                Ok(Tried::Returns(returned)) => column_mismatches(table, &returned),
                Ok(Tried::Missing(missing)) => self.missing(&missing).into_iter().collect(),
                Ok(Tried::NotReported) => Vec::new(),
                Err(WarehouseError {
                    class: ErrorClass::Code | ErrorClass::Data,
                    message,
                }) => vec![message],
                Err(error) => return Err(error.into()),
            };
            let name = stage.name();
            problems.extend(found.iter().map(|found| format!("stage {name}: {found}")));
        }
        Ok(problems)
    }

    /// The problem with a table that a query reads and that doesn't exist; `None` if it may exist by then.
    fn missing(&self, missing: &str) -> Option<String> {
        let in_run = |stage: &&str| self.stages.iter().any(|known| known.name() == *stage);
        let filled = (self.lineage.filled())
            .find(|(_, path)| *path == missing)
            .map(|(stage, _)| stage);
        match filled {
            Some(stage) if in_run(&stage) => None,
            Some(stage) => Some(format!(
                "table {missing} not found: stage {stage} fills it but is not in this run; run it first"
            )),
            None if self.loads_later => None,
            None => Some(format!(
                "table {missing} not found: no stage of this plan fills it; correct its name, or load it first"
            )),
        }
    }
}

/// The columns that the warehouse can't store.
fn unsupported(warehouse: &dyn Warehouse, tables: &[(Examined, Option<Schema>)]) -> Vec<String> {
    let of_table = |(found, _): &(Examined, Option<Schema>)| -> Vec<String> {
        let problems =
            (found.definition.as_ref()).map_or_else(Vec::new, |table| warehouse.unsupported(table));
        let in_words = |problem: String| format!("stage {}: {problem}", found.stage);
        problems.into_iter().map(in_words).collect()
    };
    tables.iter().flat_map(of_table).collect()
}

/// The date column, if the stored table has it. Its type may be another than planned.
fn partition_column(fills: Fills<'_>, schema: &Schema) -> Option<PartitionColumn> {
    let (name, grain) = match fills {
        Fills::Computed(table) | Fills::Query(table, ..) => (table.date_column.as_ref(), table.grain),
        Fills::Counted(table) => (table.date_column, table.grain),
        Fills::Nothing => return None,
    };
    let is_pseudo = || {
        let by = schema
            .partition
            .as_ref()
            .and_then(|partition| partition.by.as_deref());
        by == Some(PARTITION_TIME) && [PARTITION_TIME, PARTITION_DATE].contains(&name)
    };
    let has = |name: &str| schema.columns.iter().any(|column| column.name == name);
    let column = (has(name) || is_pseudo()).then(|| PartitionColumn::of_any_type(name, grain))?;
    // The rows of a table that a slice can't divide are of no slice.
    let slice = fills.slice().filter(|slice| schema.refuse_slice(slice).is_ok());
    Some(slice.map_or_else(|| column.clone(), |slice| column.clone().within(slice)))
}

/// Why rows of a slice that another program writes can't be told by the columns of the table, one sentence each.
fn undivided(stages: &[Arc<dyn Stage>], tables: &[(Examined, Option<Schema>)]) -> Vec<String> {
    let problem = |(found, schema): &(Examined, Option<Schema>)| {
        let schema = schema.as_ref()?;
        let stage = stages.iter().find(|stage| stage.name() == found.stage)?;
        let Fills::Counted(table) = stage.fills() else {
            return None;
        };
        let problem = schema.refuse_slice(table.slice).err()?;
        Some(format!("stage {}: table {} {problem}", found.stage, table.path))
    };
    tables.iter().filter_map(problem).collect()
}

async fn contents(
    warehouse: &dyn Warehouse,
    path: &str,
    column: Option<PartitionColumn>,
) -> Result<TableContents, WarehouseError> {
    let sql = match column {
        // The filter matches every date; BigQuery may refuse a query without one.
        Some(column) => format!(
            "SELECT COUNT(*) AS held_rows, COUNT(DISTINCT {}) AS held_dates FROM `{path}` WHERE {}",
            column.start(),
            column.is_any()
        ),
        None => format!("SELECT COUNT(*) AS held_rows, 1 AS held_dates FROM `{path}`"),
    };
    let answer = warehouse.query(&sql).await?;
    let number = |value: Option<&Value>| match value {
        Some(Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    let row = answer.rows.first();
    Ok(TableContents {
        rows: number(row.and_then(|row| row.first())),
        partitions: number(row.and_then(|row| row.get(1))),
    })
}
