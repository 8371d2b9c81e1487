//! Reads the extracts of stages that look back. The rules know what they contain; this module knows their dates.

use chrono::NaiveDate;
use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;

use crate::engine::{Input, Reach, StageError};
use crate::nba::ids::SeasonYear;
use crate::nba::stored::{Extract, Extracts};
use crate::table::TableDef;
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

pub(super) fn input(extract: Extract) -> Input {
    if extract.is_of_season() {
        Input {
            table: extract.table().path(),
            reach: Reach::Before(|date| SeasonYear::of(date).first_day()),
        }
    } else {
        on_its_date(extract.table())
    }
}

/// A table of which a unit reads the rows of its own date.
pub(super) fn on_its_date(table: &TableDef) -> Input {
    Input {
        table: table.path(),
        reach: Reach::SameDate,
    }
}

/// The dates of the season that these units may read: from the start of the earliest one's season to the day before the
/// latest.
pub(super) fn lookback_range(dates: &[NaiveDate]) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = (dates.iter().min()?, dates.iter().max()?);
    Some((SeasonYear::of(*first).first_day(), last.pred_opt()?))
}

/// Reads these extracts for a batch of dates. Each is parsed as soon as it has been read, so that a season of rows
/// doesn't stay in memory.
pub(super) async fn read_extracts(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    reads: &[Extract],
) -> Result<Extracts, StageError> {
    let Some((first, last)) = lookback_range(dates) else {
        return Ok(Extracts::default());
    };
    let read = |extract: Extract| async move {
        let dates = if extract.is_of_season() {
            Dates::Between(first, last)
        } else {
            Dates::Only(dates)
        };
        let read = Read {
            table: extract.table(),
            columns: extract.columns(),
            dates,
        };
        Ok::<_, StageError>((extract, warehouse.read(read).await?))
    };
    let mut reading: FuturesUnordered<_> = reads.iter().map(|&extract| read(extract)).collect();
    let mut extracts = Extracts::default();
    while let Some((extract, rows)) = reading.try_next().await? {
        extracts.put(extract, rows).map_err(|bad| StageError {
            class: ErrorClass::Data,
            message: format!(
                "cannot read a row of {}: {bad}; rerun the stage that fills it",
                extract.table().path()
            ),
        })?;
    }
    Ok(extracts)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reading the last date's own games could leak them into its rows.
    #[test]
    fn the_lookback_range_ends_the_day_before_the_last_date() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dates = ["2024-01-05", "2024-01-04", "2023-12-30"].map(day);
        assert_eq!(
            lookback_range(&dates),
            Some((day("2023-10-01"), day("2024-01-04")))
        );
        assert_eq!(lookback_range(&[]), None);
    }
}
