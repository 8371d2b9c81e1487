//! Tests every condition on handmade facts.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;

use super::{Item, ItemState, RunbookFacts, derive, may_tick};
use crate::ledger::{CheckRecord, CheckState, StageTally, Tick, UnitState, WrittenReport};
use crate::partition::Partition;
use crate::plan::{Plan, load};

/// Ten dates, two stages, one blocking and one advisory check.
const PLAN: &str = r#"
name = "small"
title = "Small"
from = "2024-01-01"
to = "2024-01-10"
[[stage]]
name = "one"
table = "d.one"
kind = "nba"
[[stage]]
name = "two"
table = "d.two"
kind = "nba"
[[check]]
name = "must"
stage = "one"
title = "Must"
severity = "blocking"
sql = "SELECT 1 AS pct"
expect = [{ column = "pct", equals = 100 }]
[[check]]
name = "should"
stage = "one"
title = "Should"
severity = "advisory"
sql = "SELECT 1 AS pct"
expect = [{ column = "pct", more_than = 80 }]
"#;

fn plan(items: &str) -> Plan {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, format!("{PLAN}{items}")).unwrap();
    load(path.to_str().unwrap()).unwrap()
}

fn minute(minutes: i64) -> DateTime<Utc> {
    let began: DateTime<Utc> = "2026-01-04T09:00:00Z".parse().unwrap();
    began + TimeDelta::minutes(minutes)
}

fn day(number: u32) -> Partition {
    Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, number).unwrap())
}

fn tally(states: &[(UnitState, u64)]) -> StageTally {
    let attention = states.iter().any(|(state, _)| state.needs_attention());
    StageTally {
        states: states
            .iter()
            .map(|(state, dates)| (state.word(), *dates))
            .collect(),
        rows: 1_234,
        attention: if attention { vec![day(3)] } else { Vec::new() },
        first_at: Some(minute(1)),
        last_at: Some(minute(10)),
    }
}

fn asked(name: &str, state: CheckState, value: &str, minutes: i64) -> (String, CheckRecord) {
    let record = CheckRecord {
        name: name.to_owned(),
        state,
        value: Some(value.to_owned()),
        failing_dates: vec![day(3)],
        note: None,
        seconds: 0.1,
        at: minute(minutes),
        fingerprint: None,
    };
    (name.to_owned(), record)
}

fn facts(states: &[(UnitState, u64)], checks: &[(CheckState, CheckState)]) -> RunbookFacts {
    let checks = checks.first().map_or_else(HashMap::new, |(must, should)| {
        [("must", must), ("should", should)]
            .into_iter()
            .filter(|(_, state)| **state != CheckState::Pending)
            .map(|(name, state)| asked(name, *state, "99.8", 12))
            .collect()
    });
    let tallies = if states.is_empty() {
        HashMap::new()
    } else {
        HashMap::from([("one".to_owned(), tally(states))])
    };
    RunbookFacts {
        tallies,
        checks,
        ..RunbookFacts::default()
    }
}

fn only(done_when: &str, facts: &RunbookFacts) -> Item {
    let plan = plan(&format!(
        "[[runbook]]\nitem = 1\ntitle = \"It\"\ndone_when = [{done_when}]\n"
    ));
    let mut items = derive(&plan, facts);
    assert_eq!(items.len(), 1);
    items.remove(0)
}

use CheckState::{Error, Fail, Outdated, Pass, Pending, Waived, Warn};
use UnitState::{Failed, Ok as Fine, Pending as PutBack, Skipped, Stale};

const ALL_DONE: &[(UnitState, u64)] = &[(Fine, 7), (Skipped, 3)];

