//! Groups jobs by shape: batches run the same query for different dates, so one dry run covers all of them.

use std::collections::BTreeMap;

use super::recording_warehouse::{RecordedDates, RecordedQuery};
use crate::partition::Partition;

/// Jobs that differ only in their dates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    /// The query to dry-run for all of them.
    pub(super) question: RecordedQuery,
    pub(super) jobs: u64,
    /// Bytes processed by all jobs together, as a multiple of `question`.
    pub(super) share: f64,
    /// Bytes processed by the largest job, as a multiple of `question`.
    pub(super) largest: f64,
}

/// What all jobs of a shape have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum ShapeKey {
    Dates(String, Vec<String>),
    Range(String, Vec<String>),
    Months(String, Vec<String>),
    Query(String),
    About(String),
}

/// Groups recorded queries into shapes, with one query to dry-run for each.
pub(super) fn shapes(queries: Vec<RecordedQuery>) -> Vec<Shape> {
    let mut group: BTreeMap<ShapeKey, Vec<RecordedQuery>> = BTreeMap::new();
    for one in queries {
        let kind = match &one {
            RecordedQuery::Read { table, columns, days } => match days {
                RecordedDates::Only(_) => ShapeKey::Dates(table.clone(), columns.clone()),
                RecordedDates::Between(..) => ShapeKey::Range(table.clone(), columns.clone()),
                RecordedDates::Months(_) => ShapeKey::Months(table.clone(), columns.clone()),
            },
            RecordedQuery::Query(sql) => ShapeKey::Query(sql.clone()),
            RecordedQuery::About(sql, ..) => ShapeKey::About(sql.clone()),
        };
        group.entry(kind).or_default().push(one);
    }
    group.values().flat_map(|group| merged(group)).collect()
}

fn merged(group: &[RecordedQuery]) -> Vec<Shape> {
    let jobs = group.len() as u64;
    match group {
        [] => Vec::new(),
        [RecordedQuery::Read { table, columns, days }, ..] => {
            let read = |days| RecordedQuery::Read {
                table: table.clone(),
                columns: columns.clone(),
                days,
            };
            match days {
                RecordedDates::Only(_) => vec![side_by_side(read, group)],
                RecordedDates::Between(..) => overlapping(read, group),
                RecordedDates::Months(_) => vec![each_once(read, group)],
            }
        }
        // The middle one is usually neither the smallest nor the largest.
        several => vec![Shape {
            question: several[several.len() / 2].clone(),
            jobs,
            share: as_share(jobs),
            largest: 1.0,
        }],
    }
}

/// Reads of separate dates. Together they process as much as one read of all dates.
fn side_by_side(read: impl Fn(RecordedDates) -> RecordedQuery, group: &[RecordedQuery]) -> Shape {
    let mut dates: Vec<Partition> = group
        .iter()
        .flat_map(|queries| match queries {
            RecordedQuery::Read {
                days: RecordedDates::Only(dates),
                ..
            } => dates.as_slice(),
            _ => &[],
        })
        .copied()
        .collect();
    dates.sort_unstable();
    dates.dedup();
    let jobs = group.len() as u64;
    Shape {
        question: read(RecordedDates::Only(dates)),
        jobs,
        share: 1.0,
        largest: 1.0 / as_share(jobs),
    }
}

/// Shared reads, each of other months. The warehouse knows how many queries they take together.
fn each_once(read: impl Fn(RecordedDates) -> RecordedQuery, group: &[RecordedQuery]) -> Shape {
    let months = group.iter().filter_map(|queries| match queries {
        RecordedQuery::Read {
            days: RecordedDates::Months(months),
            ..
        } => Some(months),
        _ => None,
    });
    Shape {
        question: read(RecordedDates::Months(months.flatten().copied().collect())),
        jobs: 1,
        share: 1.0,
        largest: 1.0,
    }
}

