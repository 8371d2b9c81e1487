//! A stage that looks back on the season before each date.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::future::try_join;

use super::days_of;
use super::expected_rows::ExpectedRows;
use super::extracts::{input, put, read_dates};
use super::seasons::Seasons;
use crate::engine::{BatchDates, BatchReader, Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::DateOutcome;
use crate::nba::ids::SeasonYear;
use crate::nba::raw::BadRow;
use crate::nba::stored::{Extract, Extracts};
use crate::partition::Partition;
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

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError> {
        self.rows.scopes(warehouse, &days_of(dates)).await
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(LookBackReader {
            stage: *self,
            seasons: Seasons::default(),
        })
    }
}

/// Reads each season once for all batches.
#[derive(Debug)]
struct LookBackReader {
    stage: LookBackStage,
    seasons: Seasons,
}

#[async_trait]
impl BatchReader for LookBackReader {
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        batch: BatchDates<'_>,
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let mut seasons = BTreeMap::new();
        let (dates, upcoming) = (days_of(batch.dates), days_of(batch.upcoming));
        for dates in dates.chunk_by(|one, two| SeasonYear::of(*one) == SeasonYear::of(*two)) {
            let reads = self.stage.reads;
            let season = self.seasons.extracts(warehouse, dates, &upcoming, reads);
            let (mut extracts, read) =
                try_join(season, read_dates(warehouse, dates, &upcoming, reads)).await?;
            for of_dates in read {
                put(&mut extracts, of_dates)?;
            }
            seasons.insert(SeasonYear::of(dates[0]), extracts);
        }
        Ok(Box::new(LookBackBatch {
            rule: self.stage.rule,
            seasons,
        }))
    }
}

struct LookBackBatch {
    rule: fn(NaiveDate, &Extracts) -> Result<DateOutcome, BadRow>,
    seasons: BTreeMap<SeasonYear, Extracts>,
}

impl Inputs for LookBackBatch {
    fn compute(&self, date: Partition) -> Result<Outcome, StageError> {
        let none = Extracts::default();
        let date = date.first_day();
        let extracts = self.seasons.get(&SeasonYear::of(date)).unwrap_or(&none);
        let made = (self.rule)(date, extracts).map_err(|bad| StageError {
            class: ErrorClass::Data,
            message: format!(
                "cannot read a row of an earlier stage: {bad}; rerun the stages before this one"
            ),
        });
        Ok(made?.into())
    }
}
