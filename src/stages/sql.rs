//! SQL stages: a query of the plan computes the rows inside the warehouse. They are never downloaded.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use async_trait::async_trait;

use super::dates::{inputs, rows_owed, scopes};
use crate::engine::{BatchDates, BatchReader, Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::partition::{Grain, Partition};
use crate::plan::{Active, Binds, ExpectRows, ReadSpec, SqlSpec, StageSpec};
use crate::table::{TableDef, column_mismatches};
use crate::warehouse::{Asking, ErrorClass, Trial, Tried, Warehouse};

#[derive(Debug)]
pub(super) struct SqlStage {
    name: String,
    active: Active,
    reads: Vec<ReadSpec>,
    grain: Grain,
    depends_on_past: bool,
    table: TableDef,
    own: SqlSpec,
}

impl SqlStage {
    pub(super) fn new(spec: &StageSpec, own: &SqlSpec, table: &TableDef) -> Self {
        Self {
            name: spec.name.clone(),
            active: spec.active.clone(),
            reads: spec.reads.clone(),
            grain: spec.range.grain(),
            depends_on_past: spec.depends_on_past,
            table: table.clone(),
            own: own.clone(),
        }
    }

    /// Checks its queries against the current tables, so that a wrong column or table is reported once, before any date
    /// starts.
    async fn try_out(&self, warehouse: &dyn Warehouse, date: Partition) -> Result<(), StageError> {
        for query in iter::once(&self.own.query).chain(&self.own.seed) {
            self.try_query(&query.sql, warehouse, date).await?;
        }
        Ok(())
    }

    async fn try_query(
        &self,
        sql: &str,
        warehouse: &dyn Warehouse,
        date: Partition,
    ) -> Result<(), StageError> {
        let wrong = |class, message| StageError {
            class,
            message: format!("stage {}: {message}", self.name),
        };
        // It may read its own table, which may not exist yet.
        let own = [&self.table];
        let planned = if self.depends_on_past { &own[..] } else { &[] };
        let trial = Trial { sql, date, planned };
        let tried = warehouse.try_out(trial).await;
        match tried.map_err(|error| wrong(error.class, error.message))? {
            Tried::NotReported => Ok(()),
            Tried::Missing(table) if self.depends_on_past && table == self.table.path() => Ok(()),
            Tried::Missing(table) => {
                let sentence = format!("table {table} not found; load it, or run the stage that fills it");
                Err(wrong(ErrorClass::Data, sentence))
            }
            Tried::Returns(returned) => match column_mismatches(&self.table, &returned) {
                found if found.is_empty() => Ok(()),
                found => Err(wrong(ErrorClass::Code, found.join("; "))),
            },
        }
    }
}

#[async_trait]
impl Stage for SqlStage {
    fn name(&self) -> &str {
        &self.name
    }

    fn fills(&self) -> Fills<'_> {
        let asking = match self.own.query.binds {
            Binds::OneDate => Asking::DateByDate,
            Binds::ManyDates => Asking::AllAtOnce,
        };
        Fills::Query(&self.table, &self.own.query.sql, asking)
    }

    fn inputs(&self) -> Vec<Input> {
        inputs(&self.reads, Some(&self.table.path()))
    }

    fn grain(&self) -> Grain {
        self.grain
    }

    fn depends_on_past(&self) -> bool {
        self.depends_on_past
    }

    fn seed(&self) -> Option<&str> {
        self.own.seed.as_ref().map(|seed| seed.sql.as_str())
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError> {
        if let Some(&date) = dates.first() {
            self.try_out(warehouse, date).await?;
        }
        scopes(&self.active, &self.own.expect, Scope::SomeRows, warehouse, dates).await
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(OwedReader(self.own.expect.clone()))
    }
}

/// Looks up how many rows the query must produce.
#[derive(Debug)]
struct OwedReader(ExpectRows);

#[async_trait]
impl BatchReader for OwedReader {
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        batch: BatchDates<'_>,
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        Ok(Box::new(Owed(rows_owed(&self.0, warehouse, batch.dates).await?)))
    }
}

/// The expected number of rows per date, for the query to produce.
struct Owed(HashMap<Partition, u32>);

impl Inputs for Owed {
    fn compute(&self, date: Partition) -> Result<Outcome, StageError> {
        Ok(Outcome {
            expected: self.0.get(&date).copied(),
            ..Outcome::default()
        })
    }
}
