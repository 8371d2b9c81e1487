//! Turns the result of a date into its ledger record. A date is ok only if its rows match the expected number.

use std::collections::BTreeMap;

use crate::ledger::{
    Digests, InputDigests, QuarantinedRow, Settled, UnitRecord, UnitSources, UnitState, draft, shortfall,
};
use crate::partition::{Partition, Timezone};
use crate::table::{Admitted, FaultKind, MAX_DESCRIBED, Quarantined, Row, admit_on};
use crate::warehouse::{Came, Draft, Refilled, RowsExpected};

use super::{Fills, MemoryShare, Outcome, gaps};
use crate::figures::counted;
use crate::reason::{bounded, cut};

/// Maximum number of characters kept of each quarantined row.
const MAX_ROW_LENGTH: usize = 2_000;

/// A computed date, not judged yet.
pub(super) struct ComputedUnit {
    pub(super) outcome: Outcome,
    pub(super) digest: u64,
    pub(super) seconds: f64,
}

/// The result of one date, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UnitResult {
    /// Computed rows to store; empty if the rows are not computed here.
    pub(super) rows: Vec<Row>,
    /// The ledger record once the rows are stored.
    pub(super) settled: Settled,
    expected_rows: UnitExpectation,
    missing: Vec<String>,
    quarantined: u32,
    quarantine: Option<String>,
    /// The memory that the rows use, until they are stored.
    memory: MemoryShare,
    /// Whether the operator accepts rows that miss the expectation in place of stored ones.
    accepts_short: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum UnitExpectation {
    Rows(u32),
    AtLeastOne,
    /// Nothing is stored; that it finished is enough.
    NoTable,
    /// Nothing, with the reason.
    Skipped(String),
}

impl UnitExpectation {
    fn of(fills: Fills<'_>, skip: Option<String>, rows: Option<u32>) -> Self {
        match (skip, fills, rows) {
            (Some(reason), ..) => Self::Skipped(bounded(&reason)),
            (None, Fills::Nothing, _) => Self::NoTable,
            (None, _, Some(rows)) => Self::Rows(rows),
            (None, _, None) => Self::AtLeastOne,
        }
    }

    /// The rule for its rows; `None` if nothing is stored.
    const fn rule(&self) -> Option<RowsExpected> {
        match self {
            Self::Rows(rows) => Some(RowsExpected::Exactly(*rows)),
            Self::AtLeastOne => Some(RowsExpected::AtLeastOne),
            Self::NoTable | Self::Skipped(_) => None,
        }
    }
}

/// The rows a date got, and whether they were stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredDate {
    rows: u32,
    digest: u64,
    quarantined: Vec<Quarantined>,
    /// If the new rows were not stored: the number of rows kept instead.
    kept: Option<u32>,
}

impl StoredDate {
    /// Rows written by a program, whose content is not known: a new digest for each run counts as a change.
    pub(super) fn unseen(rows: u32) -> Self {
        Self {
            rows,
            digest: fastrand::u64(..),
            quarantined: Vec::new(),
            kept: None,
        }
    }
}

impl From<Refilled> for StoredDate {
    fn from(refilled: Refilled) -> Self {
        Self {
            rows: refilled.rows,
            digest: refilled.digest,
            quarantined: refilled.set_aside,
            kept: refilled.kept,
        }
    }
}

