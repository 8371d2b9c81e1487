//! Groups dates that need attention and quarantined rows by reason.

use serde::Serialize;

use super::{IncompleteDate, StageStatus};
use crate::ledger::{QuarantineRecord, SameReason, UnitState, by_reason};
use crate::partition::Partition;
use crate::table::FaultKind;

/// Dates of a stage with the same state and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub stage: String,
    pub state: UnitState,
    /// The reason; what differs between dates, such as a game's id, is replaced by `…`.
    pub reason: String,
    pub dates: Vec<Partition>,
    pub rows: u64,
    pub expected: u64,
    pub attempts: u64,
}

/// Quarantined rows of a stage with the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantine {
    pub stage: String,
    /// The kind of their fault; `None` if they were recorded before kinds were.
    pub kind: Option<FaultKind>,
    /// The reason; what differs between rows is replaced by `…`.
    pub reason: String,
    /// Their dates, in order, without duplicates.
    pub dates: Vec<Partition>,
    pub rows: Vec<QuarantineRecord>,
}

/// The causes of everything that needs attention in a stage, most dates first.
pub(super) fn causes(stage: &StageStatus) -> Vec<Cause> {
    let of = |unit: &&IncompleteDate| {
        let reason = unit.reason.as_deref().unwrap_or("no reason recorded");
        (unit.state, reason.to_owned())
    };
    let cause = |group: SameReason<UnitState, &IncompleteDate>| {
        let sum =
            |count: fn(&IncompleteDate) -> u32| group.things.iter().map(|unit| u64::from(count(unit))).sum();
        Cause {
            stage: stage.name.clone(),
            state: group.kind,
            dates: group.things.iter().map(|unit| unit.date).collect(),
            rows: sum(|unit| unit.rows),
            expected: sum(|unit| unit.expected),
            attempts: sum(|unit| unit.attempts),
            reason: group.reason,
        }
    };
    by_reason(&stage.attention, of).into_iter().map(cause).collect()
}

/// The quarantined rows of a stage by reason, most rows first.
pub(super) fn quarantines(stage: &str, rows: Vec<QuarantineRecord>) -> Vec<Quarantine> {
    let quarantine = |group: SameReason<Option<FaultKind>, QuarantineRecord>| {
        let mut dates: Vec<Partition> = group.things.iter().map(|row| row.date).collect();
        dates.dedup();
        Quarantine {
            stage: stage.to_owned(),
            kind: group.kind,
            reason: group.reason,
            dates,
            rows: group.things,
        }
    };
    by_reason(rows, |row| (row.kind, row.reason.clone()))
        .into_iter()
        .map(quarantine)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Counts;

    fn day(number: u32) -> Partition {
        Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, number).unwrap())
    }

    fn stage(units: &[(u32, UnitState, &str)]) -> StageStatus {
        let attention = units.iter().map(|(date, state, reason)| IncompleteDate {
            date: day(*date),
            state: *state,
            rows: 2,
            expected: 4,
            attempts: 3,
            reason: Some((*reason).to_owned()),
        });
        StageStatus {
            name: "one".to_owned(),
            table: None,
            dates: Counts::default(),
            outside: Counts::default(),
            rows: 0,
            seconds: 0.0,
            cost: None,
            skipped_reasons: std::collections::BTreeMap::new(),
            attention: attention.collect(),
            gaps: Vec::new(),
            definitions: Vec::new(),
        }
    }

    #[test]
    fn dates_with_one_cause_share_a_line_whatever_their_games() {
        use UnitState::{Failed, Partial};
        let found = causes(&stage(&[
            (1, Failed, "the feed did not answer"),
            (2, Partial, "no line for 20240102_BOS_BKN"),
            (3, Partial, "no line for 20240103_LAL_DEN"),
            (4, Failed, "the feed did not answer"),
            (5, Failed, "the feed did not answer"),
        ]));
        let texts: Vec<_> = found
            .iter()
            .map(|cause| (cause.state, cause.reason.as_str(), cause.dates.as_slice()))
            .collect();
        assert_eq!(
            texts,
            [
                (Failed, "the feed did not answer", &[day(1), day(4), day(5)][..]),
                (Partial, "no line for …", &[day(2), day(3)]),
            ]
        );
        assert_eq!((found[1].rows, found[1].expected, found[1].attempts), (4, 8, 6));
        let one = causes(&stage(&[(2, Partial, "no line for 20240102_BOS_BKN")]));
        assert_eq!(
            one[0].reason, "no line for 20240102_BOS_BKN",
            "one alone is named"
        );
    }

    #[test]
    fn rows_with_one_cause_share_a_line_with_each_date_once() {
        let row = |date, reason: &str| QuarantineRecord {
            date: day(date),
            row: "(1)".to_owned(),
            kind: None,
            reason: reason.to_owned(),
        };
        let found = quarantines(
            "one",
            vec![
                row(1, "usage_rate 1329.8 does not fit"),
                row(1, "usage_rate 1401 does not fit"),
                row(2, "game_id is missing"),
            ],
        );
        let texts: Vec<_> = found
            .iter()
            .map(|kind| (kind.reason.as_str(), kind.dates.as_slice(), kind.rows.len()))
            .collect();
        assert_eq!(
            texts,
            [
                ("usage_rate … does not fit", &[day(1)][..], 2),
                ("game_id is missing", &[day(2)], 1)
            ]
        );
    }
}
