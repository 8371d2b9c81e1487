//! How many rows a stage that looks back must make for each date, known before any is computed. A date whose rows
//! differ from this count is not ok.

use std::collections::{BTreeMap, HashMap};

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
                let reaches = |before, counts| counts && before + 1 == player_shot_zone::GAMES;
                let ready = count_players(&appearances(warehouse, dates).await?, reaches);
                let so_far = |date| ready.range(SeasonYear::of(date).first_day()..date);
                let players = |&date| (date, so_far(date).map(|(_, players)| players).sum());
                Ok(dates.iter().map(players).collect())
            }
            Self::Players(fewest) => {
                let has_enough = |before, _| before >= fewest;
                Ok(count_players(&appearances(warehouse, dates).await?, has_enough))
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

/// The players of a date: those whose game counts, and the others. Names with a comma between them.
struct Appearances {
    date: NaiveDate,
    counted: String,
    others: String,
}

/// The players of each date from the first day of the season to the last of these dates, in order.
async fn appearances(warehouse: &dyn Warehouse, dates: &[NaiveDate]) -> Result<Vec<Appearances>, StageError> {
    let table = tables::player_game();
    require_rows(warehouse, table, "player_game").await?;
    let (Some((first, _)), Some(&last)) = (lookback_range(dates), dates.iter().max()) else {
        return Ok(Vec::new());
    };
    let answer = warehouse.query(&appearances_query(first, last)).await?;
    let of_date = |row: Row| match <[Value; 3]>::try_from(row).ok()? {
        [date, counted, others] => Some(Appearances {
            date: date.as_date()?,
            counted: names(counted)?,
            others: names(others)?,
        }),
    };
    let by_date: Option<_> = answer.rows.into_iter().map(of_date).collect();
    by_date.ok_or_else(|| StageError {
        class: ErrorClass::Code,
        message: format!(
            "the player count of {} did not return dates and names",
            table.path()
        ),
    })
}

/// A row per date: a window that counts the games of each player takes the embedded warehouse five times as long.
fn appearances_query(first: NaiveDate, last: NaiveDate) -> String {
    let table = tables::player_game().path();
    format!(
        "SELECT game_date, \
           STRING_AGG(IF({COUNTED_GAME}, player_lookup, NULL)) AS counted, \
           STRING_AGG(IF({COUNTED_GAME}, NULL, player_lookup)) AS others \
         FROM `{table}` WHERE game_date BETWEEN DATE '{first}' AND DATE '{last}' \
         GROUP BY game_date ORDER BY game_date"
    )
}

fn names(listed: Value) -> Option<String> {
    match listed {
        Value::Text(names) => Some(names.into_owned()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

/// The players by date for whom this is true of their games counted before it in its season, and of whether that of the
/// date counts.
fn count_players(appearances: &[Appearances], is_meant: impl Fn(usize, bool) -> bool) -> RowsByDate {
    let mut players = RowsByDate::new();
    for season in appearances.chunk_by(|one, two| SeasonYear::of(one.date) == SeasonYear::of(two.date)) {
        let mut games = HashMap::new();
        for of_date in season {
            let players = players.entry(of_date.date).or_default();
            for (names, counts) in [(&of_date.counted, true), (&of_date.others, false)] {
                for name in names.split_terminator(',') {
                    let before: &mut usize = games.entry(name).or_default();
                    *players += u32::from(is_meant(*before, counts));
                    *before += usize::from(counts);
                }
            }
        }
    }
    players
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn games_are_counted_before_each_date_of_a_season() {
        let of_date = |date: &str, counted: &str, others: &str| Appearances {
            date: date.parse().unwrap(),
            counted: counted.to_owned(),
            others: others.to_owned(),
        };
        let appearances = [
            of_date("2023-04-09", "ann,bob", ""),
            of_date("2023-10-24", "ann,bob", "cid"),
            of_date("2023-10-25", "ann", "bob"),
            of_date("2023-10-26", "ann,bob,cid", ""),
        ];
        let counts = |is_meant: fn(usize, bool) -> bool| -> Vec<u32> {
            count_players(&appearances, is_meant).into_values().collect()
        };
        assert_eq!(counts(|_, _| true), [2, 3, 2, 3]);
        assert_eq!(counts(|before, _| before >= 1), [0, 0, 2, 2]);
        assert_eq!(counts(|before, counts| counts && before + 1 == 2), [0, 0, 1, 1]);
    }

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