#[rstest]
#[case::never_run("{ started = 'one' }", &[], Pending, ItemState::Open, "not started")]
#[case::begun("{ started = 'one' }", &[(Skipped, 3)], Pending, ItemState::Done, "started")]
#[case::some_dates("{ finished = 'one' }", &[(Fine, 4), (Skipped, 3)], Pending, ItemState::InProgress, "7 of 10 dates")]
#[case::all_dates(
    "{ finished = 'one' }",
    ALL_DONE,
    Pending,
    ItemState::Done,
    "10 dates, 1,234 rows"
)]
#[case::with_failures("{ finished = 'one' }", &[(Fine, 6), (Skipped, 3), (Failed, 1)], Pending, ItemState::Done, "10 dates, 1,234 rows, 1 failed")]
#[case::stale("{ finished = 'one' }", &[(Fine, 5), (Skipped, 3), (Stale, 2)], Pending, ItemState::Reopened, "2 of its dates are stale")]
#[case::put_back("{ finished = 'one' }", &[(Fine, 6), (Skipped, 3), (PutBack, 1)], Pending, ItemState::Reopened, "1 of its dates requeued")]
#[case::gate_not_asked(
    "{ passed = 'one' }",
    ALL_DONE,
    Pending,
    ItemState::InProgress,
    "10 dates, 1,234 rows; 1 blocking check not run yet"
)]
#[case::gate_open(
    "{ passed = 'one' }",
    ALL_DONE,
    Pass,
    ItemState::Done,
    "10 dates, 1,234 rows, gate open"
)]
#[case::gate_shut(
    "{ passed = 'one' }",
    ALL_DONE,
    Fail,
    ItemState::ActionRequired,
    "must is FAIL"
)]
#[case::gate_waived(
    "{ passed = 'one' }",
    ALL_DONE,
    Waived,
    ItemState::Done,
    "10 dates, 1,234 rows, gate open, waived: must"
)]
#[case::date_in_trouble("{ passed = 'one' }", &[(Fine, 6), (Skipped, 3), (Failed, 1)], Pass, ItemState::ActionRequired, "10 dates, 1,234 rows, 1 failed; gate kept closed by 1 date")]
#[case::trouble_waived("{ passed = 'one' }", &[(Fine, 6), (Skipped, 3), (Failed, 1)], Waived, ItemState::Done, "10 dates, 1,234 rows, 1 failed, gate open, waived: must")]
#[case::not_asked("{ check = 'must' }", ALL_DONE, Pending, ItemState::Open, "must: not run yet")]
#[case::met("{ check = 'must' }", ALL_DONE, Pass, ItemState::Done, "99.8")]
#[case::waived(
    "{ check = 'must' }",
    ALL_DONE,
    Waived,
    ItemState::Done,
    "WAIVED 99.8 (target pct = 100)"
)]
#[case::not_met(
    "{ check = 'must' }",
    ALL_DONE,
    Fail,
    ItemState::ActionRequired,
    "must: FAIL 99.8 (target pct = 100)"
)]
#[case::not_answered(
    "{ check = 'must' }",
    ALL_DONE,
    Error,
    ItemState::ActionRequired,
    "must: ERROR 99.8 (target pct = 100)"
)]
#[case::never_met_and_outdated(
    "{ check = 'must' }",
    ALL_DONE,
    Outdated,
    ItemState::Open,
    "must: OUTDATED 99.8 (target pct = 100)"
)]
fn stage_and_blocking_check_conditions(
    #[case] done_when: &str,
    #[case] states: &[(UnitState, u64)],
    #[case] must: CheckState,
    #[case] state: ItemState,
    #[case] fact: &str,
) {
    let item = only(done_when, &facts(states, &[(must, Pending)]));
    assert_eq!((item.state, item.fact.as_str()), (state, fact));
}

#[rstest]
#[case::met(Pass, ItemState::Done, "99.8")]
#[case::the_answer_stands(Warn, ItemState::Done, "WARN 99.8 (target pct > 80)")]
#[case::not_answered(Error, ItemState::ActionRequired, "should: ERROR 99.8 (target pct > 80)")]
#[case::outdated(Outdated, ItemState::Reopened, "should: outdated, run it again")]
fn an_advisory_check_is_done_when_its_result_is_current(
    #[case] should: CheckState,
    #[case] state: ItemState,
    #[case] fact: &str,
) {
    let item = only("{ ran = 'should' }", &facts(ALL_DONE, &[(Pending, should)]));
    assert_eq!((item.state, item.fact.as_str()), (state, fact));
    let strict = only("{ check = 'should' }", &facts(ALL_DONE, &[(Pending, Warn)]));
    assert_eq!(
        strict.state,
        ItemState::ActionRequired,
        "asked to be met, it must be"
    );
}

