//! Stage `team_defense_zone`: one row per game date and team with enough games, from the shots it allowed before that
//! date.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::look_back::{
    read_finals, read_lookback, reasons_to_skip, require_rows, schedule, scopes, season_so_far, unreadable,
};
use crate::engine::{Fills, Input, Inputs, Outcome, Scope, Stage, StageError};
use crate::nba::team_defense_zone::{DefenseLogs, GAMES, expected, team_defense_zone};
use crate::nba::{Finals, tables};
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct TeamDefenseZone;

impl TeamDefenseZone {
    pub(super) const NAME: &'static str = "team_defense_zone";
}

#[async_trait]
impl Stage for TeamDefenseZone {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fills(&self) -> Fills<'_> {
        Fills::Computed(tables::team_defense_zone())
    }

    fn inputs(&self) -> Vec<Input> {
        let read = [season_so_far(DefenseLogs::table())];
        read.into_iter().chain(schedule()).collect()
    }

    async fn scope(&self, warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Scope>, StageError> {
        let finals = read_finals(warehouse, dates).await?;
        let reasons = reasons_to_skip(warehouse, dates, &finals).await?;
        if reasons.contains(&None) {
            require_rows(warehouse, DefenseLogs::table(), "team_defense").await?;
        }
        // There are thirty teams at most.
        let owed = |date| u32::try_from(expected(date, &finals).count()).unwrap_or(u32::MAX);
        let too_early = format!("no team has played {GAMES} games of the season yet");
        Ok(scopes(dates, reasons, owed, &too_early))
    }

    async fn read(
        &self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        _source: &str,
    ) -> Result<Box<dyn Inputs>, StageError> {
        let table = DefenseLogs::table();
        let (rows, finals) = tokio::try_join!(
            read_lookback(warehouse, table, DefenseLogs::COLUMNS, dates),
            read_finals(warehouse, dates),
        )?;
        Ok(Box::new(Batch {
            finals,
            logs: DefenseLogs::read(&rows).map_err(|bad| unreadable(table, &bad))?,
        }))
    }
}

struct Batch {
    finals: Finals,
    logs: DefenseLogs,
}

impl Inputs for Batch {
    fn compute(&self, date: NaiveDate) -> Result<Outcome, StageError> {
        Ok(team_defense_zone(date, &self.finals, &self.logs).into())
    }
}
