//! Turns the result of a date into its ledger record. A date is ok only if its rows match the expected number.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::ledger::{Digests, QuarantinedRow, Settled, UnitRecord, UnitState, draft};
use crate::table::{Admitted, FaultKind, Quarantined, Row, admit_on};
use crate::warehouse::{Came, Draft, Refilled, RowsExpected};

use super::Fills;
use super::gaps;
use super::reason::{bounded, cut};
use super::worker::Made;
use crate::figures::counted;

/// Maximum number of quarantined rows per date in the ledger. More usually have the same cause.
const MOST_RECORDED: usize = 1_000;

/// Maximum number of characters kept of each quarantined row.
const MOST_OF_A_ROW: usize = 2_000;

/// The result of one date, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UnitResult {
    /// Computed rows to store; empty if the rows are not computed here.
    pub(super) rows: Vec<Row>,
    /// The ledger record once the rows are stored.
    pub(super) settled: Settled,
    expected_rows: UnitExpectation,
    /// Why rows are missing.
    missing: Vec<String>,
    /// Number of quarantined rows.
    set_aside: u32,
    /// Why they are quarantined.
    quarantine: Option<String>,
    /// Whether the operator accepts rows that miss the expectation in place of stored ones.
    accepts_short: bool,
}

/// What is expected of a date.
#[derive(Debug, Clone, PartialEq)]
enum UnitExpectation {
    Rows(u32),
    AtLeastOne,
    /// Nothing is stored; that it finished is enough.
    NoTable,
    /// Nothing, with the reason.
    Skipped(String),
}

/// The rows a date got, and whether they were stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    rows: u32,
    digest: u64,
    set_aside: Vec<Quarantined>,
    /// If the new rows were not stored: the number of rows kept instead.
    kept: Option<u32>,
}

impl Stored {
    /// Rows written by a program, whose content is not known: a new digest for each run counts as a change.
    pub(super) fn unseen(rows: u32) -> Self {
        Self {
            rows,
            digest: fastrand::u64(..),
            set_aside: Vec::new(),
            kept: None,
        }
    }
}

impl From<Refilled> for Stored {
    fn from(refilled: Refilled) -> Self {
        Self {
            rows: refilled.rows,
            digest: refilled.digest,
            set_aside: refilled.set_aside,
            kept: refilled.kept,
        }
    }
}

/// Quarantines rows that can't be stored and judges the date. If the warehouse or another program makes the rows, the
/// date is judged once they are stored.
pub(super) fn judge_unit(
    fills: Fills<'_>,
    date: NaiveDate,
    made: Made,
    source: &str,
    seconds: f64,
    attempts: u32,
) -> UnitResult {
    let Made { outcome, output } = made;
    let expected_rows = match (outcome.skip, fills, outcome.expected) {
        (Some(reason), ..) => UnitExpectation::Skipped(bounded(&reason)),
        (None, Fills::Nothing, _) => UnitExpectation::NoTable,
        (None, _, Some(rows)) => UnitExpectation::Rows(rows),
        (None, _, None) => UnitExpectation::AtLeastOne,
    };
    let (admitted, gaps) = match fills {
        Fills::Computed(table) => {
            let mut admitted = admit_on(table, date, outcome.rows);
            admitted.quarantined.extend(outcome.quarantined);
            let gaps = gaps::count(table, &admitted.rows);
            (admitted, gaps)
        }
        Fills::Query(..) | Fills::Counted(_) | Fills::Nothing => (Admitted::default(), Vec::new()),
    };
    let stored = Stored {
        rows: u32::try_from(admitted.rows.len()).unwrap_or(u32::MAX),
        digest: output,
        set_aside: admitted.quarantined,
        kept: None,
    };
    let unit = UnitRecord {
        attempts,
        seconds,
        ..UnitRecord::new(date, UnitState::Pending, source)
    };
    let mut unit_result = UnitResult {
        rows: admitted.rows,
        settled: Settled {
            unit,
            quarantined: Vec::new(),
            digests: Some(Digests::default()),
            gaps: Some(gaps),
        },
        expected_rows,
        missing: outcome.missing,
        set_aside: 0,
        quarantine: None,
        accepts_short: false,
    };
    unit_result.learn(stored);
    unit_result
}

impl UnitResult {
    /// Sets whether rows that miss the expectation may replace stored ones.
    pub(super) fn accepting_short(mut self, accepts: bool) -> Self {
        self.accepts_short = accepts;
        self
    }

