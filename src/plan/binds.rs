//! Date parameters in a plan's queries: `@date` for one date, `@dates` for many.

use super::stage::Binds;
use crate::sql::parameters;

/// Which date parameter a query uses; `what` names the query in errors.
pub(super) fn binds(what: &str, sql: &str) -> Result<Binds, String> {
    let (mut one, mut many) = (false, false);
    for name in of(what, sql)? {
        match name.as_str() {
            "date" => one = true,
            "dates" => many = true,
            _ => {
                return Err(format!(
                    "{what} has an unknown parameter @{name}; use @date, or @dates for many dates at once"
                ));
            }
        }
    }
    match (one, many) {
        (true, false) => Ok(Binds::OneDate),
        (false, true) => Ok(Binds::ManyDates),
        (true, true) => Err(format!("{what} has both @date and @dates; use one of them")),
        (false, false) => Err(format!(
            "{what} has neither @date nor @dates, so it returns the same for every date; add WHERE … = @date"
        )),
    }
}

/// Refuses date parameters in a query that runs once for all dates.
pub(super) fn refuse_parameters(what: &str, sql: &str) -> Result<(), String> {
    match of(what, sql)?.first() {
        None => Ok(()),
        Some(name) => Err(format!(
            "{what} has a parameter @{name}, but it runs once and must return every date with work"
        )),
    }
}

fn of(what: &str, sql: &str) -> Result<Vec<String>, String> {
    parameters(sql).map_err(|problem| format!("{what}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_binds_either_date_or_dates() {
        let binds = |sql: &str| binds("sql", sql);
        assert_eq!(binds("x = @date"), Ok(Binds::OneDate));
        assert_eq!(binds("x IN UNNEST(@dates)"), Ok(Binds::ManyDates));
        assert_eq!(
            binds("x = @date OR x IN UNNEST(@dates)").unwrap_err(),
            "sql has both @date and @dates; use one of them"
        );
        assert_eq!(
            binds("x = @day").unwrap_err(),
            "sql has an unknown parameter @day; use @date, or @dates for many dates at once"
        );
        assert_eq!(
            binds("x = '@date'").unwrap_err(),
            "sql has neither @date nor @dates, so it returns the same for every date; add WHERE … = @date"
        );
        assert!(
            binds("x = 'open")
                .unwrap_err()
                .starts_with("sql: cannot parse the query")
        );
    }
}
