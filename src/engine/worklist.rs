//! The work list of a stage: which dates a run computes, which it leaves as they are, and why. Pure. The dry run, the
//! estimate and the run itself ask here, so that what is announced is what is done.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::figures::counted;
use crate::ledger::{CurrentUnits, UnitRecord, UnitState};

use super::provenance::can_be_invalidated;
use super::{OnChange, Scope, Selection, Work};

/// What a run is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Which units are due.
    pub work: &'a Work,
    /// The source the stages read.
    pub source: &'a str,
    /// Whether the operator named it; then units computed from another source are due.
    pub source_is_explicit: bool,
    /// What becomes of units that another definition of their stage made.
    pub on_change: OnChange,
}

impl Demand<'_> {
    /// Whether the run takes up what a process that died promised to write. A run of chosen units leaves that to the next
    /// run of all that is missing.
    #[must_use]
    pub const fn takes_up_promises(self) -> bool {
        matches!(self.work, Work::Missing | Work::Afresh)
    }
}

/// What is known of a stage before it begins.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// The dates of the run, in order.
    pub(super) dates: &'a [NaiveDate],
    /// What each of them must come to.
    pub(super) scopes: &'a [Scope],
    /// What the ledger has, also of dates outside the run.
    pub(super) current: CurrentUnits,
    /// Rows the table holds, by date.
    pub(super) stored: &'a HashMap<NaiveDate, u32>,
    /// Dates a process that died promised to write: nobody knows whether it did.
    pub(super) promised: &'a BTreeSet<NaiveDate>,
    /// Dates computed from inputs that have changed since.
    pub(super) invalidated: &'a BTreeSet<NaiveDate>,
    /// Dates a check of the stage names as failing, where the run is about them.
    pub(super) failing: &'a [NaiveDate],
}

/// What a run does with the dates of a stage.
#[derive(Debug, Default, PartialEq)]
pub(super) struct WorkList {
    /// What the ledger has, with the units that the table or their inputs contradict marked as stale.
    pub(super) recorded: HashMap<NaiveDate, UnitRecord>,
    /// Dates that are done by another definition of the stage.
    pub(super) changed: BTreeSet<NaiveDate>,
    /// Dates without work, in order, with the reason.
    pub(super) skipped: Vec<(NaiveDate, String)>,
    /// Dates to compute, in order.
    pub(super) to_do: Vec<NaiveDate>,
    /// What `to_do` holds now and is replaced.
    pub(super) replaces: Replaces,
    /// Dates whose table holds other rows than the ledger knows of.
    pub(super) contradicted: usize,
    /// Dates computed from inputs that have changed since.
    pub(super) invalidated: usize,
}

/// Stored rows that are about to be replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Dates that hold rows.
    pub dates: u64,
    /// Rows they hold.
    pub rows: u64,
}

impl Replaces {
    /// What a line about the work to do adds; nothing where no row is replaced.
    #[must_use]
    pub fn clause(self) -> String {
        let Self { dates, rows } = self;
        match dates {
            0 => String::new(),
            _ => format!(
                "; {} already {} {}",
                counted(dates, "date"),
                if dates == 1 { "has" } else { "have" },
                counted(rows, "row")
            ),
        }
    }
}

impl WorkList {
    /// Decides for every date of the run.
    pub(super) fn of(demand: Demand<'_>, facts: Facts<'_>) -> Self {
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
            list.doubt(date, stored, facts.invalidated);
            let record = list.recorded.get(&date);
            let is_changed = list.changed.contains(&date);
            let wanted = is_wanted(demand.work, date, record, is_changed, facts.failing);
            if facts.promised.contains(&date) || (wanted && is_due(demand, scope, record, is_changed)) {
                list.to_do.push(date);
                list.replaces.dates += u64::from(stored > 0);
                list.replaces.rows += u64::from(stored);
            }
        }
        list
    }

    /// Marks what the ledger knows as done as stale, where the table or the inputs say otherwise.
    fn doubt(&mut self, date: NaiveDate, stored: u32, invalidated: &BTreeSet<NaiveDate>) {
        let Some(unit) = self.recorded.get_mut(&date) else {
            return;
        };
        if unit.state == UnitState::Failed {
            // It is not done and waits for the operator; a program that failed may have left rows behind.
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
        if can_be_invalidated(unit.state) && invalidated.contains(&date) {
            unit.state = UnitState::Stale;
            unit.reason = Some("its inputs have changed since".to_owned());
            self.invalidated += 1;
        }
    }
}