/// Reads of date ranges. Ranges that overlap, such as look-backs within one season, process more than one read of the
/// whole season, in proportion to the sum of their lengths.
fn overlapping(read: impl Fn(RecordedDates) -> RecordedQuery, group: &[RecordedQuery]) -> Vec<Shape> {
    let mut spans: Vec<(Partition, Partition)> = group
        .iter()
        .filter_map(|queries| match queries {
            RecordedQuery::Read {
                days: RecordedDates::Between(from, to),
                ..
            } if from <= to => Some((*from, *to)),
            _ => None,
        })
        .collect();
    spans.sort_unstable();
    let mut groups: Vec<Vec<(Partition, Partition)>> = Vec::new();
    for span in spans {
        let end = |group: &Vec<(Partition, Partition)>| group.iter().map(|(_, to)| *to).max();
        match groups.last_mut() {
            Some(group) if end(group) >= Some(span.0) => group.push(span),
            _ => groups.push(vec![span]),
        }
    }
    let days = |(from, to): (Partition, Partition)| {
        as_share((to.last_day() - from.first_day()).num_days().unsigned_abs() + 1)
    };
    let shape = |group: Vec<(Partition, Partition)>| {
        let from = group.iter().map(|(from, _)| *from).min()?;
        let to = group.iter().map(|(_, to)| *to).max()?;
        let whole = days((from, to));
        let lengths = || group.iter().map(|span| days(*span) / whole);
        Some(Shape {
            question: read(RecordedDates::Between(from, to)),
            jobs: group.len() as u64,
            share: lengths().sum(),
            largest: lengths().fold(0.0, f64::max),
        })
    };
    groups.into_iter().filter_map(shape).collect()
}

#[allow(clippy::cast_precision_loss, reason = "few jobs and few days")]
const fn as_share(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::Timezone;

    fn day(text: &str) -> Partition {
        text.parse().unwrap()
    }

    fn read(days: RecordedDates) -> RecordedQuery {
        RecordedQuery::Read {
            table: "raw.games".to_owned(),
            columns: vec!["game_date".to_owned()],
            days,
        }
    }

    #[test]
    fn reads_of_single_dates_are_merged_into_one() {
        let only = |dates: &[&str]| read(RecordedDates::Only(dates.iter().map(|text| day(text)).collect()));
        let found = shapes(vec![
            only(&["2024-01-03"]),
            only(&["2024-01-01", "2024-01-02"]),
            only(&["2024-01-04"]),
            only(&["2024-01-05"]),
        ]);
        let all = [
            "2024-01-01",
            "2024-01-02",
            "2024-01-03",
            "2024-01-04",
            "2024-01-05",
        ];
        let expected = Shape {
            question: only(&all),
            jobs: 4,
            share: 1.0,
            largest: 0.25,
        };
        assert_eq!(found, [expected]);
    }

    // Each batch reads its season from the start: 10, 20 and 40 of 40 days make 1.75 times the season.
    #[test]
    fn lookback_reads_are_grouped_by_season() {
        let between = |from: &str, to: &str| read(RecordedDates::Between(day(from), day(to)));
        let found = shapes(vec![
            between("2023-10-01", "2023-10-10"),
            between("2022-10-01", "2022-10-05"),
            between("2023-10-01", "2023-10-20"),
            between("2023-10-01", "2023-11-09"),
        ]);
        let expected = [
            Shape {
                question: between("2022-10-01", "2022-10-05"),
                jobs: 1,
                share: 1.0,
                largest: 1.0,
            },
            Shape {
                question: between("2023-10-01", "2023-11-09"),
                jobs: 3,
                share: 1.75,
                largest: 1.0,
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn shared_reads_are_merged_into_one() {
        let months = |months: &[&str]| {
            read(RecordedDates::Months(
                months.iter().map(|text| day(text)).collect(),
            ))
        };
        let found = shapes(vec![
            months(&["2024-01-01", "2023-12-01"]),
            months(&["2024-02-01"]),
        ]);
        let expected = Shape {
            question: months(&["2023-12-01", "2024-01-01", "2024-02-01"]),
            jobs: 1,
            share: 1.0,
            largest: 1.0,
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn queries_that_differ_only_in_dates_share_a_shape() {
        let about =
            |date: &str| RecordedQuery::About("SELECT @date".to_owned(), vec![day(date)], Timezone::UTC);
        let found = shapes(vec![
            about("2024-01-01"),
            about("2024-01-02"),
            RecordedQuery::Query("SELECT 1".to_owned()),
            about("2024-01-03"),
            RecordedQuery::Query("SELECT 1".to_owned()),
        ]);
        let shape = |question, jobs: u64, share| Shape {
            question,
            jobs,
            share,
            largest: 1.0,
        };
        let query = RecordedQuery::Query("SELECT 1".to_owned());
        assert_eq!(found, [shape(query, 2, 2.0), shape(about("2024-01-02"), 3, 3.0)]);
    }
}
