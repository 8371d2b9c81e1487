//! The dates of a custom stage, as defined by its plan: which are active, how many rows each needs, what they depend
//! on.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

use crate::engine::{Input, Reach, Scope, StageError};
use crate::partition::{Grain, Partition};
use crate::plan::{Active, Binds, DateQuery, ExpectRows, ReadReach, ReadSpec};
use crate::table::{Value, named_partition};
use crate::warehouse::{Answer, ErrorClass, MAX_DATES_OF_QUERY, Warehouse};

/// The tables a stage reads, as inputs for the engine. Its own table is none of them: how a date depends on its past is
/// the engine's business.
pub(super) fn inputs(reads: &[ReadSpec], own_table: Option<&str>) -> Vec<Input> {
    let input = |read: &ReadSpec| Input {
        table: read.table.clone(),
        reach: match read.reach {
            ReadReach::DaysBack(0) => Reach::SameDate,
            ReadReach::DaysBack(days) => Reach::Days(days),
            ReadReach::Around { back, ahead } => Reach::Around { back, ahead },
        },
    };
    let others = reads.iter().filter(|read| own_table != Some(read.table.as_str()));
    others.map(input).collect()
}

/// The scope of each date; `untold` if the plan doesn't state a row count.
pub(super) async fn scopes(
    active: &Active,
    expect: &ExpectRows,
    untold: Scope,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
) -> Result<Vec<Scope>, StageError> {
    let off = reasons_to_skip(active, warehouse, dates).await?;
    let with_work = dates.iter().zip(&off).filter(|(_, off)| off.is_none());
    let with_work: Vec<Partition> = with_work.map(|(date, _)| *date).collect();
    let owed = rows_owed(expect, warehouse, &with_work).await?;
    let scope = |(date, off): (&Partition, Option<String>)| match (off, owed.get(date)) {
        (Some(reason), _) => Scope::Skip(reason),
        (None, None) => untold.clone(),
        (None, Some(0)) => Scope::Skip("no rows are expected".to_owned()),
        (None, Some(rows)) => Scope::Rows(*rows),
    };
    Ok(dates.iter().zip(off).map(scope).collect())
}

/// Why each date is skipped; `None` if it isn't.
async fn reasons_to_skip(
    active: &Active,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
) -> Result<Vec<Option<String>>, StageError> {
    match active {
        Active::Always => Ok(vec![None; dates.len()]),
        Active::Weekdays(days) => {
            let reason = |date: &Partition| {
                let is_off = !days.contains(&date.first_day().weekday());
                is_off.then(|| format!("off-day: no work on a {}", date.first_day().format("%A")))
            };
            Ok(dates.iter().map(reason).collect())
        }
        Active::Query(sql) => {
            let answer = warehouse.query(sql).await?;
            let named: HashSet<NaiveDate> = answer
                .rows
                .iter()
                .map(|row| first_date(row))
                .collect::<Result<_, _>>()?;
            let reason = |date: &Partition| {
                (!date.days().any(|day| named.contains(&day)))
                    .then(|| "off-day: not among the plan's active dates".to_owned())
            };
            Ok(dates.iter().map(reason).collect())
        }
    }
}

fn first_date(row: &[Value]) -> Result<NaiveDate, StageError> {
    let date = row.first().and_then(Value::as_date);
    date.ok_or_else(|| {
        let found = row.first().map(ToString::to_string).unwrap_or_default();
        wrong(format!(
            "'active' returns '{found}' in its first column, which is not a valid date"
        ))
    })
}

/// The expected number of rows per date. A date that is missing expects at least one.
pub(super) async fn rows_owed(
    expect: &ExpectRows,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
) -> Result<HashMap<Partition, u32>, StageError> {
    let DateQuery { sql, binds, zone } = match expect {
        ExpectRows::Some => return Ok(HashMap::new()),
        ExpectRows::Exactly(rows) => return Ok(dates.iter().map(|&date| (date, *rows)).collect()),
        ExpectRows::Query(query) => query,
    };
    match binds {
        Binds::OneDate => {
            let mut owed = HashMap::with_capacity(dates.len());
            for &date in dates {
                let answer = warehouse.query_about(sql, &[date], *zone).await?;
                owed.insert(date, only_number(&answer, date)?);
            }
            Ok(owed)
        }
        Binds::ManyDates if dates.is_empty() => Ok(HashMap::new()),
        Binds::ManyDates => {
            // A date missing from the query's result expects no rows.
            let mut owed: HashMap<Partition, u32> = dates.iter().map(|&date| (date, 0)).collect();
            let grain = dates.first().map_or(Grain::Day, |date| date.grain());
            let mut found = Vec::new();
            for dates in dates.chunks(MAX_DATES_OF_QUERY) {
                found.extend(warehouse.query_about(sql, dates, *zone).await?.rows);
            }
            for row in &found {
                let (date, rows) = match row.as_slice() {
                    [date, rows] => (named_partition(date, grain), count(rows)),
                    _ => (None, None),
                };
                let (Some(date), Some(rows)) = (date, rows) else {
                    return Err(wrong(format!(
                        "expect_rows for many dates must return two columns, {} and its number of rows",
                        match grain {
                            Grain::Hour => "a timestamp in each hour",
                            Grain::Day | Grain::Week | Grain::Month | Grain::Year => "a date",
                        }
                    )));
                };
                // A longer partition expects the rows of all its days.
                match owed.get_mut(&date) {
                    Some(owed) if grain == Grain::Day => *owed = rows,
                    Some(owed) => *owed = owed.saturating_add(rows),
                    None => {}
                }
            }
            Ok(owed)
        }
    }
}

fn only_number(answer: &Answer, date: Partition) -> Result<u32, StageError> {
    let number = match answer.rows.as_slice() {
        [row] => match row.as_slice() {
            [value] => count(value),
            _ => None,
        },
        _ => None,
    };
    number.ok_or_else(|| {
        wrong(format!(
            "expect_rows must return one whole number, the rows of the date, but does not for {date}"
        ))
    })
}

fn count(value: &Value) -> Option<u32> {
    match value {
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn wrong(message: String) -> StageError {
    StageError {
        class: ErrorClass::Code,
        message,
    }
}
