//! Stage `player_composite`: one row per player with a game, from the season so far and the zone tables of the date.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::look_back::{on_its_date, read_finals};
use super::players::{player_scopes, read_on, read_players, read_teams, season_of_players, unreadable_date};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::player_composite::{self, player_composite};
use crate::nba::stored::{Appearance, DefenseZones, PlayerZones};
use crate::nba::tables;
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct PlayerComposite;

impl PlayerComposite {
    pub(super) const NAME: &'static str = "player_composite";
}

#[async_trait]
impl Stage for PlayerComposite {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(tables::player_composite())
    }

    fn inputs(&self) -> Vec<Input> {
        let tables = [Appearance::table(), PlayerZones::table(), DefenseZones::table()];
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
        let (finals, players, teams, appearances, player_zones, defense_zones) = tokio::try_join!(
            read_finals(warehouse, dates),
            read_players(warehouse, dates),
            read_teams(warehouse, dates),
            on(Appearance::table(), Appearance::COLUMNS),
            on(PlayerZones::table(), PlayerZones::COLUMNS),
            on(DefenseZones::table(), DefenseZones::COLUMNS),
        )?;
        Ok(Box::new(Batch(player_composite::Inputs {
            finals,
            players,
            teams,
            appearances,
            player_zones,
            defense_zones,
        })))
    }
}

struct Batch(player_composite::Inputs);

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        let made = player_composite(date, &self.0);
        Ok(made.map_err(|bad| unreadable_date(&bad))?.into())
    }
}
