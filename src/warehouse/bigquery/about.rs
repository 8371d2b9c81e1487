//! Parameters of queries: they are replaced by literals, which `BigQuery` uses to prune its own partitions. A script may
//! contain many of them. Only dates are substituted, so there is no SQL injection.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::partition::{Parameter, Partition, Timezone};
use crate::sql::changed;
use crate::table::{date_literal, timestamp_literal};

/// The query with its parameters replaced: by the first partition, or by all of them.
///
/// # Errors
/// If the query can't be tokenised; returns a message for the operator.
pub(super) fn about(sql: &str, dates: &[Partition], zone: Timezone) -> Result<String, String> {
    let value = |parameter| match parameter {
        Parameter::Date => dates.first().map(|date| date_literal(date.first_day())),
        Parameter::Start => dates.first().map(|date| timestamp_literal(date.start(zone))),
        Parameter::End => dates.first().map(|date| timestamp_literal(date.end(zone))),
        Parameter::Dates if dates.is_empty() => Some("CAST([] AS ARRAY<DATE>)".to_owned()),
        Parameter::Dates => Some(format!("[{}]", first_days(dates))),
        Parameter::Starts if dates.is_empty() => Some("CAST([] AS ARRAY<TIMESTAMP>)".to_owned()),
        Parameter::Starts => {
            let starts: Vec<String> = dates
                .iter()
                .map(|date| timestamp_literal(date.start(zone)))
                .collect();
            Some(format!("[{}]", starts.join(", ")))
        }
    };
    changed(sql, |word| {
        let name = word.value.strip_prefix('@')?;
        Parameter::of_name(name).and_then(value)
    })
}

/// The first days of partitions as a comma-separated list of literals.
fn first_days(dates: &[Partition]) -> String {
    // Hours share their day.
    let days: BTreeSet<NaiveDate> = dates.iter().map(|date| date.first_day()).collect();
    let days: Vec<String> = days.into_iter().map(date_literal).collect();
    days.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_date_parameters_are_replaced() {
        let dates = ["2024-02-28", "2024-02-29"].map(|text| text.parse::<Partition>().unwrap());
        let sql = "-- of @date\nSELECT '@date', @Date AS é, day FROM t\nWHERE day IN UNNEST(@dates)#@dates";
        let expected = "-- of @date\nSELECT '@date', DATE '2024-02-28' AS é, day FROM t\n\
                        WHERE day IN UNNEST([DATE '2024-02-28', DATE '2024-02-29'])#@dates";
        assert_eq!(about(sql, &dates, Timezone::UTC).unwrap(), expected);
    }

    #[test]
    fn instants_are_half_open() {
        let march = [Partition::parse("2024-03").unwrap()];
        assert_eq!(
            about(
                "x >= @start AND x < @end OR x IN UNNEST(@starts)",
                &march,
                Timezone::UTC
            )
            .unwrap(),
            "x >= TIMESTAMP '2024-03-01 00:00:00.000000+00' AND x < TIMESTAMP '2024-04-01 00:00:00.000000+00' \
             OR x IN UNNEST([TIMESTAMP '2024-03-01 00:00:00.000000+00'])"
        );
    }

    #[test]
    fn no_dates_become_an_empty_list() {
        assert_eq!(
            about("SELECT @dates", &[], Timezone::UTC).unwrap(),
            "SELECT CAST([] AS ARRAY<DATE>)"
        );
    }

    #[test]
    fn an_unparsable_query_is_refused() {
        assert!(
            about("SELECT 'open", &[], Timezone::UTC)
                .unwrap_err()
                .contains("cannot parse the query")
        );
    }
}
