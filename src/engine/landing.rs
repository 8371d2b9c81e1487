//! From what a stage made of a date to what the ledger will say of it. A date is ok only when its rows
//! match the expectation, never because some rows came back.

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

/// The most quarantined rows of a date that the ledger keeps. More of them is one mistake that the first ones show.
const MOST_RECORDED: usize = 1_000;

/// The most characters it keeps of one.
const MOST_OF_A_ROW: usize = 2_000;

/// One computed date, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Landing {
    /// The rows to store, where they were computed here.
    pub(super) rows: Vec<Row>,
    /// What the ledger will say once they are stored.
    pub(super) settled: Settled,
    owes: Owes,
    /// Why rows are missing.
    missing: Vec<String>,
    /// How many rows are quarantined.
    set_aside: u32,
    /// Why they are.
    quarantine: Option<String>,
    /// The operator accepts rows that miss the expectation in the place of stored ones.
    accepts_short: bool,
}

/// What a date must come to.
#[derive(Debug, Clone, PartialEq)]
enum Owes {
    Rows(u32),
    AtLeastOne,
    /// It leaves nothing behind; that it came to its end is all.
    NoTable,
    /// Nothing, and why.
    Skipped(String),
}

/// What came for a date, and whether it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    rows: u32,
    digest: u64,
    set_aside: Vec<Quarantined>,
    /// How many rows stored before stayed in their place.
    kept: Option<u32>,
}

impl Stored {
    /// Rows that only their program has seen: each time it ran counts as a change of them.
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

/// Sorts out the rows that cannot be stored and says how the date will stand. Where the rows are made in the warehouse
/// or by another program, that shows only once they are there.
pub(super) fn land(
    fills: Fills<'_>,
    date: NaiveDate,
    made: Made,
    source: &str,
    seconds: f64,
    attempts: u32,
) -> Landing {
    let Made { outcome, output } = made;
    let owes = match (outcome.skip, fills, outcome.expected) {
        (Some(reason), ..) => Owes::Skipped(bounded(&reason)),
        (None, Fills::Nothing, _) => Owes::NoTable,
        (None, _, Some(rows)) => Owes::Rows(rows),
        (None, _, None) => Owes::AtLeastOne,
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
        date,
        state: UnitState::Pending,
        expected: 0,
        rows: 0,
        attempts,
        class: None,
        reason: None,
        source: source.to_owned(),
        seconds,
    };
    let mut landing = Landing {
        rows: admitted.rows,
        settled: Settled {
            unit,
            quarantined: Vec::new(),
            digests: Some(Digests::default()),
            gaps: Some(gaps),
        },
        owes,
        missing: outcome.missing,
        set_aside: 0,
        quarantine: None,
        accepts_short: false,
    };
    landing.learn(stored);
    landing
}

impl Landing {
    /// The same, where the operator accepts rows that miss the expectation.
    pub(super) fn accepting_short(mut self, accepts: bool) -> Self {
        self.accepts_short = accepts;
        self
    }

    /// What its new rows must come to before they may replace as many. None if its table is not to be touched at all.
    pub(super) const fn expected(&self) -> Option<RowsExpected> {
        match self.owes {
            Owes::Skipped(_) | Owes::NoTable => None,
            _ if self.accepts_short => Some(RowsExpected::Any),
            Owes::Rows(rows) => Some(RowsExpected::Exactly(rows)),
            Owes::AtLeastOne => Some(RowsExpected::AtLeastOne),
        }
    }

    /// What is recorded of it with its commit, as an entry of this number; none if no commit is about it. `input` is the
    /// digest of what it was computed from.
    pub(super) fn draft(&self, number: i64, fills: Fills<'_>, input: u64) -> Option<Draft> {
        let owed = match self.owes {
            Owes::Skipped(_) | Owes::NoTable => return None,
            Owes::Rows(rows) => RowsExpected::Exactly(rows),
            Owes::AtLeastOne => RowsExpected::AtLeastOne,
        };
        let came = matches!(fills, Fills::Computed(_)).then(|| Came {
            rows: self.settled.unit.rows,
            quarantined: self.set_aside,
            digest: self.settled.digests.unwrap_or_default().output,
        });
        let is_whole = self.missing.is_empty();
        Some(draft(number, &self.settled, owed, is_whole, came, input))
    }

    /// Whether the rows that were computed for it here miss the expectation.
    pub(super) fn is_short(&self) -> bool {
        let missed = |expected: RowsExpected| expected.is_missed(self.settled.unit.rows, self.set_aside);
        self.expected().is_some_and(missed)
    }

