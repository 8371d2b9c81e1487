//! Reads the extracts of stages that look back. The rules know what they contain; this module knows their dates.

use chrono::NaiveDate;
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;

use crate::engine::{Input, Reach, StageError};
use crate::nba::ids::SeasonYear;
use crate::nba::stored::{Extract, Extracts};
use crate::partition::Partition;
use crate::table::{Row, TableDef};
use crate::warehouse::{Dates, ErrorClass, Read, Warehouse};

pub(super) fn input(extract: Extract) -> Input {
    if extract.is_of_season() {
        Input {
            table: extract.table().path(),
            reach: Reach::Before(|date| SeasonYear::of(date.first_day()).first_day().into()),
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

/// All dates of all seasons that these units may read.
pub(super) fn lookback_dates(dates: &[NaiveDate]) -> Vec<NaiveDate> {
    let mut dates = dates.to_vec();
    dates.sort_unstable();
    let seasons = dates.chunk_by(|one, two| SeasonYear::of(*one) == SeasonYear::of(*two));
    let of_season =
        |(first, last): (NaiveDate, NaiveDate)| first.iter_days().take_while(move |date| *date <= last);
    seasons.filter_map(lookback_range).flat_map(of_season).collect()
}

/// Reads those of the extracts that are of a season, from its first date to its last. Each is parsed as soon as it has been
/// read, so that a season of rows doesn't stay in memory. The stage will read the upcoming dates as well.
pub(super) async fn read_season(
    warehouse: &dyn Warehouse,
    (first, last): (NaiveDate, NaiveDate),
    upcoming: &[NaiveDate],
    reads: &[Extract],
) -> Result<Extracts, StageError> {
    let upcoming = partitions(upcoming);
    let of_season = reads.iter().filter(|extract| extract.is_of_season());
    let read = |&extract: &Extract| {
        read(
            warehouse,
            extract,
            Dates::Between(first.into(), last.into()),
            &upcoming,
        )
    };
    let mut reading: FuturesUnordered<_> = of_season.map(read).collect();
    let mut extracts = Extracts::default();
    while let Some(read) = reading.try_next().await? {
        put(&mut extracts, read)?;
    }
    Ok(extracts)
}

/// Reads those of the extracts that are of the dates themselves. The stage will read the upcoming dates as well.
pub(super) async fn read_dates(
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    upcoming: &[NaiveDate],
    reads: &[Extract],
) -> Result<Vec<ReadExtract>, StageError> {
    let (dates, upcoming) = (partitions(dates), partitions(upcoming));
    let of_dates = reads.iter().filter(|extract| !extract.is_of_season());
    try_join_all(of_dates.map(|&extract| read(warehouse, extract, Dates::Only(&dates), &upcoming))).await
}

fn partitions(days: &[NaiveDate]) -> Vec<Partition> {
    days.iter().copied().map(Partition::day).collect()
}

/// An extract and its rows.
pub(super) type ReadExtract = (Extract, Vec<Row>);

async fn read(
    warehouse: &dyn Warehouse,
    extract: Extract,
    dates: Dates<'_>,
    upcoming: &[Partition],
) -> Result<ReadExtract, StageError> {
    let read = Read {
        table: extract.table(),
        columns: extract.columns(),
        dates,
    };
    Ok((extract, warehouse.read_shared(read, upcoming).await?))
}

/// Adds the rows of an extract to the others.
pub(super) fn put(extracts: &mut Extracts, (extract, rows): ReadExtract) -> Result<(), StageError> {
    extracts.put(extract, rows).map_err(|bad| StageError {
        class: ErrorClass::Data,
        message: format!(
            "cannot read a row of {}: {bad}; rerun the stage that fills it",
            extract.table().path()
        ),
    })
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

    #[test]
    fn lookback_dates_begin_with_each_season() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let dates = lookback_dates(&["2023-10-03", "2022-10-02"].map(day));
        assert_eq!(dates, ["2022-10-01", "2023-10-01", "2023-10-02"].map(day));
    }
}
