//! Stage `ml_feature_store`: the features of every player with a game, from the season so far and all of Phase 4.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::look_back::{on_its_date, read_finals};
use super::players::{player_scopes, read_on, read_players, read_teams, season_of_players, unreadable_date};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::ml_feature_store::{self, ml_feature_store};
use crate::nba::raw::Feed;
use crate::nba::stored::{Appearance, Cached, DefenseZones, Factors, PlayerZones};
use crate::nba::tables;
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct MlFeatureStore;

impl MlFeatureStore {
    pub(super) const NAME: &'static str = "ml_feature_store";
}

#[async_trait]
impl Stage for MlFeatureStore {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(tables::ml_feature_store())
    }

    fn inputs(&self) -> Vec<Input> {
        let tables = [
            Appearance::table(),
            Cached::table(),
            Factors::table(),
            PlayerZones::table(),
            DefenseZones::table(),
        ];
        season_of_players()
            .into_iter()
            .chain(tables.map(on_its_date))
            .collect()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        player_scopes(warehouse, dates, 0).await
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let on = |table, columns| read_on(warehouse, table, columns, dates);
        let (finals, schedule, players, teams, appearances, cached, factors, player_zones, defense_zones) = tokio::try_join!(
            read_finals(warehouse, dates),
            on(Feed::Schedule.table(), Feed::Schedule.columns()),
            read_players(warehouse, dates),
            read_teams(warehouse, dates),
            on(Appearance::table(), Appearance::COLUMNS),
            on(Cached::table(), Cached::COLUMNS),
            on(Factors::table(), Factors::COLUMNS),
            on(PlayerZones::table(), PlayerZones::COLUMNS),
            on(DefenseZones::table(), DefenseZones::COLUMNS),
        )?;
        Ok(Box::new(Batch(ml_feature_store::Inputs {
            finals,
            schedule,
            players,
            teams,
            appearances,
            cached,
            factors,
            player_zones,
            defense_zones,
        })))
    }
}

struct Batch(ml_feature_store::Inputs);

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        let made = ml_feature_store(date, &self.0);
        Ok(made.map_err(|bad| unreadable_date(&bad))?.into())
    }
}
