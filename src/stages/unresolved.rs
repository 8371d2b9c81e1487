//! A query stage whose columns aren't known: enough of a stage to say what depends on it, not to run it.

use std::sync::Arc;

use async_trait::async_trait;

use super::dates::inputs;
use crate::engine::{BatchDates, BatchReader, CountedTable, Fills, Input, Inputs, Scope, Stage, StageError};
use crate::partition::{Grain, Partition};
use crate::plan::{InferredTable, ReadSpec, StageSpec};
use crate::table::Slice;
use crate::warehouse::{ErrorClass, Warehouse};

#[derive(Debug, Clone)]
pub(super) struct UnresolvedStage {
    name: String,
    reads: Vec<ReadSpec>,
    path: String,
    date_column: String,
    grain: Grain,
    slice: Slice,
    depends_on_past: bool,
}

impl UnresolvedStage {
    pub(super) fn new(spec: &StageSpec, table: &InferredTable) -> Self {
        Self {
            name: spec.name.clone(),
            reads: spec.reads.clone(),
            path: table.path(),
            date_column: table.date_column().to_owned(),
            grain: table.grain(),
            slice: table.slice().clone(),
            depends_on_past: spec.depends_on_past,
        }
    }

    fn refused(&self) -> StageError {
        StageError {
            class: ErrorClass::Code,
            message: format!(
                "stage {}: the columns of its query are not known here; run it, or declare 'columns'",
                self.name
            ),
        }
    }
}

#[async_trait]
impl Stage for UnresolvedStage {
    fn name(&self) -> &str {
        &self.name
    }

    /// Its rows can be counted by the date column, which the plan declares.
    fn fills(&self) -> Fills<'_> {
        Fills::Counted(CountedTable {
            path: &self.path,
            date_column: &self.date_column,
            grain: self.grain,
            slice: &self.slice,
        })
    }

    fn inputs(&self) -> Vec<Input> {
        inputs(&self.reads, Some(&self.path))
    }

    fn grain(&self) -> Grain {
        self.grain
    }

    fn depends_on_past(&self) -> bool {
        self.depends_on_past
    }

    async fn scope(
        &self,
        _warehouse: &dyn Warehouse,
        _dates: &[Partition],
    ) -> Result<Vec<Scope>, StageError> {
        Err(self.refused())
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl BatchReader for UnresolvedStage {
    async fn read(
        &self,
        _warehouse: &dyn Warehouse,
        _batch: BatchDates<'_>,
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        Err(self.refused())
    }
}