    /// What the new rows must meet before they may replace as many stored ones. `None` if the table is not touched.
    pub(super) const fn expected(&self) -> Option<RowsExpected> {
        match self.expected_rows {
            UnitExpectation::Skipped(_) | UnitExpectation::NoTable => None,
            _ if self.accepts_short => Some(RowsExpected::Any),
            UnitExpectation::Rows(rows) => Some(RowsExpected::Exactly(rows)),
            UnitExpectation::AtLeastOne => Some(RowsExpected::AtLeastOne),
        }
    }

    /// The progress entry recorded with the commit, under this number; `None` if nothing is written for the date.
    /// `input` is the digest of the date's inputs.
    pub(super) fn draft(&self, number: i64, fills: Fills<'_>, input: u64) -> Option<Draft> {
        let owed = match self.expected_rows {
            UnitExpectation::Skipped(_) | UnitExpectation::NoTable => return None,
            UnitExpectation::Rows(rows) => RowsExpected::Exactly(rows),
            UnitExpectation::AtLeastOne => RowsExpected::AtLeastOne,
        };
        let came = matches!(fills, Fills::Computed(_)).then(|| Came {
            rows: self.settled.unit.rows,
            quarantined: self.set_aside,
            digest: self.settled.digests.unwrap_or_default().output,
        });
        let is_whole = self.missing.is_empty();
        Some(draft(number, &self.settled, owed, is_whole, came, input))
    }

    /// Whether the computed rows miss the expectation.
    pub(super) fn is_short(&self) -> bool {
        let missed = |expected: RowsExpected| expected.is_missed(self.settled.unit.rows, self.set_aside);
        self.expected().is_some_and(missed)
    }

    /// Records that the computed rows were not stored and `kept` stored rows remain.
    pub(super) fn keep(&mut self, kept: u32) {
        self.stand(self.settled.unit.rows, Some(kept));
    }

    /// Updates the date's state from what is stored.
    pub(super) fn learn(&mut self, stored: Stored) {
        self.set_aside = u32::try_from(stored.set_aside.len()).unwrap_or(u32::MAX);
        self.quarantine = quarantine_reason(&stored.set_aside);
        self.settled.digests = Some(Digests {
            input: 0,
            output: stored.digest,
        });
        self.stand(stored.rows, stored.kept);
        self.settled.quarantined = (stored.set_aside.into_iter())
            .take(MOST_RECORDED)
            .map(described)
            .collect();
    }

    fn stand(&mut self, rows: u32, kept: Option<u32>) {
        let mut reasons = self.missing.clone();
        reasons.extend(self.quarantine.clone());
        let is_whole = self.missing.is_empty();
        let (expected, state, fallback) = stands(&self.expected_rows, rows, self.set_aside, is_whole, kept);
        let unit = &mut self.settled.unit;
        (unit.expected, unit.state, unit.rows) = (expected, state, rows);
        if let Some(kept) = kept {
            // The new rows were dropped; digest and gaps of the stored rows still apply.
            (self.settled.digests, self.settled.gaps) = (None, None);
            unit.rows = kept;
            reasons.push(format!(
                "{}; kept the {} stored before",
                expectation(&self.expected_rows, expected, rows),
                counted(kept as usize, "row")
            ));
        }
        unit.reason = if reasons.is_empty() {
            fallback
        } else {
            Some(bounded(&reasons.join("; ")))
        };
    }
}

/// Expected and actual row count, as text.
fn expectation(expected_rows: &UnitExpectation, expected: u32, rows: u32) -> String {
    match expected_rows {
        UnitExpectation::AtLeastOne if rows == 0 => "expected at least 1 row, got 0".to_owned(),
        _ => format!("expected {}, got {rows}", counted(expected as usize, "row")),
    }
}

/// The expected rows, the state, and a reason to use if there is no other.
fn stands(
    expected_rows: &UnitExpectation,
    rows: u32,
    aside: u32,
    is_whole: bool,
    kept: Option<u32>,
) -> (u32, UnitState, Option<String>) {
    let expected = match expected_rows {
        UnitExpectation::Rows(expected) => *expected,
        UnitExpectation::AtLeastOne => rows.saturating_add(aside).max(1),
        UnitExpectation::NoTable | UnitExpectation::Skipped(_) => 0,
    };
    let owed = match expected_rows {
        UnitExpectation::Skipped(reason) => return (expected, UnitState::Skipped, Some(reason.clone())),
        UnitExpectation::NoTable => return (expected, UnitState::Ok, None),
        UnitExpectation::Rows(rows) => RowsExpected::Exactly(*rows),
        UnitExpectation::AtLeastOne => RowsExpected::AtLeastOne,
    };
    // The warehouse's progress record uses the same rule.
    let word = owed.state(rows, aside, is_whole, kept);
    let state = UnitState::from_word(word).unwrap_or(UnitState::Partial);
    let missed = || expectation(expected_rows, expected, rows);
    let fallback = match (state, expected_rows) {
        (UnitState::Ok, _) => None,
        (UnitState::Skipped, _) => Some("no rows are expected".to_owned()),
        (UnitState::Empty, UnitExpectation::AtLeastOne) => Some(format!(
            "{}; set expect_rows if a date may have no rows",
            missed()
        )),
        _ => Some(missed()),
    };
    (expected, state, fallback)
}

