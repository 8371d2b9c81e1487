//! Whether a date is to be done in this run: pure, from the schedule, the ledger and what the run is about.

use crate::ledger::{UnitRecord, UnitState};

use super::{Options, Scope, Work};

/// Whether a wanted date has to be done. It has not, if the ledger knows it as done and nothing it rests on changed.
pub(super) fn is_due(options: &Options, scope: &Scope, record: Option<&UnitRecord>) -> bool {
    let Some(record) = record else {
        return true;
    };
    if record.state.is_open() || record.state == UnitState::Stale {
        return true;
    }
    let owes_another_number = match scope {
        // Rows stand where the schedule has no game: they must go.
        Scope::Skip(_) => return record.rows > 0,
        Scope::Rows(expected) => record.expected != *expected,
        Scope::SomeRows | Scope::Untold => false,
    };
    // One that was tried and skipped stays so where only trying can tell; otherwise it had no work then, and has now.
    let has_work_now =
        record.state == UnitState::Skipped && !(*scope == Scope::Untold && record.attempts > 0);
    let other_source = options.source_is_explicit && record.source != options.source;
    options.work != Work::Missing
        || has_work_now
        || owes_another_number
        || (other_source && record.state != UnitState::Failed)
}

/// Whether a wanted date may have to be done, for all that the ledger knows.
pub(super) fn may_be_due(options: &Options, record: Option<&UnitRecord>) -> bool {
    let is_off = record.is_some_and(|record| record.state == UnitState::Skipped);
    !is_off && is_due(options, &Scope::Untold, record)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rstest::rstest;

    use super::super::{Ceilings, RetryPolicy, Selection};
    use super::*;

    fn options() -> Options {
        Options {
            run_id: String::new(),
            dates: Vec::new(),
            source: "reconstruct".to_owned(),
            source_is_explicit: false,
            workers: 1,
            largest_batch: 1,
            operator: String::new(),
            paused: false,
            work: Work::Missing,
            ask: None,
            released: Vec::new(),
            fail_fast: None,
            ceilings: Ceilings::default(),
            stay: false,
            control: None,
            retry: RetryPolicy::default(),
        }
    }

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
    #[case::overtaken(UnitState::Stale, 4, 4, true)]
    #[case::never_begun(UnitState::Pending, 4, 0, true)]
    #[case::sent_and_unknown(UnitState::Unknown, 4, 4, true)]
    fn of_a_plain_run(#[case] state: UnitState, #[case] expected: u32, #[case] rows: u32, #[case] due: bool) {
        let record = record(state, expected, rows, "reconstruct");
        assert_eq!(is_due(&options(), &Scope::Rows(4), Some(&record)), due);
    }

    #[rstest]
    #[case::done(UnitState::Ok, 211, false)]
    #[case::a_game_was_added_to_an_off_day(UnitState::Skipped, 0, true)]
    #[case::overtaken(UnitState::Stale, 211, true)]
    fn where_only_the_feeds_know_the_number(
        #[case] state: UnitState,
        #[case] expected: u32,
        #[case] due: bool,
    ) {
        let record = record(state, expected, expected, "reconstruct");
        assert_eq!(is_due(&options(), &Scope::SomeRows, Some(&record)), due);
    }

    #[test]
    fn a_date_that_was_tried_and_skipped_stays_so_where_only_trying_can_tell() {
        let tried = record(UnitState::Skipped, 0, 0, "auto");
        assert!(!is_due(&options(), &Scope::Untold, Some(&tried)));
        let never = UnitRecord { attempts: 0, ..tried };
        assert!(
            is_due(&options(), &Scope::Untold, Some(&never)),
            "it was off that day"
        );
    }

    #[test]
    fn a_named_source_a_rerun_and_a_vanished_game_make_a_done_date_due() {
        let done = record(UnitState::Ok, 4, 4, "auto");
        let mut options = options();
        assert!(
            !is_due(&options, &Scope::Rows(4), Some(&done)),
            "nobody named a source"
        );
        assert!(
            is_due(&options, &Scope::Skip("off-day".to_owned()), Some(&done)),
            "its rows must go"
        );
        assert!(is_due(&options, &Scope::Rows(4), None), "never looked at");
        options.source_is_explicit = true;
        assert!(is_due(&options, &Scope::Rows(4), Some(&done)));
        options.source_is_explicit = false;
        options.work = Work::Only(Selection::Failed);
        assert!(is_due(&options, &Scope::Rows(4), Some(&done)));
    }
}
