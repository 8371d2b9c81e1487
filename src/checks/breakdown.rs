//! Adds up the result of a breakdown query: in total, by date and by group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::partition::{Grain, Partition};
use crate::plan::BreakdownSpec;
use crate::table::{Value, named_partition};
use crate::warehouse::{Answer, ErrorClass, Warehouse, WarehouseError};

/// Name of the group whose value is NULL.
const NULL_GROUP: &str = "none";

/// Known and missing values, with the causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// What is counted, for example `players`.
    #[serde(alias = "counts")]
    pub unit: String,
    /// Causes of missing values.
    pub causes: Vec<String>,
    /// Causes for which a value isn't counted at all.
    #[serde(alias = "beside")]
    pub not_counted: Vec<String>,
    /// The total.
    #[serde(alias = "whole")]
    pub total: Tally,
    /// By group column, in the plan's order.
    pub by: Vec<Dimension>,
    /// By date, in order; dates with nothing counted are omitted.
    pub dates: Vec<(Partition, Tally)>,
}

/// The totals of one group column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimension {
    /// Column name.
    pub name: String,
    /// Totals by group name.
    pub groups: Vec<(String, Tally)>,
}

/// Number of known values, and of missing ones by cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Values that are known.
    pub known: u64,
    /// Missing values, in the order of [`Breakdown::causes`].
    #[serde(alias = "lacking")]
    pub missing: Vec<u64>,
    /// Values not counted, in the order of [`Breakdown::not_counted`].
    #[serde(alias = "beside")]
    pub not_counted: Vec<u64>,
}

impl Breakdown {
    /// The total and its causes, in one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Tally {
            known,
            missing,
            not_counted,
        } = &self.total;
        let listed = |causes: &[String], numbers: &[u64]| {
            let listed: Vec<String> = (causes.iter().zip(numbers))
                .map(|(cause, number)| format!("{cause} {number}"))
                .collect();
            listed.join(", ")
        };
        let not_counted = if self.not_counted.is_empty() {
            String::new()
        } else {
            format!("; not counted: {}", listed(&self.not_counted, not_counted))
        };
        let missing = listed(&self.causes, missing);
        format!(
            "{known} of {} {}; {missing}{not_counted}",
            self.total.counted(),
            self.unit
        )
    }
}

impl Tally {
    fn of(spec: &BreakdownSpec) -> Self {
        Self {
            known: 0,
            missing: vec![0; spec.causes.len()],
            not_counted: vec![0; spec.not_counted.len()],
        }
    }

    fn add(&mut self, cause: CountedAs, count: u64) {
        match cause {
            CountedAs::Known => self.known += count,
            CountedAs::Missing(at) => self.missing[at] += count,
            CountedAs::NotCounted(at) => self.not_counted[at] += count,
        }
    }

    /// Number of values counted, known or missing.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.known + self.missing.iter().sum::<u64>()
    }

    /// Share of known values in basis points, 0 to 10,000, rounded down so that 10,000 means complete; `None` if
    /// nothing is counted.
    #[must_use]
    pub fn basis_points(&self) -> Option<u64> {
        (self.known * 10_000).checked_div(self.counted())
    }

    /// Share of known values as text: `99.98 %`.
    #[must_use]
    pub fn share(&self) -> String {
        self.basis_points().map_or_else(
            || "-".to_owned(),
            |points| match (points / 100, points % 100) {
                (whole, 0) => format!("{whole} %"),
                (whole, rest) => format!("{whole}.{rest:02} %"),
            },
        )
    }
}

/// Where a row of the result is counted.
#[derive(Clone, Copy)]
enum CountedAs {
    Known,
    Missing(usize),
    NotCounted(usize),
}

/// Runs the query of a breakdown and adds up its result.
///
/// # Errors
/// When the query fails, or its result doesn't match the plan's columns and causes.
pub async fn break_down(
    spec: &BreakdownSpec,
    grain: Grain,
    warehouse: &dyn Warehouse,
) -> Result<Breakdown, WarehouseError> {
    let answer = warehouse.query(&spec.sql).await?;
    add_up(spec, &answer, grain).map_err(|problem| WarehouseError::new(ErrorClass::Code, problem))
}

