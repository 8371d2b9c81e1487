//! Stage `player_shot_zone`: one row per game date and player with enough games, from his shots before that date.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;

use super::look_back::{
    lookback_range, read_finals, read_lookback, reasons_to_skip, require_rows, schedule, scopes,
    season_so_far, unreadable,
};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::ids::SeasonYear;
use crate::nba::player_shot_zone::{GAMES, ShotLogs, player_shot_zone};
use crate::nba::{Finals, tables};
use crate::table::Value;
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct PlayerShotZone;

impl PlayerShotZone {
    pub(super) const NAME: &'static str = "player_shot_zone";
}

#[async_trait]
impl Stage for PlayerShotZone {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(tables::player_shot_zone())
    }

    fn inputs(&self) -> Vec<Input> {
        let read = [season_so_far(ShotLogs::table())];
        read.into_iter().chain(schedule()).collect()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        let finals = read_finals(warehouse, dates).await?;
        let reasons = reasons_to_skip(warehouse, dates, &finals).await?;
        let ready = if reasons.contains(&None) {
            players_ready(warehouse, dates).await?
        } else {
            BTreeMap::new()
        };
        let owed = |date| {
            let season = SeasonYear::of(date).first_day();
            ready.range(season..date).map(|(_, players)| players).sum()
        };
        let too_early = format!("no player has played {GAMES} games of the season yet");
        Ok(scopes(dates, reasons, owed, &too_early))
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let table = ShotLogs::table();
        let (rows, finals) = tokio::try_join!(
            read_lookback(warehouse, table, ShotLogs::COLUMNS, dates),
            read_finals(warehouse, dates),
        )?;
        Ok(Box::new(Batch {
            finals,
            logs: ShotLogs::read(&rows).map_err(|bad| unreadable(table, &bad))?,
        }))
    }
}

/// The number of players per date who reach the required number of games on it.
async fn players_ready(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
) -> Result<BTreeMap<NaiveDate, u32>, StageError> {
    let table = ShotLogs::table();
    require_rows(warehouse, table, "player_game").await?;
    let Some((first, last)) = lookback_range(dates) else {
        return Ok(BTreeMap::new());
    };
    let answer = warehouse
        .query(&format!(
            "SELECT game_date, COUNT(*) AS players FROM (\
               SELECT game_date, \
                 ROW_NUMBER() OVER (PARTITION BY player_lookup, season_year ORDER BY game_date) AS nth \
               FROM `{}` \
               WHERE game_date BETWEEN DATE '{first}' AND DATE '{last}' \
                 AND (minutes_played > 0 OR points > 0)\
             ) AS played WHERE nth = {GAMES} GROUP BY game_date",
            table.path()
        ))
        .await?;
    let ready = |row: &Vec<Value>| match row.as_slice() {
        [date, Value::Int(players)] => Some((date.as_date()?, u32::try_from(*players).ok()?)),
        _ => None,
    };
    Ok(answer.rows.iter().filter_map(ready).collect())
}

struct Batch {
    finals: Finals,
    logs: ShotLogs,
}

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        Ok(player_shot_zone(date, &self.finals, &self.logs).into())
    }
}