#[rstest]
#[case::outdated(Outdated, "must: outdated, run it again")]
#[case::fails_now(Fail, "must: FAIL 99.8 (target pct = 100)")]
fn items_that_fail_again_are_reopened(#[case] now: CheckState, #[case] fact: &str) {
    let mut facts = facts(ALL_DONE, &[(now, Pending)]);
    facts.once_met.insert("must".to_owned());
    let item = only("{ check = 'must' }", &facts);
    assert_eq!((item.state, item.fact.as_str()), (ItemState::Reopened, fact));
    assert_eq!(only("{ passed = 'one' }", &facts).state, ItemState::Reopened);
}

#[test]
fn items_need_all_conditions_and_show_only_the_missing_ones() {
    let both = "{ check = 'must' }, { ran = 'should' }";
    let done = only(both, &facts(ALL_DONE, &[(Pass, Warn)]));
    assert_eq!(done.state, ItemState::Done);
    assert_eq!(done.fact, "must: 99.8; should: WARN 99.8 (target pct > 80)");
    assert_eq!(done.at, Some(minute(12)));
    assert_eq!(done.checks, ["must", "should"]);
    let half = only(both, &facts(ALL_DONE, &[(Pass, Pending)]));
    assert_eq!(
        (half.state, half.fact.as_str()),
        (ItemState::InProgress, "should: not run yet")
    );
    let none = only(both, &facts(ALL_DONE, &[(Pending, Pending)]));
    assert_eq!(none.state, ItemState::Open);
    let bad = only(both, &facts(ALL_DONE, &[(Fail, Outdated)]));
    assert_eq!(bad.state, ItemState::ActionRequired);
}

#[test]
fn a_repeated_check_must_run_after_the_last_date() {
    let again = "{ rerun = { check = 'must', after = 'one' } }";
    let mut facts = facts(ALL_DONE, &[(Pass, Pending)]);
    assert_eq!(
        only(again, &facts).state,
        ItemState::Done,
        "asked at 12, ended at 10"
    );
    facts.checks.extend([asked("must", Pass, "100", 9)]);
    let early = only(again, &facts);
    assert_eq!(early.state, ItemState::ActionRequired);
    assert_eq!(early.fact, "must: ran before one ended, run it again");
    facts.tallies.insert("one".to_owned(), tally(&[(Fine, 4)]));
    let under_way = only(again, &facts);
    assert_eq!(
        (under_way.state, under_way.fact.as_str()),
        (ItemState::Open, "must: one is not finished")
    );
}

#[test]
fn checks_of_a_stage_condition() {
    let all = "{ checks_of = 'one' }";
    let of = |must, should| only(all, &facts(ALL_DONE, &[(must, should)]));
    assert_eq!(of(Pending, Pending).fact, "not run yet");
    assert_eq!(of(Pass, Pending).fact, "1 of 2 run");
    assert_eq!(of(Pass, Pass).fact, "all 2 passed");
    assert_eq!(of(Pass, Warn).fact, "1 of 2 passed, failing: should");
    assert_eq!(of(Pass, Warn).state, ItemState::Done);
    assert_eq!(of(Fail, Warn).state, ItemState::ActionRequired);
    assert_eq!(of(Pass, Outdated).state, ItemState::Reopened);
}

#[test]
fn selected_dates_are_evaluated_individually() {
    let three = "{ done = { stage = 'one', dates = ['2024-01-01', '2024-01-03'] } }";
    let with = |states: &[(u32, UnitState)]| {
        let dates = states
            .iter()
            .map(|(date, state)| (day(*date), (*state, minute(5))));
        let facts = RunbookFacts {
            dates: HashMap::from([("one".to_owned(), dates.collect())]),
            ..RunbookFacts::default()
        };
        let item = only(three, &facts);
        (item.state, item.fact)
    };
    assert_eq!(with(&[]), (ItemState::Open, "not started".to_owned()));
    assert_eq!(
        with(&[(1, Fine)]),
        (ItemState::InProgress, "1 of 2 dates".to_owned())
    );
    assert_eq!(
        with(&[(1, Fine), (3, Skipped)]),
        (ItemState::Done, "2024-01-01, 2024-01-03 ok".to_owned())
    );
    assert_eq!(
        with(&[(1, Fine), (3, Failed)]),
        (ItemState::ActionRequired, "2024-01-03 is failed".to_owned())
    );
    assert_eq!(
        with(&[(1, Stale), (3, Fine)]),
        (ItemState::Reopened, "2024-01-01 is stale".to_owned())
    );
}

