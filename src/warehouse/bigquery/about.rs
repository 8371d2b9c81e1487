//! Queries about dates: `@date` and `@dates` become dates as literals, by which `BigQuery` prunes partitions and of
//! which one script may hold many. Only dates get there, so nothing can be smuggled in.

use chrono::NaiveDate;

use crate::sql::changed;

/// The query with the first of the dates for `@date` and all of them for `@dates`.
///
/// # Errors
/// When the query cannot be read, in a sentence for the operator.
pub(super) fn about(sql: &str, dates: &[NaiveDate]) -> Result<String, String> {
    changed(sql, |word| match word.value.to_ascii_lowercase().as_str() {
        "@date" => dates.first().copied().map(literal),
        "@dates" if dates.is_empty() => Some("CAST([] AS ARRAY<DATE>)".to_owned()),
        "@dates" => Some(format!("[{}]", literals(dates))),
        _ => None,
    })
}

/// A date as it stands in a query.
pub(super) fn literal(date: NaiveDate) -> String {
    format!("DATE '{date}'")
}

/// Dates as they stand in a list.
pub(super) fn literals(dates: &[NaiveDate]) -> String {
    let dates: Vec<String> = dates.iter().copied().map(literal).collect();
    dates.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_stand_where_their_names_stood_and_nowhere_else() {
        let dates = ["2024-02-28", "2024-02-29"].map(|text| text.parse::<NaiveDate>().unwrap());
        let sql = "-- of @date\nSELECT '@date', @Date AS é, day FROM t\nWHERE day IN UNNEST(@dates)#@dates";
        let expected = "-- of @date\nSELECT '@date', DATE '2024-02-28' AS é, day FROM t\n\
                        WHERE day IN UNNEST([DATE '2024-02-28', DATE '2024-02-29'])#@dates";
        assert_eq!(about(sql, &dates).unwrap(), expected);
    }

    #[test]
    fn no_dates_are_an_empty_list() {
        assert_eq!(
            about("SELECT @dates", &[]).unwrap(),
            "SELECT CAST([] AS ARRAY<DATE>)"
        );
    }

    #[test]
    fn a_query_that_cannot_be_read_is_refused() {
        assert!(
            about("SELECT 'open", &[])
                .unwrap_err()
                .contains("cannot parse the query")
        );
    }
}
