//! Date parameters of queries: `@date` and `@dates` are replaced by date literals, which `BigQuery` uses to prune
//! partitions. A script may contain many of them. Only dates are substituted, so there is no SQL injection.

use chrono::NaiveDate;

use crate::sql::changed;

/// The query with `@date` replaced by the first date and `@dates` by all of them.
///
/// # Errors
/// If the query can't be tokenised; returns a message for the operator.
pub(super) fn about(sql: &str, dates: &[NaiveDate]) -> Result<String, String> {
    changed(sql, |word| match word.value.to_ascii_lowercase().as_str() {
        "@date" => dates.first().copied().map(literal),
        "@dates" if dates.is_empty() => Some("CAST([] AS ARRAY<DATE>)".to_owned()),
        "@dates" => Some(format!("[{}]", literals(dates))),
        _ => None,
    })
}

pub(super) fn literal(date: NaiveDate) -> String {
    format!("DATE '{date}'")
}

/// A comma-separated list of date literals.
pub(super) fn literals(dates: &[NaiveDate]) -> String {
    let dates: Vec<String> = dates.iter().copied().map(literal).collect();
    dates.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_date_parameters_are_replaced() {
        let dates = ["2024-02-28", "2024-02-29"].map(|text| text.parse::<NaiveDate>().unwrap());
        let sql = "-- of @date\nSELECT '@date', @Date AS é, day FROM t\nWHERE day IN UNNEST(@dates)#@dates";
        let expected = "-- of @date\nSELECT '@date', DATE '2024-02-28' AS é, day FROM t\n\
                        WHERE day IN UNNEST([DATE '2024-02-28', DATE '2024-02-29'])#@dates";
        assert_eq!(about(sql, &dates).unwrap(), expected);
    }

    #[test]
    fn no_dates_become_an_empty_list() {
        assert_eq!(
            about("SELECT @dates", &[]).unwrap(),
            "SELECT CAST([] AS ARRAY<DATE>)"
        );
    }

    #[test]
    fn an_unparsable_query_is_refused() {
        assert!(
            about("SELECT 'open", &[])
                .unwrap_err()
                .contains("cannot parse the query")
        );
    }
}
