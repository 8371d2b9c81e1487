//! How many rows a stage that looks back must make for each date, known before any is computed. A date whose rows
//! differ from this count is not ok.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures_util::future::join;

use super::extracts::{lookback_range, read_season};
use super::schedule::team_scopes;
use crate::engine::{Scope, StageError};
use crate::nba::ids::SeasonYear;
use crate::nba::stored::{COUNTED_GAME, Extract};
use crate::nba::{Finals, player_shot_zone, tables, team_defense_zone};
use crate::table::{Row, TableDef, Value};
use crate::warehouse::{ErrorClass, Warehouse};

/// The first days of a season are skipped, because there are too few games to look back on.
const BOOTSTRAP_DAYS: i64 = 14;

/// Who gets a row on a date.
#[derive(Debug, Clone, Copy)]
pub(super) enum ExpectedRows {
    /// Every team with enough games in the season, whether or not it plays.
    Teams,
    /// Every player with enough counted games in the season, whether or not he plays.
    Shooters,
    /// Every player with a game on the date and at least this many counted games before it.
    Players(usize),
}

type RowsByDate = BTreeMap<NaiveDate, u32>;

impl ExpectedRows {
    /// The scope of each date: skipped with its reason, else the expected rows, or skipped if there are none.
    pub(super) async fn scopes(
        self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
    ) -> Result<Vec<Scope>, StageError> {
        let Some(range) = lookback_range(dates) else {
            return Ok(Vec::new());
        };
        let finals = read_season(warehouse, range, &[], &[Extract::Finals])
            .await?
            .finals;
        // Counted beside the schedule, even if no date turns out to need rows: a query may take a second.
        let counted = self.count(warehouse, dates, &finals);
        let (reasons, counted) = join(reasons_to_skip(warehouse, dates, &finals), counted).await;
        let reasons = reasons?;
        let rows = if reasons.contains(&None) {
            counted?
        } else {
            RowsByDate::new()
        };
        Ok(scopes(dates, reasons, &rows, &self.too_early()))
    }

    async fn count(
        self,
        warehouse: &dyn Warehouse,
        dates: &[NaiveDate],
        finals: &Finals,
    ) -> Result<RowsByDate, StageError> {
        match self {
            Self::Teams => {
                require_rows(warehouse, tables::team_defense(), "team_defense").await?;
                // There are thirty teams at most.
                let teams = |date| u32::try_from(team_defense_zone::expected(date, finals).count());
                let teams = |&date| (date, teams(date).unwrap_or(u32::MAX));
                Ok(dates.iter().map(teams).collect())
            }
            Self::Shooters => {
                let ready = count_players(warehouse, dates, shooters_query).await?;
                let so_far = |date| ready.range(SeasonYear::of(date).first_day()..date);
                let players = |&date| (date, so_far(date).map(|(_, players)| players).sum());
                Ok(dates.iter().map(players).collect())
            }
            Self::Players(fewest) => {
                let query = |first, last| players_query(fewest, first, last);
                count_players(warehouse, dates, query).await
            }
        }
    }

    fn too_early(self) -> String {
        match self {
            Self::Teams => format!(
                "no team has played {} games of the season yet",
                team_defense_zone::GAMES
            ),
            Self::Shooters => format!(
                "no player has played {} games of the season yet",
                player_shot_zone::GAMES
            ),
            Self::Players(0) => "player_game has no row on this date".to_owned(),
            Self::Players(fewest) => format!("no active player has played {fewest} games of the season yet"),
        }
    }
}

fn scopes(
    dates: &[NaiveDate],
    reasons: Vec<Option<String>>,
    rows: &RowsByDate,
    too_early: &str,
) -> Vec<Scope> {
    let scope = |(date, reason): (&NaiveDate, Option<String>)| match (reason, rows.get(date)) {
        (Some(reason), _) => Scope::Skip(reason),
        (None, None | Some(0)) => Scope::Skip(too_early.to_owned()),
        (None, Some(&rows)) => Scope::Rows(rows),
    };
    dates.iter().zip(reasons).map(scope).collect()
}

