//! From what a stage made of a date to what the ledger will say of it. A date is ok only when its rows
//! match the expectation, never because some rows came back.

use chrono::NaiveDate;

use crate::ledger::{Digests, Settled, UnitRecord, UnitState};
use crate::table::{Quarantined, Row, TableDef, admit};

use super::worker::Made;

/// One computed date, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Landing {
    /// The rows to store.
    pub(super) rows: Vec<Row>,
    /// What the ledger will say once they are stored.
    pub(super) settled: Settled,
}

/// Sorts out the rows that cannot be stored and says how the date will stand.
pub(super) fn land(
    table: &TableDef,
    date: NaiveDate,
    made: Made,
    source: &str,
    seconds: f64,
    attempts: u32,
) -> Landing {
    let Made { outcome, output } = made;
    let admitted = admit(table, outcome.rows);
    let rows = u32::try_from(admitted.rows.len()).unwrap_or(u32::MAX);
    let mut reasons = outcome.missing;
    if let Some(first) = admitted.quarantined.first() {
        reasons.push(format!(
            "{} rows set aside, first: {}",
            admitted.quarantined.len(),
            first.reason
        ));
    }
    let (state, fallback) = match (rows, outcome.expected) {
        (0, 0) => (UnitState::Skipped, Some("no rows are expected".to_owned())),
        (found, expected) if found == expected && reasons.is_empty() => (UnitState::Ok, None),
        (0, expected) => (
            UnitState::Empty,
            Some(format!("none of {expected} rows could be made")),
        ),
        (found, expected) => (
            UnitState::Partial,
            Some(format!("{found} rows where {expected} are expected")),
        ),
    };
    let reason = if reasons.is_empty() {
        fallback
    } else {
        Some(reasons.join("; "))
    };
    let unit = UnitRecord {
        date,
        state,
        expected: outcome.expected,
        rows,
        attempts,
        class: None,
        reason,
        source: source.to_owned(),
        seconds,
    };
    let quarantined = admitted.quarantined.into_iter().map(described).collect();
    Landing {
        rows: admitted.rows,
        settled: Settled {
            unit,
            quarantined,
            digests: Digests { input: 0, output },
        },
    }
}

fn described(bad: Quarantined) -> (String, String) {
    let row: Vec<String> = bad.row.iter().map(ToString::to_string).collect();
    (row.join(" | "), bad.reason)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::Outcome;
    use super::*;
    use crate::table::{Column, ColumnType, Value};

    fn landed(expected: u32, teams: &[Option<&str>], missing: &[&str]) -> UnitRecord {
        let table = TableDef {
            dataset: Cow::Borrowed("d"),
            name: Cow::Borrowed("t"),
            doc: Cow::Borrowed(""),
            columns: Cow::Owned(vec![Column::required("team", ColumnType::String, "")]),
            date_column: Cow::Borrowed("team"),
            key: Cow::Owned(vec![Cow::Borrowed("team")]),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        };
        let outcome = Outcome {
            expected,
            rows: teams.iter().map(|team| vec![Value::from(*team)]).collect(),
            missing: missing.iter().map(ToString::to_string).collect(),
            notes: Vec::new(),
        };
        let made = Made { outcome, output: 0 };
        land(&table, NaiveDate::MIN, made, "auto", 0.0, 1).settled.unit
    }

    #[test]
    fn only_the_expected_rows_make_a_date_ok() {
        let stands = |unit: UnitRecord| (unit.state, unit.rows, unit.reason);
        let because = |reason: &str| Some(reason.to_owned());
        let two = [Some("BOS"), Some("LAL")];
        assert_eq!(stands(landed(2, &two, &[])), (UnitState::Ok, 2, None));
        assert_eq!(
            stands(landed(4, &two, &["MIA@DEN: no feed has it"])),
            (UnitState::Partial, 2, because("MIA@DEN: no feed has it"))
        );
        assert_eq!(
            stands(landed(1, &two, &[])),
            (UnitState::Partial, 2, because("2 rows where 1 are expected"))
        );
        assert_eq!(
            stands(landed(2, &[], &[])),
            (UnitState::Empty, 0, because("none of 2 rows could be made"))
        );
        assert_eq!(
            stands(landed(0, &[], &[])),
            (UnitState::Skipped, 0, because("no rows are expected"))
        );
        assert_eq!(
            stands(landed(2, &[Some("BOS"), None], &[])),
            (
                UnitState::Partial,
                1,
                because("1 rows set aside, first: team is NULL and must not be")
            )
        );
    }
}
