//! Date parameters in a plan's queries, for one date or for many.

use super::stage::Binds;
use crate::partition::{Grain, Parameter};
use crate::sql::parameters;

/// Which date parameter a query uses; `what` names the query in errors.
pub(super) fn binds(what: &str, sql: &str, grain: Grain) -> Result<Binds, String> {
    let (mut one, mut many, mut instant) = (None, None, false);
    for name in of(what, sql)? {
        let parameter = Parameter::of_name(&name);
        instant |= parameter.is_some_and(Parameter::is_instant);
        match parameter {
            Some(parameter) if parameter.is_of_many() => many = Some(parameter.name()),
            Some(parameter) => one = Some(parameter.name()),
            None => {
                return Err(format!(
                    "{what} has an unknown parameter @{name}; use @date, @start and @end, or @dates and @starts for many \
                     dates at once"
                ));
            }
        }
    }
    if let (Grain::Hour, Some(day), false) = (grain, one.or(many), instant) {
        return Err(format!(
            "{what} has only @{day}, which is the same for every hour of a day; use @start and @end, or @starts"
        ));
    }
    match (one, many) {
        (Some(_), None) => Ok(Binds::OneDate),
        (None, Some(_)) => Ok(Binds::ManyDates),
        (Some(one), Some(many)) => Err(format!("{what} has both @{one} and @{many}; use one of them")),
        (None, None) => Err(format!(
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
        let binds = |sql: &str| binds("sql", sql, Grain::Day);
        assert_eq!(binds("x = @date"), Ok(Binds::OneDate));
        assert_eq!(binds("x >= @START AND x < @end"), Ok(Binds::OneDate));
        assert_eq!(binds("x IN UNNEST(@starts)"), Ok(Binds::ManyDates));
        assert_eq!(binds("x IN UNNEST(@dates)"), Ok(Binds::ManyDates));
        assert_eq!(
            binds("x = @date OR x IN UNNEST(@dates)").unwrap_err(),
            "sql has both @date and @dates; use one of them"
        );
        assert_eq!(
            binds("x = @day").unwrap_err(),
            "sql has an unknown parameter @day; use @date, @start and @end, or @dates and @starts for many dates at once"
        );
        assert_eq!(
            binds("x = '@date'").unwrap_err(),
            "sql has neither @date nor @dates, so it returns the same for every date; add WHERE … = @date"
        );
        assert_eq!(
            super::binds("sql", "x = @date", Grain::Hour).unwrap_err(),
            "sql has only @date, which is the same for every hour of a day; use @start and @end, or @starts"
        );
        assert_eq!(
            super::binds("sql", "d = @date AND x >= @start", Grain::Hour),
            Ok(Binds::OneDate)
        );
        assert!(
            binds("x = 'open")
                .unwrap_err()
                .starts_with("sql: cannot parse the query")
        );
    }
}