/// Why each date is skipped, if it is: no finished game, or too early in the season.
async fn reasons_to_skip(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    finals: &Finals,
) -> Result<Vec<Option<String>>, StageError> {
    let scopes = team_scopes(warehouse, dates).await?;
    let reason = |(&date, scope)| match (scope, finals.day_of_season(date)) {
        (Scope::Skip(reason), _) => Some(reason),
        (_, day @ ..BOOTSTRAP_DAYS) => Some(format!("bootstrap: day {day} of the season")),
        (_, _) => None,
    };
    Ok(dates.iter().zip(scopes).map(reason).collect())
}

/// Fails if the table that an earlier stage fills is empty.
async fn require_rows(warehouse: &dyn Warehouse, table: &TableDef, stage: &str) -> Result<(), StageError> {
    if warehouse.holds_rows(table).await? {
        return Ok(());
    }
    Err(StageError {
        class: ErrorClass::Data,
        message: format!("{} is empty; run stage {stage} first", table.path()),
    })
}

/// Players by date, counted by a query from the first day of the season to the last of these dates.
async fn count_players(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    query: impl Fn(NaiveDate, NaiveDate) -> String,
) -> Result<RowsByDate, StageError> {
    let table = tables::player_game();
    require_rows(warehouse, table, "player_game").await?;
    let (Some((first, _)), Some(&last)) = (lookback_range(dates), dates.iter().max()) else {
        return Ok(RowsByDate::new());
    };
    let answer = warehouse.query(&query(first, last)).await?;
    let players = |row: &Row| match row.as_slice() {
        [date, Value::Int(players)] => Some((date.as_date()?, u32::try_from(*players).ok()?)),
        _ => None,
    };
    let players: Option<_> = answer.rows.iter().map(players).collect();
    players.ok_or_else(|| StageError {
        class: ErrorClass::Code,
        message: format!(
            "the player count of {} did not return dates and counts",
            table.path()
        ),
    })
}

/// The players who reach the required number of games on a date. No date counts the games of the last one.
fn shooters_query(first: NaiveDate, last: NaiveDate) -> String {
    let (table, games) = (tables::player_game().path(), player_shot_zone::GAMES);
    let last = last.pred_opt().unwrap_or(last);
    format!(
        "SELECT game_date, COUNT(*) AS players FROM (\
           SELECT game_date, \
             ROW_NUMBER() OVER (PARTITION BY player_lookup, season_year ORDER BY game_date) AS nth \
           FROM `{table}` \
           WHERE game_date BETWEEN DATE '{first}' AND DATE '{last}' \
             AND ({COUNTED_GAME})\
         ) AS played WHERE nth = {games} GROUP BY game_date"
    )
}

/// The players of a date with enough games before it.
fn players_query(fewest: usize, first: NaiveDate, last: NaiveDate) -> String {
    let table = tables::player_game().path();
    format!(
        "SELECT game_date, COUNTIF(IFNULL(games_before, 0) >= {fewest}) AS players FROM (\
           SELECT game_date, \
             COUNTIF({COUNTED_GAME}) OVER (\
               PARTITION BY player_lookup, season_year ORDER BY game_date \
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS games_before \
           FROM `{table}` WHERE game_date BETWEEN DATE '{first}' AND DATE '{last}'\
         ) AS appearances GROUP BY game_date"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_skipped_for_a_reason_or_without_expected_rows() {
        let dates = ["2023-10-30", "2023-11-08", "2023-12-01"].map(|text| text.parse().unwrap());
        let reasons = vec![Some("bootstrap: day 6 of the season".to_owned()), None, None];
        let rows = RowsByDate::from([(dates[1], 0), (dates[2], 30)]);
        let skip = |reason: &str| Scope::Skip(reason.to_owned());
        assert_eq!(
            scopes(&dates, reasons, &rows, "too early"),
            [
                skip("bootstrap: day 6 of the season"),
                skip("too early"),
                Scope::Rows(30)
            ]
        );
    }
}