/// Whether a run is about a date at all.
fn is_wanted(
    work: &Work,
    date: NaiveDate,
    record: Option<&UnitRecord>,
    is_changed: bool,
    failing: &[NaiveDate],
) -> bool {
    let Work::Only(selection) = work else {
        return true;
    };
    let state = record.map_or(UnitState::Pending, |record| record.state);
    // A recorded unit that is open was put back by a rerun that did not come to its end.
    let was_put_back = record.is_some() && state.is_open();
    let by_state = matches!(
        selection,
        Selection::Failed | Selection::Stale | Selection::Outdated
    );
    selection.takes(date, state, is_changed, failing) || (by_state && was_put_back)
}

/// Whether a wanted date has to be done. It has not, if the ledger knows it as done and nothing it depends on changed.
/// `is_changed`: it is done, but by another definition of the stage.
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
    let owes_another_number = match scope {
        Scope::Skip(_) => return false,
        Scope::Rows(expected) => record.expected != *expected,
        Scope::SomeRows | Scope::Untold => false,
    };
    // One that was tried and skipped stays so where only trying can tell; otherwise it had no work then, and has now.
    let has_work_now =
        record.state == UnitState::Skipped && !(*scope == Scope::Untold && record.attempts > 0);
    *demand.work != Work::Missing
        || has_work_now
        || owes_another_number
        || (other_source && record.state != UnitState::Failed)
}

/// Whether a date may have to be done, for all that the ledger knows.
pub(super) fn may_be_due(
    demand: Demand<'_>,
    date: NaiveDate,
    record: Option<&UnitRecord>,
    is_changed: bool,
    failing: &[NaiveDate],
) -> bool {
    let is_off = record.is_some_and(|record| record.state == UnitState::Skipped);
    !is_off
        && is_wanted(demand.work, date, record, is_changed, failing)
        && is_due(demand, &Scope::Untold, record, is_changed)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
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
            date: NaiveDate::MIN,
            state,
            expected,
            rows,
            attempts: 1,
            class: None,
            reason: None,
            source: source.to_owned(),
            seconds: 0.0,
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
    fn of_a_plain_run(#[case] state: UnitState, #[case] expected: u32, #[case] rows: u32, #[case] due: bool) {
        let record = record(state, expected, rows, "reconstruct");
        assert_eq!(is_due(PLAIN, &Scope::Rows(4), Some(&record), false), due);
    }

    #[rstest]
    #[case::done(UnitState::Ok, 211, false)]
    #[case::a_game_was_added_to_an_off_day(UnitState::Skipped, 0, true)]
    #[case::invalidated(UnitState::Stale, 211, true)]
    fn where_only_the_feeds_know_the_number(
        #[case] state: UnitState,
        #[case] expected: u32,
        #[case] due: bool,
    ) {
        let record = record(state, expected, expected, "reconstruct");
        assert_eq!(is_due(PLAIN, &Scope::SomeRows, Some(&record), false), due);
    }

    #[test]
    fn a_date_that_was_tried_and_skipped_stays_so_where_only_trying_can_tell() {
        let tried = record(UnitState::Skipped, 0, 0, "auto");
        assert!(!is_due(PLAIN, &Scope::Untold, Some(&tried), false));
        let never = UnitRecord { attempts: 0, ..tried };
        assert!(
            is_due(PLAIN, &Scope::Untold, Some(&never), false),
            "it was off that day"
        );
    }

    #[test]
    fn a_named_source_and_a_rerun_make_a_done_date_due() {
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
    fn what_another_definition_made_is_due_as_the_operator_says(
        #[case] on_change: OnChange,
        #[case] due: bool,
    ) {
        let demand = Demand { on_change, ..PLAIN };
        for (state, rows) in [(UnitState::Outdated, 4), (UnitState::Partial, 3)] {
            let record = record(state, 4, rows, "reconstruct");
            // Another number of rows is owed because the definition is another.
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

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, number).unwrap()
    }

    fn list(scopes: &[Scope], records: &[(u32, UnitState, u32)], stored: &[(u32, u32)]) -> WorkList {
        let dates: Vec<NaiveDate> = (1..).take(scopes.len()).map(day).collect();
        let unit = |&(number, state, rows): &(u32, UnitState, u32)| {
            let date = day(number);
            let source = "reconstruct";
            UnitRecord {
                date,
                ..record(state, rows, rows, source)
            }
        };
        let facts = Facts {
            dates: &dates,
            scopes,
            current: CurrentUnits {
                units: records.iter().map(unit).collect(),
                ..CurrentUnits::default()
            },
            stored: &stored.iter().map(|&(number, rows)| (day(number), rows)).collect(),
            promised: &BTreeSet::new(),
            invalidated: &BTreeSet::new(),
            failing: &[],
        };
        WorkList::of(PLAIN, facts)
    }

    #[test]
    fn a_date_without_work_is_never_read_as_own_whatever_it_holds() {
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
    fn what_a_date_to_do_holds_is_counted_as_replaced() {
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
