//! Evaluates a check's query result against its expectations. Pure, so that every rule can be tested with a few values.

use std::collections::BTreeSet;

use regex::Regex;

use crate::figures::plural;
use crate::partition::{Grain, Partition};
use crate::plan::{Bound, CheckSpec, Expectation, TextTest};
use crate::table::{Row, Value, named_partition};
use crate::warehouse::Answer;

/// Result of evaluating a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Whether every expectation holds.
    pub met: bool,
    /// The measured value, as short as possible.
    pub value: String,
    /// The failing dates, in order; empty if the check passed or the result has no dates.
    pub failing_dates: Vec<Partition>,
    /// Dates in the result that were not run yet, in order; they don't count until they are.
    pub not_run: BTreeSet<Partition>,
    /// Dates in the result that are outside the plan and were not run, in order.
    pub outside: BTreeSet<Partition>,
}

/// How a date in a result counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedDate {
    /// It is a failing date.
    Counts,
    /// It was not run yet, so it is missing rather than wrong.
    NotRun,
    /// It is outside the plan.
    Outside,
}

impl Measured {
    const fn new(met: bool, value: String) -> Self {
        Self {
            met,
            value,
            failing_dates: Vec::new(),
            not_run: BTreeSet::new(),
            outside: BTreeSet::new(),
        }
    }

    /// The dates in the result that don't count, in one sentence; `None` if there are none.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let dates = |dates: &BTreeSet<Partition>| match (dates.first(), dates.last()) {
            (Some(first), Some(last)) if first == last => format!("1 date, {first},"),
            (Some(first), Some(last)) => format!("{} dates, {first} to {last},", dates.len()),
            _ => String::new(),
        };
        let parts: Vec<String> = [
            (&self.not_run, "not run yet"),
            (&self.outside, "outside the plan"),
        ]
        .into_iter()
        .filter(|(named, _)| !named.is_empty())
        .map(|(named, what)| format!("{} {what}", dates(named)))
        .collect();
        (!parts.is_empty()).then(|| format!("also fails on {}", parts.join(" and ")))
    }
}

/// Evaluates a query result against all expectations of a check. A date in it names the partition of this grain that
/// contains it; `reach` decides how each counts.
///
/// # Errors
/// When the result lacks a column of an expectation, or a value is not a number where one is needed.
pub fn judge(
    check: &CheckSpec,
    answer: &Answer,
    grain: Grain,
    reach: &dyn Fn(Partition) -> NamedDate,
) -> Result<Measured, String> {
    let mut measured = Measured::new(true, String::new());
    let mut values = Vec::with_capacity(check.expect.len());
    let mut failing_dates = BTreeSet::new();
    for expectation in &check.expect {
        let finding = match expectation {
            Expectation::Rows(0) => no_rows(answer, grain, reach),
            Expectation::Rows(rows) => row_count(answer, *rows),
            Expectation::Cell { column, row, bound } => cell(answer, column, row.as_ref(), *bound)?,
            Expectation::Every { column, test } => every(answer, column, test, grain)?,
        };
        measured.met &= finding.met;
        values.push(finding.value);
        failing_dates.extend(finding.failing_dates);
        measured.not_run.extend(finding.not_run);
        measured.outside.extend(finding.outside);
    }
    measured.value = values.join("; ");
    if !measured.met {
        failing_dates.extend(check.dates.iter().copied());
        measured.failing_dates = failing_dates.into_iter().collect();
    }
    Ok(measured)
}

fn no_rows(answer: &Answer, grain: Grain, reach: &dyn Fn(Partition) -> NamedDate) -> Measured {
    let (mut rows, mut dates) = (0, BTreeSet::new());
    let (mut not_run, mut outside) = (BTreeSet::new(), BTreeSet::new());
    for row in &answer.rows {
        let named = first_named(row, grain);
        let apart = named.and_then(|date| match reach(date) {
            NamedDate::Counts => None,
            NamedDate::NotRun => Some((&mut not_run, date)),
            NamedDate::Outside => Some((&mut outside, date)),
        });
        if let Some((apart, date)) = apart {
            apart.insert(date);
        } else {
            rows += 1;
            dates.extend(named);
        }
    }
    let value = match (rows, dates.len()) {
        (rows, 0) => measured(rows, "row"),
        (rows, dates) => format!("{} on {}", measured(rows, "row"), measured(dates, "date")),
    };
    Measured {
        failing_dates: dates.into_iter().collect(),
        not_run,
        outside,
        ..Measured::new(rows == 0, value)
    }
}

