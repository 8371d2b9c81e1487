//! Stage `team_offense`: one row per team and finished game, from the feeds its source names.

use async_trait::async_trait;
use chrono::NaiveDate;

use crate::engine::{Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::raw::Feeds;
use crate::nba::team_offense::team_offense;
use crate::nba::{Source, tables};
use crate::table::TableDef;
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

use super::schedule::team_scopes;

#[derive(Debug)]
pub(super) struct TeamOffense;

impl TeamOffense {
    pub(super) const NAME: &'static str = "team_offense";
}

#[async_trait]
impl Stage for TeamOffense {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn table(&self) -> &TableDef {
        tables::team_offense()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        team_scopes(warehouse, dates).await
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let source: Source = source.parse().map_err(|refused| StageError {
            class: ErrorClass::Code,
            message: format!("{refused}"),
        })?;
        let mut feeds = Feeds::default();
        for &feed in source.feeds() {
            let read = Read {
                table: feed.table(),
                columns: feed.columns(),
                dates: Dates::Only(dates),
            };
            feeds.put(feed, warehouse.read(read).await?);
        }
        Ok(Box::new(Batch { source, feeds }))
    }
}

struct Batch {
    source: Source,
    feeds: Feeds,
}

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        Ok(team_offense(date, self.source, &self.feeds).into())
    }
}
