//! Stage `player_daily_cache`: one row per player with a game and enough games before it, from the season so far.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::look_back::{on_its_date, read_finals};
use super::players::{player_scopes, read_on, read_players, read_teams, season_of_players, unreadable_date};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::player_daily_cache::{self, FEWEST_GAMES, player_daily_cache};
use crate::nba::stored::{Appearance, PlayerZones};
use crate::nba::tables;
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct PlayerDailyCache;

impl PlayerDailyCache {
    pub(super) const NAME: &'static str = "player_daily_cache";
}

#[async_trait]
impl Stage for PlayerDailyCache {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(tables::player_daily_cache())
    }

    fn inputs(&self) -> Vec<Input> {
        let on_its_date = [Appearance::table(), PlayerZones::table()].map(on_its_date);
        season_of_players().into_iter().chain(on_its_date).collect()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        player_scopes(warehouse, dates, FEWEST_GAMES).await
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let on = |table, columns| read_on(warehouse, table, columns, dates);
        let (finals, players, teams, appearances, player_zones) = tokio::try_join!(
            read_finals(warehouse, dates),
            read_players(warehouse, dates),
            read_teams(warehouse, dates),
            on(Appearance::table(), Appearance::COLUMNS),
            on(PlayerZones::table(), PlayerZones::COLUMNS),
        )?;
        Ok(Box::new(Batch(player_daily_cache::Inputs {
            finals,
            players,
            teams,
            appearances,
            player_zones,
        })))
    }
}

struct Batch(player_daily_cache::Inputs);

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        let made = player_daily_cache(date, &self.0);
        Ok(made.map_err(|bad| unreadable_date(&bad))?.into())
    }
}
