//! Shared code of the stages about the players of a date: expected rows and inputs.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::look_back::{
    lookback_range, read_finals, read_lookback, reasons_to_skip, require_rows, schedule, scopes,
    season_so_far, unreadable,
};
use crate::engine::{Input, Scope, StageError};
use crate::nba::raw::BadRow;
use crate::nba::stored::{Appearance, PlayerLogs, TeamLogs};
use crate::table::{Row, TableDef, Value};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

/// One row for each player with a game on the date and at least `fewest` counted games earlier in the season.
pub(super) async fn player_scopes(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    fewest: usize,
) -> Result<Vec<Scope>, StageError> {
    let finals = read_finals(warehouse, dates).await?;
    let reasons = reasons_to_skip(warehouse, dates, &finals).await?;
    let players = if reasons.contains(&None) {
        players(warehouse, dates, fewest).await?
    } else {
        BTreeMap::new()
    };
    let owed = |date| players.get(&date).copied().unwrap_or_default();
    let no_players = match fewest {
        0 => "player_game has no row on this date".to_owned(),
        _ => format!("no active player has played {fewest} games of the season yet"),
    };
    Ok(scopes(dates, reasons, owed, &no_players))
}

/// The number of expected rows per date, counted by a query.
async fn players(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    fewest: usize,
) -> Result<BTreeMap<NaiveDate, u32>, StageError> {
    let table = Appearance::table();
    require_rows(warehouse, table, "player_game").await?;
    let (Some((first, _)), Some(last)) = (lookback_range(dates), dates.iter().max()) else {
        return Ok(BTreeMap::new());
    };
    let path = table.path();
    // Which games count is defined by `PlayerLogs` in nba. A date whose rows differ from this count is not ok.
    let answer = warehouse
        .query(&format!(
            "SELECT game_date, COUNTIF(IFNULL(games_before, 0) >= {fewest}) AS players FROM (\
               SELECT game_date, \
                 COUNTIF(minutes_played > 0 OR points > 0) OVER (\
                   PARTITION BY player_lookup, season_year ORDER BY game_date \
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS games_before \
               FROM `{path}` WHERE game_date BETWEEN DATE '{first}' AND DATE '{last}'\
             ) AS appearances GROUP BY game_date"
        ))
        .await?;
    let counted = |row: &Row| match row.as_slice() {
        [date, Value::Int(players)] => Some((date.as_date()?, u32::try_from(*players).ok()?)),
        _ => None,
    };
    let players: Option<_> = answer.rows.iter().map(counted).collect();
    players.ok_or_else(|| StageError {
        class: ErrorClass::Code,
        message: format!("the player count of {path} did not return dates and counts"),
    })
}

/// The players' games in the lookback range. They are converted to logs right away, so that a season of rows doesn't
/// stay in memory.
pub(super) async fn read_players(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
) -> Result<PlayerLogs, StageError> {
    let table = PlayerLogs::table();
    let rows = read_lookback(warehouse, table, PlayerLogs::COLUMNS, dates).await?;
    PlayerLogs::read(&rows).map_err(|bad| unreadable(table, &bad))
}

/// The inputs of every stage about players: the season so far of schedule, players and teams.
pub(super) fn season_of_players() -> Vec<Input> {
    let season = [PlayerLogs::table(), TeamLogs::table()].map(season_so_far);
    season.into_iter().chain(schedule()).collect()
}

/// The teams' games in the lookback range.
pub(super) async fn read_teams(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
) -> Result<TeamLogs, StageError> {
    let table = TeamLogs::table();
    let rows = read_lookback(warehouse, table, TeamLogs::COLUMNS, dates).await?;
    TeamLogs::read(&rows).map_err(|bad| unreadable(table, &bad))
}

/// The error for an invalid row stored by an earlier stage.
pub(super) fn unreadable_date(bad: &BadRow) -> StageError {
    StageError {
        class: ErrorClass::Data,
        message: format!("cannot read a row of an earlier stage: {bad}; rerun the stages before this one"),
    }
}

/// The rows of a table on the dates themselves.
pub(super) async fn read_on(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    columns: &[&str],
    dates: &[NaiveDate],
) -> Result<Vec<Row>, StageError> {
    let dates = Dates::Only(dates);
    Ok(warehouse
        .read(Read {
            table,
            columns,
            dates,
        })
        .await?)
}

#[cfg(test)]
mod tests;
