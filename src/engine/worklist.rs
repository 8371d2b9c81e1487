//! Which dates of a stage a run computes, and why. Pure. Dry run, estimate and run share it, so that they agree.

use std::collections::{BTreeSet, HashMap};

use crate::figures::counted;
use crate::ledger::{CurrentUnits, UnitRecord, UnitState};
use crate::partition::Partition;

use super::provenance::can_be_invalidated;
use super::waiting_dates::{Waiting, later_reason};
use super::{Demand, OnChange, Replaces, Scope, Selection, Work};

/// Why a date became stale before this run.
pub const INPUTS_CHANGED: &str = "its inputs have changed since";

#[derive(Debug)]
pub(super) struct StageFacts<'a> {
    pub(super) dates: &'a [Partition],
    pub(super) scopes: &'a [Scope],
    /// Units in the ledger, including dates outside the run.
    pub(super) current: CurrentUnits,
    pub(super) stored: &'a HashMap<Partition, u32>,
    /// Dates in open intents of a crashed process; whether they were written is unknown.
    pub(super) unsettled: &'a BTreeSet<Partition>,
    /// Dates whose inputs have changed since they were computed.
    pub(super) invalidated: &'a BTreeSet<Partition>,
    /// Dates that wait for a source, with the reason.
    pub(super) waiting: &'a Waiting,
    /// Whether a date of the stage waits for those before it.
    pub(super) depends_on_past: bool,
    /// Failing dates of a check, if the run is limited to them.
    pub(super) failing: &'a [Partition],
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct WorkList {
    /// The ledger's units, marked stale if the table or their inputs differ from what the ledger recorded.
    pub(super) recorded: HashMap<Partition, UnitRecord>,
    /// Outdated dates: computed with another definition of the stage.
    pub(super) changed: BTreeSet<Partition>,
    /// Dates without work, in order, with the reason.
    pub(super) skipped: Vec<(Partition, String)>,
    pub(super) to_do: Vec<Partition>,
    /// Dates that would be to do, but wait for a source.
    pub(super) waiting: Waiting,
    /// Stored rows of `to_do` that will be replaced.
    pub(super) replaces: Replaces,
    /// Number of dates with a different row count in the table than in the ledger.
    pub(super) contradicted: usize,
    /// Number of dates whose inputs have changed since they were computed.
    pub(super) invalidated: usize,
}

impl WorkList {
    pub(super) fn of(demand: Demand<'_>, facts: StageFacts<'_>) -> Self {
        let mut list = Self {
            recorded: (facts.current.units.into_iter())
                .map(|unit| (unit.date, unit))
                .collect(),
            changed: facts.current.changed,
            ..Self::default()
        };
        for (&date, scope) in facts.dates.iter().zip(facts.scopes) {
            if let Scope::Skip(reason) = scope {
                list.skipped.push((date, reason.clone()));
                continue;
            }
            let stored = facts.stored.get(&date).copied().unwrap_or(0);
            list.mark_if_stale(date, stored, facts.invalidated);
            let record = list.recorded.get(&date);
            let is_changed = list.changed.contains(&date);
            let wanted = is_wanted(demand.work, date, record, is_changed, facts.failing);
            let is_to_do =
                facts.unsettled.contains(&date) || (wanted && is_due(demand, scope, record, is_changed));
            let own = facts.waiting.get(&date).cloned();
            let reason = own.or_else(|| later_reason(&list.waiting).filter(|_| facts.depends_on_past));
            if let Some(reason) = reason.filter(|_| is_to_do) {
                list.waiting.insert(date, reason);
            } else if is_to_do {
                list.to_do.push(date);
                list.replaces.dates += u64::from(stored > 0);
                list.replaces.rows += u64::from(stored);
            }
        }
        list
    }

    /// Marks a unit stale if the ledger has it as done but the table or its inputs differ.
    fn mark_if_stale(&mut self, date: Partition, stored: u32, invalidated: &BTreeSet<Partition>) {
        // Another definition may read other inputs, so their digests can't be compared.
        let is_outdated = self.changed.contains(&date);
        let Some(unit) = self.recorded.get_mut(&date) else {
            return;
        };
        if unit.state == UnitState::Failed {
            // A failed unit waits for a rerun in any case; a failed program may have left rows behind.
            unit.rows = stored;
            return;
        }
        if !unit.state.is_open() && unit.state != UnitState::Skipped && unit.rows != stored {
            unit.reason = Some(format!(
                "the table has {}, the ledger expects {}",
                counted(stored as usize, "row"),
                unit.rows
            ));
            unit.state = UnitState::Stale;
            unit.rows = stored;
            self.contradicted += 1;
        }
        if can_be_invalidated(unit.state) && invalidated.contains(&date) && !is_outdated {
            unit.state = UnitState::Stale;
            unit.reason = Some(INPUTS_CHANGED.to_owned());
            self.invalidated += 1;
        }
    }
}