    /// The computed rows were not stored: this many from before stayed in their place.
    pub(super) fn keep(&mut self, kept: u32) {
        self.stand(self.settled.unit.rows, Some(kept));
    }

    /// What is stored for it decides how it stands.
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
        let (expected, state, fallback) = stands(&self.owes, rows, self.set_aside, is_whole, kept);
        let unit = &mut self.settled.unit;
        (unit.expected, unit.state, unit.rows) = (expected, state, rows);
        if let Some(kept) = kept {
            // What came is gone; what is stored has the digest and the gaps it had.
            (self.settled.digests, self.settled.gaps) = (None, None);
            unit.rows = kept;
            reasons.push(format!(
                "{}; kept the {} stored before",
                expectation(&self.owes, expected, rows),
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

/// What was expected and what came.
fn expectation(owes: &Owes, expected: u32, rows: u32) -> String {
    match owes {
        Owes::AtLeastOne if rows == 0 => "expected at least 1 row, got 0".to_owned(),
        _ => format!("expected {}, got {rows}", counted(expected as usize, "row")),
    }
}

/// The rows a date owes, its state, and why it stands so if nobody has said it yet.
fn stands(
    owes: &Owes,
    rows: u32,
    aside: u32,
    is_whole: bool,
    kept: Option<u32>,
) -> (u32, UnitState, Option<String>) {
    let expected = match owes {
        Owes::Rows(expected) => *expected,
        Owes::AtLeastOne => rows.saturating_add(aside).max(1),
        Owes::NoTable | Owes::Skipped(_) => 0,
    };
    let owed = match owes {
        Owes::Skipped(reason) => return (expected, UnitState::Skipped, Some(reason.clone())),
        Owes::NoTable => return (expected, UnitState::Ok, None),
        Owes::Rows(rows) => RowsExpected::Exactly(*rows),
        Owes::AtLeastOne => RowsExpected::AtLeastOne,
    };
    // The warehouse records a date by the same rule.
    let word = owed.state(rows, aside, is_whole, kept);
    let state = UnitState::from_word(word).unwrap_or(UnitState::Partial);
    let missed = || expectation(owes, expected, rows);
    let fallback = match (state, owes) {
        (UnitState::Ok, _) => None,
        (UnitState::Skipped, _) => Some("no rows are expected".to_owned()),
        (UnitState::Empty, Owes::AtLeastOne) => Some(format!(
            "{}; set expect_rows if a date may have no rows",
            missed()
        )),
        _ => Some(missed()),
    };
    (expected, state, fallback)
}

/// How many rows are quarantined, how many of them for which kind of fault, and the first one's reason.
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
        land(Fills::Computed(&table), NaiveDate::MIN, made, "auto", 0.0, 1)
            .settled
            .unit
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
    fn where_nobody_says_how_many_one_row_must_come() {
        let stands = |unit: UnitRecord| (unit.state, unit.rows, unit.expected);
        assert_eq!(stands(landed(None, &[Some("BOS")], &[])), (UnitState::Ok, 1, 1));
        assert_eq!(stands(landed(None, &[], &[])), (UnitState::Empty, 0, 1));
        let one_bad = [Some("BOS"), None];
        assert_eq!(stands(landed(None, &one_bad, &[])), (UnitState::Partial, 1, 2));
    }

    #[test]
    fn what_is_found_later_decides_anew() {
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
        let mut landing = land(Fills::Counted(table), NaiveDate::MIN, made, "auto", 0.0, 1);
        assert_eq!(landing.settled.unit.state, UnitState::Empty);
        landing.learn(Stored::unseen(2));
        assert_eq!(landing.settled.unit.state, UnitState::Partial);
        assert_eq!(
            landing.settled.unit.reason.as_deref(),
            Some("expected 3 rows, got 2")
        );
        landing.learn(Stored::unseen(3));
        assert_eq!(
            (landing.settled.unit.state, &landing.settled.unit.reason),
            (UnitState::Ok, &None)
        );
    }

    #[test]
    fn without_a_table_coming_to_the_end_is_enough_and_skipping_says_why() {
        let state = |skip: Option<&str>| {
            let outcome = Outcome {
                skip: skip.map(str::to_owned),
                ..Outcome::default()
            };
            let made = Made { outcome, output: 0 };
            let unit = land(Fills::Nothing, NaiveDate::MIN, made, "auto", 0.0, 1)
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