/// Number of quarantined rows, by kind of fault, with the first one's reason.
fn quarantine_reason(rows: &[Quarantined]) -> Option<String> {
    let first = rows.first()?;
    let mut kinds: BTreeMap<FaultKind, usize> = BTreeMap::new();
    for row in rows {
        *kinds.entry(row.kind).or_default() += 1;
    }
    let of_kind = |(kind, number): (&FaultKind, &usize)| format!("{number} {kind}");
    let kinds: Vec<String> = kinds.iter().map(of_kind).collect();
    let (rows, kinds) = (counted(rows.len(), "row"), kinds.join(", "));
    Some(format!("{rows} quarantined ({kinds}), first: {}", first.reason))
}

fn described(bad: Quarantined) -> QuarantinedRow {
    let row: Vec<String> = bad.row.iter().map(ToString::to_string).collect();
    QuarantinedRow {
        row: cut(&row.join(" | "), MOST_OF_A_ROW),
        kind: bad.kind,
        reason: bad.reason,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::Outcome;
    use super::*;
    use crate::table::{Column, ColumnType, TableDef, Value};

    fn landed(expected: impl Into<Option<u32>>, teams: &[Option<&str>], missing: &[&str]) -> UnitRecord {
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
            expected: expected.into(),
            rows: teams.iter().map(|team| vec![Value::from(*team)]).collect(),
            missing: missing.iter().map(ToString::to_string).collect(),
            ..Outcome::default()
        };
        let made = Made { outcome, output: 0 };
        judge_unit(Fills::Computed(&table), NaiveDate::MIN, made, "auto", 0.0, 1)
            .settled
            .unit
    }

    #[test]
    fn only_the_expected_row_count_makes_a_date_ok() {
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
            (UnitState::Partial, 2, because("expected 1 row, got 2"))
        );
        assert_eq!(
            stands(landed(2, &[], &[])),
            (UnitState::Empty, 0, because("expected 2 rows, got 0"))
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
                because("1 row quarantined (1 not_null), first: column team: NULL is not allowed")
            )
        );
    }

    #[test]
    fn without_an_expectation_one_row_is_required() {
        let stands = |unit: UnitRecord| (unit.state, unit.rows, unit.expected);
        assert_eq!(stands(landed(None, &[Some("BOS")], &[])), (UnitState::Ok, 1, 1));
        assert_eq!(stands(landed(None, &[], &[])), (UnitState::Empty, 0, 1));
        let one_bad = [Some("BOS"), None];
        assert_eq!(stands(landed(None, &one_bad, &[])), (UnitState::Partial, 1, 2));
    }

    #[test]
    fn rows_counted_later_update_the_state() {
        let made = Made {
            outcome: Outcome {
                expected: Some(3),
                ..Outcome::default()
            },
            output: 0,
        };
        let table = super::super::CountedTable {
            path: "d.t",
            date_column: "day",
        };
        let mut unit_result = judge_unit(Fills::Counted(table), NaiveDate::MIN, made, "auto", 0.0, 1);
        assert_eq!(unit_result.settled.unit.state, UnitState::Empty);
        unit_result.learn(Stored::unseen(2));
        assert_eq!(unit_result.settled.unit.state, UnitState::Partial);
        assert_eq!(
            unit_result.settled.unit.reason.as_deref(),
            Some("expected 3 rows, got 2")
        );
        unit_result.learn(Stored::unseen(3));
        assert_eq!(
            (unit_result.settled.unit.state, &unit_result.settled.unit.reason),
            (UnitState::Ok, &None)
        );
    }

    #[test]
    fn without_a_table_a_unit_is_ok_or_skipped_with_a_reason() {
        let state = |skip: Option<&str>| {
            let outcome = Outcome {
                skip: skip.map(str::to_owned),
                ..Outcome::default()
            };
            let made = Made { outcome, output: 0 };
            let unit = judge_unit(Fills::Nothing, NaiveDate::MIN, made, "auto", 0.0, 1)
                .settled
                .unit;
            (unit.state, unit.expected, unit.reason)
        };
        assert_eq!(state(None), (UnitState::Ok, 0, None));
        assert_eq!(
            state(Some("closed")),
            (UnitState::Skipped, 0, Some("closed".to_owned()))
        );
    }
}
