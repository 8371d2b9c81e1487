//! Translation of the functions of `DATETIME` and `TIME`.

use super::calendar::{INSTANT_ELEMENTS, INSTANTS, allowed_part, safe_format, zone_name};
use super::call::Call;
use super::refusal::SqlRefusal;
use super::{SqlWriter, Written, literal};
use crate::table;

/// The parts that can be added to a `DATETIME`.
const CLOCK_STEPS: &[&str] = &[
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
];

impl SqlWriter<'_> {
    /// Translates a function of `DATETIME` or `TIME`; `None` if it is another function.
    pub(super) fn datetime(&mut self, call: &Call<'_>) -> Result<Option<String>, SqlRefusal> {
        let written = match call.name {
            "CURRENT_DATETIME" => {
                let [] = call.exactly()?;
                literal::text(&table::Value::Datetime(self.now.naive_utc()).to_string())
            }
            "DATETIME" | "TIME" => self.clock(call)?,
            "DATETIME_ADD" => self.shifted(call, "gsql_datetime_add", "", CLOCK_STEPS)?,
            "DATETIME_SUB" => self.shifted(call, "gsql_datetime_add", "- ", CLOCK_STEPS)?,
            "DATETIME_DIFF" => self.difference(call, "gsql_datetime_diff", CLOCK_STEPS)?,
            "DATETIME_TRUNC" => {
                let [at, part] = call.exactly()?;
                let part = allowed_part(call, part, INSTANTS)?;
                format!("gsql_datetime_trunc({}, '{part}')", self.expression(at)?)
            }
            "FORMAT_DATETIME" => {
                let [format, at] = call.exactly()?;
                let format = safe_format(call, format, INSTANT_ELEMENTS)?;
                format!("gsql_format_datetime({format}, {})", self.expression(at)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(written))
    }

    /// `DATETIME(…)` and `TIME(…)`: of parts, of a date and a time, or of an instant in a zone.
    fn clock(&mut self, call: &Call<'_>) -> Written {
        let arguments = call.expressions()?;
        let written: Result<Vec<String>, SqlRefusal> = arguments
            .iter()
            .map(|argument| self.expression(argument))
            .collect();
        let zone = arguments.get(1).and_then(|zone| zone_name(zone));
        let is_plain = call.clauses.is_empty() && !call.distinct && call.over.is_none();
        let function = match (call.name, arguments.len(), zone) {
            _ if !is_plain => return Err(call.refused()),
            ("DATETIME", 2, Some(_)) => "gsql_datetime_in",
            ("DATETIME", 2, None) => "gsql_datetime_of",
            ("DATETIME", 1 | 6, _) => "gsql_datetime",
            ("TIME", 1 | 3, _) => "gsql_time",
            _ => {
                return Err(SqlRefusal::construct(format_args!(
                    "these arguments of {}(…)",
                    call.name
                )));
            }
        };
        Ok(format!("{function}({})", written?.join(", ")))
    }
}
