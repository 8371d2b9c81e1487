//! Shared code of stages that look back on games: the days they read, the dates that need rows, and the errors for
//! missing or unreadable input.

use chrono::NaiveDate;

use super::schedule::team_scopes;
use crate::engine::{Input, Reach, Scope, StageError};
use crate::nba::Finals;
use crate::nba::ids::SeasonYear;
use crate::nba::raw::{BadRow, Feed};
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

/// The first days of a season are skipped, because there are too few games to look back on.
const BOOTSTRAP_DAYS: i64 = 14;

/// The dates these units may read: from the start of the earliest one's season to the day before the latest.
pub(super) fn lookback_range(dates: &[NaiveDate]) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = (dates.iter().min()?, dates.iter().max()?);
    Some((SeasonYear::of(*first).first_day(), last.pred_opt()?))
}

/// A table of which a unit reads the rows of its own date.
pub(super) fn on_its_date(table: &TableDef) -> Input {
    Input {
        table: table.path(),
        reach: Reach::SameDate,
    }
}

/// A table of which a unit reads the season up to its date.
pub(super) fn season_so_far(table: &TableDef) -> Input {
    Input {
        table: table.path(),
        reach: Reach::Before(|date| SeasonYear::of(date).first_day()),
    }
}

/// The schedule as an input: games played so far, and games of the date.
pub(super) fn schedule() -> [Input; 2] {
    let table = Feed::Schedule.table();
    [season_so_far(table), on_its_date(table)]
}

/// The rows of a table in the lookback range of these dates.
pub(super) async fn read_lookback(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    columns: &[&str],
    dates: &[NaiveDate],
) -> Result<Vec<Row>, StageError> {
    let Some((first, last)) = lookback_range(dates) else {
        return Ok(Vec::new());
    };
    let dates = Dates::Between(first, last);
    Ok(warehouse
        .read(Read {
            table,
            columns,
            dates,
        })
        .await?)
}

/// The finished games in the lookback range of these dates.
pub(super) async fn read_finals(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
) -> Result<Finals, StageError> {
    let feed = Feed::Schedule;
    let rows = read_lookback(warehouse, feed.table(), feed.columns(), dates).await?;
    Ok(Finals::read(&rows))
}

/// Why each date is skipped, if it is: no finished game, or too early in the season.
pub(super) async fn reasons_to_skip(
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
pub(super) async fn require_rows(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    stage: &str,
) -> Result<(), StageError> {
    if warehouse.holds_rows(table).await? {
        return Ok(());
    }
    Err(StageError {
        class: ErrorClass::Data,
        message: format!("{} is empty; run stage {stage} first", table.path()),
    })
}

/// The scope of each date: skipped with its reason, else the expected rows, or skipped if there are none.
pub(super) fn scopes(
    dates: &[NaiveDate],
    reasons: Vec<Option<String>>,
    owed: impl Fn(NaiveDate) -> u32,
    too_early: &str,
) -> Vec<Scope> {
    let scope = |(&date, reason): (&NaiveDate, Option<String>)| match reason {
        Some(reason) => Scope::Skip(reason),
        None => match owed(date) {
            0 => Scope::Skip(too_early.to_owned()),
            rows => Scope::Rows(rows),
        },
    };
    dates.iter().zip(reasons).map(scope).collect()
}

/// The error for an input row that its own stage wouldn't have written.
pub(super) fn unreadable(table: &TableDef, bad: &BadRow) -> StageError {
    StageError {
        class: ErrorClass::Data,
        message: format!(
            "cannot read a row of {}: {bad}; rerun the stage that fills it",
            table.path()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    // Reading the last date's own games could leak them into its rows.
    #[test]
    fn the_lookback_range_ends_the_day_before_the_last_date() {
        let dates = ["2024-01-05", "2024-01-04", "2023-12-30"].map(day);
        assert_eq!(
            lookback_range(&dates),
            Some((day("2023-10-01"), day("2024-01-04")))
        );
        assert_eq!(lookback_range(&[]), None);
    }

    #[test]
    fn dates_are_skipped_for_a_reason_or_without_expected_rows() {
        let dates = ["2023-10-30", "2023-11-08", "2023-12-01"].map(day);
        let reasons = vec![Some("bootstrap: day 6 of the season".to_owned()), None, None];
        let owed = |date| if date == dates[2] { 30 } else { 0 };
        let skip = |reason: &str| Scope::Skip(reason.to_owned());
        assert_eq!(
            scopes(&dates, reasons, owed, "too early"),
            [
                skip("bootstrap: day 6 of the season"),
                skip("too early"),
                Scope::Rows(30)
            ]
        );
    }
}