/// Whether a run includes a date at all.
fn is_wanted(
    work: &Work,
    date: Partition,
    record: Option<&UnitRecord>,
    is_changed: bool,
    failing: &[Partition],
) -> bool {
    let Work::Only(selection) = work else {
        return true;
    };
    let state = record.map_or(UnitState::Pending, |record| record.state);
    // A recorded open unit was requeued by a rerun that did not finish.
    let was_requeued = record.is_some() && state.is_open();
    let by_state = matches!(
        selection,
        Selection::Failed | Selection::Stale | Selection::Outdated
    );
    selection.takes(date, state, is_changed, failing) || (by_state && was_requeued)
}

/// Whether an included date must be computed. Not if it is done and nothing it depends on has changed. `is_changed`: it
/// was computed with another definition of the stage.
fn is_due(demand: Demand<'_>, scope: &Scope, record: Option<&UnitRecord>, is_changed: bool) -> bool {
    let Some(record) = record else {
        return true;
    };
    if record.state.is_open() || record.state == UnitState::Stale {
        return true;
    }
    let other_source = demand.source_is_explicit && record.source != demand.source;
    if is_changed && *demand.work == Work::Missing && !matches!(scope, Scope::Skip(_)) {
        return demand.on_change == OnChange::Rerun || other_source;
    }
    let expects_other_rows = match scope {
        Scope::Skip(_) => return false,
        Scope::Rows(expected) => record.expected != *expected,
        Scope::SomeRows | Scope::Unknown => false,
    };
    // A unit skipped after an attempt stays skipped if only an attempt can tell. Any other skipped unit has work now.
    let has_work_now =
        record.state == UnitState::Skipped && !(*scope == Scope::Unknown && record.attempts > 0);
    *demand.work != Work::Missing
        || has_work_now
        || expects_other_rows
        || (other_source && record.state != UnitState::Failed)
}