/// The partition of the first date in a row.
fn first_named(row: &Row, grain: Grain) -> Option<Partition> {
    row.iter().find_map(|value| named_partition(value, grain))
}

fn row_count(answer: &Answer, expected: u64) -> Measured {
    let found = answer.rows.len();
    Measured::new(u64::try_from(found) == Ok(expected), measured(found, "row"))
}

fn cell(
    answer: &Answer,
    column: &str,
    row: Option<&(String, String)>,
    bound: Bound,
) -> Result<Measured, String> {
    let at = position(answer, column)?;
    let found = match row {
        None => answer.rows.first(),
        Some((name, text)) => {
            let key = position(answer, name)?;
            answer.rows.iter().find(|row| row[key].to_string() == *text)
        }
    };
    let number = match (found.map(|row| &row[at]), row) {
        (Some(value), _) => value
            .as_f64()
            .ok_or_else(|| format!("column {column} contains {value}, but a number is needed"))?,
        (None, Some(_)) => 0.0,
        (None, None) => return Err(format!("the query returns no row with {column}")),
    };
    let met = match bound {
        Bound::Equals(limit) => (number - limit).abs() < 1e-9,
        Bound::AtLeast(limit) => number >= limit,
        Bound::AtMost(limit) => number <= limit,
        Bound::MoreThan(limit) => number > limit,
        Bound::Between(low, high) => (low..=high).contains(&number),
    };
    Ok(Measured::new(met, number.to_string()))
}

fn every(answer: &Answer, column: &str, test: &TextTest, grain: Grain) -> Result<Measured, String> {
    let at = position(answer, column)?;
    let pattern = match test {
        TextTest::StartsWith(_) => None,
        TextTest::Matches(pattern) => Some(Regex::new(pattern).map_err(|error| error.to_string())?),
    };
    let passes = |value: &Value| match (value, test, &pattern) {
        (Value::Text(text), TextTest::StartsWith(start), _) => text.starts_with(start),
        (Value::Text(text), _, Some(pattern)) => pattern.is_match(text),
        _ => false,
    };
    let failing: Vec<_> = answer.rows.iter().filter(|row| !passes(&row[at])).collect();
    let value = match failing.first() {
        Some(row) => format!(
            "{} of {} not, first: {}",
            failing.len(),
            answer.rows.len(),
            row[at]
        ),
        None => format!("all {}", answer.rows.len()),
    };
    let failing_dates = failing.iter().filter_map(|row| first_named(row, grain)).collect();
    Ok(Measured {
        failing_dates,
        ..Measured::new(failing.is_empty() && !answer.rows.is_empty(), value)
    })
}

fn position(answer: &Answer, column: &str) -> Result<usize, String> {
    answer.position(column).ok_or_else(|| {
        format!(
            "the query returns no column '{column}'; it returns {}",
            answer.columns.join(", ")
        )
    })
}

