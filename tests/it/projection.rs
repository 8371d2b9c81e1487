//! A run projected from events.jsonl alone ends in the same state as the run's last snapshot.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use crate::toy::{Fault, Toy, day};
use backcourt::engine::{Checks, Command, Event, Fact, Projector, Selection, Snapshot, StageState, Work};
use backcourt::ledger::{CheckState, RunState, UnitState};
use chrono::DateTime;
use proptest::prelude::*;

/// The events and snapshots of the newest run.
fn recorded(toy: &Toy) -> Vec<Fact> {
    let text = std::fs::read_to_string(toy.events_path()).unwrap();
    let all: Vec<Fact> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let newest = all.last().unwrap().run.clone();
    all.into_iter().filter(|fact| fact.run == newest).collect()
}

fn told_again(facts: &[Fact]) -> Snapshot {
    let mut projector = Projector::default();
    for fact in facts {
        projector.take(fact);
    }
    projector.snapshot().unwrap().clone()
}

/// A snapshot without its version and timestamp, which differ in a projection.
fn timeless(snapshot: &Snapshot) -> Snapshot {
    Snapshot {
        version: 0,
        at: DateTime::UNIX_EPOCH,
        ..snapshot.clone()
    }
}

fn must_agree(toy: &Toy, last: &Snapshot) {
    // The last digit of a fraction may change in a file, so both sides are serialised.
    let last: Snapshot = serde_json::from_str(&serde_json::to_string(last).unwrap()).unwrap();
    assert_eq!(timeless(&told_again(&recorded(toy))), timeless(&last));
}

#[test]
fn projected_events_match_the_final_snapshot_of_a_faulty_run() {
    let toy = Toy::new(40)
        .with_stages(&["toy", "beside", "after"])
        .with_fault(day(3), Fault::Transient(2))
        .with_fault(day(8), Fault::Data)
        .with_fault(day(15), Fault::Short(1))
        .with_fault(day(17), Fault::Panic);
    let mut live = toy.start(|options| options.stay = true);
    let shown = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert_eq!(shown.stages[0].counts.failed, 2, "{:?}", shown.stages[0].counts);
    live.order(Command::Workers(2));
    live.order(Command::Waive {
        check: "all_there".to_owned(),
        reason: "two dates are lost for good".to_owned(),
    });
    toy.heal(day(8));
    live.order(Command::Rerun {
        selection: Selection::Dates([day(8), day(9)].into_iter().collect()),
        stage: None,
        source: None,
        accept_short: false,
    });
    live.wait_for(|snapshot| {
        let unit = &snapshot.stages[0].units[8];
        unit.state == UnitState::Ok && snapshot.run.state.has_ended()
    });
    live.order(Command::Drain);
    let last = live.last();
    assert_eq!(last.workers.len(), 2);
    assert!(last.checks[0].waiver.is_some());
    must_agree(&toy, &last);
}

#[test]
fn the_first_snapshot_of_a_second_run_has_all_date_states() {
    let toy = Toy::new(30).with_fault(day(4), Fault::Data);
    toy.run();
    let toy = toy.with_fault(day(5), Fault::Data);
    let mut live = toy.start(|options| {
        options.work = Work::Only(Selection::Dates([day(5)].into_iter().collect()));
        options.ask = Some(Checks::All);
        options.paused = true;
        options.stay = true;
    });
    live.wait_for(|snapshot| snapshot.run.state == RunState::Paused);
    live.order(Command::Resume);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    live.order(Command::Drain);
    let last = live.last();
    assert_eq!(last.stages[0].counts.failed, 2);
    must_agree(&toy, &last);
    let facts = recorded(&toy);
    let pictured = facts
        .iter()
        .position(|fact| matches!(fact.event, Event::SnapshotDelta(_)));
    let then = told_again(&facts[..=pictured.unwrap()]);
    assert_eq!(
        (then.run.state, then.stages[0].counts.total),
        (RunState::Running, 30),
        "dates this run has nothing to do with are there"
    );
}

#[test]
fn a_recording_without_snapshots_is_rebuilt_from_events() {
    let toy = Toy::new(20)
        .with_fault(day(3), Fault::Short(1))
        .with_fault(day(8), Fault::Data);
    let mut live = toy.start(|_| {});
    let last = {
        live.wait_for(|snapshot| snapshot.run.state.has_ended());
        live.last()
    };
    let old: Vec<Fact> = (recorded(&toy).into_iter())
        .filter(|fact| !matches!(fact.event, Event::SnapshotDelta(_)))
        .collect();
    let told = told_again(&old);
    let (stage, real) = (&told.stages[0], &last.stages[0]);
    assert_eq!(
        (told.run.state, &told.run.ending),
        (last.run.state, &last.run.ending)
    );
    assert_eq!((stage.state, stage.rows), (StageState::Failed, real.rows));
    let ended = |unit: &&backcourt::engine::UnitView| unit.state != UnitState::Skipped;
    let units = |stage: &backcourt::engine::StageView| -> Vec<_> {
        stage.units.iter().filter(ended).cloned().collect()
    };
    assert_eq!(units(stage), units(real));
    let (check, asked) = (&told.checks[0], &last.checks[0]);
    assert_eq!(check.state, CheckState::Fail);
    assert_eq!(
        (&check.name, check.state, &check.value, &check.failing_dates),
        (&asked.name, asked.state, &asked.value, &asked.failing_dates)
    );
}

#[test]
fn snapshots_are_at_least_one_second_apart() {
    let toy = Toy::new(60).slow(Duration::from_millis(20));
    toy.run();
    let facts = recorded(&toy);
    let pictures: Vec<&Fact> = facts
        .iter()
        .filter(|fact| matches!(fact.event, Event::SnapshotDelta(_)))
        .collect();
    let seconds = (facts.last().unwrap().at - facts[0].at).num_seconds();
    // One at the start, one at the end of the run and one at the end of the process, besides those in between.
    assert!(
        i64::try_from(pictures.len()).unwrap() <= seconds + 3,
        "{} pictures in {seconds} s",
        pictures.len()
    );
    let mut number = 0;
    for fact in &facts {
        let is_picture = matches!(fact.event, Event::SnapshotDelta(_));
        number += u64::from(!is_picture);
        assert_eq!(fact.seq, number, "a picture has the number of the fact before it");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn projected_events_match_the_run_under_any_faults(
        faults in prop::collection::vec((0..30_u32, 0..4_u32), 0..6),
        again in prop::collection::vec(0..30_u32, 0..4),
        workers in 1..6_usize,
    ) {
        let toy = faults.into_iter().fold(Toy::new(30).with_stages(&["toy", "after"]), |toy, (date, kind)| {
            let fault = match kind {
                0 => Fault::Transient(1),
                1 => Fault::Data,
                2 => Fault::Short(0),
                _ => Fault::Short(1),
            };
            toy.with_fault(day(date), fault)
        });
        let mut live = toy.start(|options| {
            options.workers = workers;
            options.stay = true;
        });
        live.wait_for(|snapshot| snapshot.run.state.has_ended());
        if !again.is_empty() {
            live.order(Command::Rerun {
                selection: Selection::Dates(again.into_iter().map(day).collect()),
                stage: Some("toy".to_owned()),
                source: None, accept_short: false
            });
            live.wait_for(|snapshot| snapshot.run.state.has_ended());
        }
        live.order(Command::Drain);
        let last = live.last();
        must_agree(&toy, &last);
    }
}