/// Quarantines rows that can't be stored and judges the date. Rows made elsewhere are judged once they are stored. What a
/// program does without a table is not known, so each of its calls counts as a change.
pub(super) fn judge_unit(
    fills: Fills<'_>,
    date: Partition,
    computed: ComputedUnit,
    source: &str,
) -> UnitResult {
    let outcome = computed.outcome;
    let expected_rows = UnitExpectation::of(fills, outcome.skip, outcome.expected);
    let digest = match (fills, &expected_rows) {
        (Fills::Nothing, UnitExpectation::NoTable) => fastrand::u64(..),
        _ => computed.digest,
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
    let stored = StoredDate {
        rows: u32::try_from(admitted.rows.len()).unwrap_or(u32::MAX),
        digest,
        quarantined: admitted.quarantined,
        kept: None,
    };
    let unit = UnitRecord {
        seconds: computed.seconds,
        ..UnitRecord::new(date, UnitState::Pending, source)
    };
    let mut unit_result = UnitResult {
        rows: admitted.rows,
        settled: Settled {
            unit,
            quarantined: Vec::new(),
            digests: Some(Digests::default()),
            sources: UnitSources::new(),
            gaps: Some(gaps),
        },
        expected_rows,
        missing: outcome.missing,
        quarantined: 0,
        quarantine: None,
        memory: outcome.memory,
        accepts_short: false,
    };
    unit_result.learn(stored);
    unit_result
}

impl UnitResult {
    pub(super) const fn date(&self) -> Partition {
        self.settled.unit.date
    }

    /// Sets which attempt it was, from 1, and whether rows that miss the expectation may replace stored ones.
    pub(super) fn of_attempt(mut self, number: u32, accepts_short: bool) -> Self {
        self.settled.unit.attempts = number;
        self.accepts_short = accepts_short;
        self
    }

    /// What the new rows must meet before they may replace as many stored ones. `None` if the table is not touched.
    pub(super) fn expected(&self) -> Option<RowsExpected> {
        let rule = self.expected_rows.rule()?;
        Some(if self.accepts_short {
            RowsExpected::Any
        } else {
            rule
        })
    }

    /// The progress entry recorded with the commit, under this number; `None` if nothing is written for the date.
    /// `input` are the digests of the date's inputs.
    pub(super) fn draft(&self, number: i64, fills: Fills<'_>, input: InputDigests) -> Option<Draft> {
        let rule = self.expected_rows.rule()?;
        let came = matches!(fills, Fills::Computed(_)).then(|| Came {
            rows: self.settled.unit.rows,
            quarantined: self.quarantined,
            digest: self.settled.digests.unwrap_or_default().output,
        });
        let is_whole = self.missing.is_empty();
        let timezone = fills.definition().map_or(Timezone::UTC, |table| table.zone);
        Some(draft(
            number,
            &self.settled,
            rule,
            is_whole,
            came,
            input,
            timezone,
        ))
    }

    pub(super) fn is_short(&self) -> bool {
        let missed = |expected: RowsExpected| expected.is_missed(self.settled.unit.rows, self.quarantined);
        self.expected().is_some_and(missed)
    }

    /// Records that the computed rows were not stored and `kept` stored rows remain.
    pub(super) fn keep(&mut self, kept: u32) {
        self.judge_again(self.settled.unit.rows, Some(kept));
    }

    /// Updates the date's state from what is stored.
    pub(super) fn learn(&mut self, stored: StoredDate) {
        self.quarantined = u32::try_from(stored.quarantined.len()).unwrap_or(u32::MAX);
        self.quarantine = quarantine_reason(&stored.quarantined);
        self.settled.digests = Some(Digests {
            input: 0,
            output: stored.digest,
        });
        self.judge_again(stored.rows, stored.kept);
        let recorded = stored.quarantined.into_iter().take(MAX_DESCRIBED);
        self.settled.quarantined = recorded.map(described).collect();
    }

    fn judge_again(&mut self, rows: u32, kept: Option<u32>) {
        let mut reasons = self.missing.clone();
        reasons.extend(self.quarantine.clone());
        let is_whole = self.missing.is_empty();
        let (expected, state, fallback) = judge(&self.expected_rows, rows, self.quarantined, is_whole, kept);
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
        _ => shortfall(expected, rows),
    }
}

/// The expected rows, the state, and a reason to use if there is no other.
fn judge(
    expected_rows: &UnitExpectation,
    rows: u32,
    quarantined: u32,
    is_whole: bool,
    kept: Option<u32>,
) -> (u32, UnitState, Option<String>) {
    let expected = match expected_rows {
        UnitExpectation::Rows(expected) => *expected,
        UnitExpectation::AtLeastOne => rows.saturating_add(quarantined).max(1),
        UnitExpectation::NoTable | UnitExpectation::Skipped(_) => 0,
    };
    let Some(rule) = expected_rows.rule() else {
        return match expected_rows {
            UnitExpectation::Skipped(reason) => (expected, UnitState::Skipped, Some(reason.clone())),
            _ => (expected, UnitState::Ok, None),
        };
    };
    // The warehouse's progress record uses the same rule.
    let word = rule.state(rows, quarantined, is_whole, kept);
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
        row: cut(&row.join(" | "), MAX_ROW_LENGTH),
        kind: bad.kind,
        reason: bad.reason,
    }
}

