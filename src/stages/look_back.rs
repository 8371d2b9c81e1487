//! A stage that looks back on the season before each date.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::expected_rows::ExpectedRows;
use super::extracts::{input, read_extracts};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::DateOutcome;
use crate::nba::raw::BadRow;
use crate::nba::stored::{Extract, Extracts};
use crate::table::TableDef;
use crate::warehouse::{ErrorClass, Warehouse};

/// What distinguishes such a stage from another.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookBackStage {
    pub(super) name: &'static str,
    pub(super) table: fn() -> &'static TableDef,
    pub(super) reads: &'static [Extract],
    pub(super) rows: ExpectedRows,
    pub(super) rule: fn(NaiveDate, &Extracts) -> Result<DateOutcome, BadRow>,
}

#[async_trait]
impl Stage for LookBackStage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed((self.table)())
    }

    fn inputs(&self) -> Vec<Input> {
        // The games of a date decide how many rows it needs.
        let expected = input(Extract::Schedule);
        let read = self.reads.iter().map(|&extract| input(extract));
        let mut inputs: Vec<Input> = read.filter(|input| *input != expected).collect();
        inputs.push(expected);
        inputs
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        self.rows.scopes(warehouse, dates).await
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        Ok(Box::new(LookBackBatch {
            rule: self.rule,
            extracts: read_extracts(warehouse, dates, self.reads).await?,
        }))
    }
}

struct LookBackBatch {
    rule: fn(NaiveDate, &Extracts) -> Result<DateOutcome, BadRow>,
    extracts: Extracts,
}

impl Inputs for LookBackBatch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        let made = (self.rule)(date, &self.extracts).map_err(|bad| StageError {
            class: ErrorClass::Data,
            message: format!(
                "cannot read a row of an earlier stage: {bad}; rerun the stages before this one"
            ),
        });
        Ok(made?.into())
    }
}