/// Adds up a query result.
///
/// # Errors
/// When a column is missing, a date or number is invalid, or a cause isn't one of the plan's.
pub fn add_up(spec: &BreakdownSpec, answer: &Answer, grain: Grain) -> Result<Breakdown, String> {
    let column = |name: &str| {
        let known = || answer.columns.join(", ");
        let place = answer.position(name);
        place.ok_or_else(|| format!("the query returns no column '{name}'; it returns {}", known()))
    };
    let (date_at, cause_at, count_at) = (column(&spec.date)?, column(&spec.cause)?, column(&spec.count)?);
    let by_at = spec
        .by
        .iter()
        .map(|name| column(name))
        .collect::<Result<Vec<_>, _>>()?;
    let mut sums = Sums::of(spec);
    for row in &answer.rows {
        let (date, count) = (&row[date_at], &row[count_at]);
        let valid = match grain {
            Grain::Hour => "a valid timestamp",
            Grain::Day | Grain::Week | Grain::Month | Grain::Year => "a valid date",
        };
        let date = named_partition(date, grain).ok_or_else(|| refused(&spec.date, date, valid))?;
        let count = as_count(count).ok_or_else(|| refused(&spec.count, count, "a number"))?;
        let cause = counted_as(spec, &row[cause_at])?;
        sums.add(date, by_at.iter().map(|at| &row[*at]), cause, count);
    }
    Ok(sums.breakdown())
}

/// Counts so far.
struct Sums<'a> {
    spec: &'a BreakdownSpec,
    total: Tally,
    dates: BTreeMap<Partition, Tally>,
    /// The groups of each dimension, in the order of the plan.
    groups: Vec<BTreeMap<String, Tally>>,
}

impl<'a> Sums<'a> {
    fn of(spec: &'a BreakdownSpec) -> Self {
        Self {
            spec,
            total: Tally::of(spec),
            dates: BTreeMap::new(),
            groups: vec![BTreeMap::new(); spec.by.len()],
        }
    }

    fn add<'v>(
        &mut self,
        date: Partition,
        by: impl Iterator<Item = &'v Value>,
        cause: CountedAs,
        count: u64,
    ) {
        let spec = self.spec;
        let none = || Tally::of(spec);
        self.total.add(cause, count);
        self.dates.entry(date).or_insert_with(none).add(cause, count);
        for (groups, value) in self.groups.iter_mut().zip(by) {
            let name = match value {
                Value::Null => NULL_GROUP.to_owned(),
                value => value.to_string(),
            };
            groups.entry(name).or_insert_with(none).add(cause, count);
        }
    }

    fn breakdown(self) -> Breakdown {
        let dimension = |(name, groups): (&String, BTreeMap<_, _>)| Dimension {
            name: name.clone(),
            groups: groups.into_iter().collect(),
        };
        Breakdown {
            unit: self.spec.count.clone(),
            causes: self.spec.causes.clone(),
            not_counted: self.spec.not_counted.clone(),
            total: self.total,
            by: self.spec.by.iter().zip(self.groups).map(dimension).collect(),
            dates: self.dates.into_iter().collect(),
        }
    }
}

fn as_count(value: &Value) -> Option<u64> {
    match value {
        Value::Int(count) => u64::try_from(*count).ok(),
        _ => None,
    }
}

fn refused(column: &str, value: &Value, wanted: &str) -> String {
    format!("column {column} contains {value}, which is not {wanted}")
}