#[cfg(test)]
mod tests {
    use crate::partition::Grain;
    use std::borrow::Cow;

    use super::*;
    use crate::table::{Column, ColumnType, Slice, TableDef, Value, fixture};

    fn computed(outcome: Outcome) -> ComputedUnit {
        ComputedUnit {
            outcome,
            digest: 0,
            seconds: 0.0,
        }
    }

    fn landed(
        expected: impl Into<Option<u32>>,
        teams: &[Option<&'static str>],
        missing: &[&str],
    ) -> UnitRecord {
        let table = TableDef {
            columns: Cow::Owned(vec![Column::required("team", ColumnType::String, "")]),
            date_column: Cow::Borrowed("team"),
            key: Cow::Owned(vec![Cow::Borrowed("team")]),
            ..fixture::table()
        };
        let outcome = Outcome {
            expected: expected.into(),
            rows: teams.iter().map(|team| vec![Value::from(*team)]).collect(),
            missing: missing.iter().map(ToString::to_string).collect(),
            ..Outcome::default()
        };
        let made = computed(outcome);
        judge_unit(Fills::Computed(&table), Partition::MIN, made, "auto")
            .settled
            .unit
    }

    #[test]
    fn only_the_expected_row_count_makes_a_date_ok() {
        let judge = |unit: UnitRecord| (unit.state, unit.rows, unit.reason);
        let because = |reason: &str| Some(reason.to_owned());
        let two = [Some("BOS"), Some("LAL")];
        assert_eq!(judge(landed(2, &two, &[])), (UnitState::Ok, 2, None));
        assert_eq!(
            judge(landed(4, &two, &["MIA@DEN: no feed has it"])),
            (UnitState::Partial, 2, because("MIA@DEN: no feed has it"))
        );
        assert_eq!(
            judge(landed(1, &two, &[])),
            (UnitState::Partial, 2, because("expected 1 row, got 2"))
        );
        assert_eq!(
            judge(landed(2, &[], &[])),
            (UnitState::Empty, 0, because("expected 2 rows, got 0"))
        );
        assert_eq!(
            judge(landed(0, &[], &[])),
            (UnitState::Skipped, 0, because("no rows are expected"))
        );
        assert_eq!(
            judge(landed(2, &[Some("BOS"), None], &[])),
            (
                UnitState::Partial,
                1,
                because("1 row quarantined (1 not_null), first: column team: NULL is not allowed")
            )
        );
    }

    #[test]
    fn without_an_expectation_one_row_is_required() {
        let judge = |unit: UnitRecord| (unit.state, unit.rows, unit.expected);
        assert_eq!(judge(landed(None, &[Some("BOS")], &[])), (UnitState::Ok, 1, 1));
        assert_eq!(judge(landed(None, &[], &[])), (UnitState::Empty, 0, 1));
        let one_bad = [Some("BOS"), None];
        assert_eq!(judge(landed(None, &one_bad, &[])), (UnitState::Partial, 1, 2));
    }

    #[test]
    fn rows_counted_later_update_the_state() {
        let made = computed(Outcome {
            expected: Some(3),
            ..Outcome::default()
        });
        let table = super::super::CountedTable {
            path: "d.t",
            date_column: "day",
            grain: Grain::Day,
            slice: &Slice::default(),
        };
        let mut unit_result = judge_unit(Fills::Counted(table), Partition::MIN, made, "auto");
        assert_eq!(unit_result.settled.unit.state, UnitState::Empty);
        unit_result.learn(StoredDate::unseen(2));
        assert_eq!(unit_result.settled.unit.state, UnitState::Partial);
        assert_eq!(
            unit_result.settled.unit.reason.as_deref(),
            Some("expected 3 rows, got 2")
        );
        unit_result.learn(StoredDate::unseen(3));
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
            let made = computed(outcome);
            let unit = judge_unit(Fills::Nothing, Partition::MIN, made, "auto")
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
