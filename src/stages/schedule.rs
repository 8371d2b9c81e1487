//! Expected rows from the schedule: finished games and their teams per date, and why other dates have no work.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::engine::{Scope, StageError};
use crate::nba::raw::{Feed, ScheduleRow};
use crate::nba::{Notes, Slate};
use crate::table::{Row, Value};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

/// A gap between game dates longer than this many days is the off-season.
const MAX_BREAK_DAYS: i64 = 30;

/// The expected rows of a team stage: one per team and finished game.
pub(super) async fn team_scopes(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
) -> Result<Vec<Scope>, StageError> {
    let table = Feed::Schedule.table();
    if !warehouse.holds_rows(table).await? {
        let message = format!(
            "{} has no games; load the feeds first with 'backcourt load'",
            table.path()
        );
        return Err(StageError {
            class: ErrorClass::Data,
            message,
        });
    }
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else {
        return Ok(Vec::new());
    };
    // Reads beyond the requested range, to distinguish an off day at its edge from the off-season.
    let margin = chrono::Days::new(MAX_BREAK_DAYS.unsigned_abs() + 1);
    let between = Dates::Between(
        first.checked_sub_days(margin).unwrap_or(first).into(),
        last.checked_add_days(margin).unwrap_or(last).into(),
    );
    let read = Read {
        table,
        columns: ScheduleRow::COLUMNS,
        dates: between,
    };
    let rows = warehouse.read_shared(read, &[]).await?;
    let expected = expected_rows(rows);
    Ok(dates.iter().map(|&date| scope(date, &expected)).collect())
}

/// The ids of the games finished on a date.
pub(super) async fn games(warehouse: &dyn Warehouse, date: NaiveDate) -> Result<Vec<String>, StageError> {
    let read = Read {
        table: Feed::Schedule.table(),
        columns: ScheduleRow::COLUMNS,
        dates: Dates::Only(&[date.into()]),
    };
    let rows = warehouse.read(read).await?;
    let slate = Slate::read(date, &rows, &mut Notes::default());
    Ok(slate.games().iter().map(|game| game.id.to_string()).collect())
}

fn expected_rows(rows: Vec<Row>) -> BTreeMap<NaiveDate, u32> {
    let mut by_date: BTreeMap<NaiveDate, Vec<Row>> = BTreeMap::new();
    for row in rows {
        if let Some(date) = row.first().and_then(Value::as_date) {
            by_date.entry(date).or_default().push(row);
        }
    }
    let teams = |(date, rows): (NaiveDate, Vec<Row>)| {
        (date, Slate::read(date, &rows, &mut Notes::default()).team_rows())
    };
    by_date
        .into_iter()
        .map(teams)
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

fn scope(date: NaiveDate, expected: &BTreeMap<NaiveDate, u32>) -> Scope {
    if let Some(rows) = expected.get(&date) {
        return Scope::Rows(*rows);
    }
    let before = expected.range(..date).next_back().map(|(day, _)| *day);
    let after = expected.range(date..).next().map(|(day, _)| *day);
    let summer = match (before, after) {
        (Some(before), Some(after)) => (after - before).num_days() > MAX_BREAK_DAYS,
        _ => true,
    };
    let reason = if summer {
        "off-season: no game for a month or more"
    } else {
        "off-day: no final in the schedule"
    };
    Scope::Skip(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_days_differ_from_the_off_season() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let expected: BTreeMap<NaiveDate, u32> = [
            ("2022-06-13", 2),
            ("2022-06-16", 2),
            ("2022-10-18", 4),
            ("2022-10-19", 24),
        ]
        .map(|(date, rows)| (day(date), rows))
        .into();
        let skip = |reason: &str| Scope::Skip(reason.to_owned());
        assert_eq!(scope(day("2022-06-13"), &expected), Scope::Rows(2));
        assert_eq!(
            scope(day("2022-06-14"), &expected),
            skip("off-day: no final in the schedule")
        );
        assert_eq!(
            scope(day("2022-08-01"), &expected),
            skip("off-season: no game for a month or more")
        );
        assert_eq!(
            scope(day("2020-01-01"), &expected),
            skip("off-season: no game for a month or more")
        );
    }
}