/// A count with its noun and without commas, as waivers and histories compare it: `1538 rows`.
fn measured(count: usize, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Fingerprint, Severity};

    fn day(text: &str) -> Partition {
        text.parse().unwrap()
    }

    fn check(expect: Vec<Expectation>, dates: Vec<Partition>) -> CheckSpec {
        CheckSpec {
            name: "c".to_owned(),
            stage: "s".to_owned(),
            title: "C".to_owned(),
            severity: Severity::Blocking,
            sql: String::new(),
            expect,
            before: None,
            dates,
            fingerprint: Fingerprint::default(),
        }
    }

    fn answer(columns: &[&str], rows: Vec<Vec<Value>>) -> Answer {
        Answer {
            columns: columns.iter().map(ToString::to_string).collect(),
            rows,
        }
    }

    fn measure(expect: Expectation, answer: &Answer) -> Measured {
        judge(&check(vec![expect], vec![]), answer, Grain::Day, &|_| {
            NamedDate::Counts
        })
        .unwrap()
    }

    #[test]
    fn rows_on_dates_outside_the_run_are_counted_separately() {
        let rows = [
            "2024-01-04",
            "2024-01-04",
            "2024-01-05",
            "2025-01-03",
            "2026-01-03",
            "2026-01-04",
        ]
        .map(|date| vec![Value::from(date)]);
        let answer = answer(&["game_date"], rows.to_vec());
        let check = check(vec![Expectation::Rows(0)], vec![]);
        let reach = |date: Partition| match date {
            date if date < day("2025-01-01") => NamedDate::Counts,
            date if date < day("2026-01-01") => NamedDate::NotRun,
            _ => NamedDate::Outside,
        };
        let measured = judge(&check, &answer, Grain::Day, &reach).unwrap();
        assert!(!measured.met);
        assert_eq!(measured.value, "3 rows on 2 dates");
        assert_eq!(measured.failing_dates, [day("2024-01-04"), day("2024-01-05")]);
        assert_eq!(
            measured.note().unwrap(),
            "also fails on 1 date, 2025-01-03, not run yet and 2 dates, 2026-01-03 to 2026-01-04, outside the plan"
        );
        let nothing_run = judge(&check, &answer, Grain::Day, &|_| NamedDate::NotRun).unwrap();
        assert!(
            nothing_run.met && nothing_run.not_run.len() == 5,
            "{nothing_run:?}"
        );
        assert_eq!(
            judge(&check, &answer, Grain::Day, &|_| NamedDate::Counts)
                .unwrap()
                .note(),
            None
        );
    }

    #[test]
    fn limits_are_inclusive_at_their_bounds() {
        let twelve = answer(&["n"], vec![vec![Value::from(12.7)]]);
        let cases = [
            (Bound::Equals(12.7), true),
            (Bound::Equals(12.8), false),
            (Bound::AtLeast(12.7), true),
            (Bound::AtLeast(12.71), false),
            (Bound::AtMost(12.7), true),
            (Bound::AtMost(12.69), false),
            (Bound::MoreThan(12.7), false),
            (Bound::MoreThan(12.6), true),
            (Bound::Between(12.7, 13.0), true),
            (Bound::Between(25.0, 28.0), false),
        ];
        for (bound, met) in cases {
            let cell = Expectation::Cell {
                column: "n".to_owned(),
                row: None,
                bound,
            };
            assert_eq!(measure(cell, &twelve).met, met, "{bound}");
        }
    }

    #[test]
    fn a_missing_status_counts_as_zero_and_a_missing_column_is_an_error() {
        let answer = answer(
            &["status", "pct"],
            vec![vec![Value::from("FULL"), Value::from(20.1)]],
        );
        let share = |status: &str| Expectation::Cell {
            column: "pct".to_owned(),
            row: Some(("status".to_owned(), status.to_owned())),
            bound: Bound::MoreThan(80.0),
        };
        assert_eq!(measure(share("FULL"), &answer).value, "20.1");
        assert_eq!(measure(share("PARTIAL"), &answer).value, "0");
        let absent = Expectation::Cell {
            column: "pct_full".to_owned(),
            row: None,
            bound: Bound::AtLeast(1.0),
        };
        assert_eq!(
            judge(&check(vec![absent], vec![]), &answer, Grain::Day, &|_| {
                NamedDate::Counts
            })
            .unwrap_err(),
            "the query returns no column 'pct_full'; it returns status, pct"
        );
    }

    #[test]
    fn every_row_must_pass_and_an_empty_result_fails() {
        let every = Expectation::Every {
            column: "id".to_owned(),
            test: TextTest::Matches("^[0-9]{8}$".to_owned()),
        };
        let good = answer(&["id"], vec![vec![Value::from("20231216")]]);
        let bad = answer(&["id"], vec![vec![Value::from("20231216")], vec![Value::Null]]);
        assert!(measure(every.clone(), &good).met);
        assert_eq!(measure(every.clone(), &bad).value, "1 of 2 not, first: NULL");
        assert!(!measure(every, &answer_of_nothing()).met);
    }

    fn answer_of_nothing() -> Answer {
        answer(&["id"], vec![])
    }

    #[test]
    fn a_check_on_named_dates_reports_those_dates() {
        let golden = check(vec![Expectation::Rows(20)], vec![day("2023-12-16")]);
        let measured = judge(&golden, &answer_of_nothing(), Grain::Day, &|_| NamedDate::Counts).unwrap();
        assert_eq!(measured.value, "0 rows");
        assert_eq!(measured.failing_dates, [day("2023-12-16")]);
    }
}