#[test]
fn a_report_counts_until_a_newer_result_exists() {
    let mut facts = facts(ALL_DONE, &[(Pass, Pending)]);
    assert_eq!(only("{ report = true }", &facts).state, ItemState::Open);
    let written = |minutes| {
        Some(WrittenReport {
            path: "handoff.md".to_owned(),
            at: minute(minutes),
        })
    };
    facts.report = written(13);
    let item = only("{ report = true }", &facts);
    assert_eq!((item.state, item.fact.as_str()), (ItemState::Done, "handoff.md"));
    facts.report = written(11);
    let item = only("{ report = true }", &facts);
    assert_eq!(item.fact, "handoff.md is older than the newest result");
    assert_eq!(item.state, ItemState::Reopened);
    facts.report = written(13);
    facts.waived_at = Some(minute(14));
    assert_eq!(only("{ report = true }", &facts).state, ItemState::Reopened);
}

const BY_HAND: &str = r#"
[[runbook]]
item = 1
title = "Copy"
manual = true
[[runbook]]
item = 2
title = "Fill"
done_when = [{ started = "one" }]
[[runbook]]
item = "2a"
title = "Sign"
manual = true
"#;

fn by_hand(item: &str, done: bool, note: &str) -> Tick {
    Tick {
        item: item.to_owned(),
        done,
        note: note.to_owned(),
        by: "kim".to_owned(),
        at: minute(20),
    }
}

#[test]
fn manual_items_need_action_when_their_turn_comes() {
    use ItemState::{ActionRequired, Done, Open, Reopened};
    let plan = plan(BY_HAND);
    let mut facts = RunbookFacts::default();
    let states = |facts: &RunbookFacts| -> Vec<ItemState> {
        derive(&plan, facts).iter().map(|item| item.state).collect()
    };
    assert_eq!(states(&facts), [ActionRequired, Open, Open]);
    facts
        .ticks
        .insert("1".to_owned(), by_hand("1", true, "in the backup folder"));
    assert_eq!(states(&facts), [Done, Open, Open]);
    facts.tallies.insert("one".to_owned(), tally(ALL_DONE));
    assert_eq!(states(&facts), [Done, Done, ActionRequired]);
    let item = &derive(&plan, &facts)[0];
    assert_eq!(
        (item.fact.as_str(), item.by.as_deref(), item.at),
        ("in the backup folder", Some("kim"), Some(minute(20)))
    );
    facts
        .ticks
        .insert("1".to_owned(), by_hand("1", false, "the copy is broken"));
    assert_eq!(states(&facts), [Reopened, Done, Open]);
    assert_eq!(derive(&plan, &facts)[0].fact, "withdrawn: the copy is broken");
}

#[rstest]
#[case::may("1", true, "x", None, None)]
#[case::facts(
    "2",
    true,
    "x",
    None,
    Some("item 2 is ticked automatically (Fill); see the runbook for its condition")
)]
#[case::unknown(
    "3",
    true,
    "x",
    None,
    Some("runbook item '3' not found; choose one of: 1, 2, 2a")
)]
#[case::near("2b", true, "x", None, Some("runbook item '2b' not found; did you mean '2'?"))]
#[case::no_note("1", true, "", None, Some("a tick needs a note; it is permanently recorded"))]
#[case::twice(
    "1",
    true,
    "x",
    Some(true),
    Some("item 1 is already ticked by kim; withdraw that tick first")
)]
#[case::withdraw("1", false, "x", Some(true), None)]
#[case::nothing_there("1", false, "x", None, Some("item 1 is not ticked; nothing to withdraw"))]
#[case::withdrawn(
    "1",
    false,
    "x",
    Some(false),
    Some("item 1 is not ticked; nothing to withdraw")
)]
#[case::anew("1", true, "x", Some(false), None)]
fn ticks_are_validated(
    #[case] item: &str,
    #[case] done: bool,
    #[case] note: &str,
    #[case] last: Option<bool>,
    #[case] refusal: Option<&str>,
) {
    let last = last.map(|done| by_hand(item, done, "before"));
    let answer = may_tick(&plan(BY_HAND), last.as_ref(), item, done, note);
    assert_eq!(answer.err().as_deref(), refusal);
}