/// Whether a date may be due, judged from the ledger alone.
pub(super) fn may_be_due(
    demand: Demand<'_>,
    date: Partition,
    record: Option<&UnitRecord>,
    is_changed: bool,
    failing: &[Partition],
) -> bool {
    let is_off = record.is_some_and(|record| record.state == UnitState::Skipped);
    !is_off
        && is_wanted(demand.work, date, record, is_changed, failing)
        && is_due(demand, &Scope::Unknown, record, is_changed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PLAIN: Demand<'static> = Demand {
        work: &Work::Missing,
        source: "reconstruct",
        source_is_explicit: false,
        on_change: OnChange::Keep,
    };

    fn record(state: UnitState, expected: u32, rows: u32, source: &str) -> UnitRecord {
        UnitRecord {
            expected,
            rows,
            attempts: 1,
            ..UnitRecord::new(Partition::MIN, state, source)
        }
    }

    #[rstest]
    #[case::done(UnitState::Ok, 4, 4, false)]
    #[case::the_schedule_grew(UnitState::Ok, 2, 2, true)]
    #[case::a_game_was_added_to_an_off_day(UnitState::Skipped, 4, 0, true)]
    #[case::failed_waits_for_a_rerun(UnitState::Failed, 4, 0, false)]
    #[case::short_waits_for_a_rerun(UnitState::Partial, 4, 3, false)]
    #[case::invalidated(UnitState::Stale, 4, 4, true)]
    #[case::never_begun(UnitState::Pending, 4, 0, true)]
    #[case::sent_and_unknown(UnitState::Unknown, 4, 4, true)]
    fn plain_run(#[case] state: UnitState, #[case] expected: u32, #[case] rows: u32, #[case] due: bool) {
        let record = record(state, expected, rows, "reconstruct");
        assert_eq!(is_due(PLAIN, &Scope::Rows(4), Some(&record), false), due);
    }

    #[rstest]
    #[case::done(UnitState::Ok, 211, false)]
    #[case::a_game_was_added_to_an_off_day(UnitState::Skipped, 0, true)]
    #[case::invalidated(UnitState::Stale, 211, true)]
    fn row_count_known_only_to_the_feeds(#[case] state: UnitState, #[case] expected: u32, #[case] due: bool) {
        let record = record(state, expected, expected, "reconstruct");
        assert_eq!(is_due(PLAIN, &Scope::SomeRows, Some(&record), false), due);
    }

    #[test]
    fn skipped_dates_of_unknown_scope_stay_skipped() {
        let tried = record(UnitState::Skipped, 0, 0, "auto");
        assert!(!is_due(PLAIN, &Scope::Unknown, Some(&tried), false));
        let never = UnitRecord { attempts: 0, ..tried };
        assert!(
            is_due(PLAIN, &Scope::Unknown, Some(&never), false),
            "it was off that day"
        );
    }

    #[test]
    fn an_explicit_source_or_a_rerun_makes_a_done_date_due() {
        let done = record(UnitState::Ok, 4, 4, "auto");
        let scope = Scope::Rows(4);
        assert!(
            !is_due(PLAIN, &scope, Some(&done), false),
            "nobody named a source"
        );
        assert!(is_due(PLAIN, &scope, None, false), "never looked at");
        let named = Demand {
            source_is_explicit: true,
            ..PLAIN
        };
        assert!(is_due(named, &scope, Some(&done), false));
        let rerun = Demand {
            work: &Work::Only(Selection::Failed),
            ..PLAIN
        };
        assert!(is_due(rerun, &scope, Some(&done), false));
    }

    #[rstest]
    #[case::kept(OnChange::Keep, false)]
    #[case::not_answered_yet(OnChange::Ask, false)]
    #[case::rerun(OnChange::Rerun, true)]
    fn outdated_dates_are_due_as_on_change_says(#[case] on_change: OnChange, #[case] due: bool) {
        let demand = Demand { on_change, ..PLAIN };
        for (state, rows) in [(UnitState::Outdated, 4), (UnitState::Partial, 3)] {
            let record = record(state, 4, rows, "reconstruct");
            // The expected number of rows differs because the definition does.
            assert_eq!(
                is_due(demand, &Scope::Rows(5), Some(&record), true),
                due,
                "{state}"
            );
        }
        let stale = record(UnitState::Stale, 4, 4, "reconstruct");
        assert!(
            is_due(demand, &Scope::Rows(4), Some(&stale), true),
            "its inputs changed as well"
        );
    }

    fn day(number: u32) -> Partition {
        Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, number).unwrap())
    }

    fn list(scopes: &[Scope], records: &[(u32, UnitState, u32)], stored: &[(u32, u32)]) -> WorkList {
        let dates: Vec<Partition> = (1..).take(scopes.len()).map(day).collect();
        let unit = |&(number, state, rows): &(u32, UnitState, u32)| {
            let date = day(number);
            let source = "reconstruct";
            UnitRecord {
                date,
                ..record(state, rows, rows, source)
            }
        };
        let facts = StageFacts {
            dates: &dates,
            scopes,
            current: CurrentUnits {
                units: records.iter().map(unit).collect(),
                ..CurrentUnits::default()
            },
            stored: &stored.iter().map(|&(number, rows)| (day(number), rows)).collect(),
            unsettled: &BTreeSet::new(),
            invalidated: &BTreeSet::new(),
            waiting: &Waiting::new(),
            depends_on_past: false,
            failing: &[],
        };
        WorkList::of(PLAIN, facts)
    }

    #[test]
    fn skipped_dates_keep_their_recorded_state() {
        let off = Scope::Skip("off-day".to_owned());
        for state in [
            UnitState::Skipped,
            UnitState::Ok,
            UnitState::Stale,
            UnitState::Failed,
        ] {
            let list = list(std::slice::from_ref(&off), &[(1, state, 0)], &[(1, 7)]);
            assert_eq!((list.to_do.len(), list.contradicted), (0, 0), "{state}");
            assert_eq!(list.skipped, [(day(1), "off-day".to_owned())]);
            assert_eq!(list.recorded[&day(1)].state, state, "it is not doubted either");
        }
    }

    #[test]
    fn rows_of_due_dates_are_counted_as_replaced() {
        let list = list(
            &[Scope::SomeRows, Scope::SomeRows, Scope::SomeRows],
            &[(1, UnitState::Ok, 3), (2, UnitState::Ok, 3)],
            &[(1, 3), (2, 5), (3, 9)],
        );
        assert_eq!(list.to_do, [day(2), day(3)]);
        assert_eq!(list.replaces, Replaces { dates: 2, rows: 14 });
        assert_eq!(list.contradicted, 1);
        assert_eq!(
            list.recorded[&day(2)].reason.as_deref(),
            Some("the table has 5 rows, the ledger expects 3")
        );
    }
}
