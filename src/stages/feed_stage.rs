//! Stages whose rows of a date depend only on the feeds of that date.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::future::try_join_all;

use super::days_of;
use super::extracts::on_its_date;
use super::schedule::{games, team_scopes};
use crate::engine::{BatchDates, BatchReader, Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::raw::{Feed, Feeds};
use crate::nba::{DateOutcome, Source};
use crate::partition::Partition;
use crate::table::TableDef;
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

#[derive(Debug, Clone, Copy)]
pub(super) struct FeedStage {
    pub(super) name: &'static str,
    pub(super) table: fn() -> &'static TableDef,
    pub(super) rows_per: RowsPer,
    pub(super) feeds: fn(Source) -> Vec<Feed>,
    pub(super) rule: fn(NaiveDate, Source, &Feeds) -> DateOutcome,
}

/// What a stage has one row for.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowsPer {
    /// One row per team and finished game.
    Teams,
    /// One row per player and game. The schedule doesn't list players, so the number of rows is unknown until
    /// the feeds are read.
    Players,
}

#[async_trait]
impl Stage for FeedStage {
    fn name(&self) -> &'static str {
        self.name
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed((self.table)())
    }

    fn inputs(&self) -> Vec<Input> {
        // `Auto` reads every feed that any source reads.
        let feeds = (self.feeds)(Source::Auto);
        feeds.into_iter().map(|feed| on_its_date(feed.table())).collect()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[Partition]) -> Result<Vec<Scope>, StageError> {
        let scopes = team_scopes(warehouse, &days_of(dates)).await?;
        let of_this_stage = |scope| match (self.rows_per, scope) {
            (RowsPer::Players, Scope::Rows(_)) => Scope::SomeRows,
            (_, scope) => scope,
        };
        Ok(scopes.into_iter().map(of_this_stage).collect())
    }

    async fn groups(&self, warehouse: &dyn Warehouse, date: Partition) -> Result<Vec<String>, StageError> {
        games(warehouse, date.first_day()).await
    }

    fn reader(&self) -> Arc<dyn BatchReader> {
        Arc::new(*self)
    }
}

#[async_trait]
impl BatchReader for FeedStage {
    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        batch: BatchDates<'_>,
        source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let source: Source = source.parse().map_err(|refused| StageError {
            class: ErrorClass::Code,
            message: format!("{refused}"),
        })?;
        let read = |feed: Feed| async move {
            let read = Read {
                table: feed.table(),
                columns: feed.columns(),
                dates: Dates::Only(batch.dates),
            };
            Ok::<_, StageError>((feed, warehouse.read(read).await?))
        };
        let mut feeds = Feeds::default();
        for (feed, rows) in try_join_all((self.feeds)(source).into_iter().map(read)).await? {
            feeds.put(feed, rows);
        }
        let rule = self.rule;
        Ok(Box::new(FeedBatch { rule, source, feeds }))
    }
}

struct FeedBatch {
    rule: fn(NaiveDate, Source, &Feeds) -> DateOutcome,
    source: Source,
    feeds: Feeds,
}

impl Inputs for FeedBatch {
    fn compute(&self, date: Partition) -> Result<Outcome, StageError> {
        Ok((self.rule)(date.first_day(), self.source, &self.feeds).into())
    }
}