fn counted_as(spec: &BreakdownSpec, cause: &Value) -> Result<CountedAs, String> {
    if *cause == Value::Null {
        return Ok(CountedAs::Known);
    }
    let text = cause.to_string();
    let among = |causes: &[String]| causes.iter().position(|known| *known == text);
    among(&spec.causes)
        .map(CountedAs::Missing)
        .or_else(|| among(&spec.not_counted).map(CountedAs::NotCounted))
        .ok_or_else(|| {
            format!(
                "column {} contains '{text}', which is not one of the plan's causes",
                spec.cause
            )
        })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn spec() -> BreakdownSpec {
        BreakdownSpec {
            check: "c".to_owned(),
            title: "Known".to_owned(),
            sql: String::new(),
            date: "day".to_owned(),
            by: vec!["team".to_owned()],
            cause: "why".to_owned(),
            count: "rows".to_owned(),
            causes: vec!["lost".to_owned(), "late".to_owned()],
            not_counted: vec!["absent".to_owned()],
        }
    }

    fn answer(rows: &[(&str, &str, Option<&str>, i64)]) -> Answer {
        let row = |&(day, team, why, count): &(&str, &str, Option<&str>, i64)| {
            let why = why.map(str::to_owned).into();
            vec![
                day.parse::<Partition>().unwrap().first_day().into(),
                team.to_owned().into(),
                why,
                Value::Int(count),
            ]
        };
        Answer {
            columns: ["day", "team", "why", "rows"].map(str::to_owned).to_vec(),
            rows: rows.iter().map(row).collect(),
        }
    }

    fn tally(known: u64, missing: [u64; 2], not_counted: u64) -> Tally {
        Tally {
            known,
            missing: missing.to_vec(),
            not_counted: vec![not_counted],
        }
    }

    #[test]
    fn each_row_counts_once_in_total_by_date_and_by_group() {
        let found = add_up(
            &spec(),
            &answer(&[
                ("2024-01-05", "BOS", None, 8),
                ("2024-01-04", "BOS", Some("lost"), 2),
                ("2024-01-04", "DEN", None, 5),
                ("2024-01-04", "DEN", Some("late"), 1),
                ("2024-01-04", "DEN", Some("absent"), 4),
            ]),
            Grain::Day,
        )
        .unwrap();
        assert_eq!(found.total, tally(13, [2, 1], 4));
        assert_eq!(found.total.counted(), 16, "causes that the check does not count");
        assert_eq!(
            found.in_words(),
            "13 of 16 rows; lost 2, late 1; not counted: absent 4"
        );
        let day = |text: &str| text.parse::<Partition>().unwrap();
        assert_eq!(
            found.dates,
            [
                (day("2024-01-04"), tally(5, [2, 1], 4)),
                (day("2024-01-05"), tally(8, [0, 0], 0)),
            ]
        );
        let teams = vec![
            ("BOS".to_owned(), tally(8, [2, 0], 0)),
            ("DEN".to_owned(), tally(5, [0, 1], 4)),
        ];
        assert_eq!((found.by[0].name.as_str(), &found.by[0].groups), ("team", &teams));
    }

    #[rstest]
    #[case(0, 0, "-")]
    #[case(3, 0, "100 %")]
    #[case(99_999, 1, "99.99 %")]
    #[case(1, 1, "50 %")]
    #[case(1, 15, "6.25 %")]
    #[case(0, 7, "0 %")]
    fn only_complete_data_shows_100_percent(#[case] known: u64, #[case] lost: u64, #[case] share: &str) {
        assert_eq!(tally(known, [lost, 0], 0).share(), share);
    }

    #[test]
    fn query_results_that_contradict_the_plan_are_refused() {
        let stranger = add_up(
            &spec(),
            &answer(&[("2024-01-04", "BOS", Some("stolen"), 2)]),
            Grain::Day,
        );
        assert_eq!(
            stranger.unwrap_err(),
            "column why contains 'stolen', which is not one of the plan's causes"
        );
        let mut negative = answer(&[("2024-01-04", "BOS", None, -1)]);
        assert_eq!(
            add_up(&spec(), &negative, Grain::Day).unwrap_err(),
            "column rows contains -1, which is not a number"
        );
        negative.columns[1] = "club".to_owned();
        assert_eq!(
            add_up(&spec(), &negative, Grain::Day).unwrap_err(),
            "the query returns no column 'team'; it returns day, club, why, rows"
        );
    }
}
