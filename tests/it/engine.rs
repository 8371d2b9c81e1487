//! The engine on a stage made for the tests: order, retries, pauses, crashes and restarts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::toy::{Fault, Toy, day};
use backcourt::engine::{
    BreakdownState, Checks, Command, Ending, Event, Fact, Phase, Reply, Selection, Snapshot, StageState,
    Work, WorkerView,
};
use backcourt::ledger::{CheckState, Ledger, RunState, UnitState};
use proptest::prelude::*;

#[test]
fn every_date_is_accounted_for_and_a_second_run_does_nothing() {
    let toy = Toy::new(40);
    let (ending, facts) = toy.run();
    assert_eq!(
        (ending.state, ending.exit_code),
        (RunState::Finished, 0),
        "{}",
        ending.message
    );
    assert_eq!(
        toy.stored_dates(),
        (0..40).filter(|number| number % 7 != 6).map(day).collect()
    );
    let ended: BTreeSet<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    assert_eq!(ended.len(), 35, "one fact per computed date");
    let counts = toy.counts();
    assert_eq!((counts.ok, counts.skipped, counts.total), (35, 5, 40));

    let commits = toy.commits();
    let (again, facts) = toy.run();
    assert_eq!(again.exit_code, 0);
    assert!(
        again
            .message
            .starts_with("nothing to do: all 40 units already done"),
        "{}",
        again.message
    );
    assert_eq!(toy.commits(), commits, "nothing was written");
    assert!(facts.iter().all(|fact| crate::toy::ended_date(fact).is_none()));
    assert!(
        !facts
            .iter()
            .any(|fact| matches!(fact.event, Event::CheckStarted { .. })),
        "nothing changed"
    );
}

#[test]
fn dates_whose_rows_were_deleted_are_not_done() {
    let toy = Toy::new(20);
    toy.run();
    toy.lose(day(4));
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    let done: Vec<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    assert_eq!(done, [day(4)]);
    assert_eq!(toy.stored_rows(), 36);
}

#[test]
fn a_failing_date_is_retried_and_other_dates_are_not_charged() {
    let toy = Toy::new(20).with_fault(day(3), Fault::Transient(2));
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    let retried: Vec<_> = facts
        .iter()
        .filter_map(|fact| match &fact.event {
            Event::UnitRetried { date, attempt, .. } => Some((*date, *attempt)),
            _ => None,
        })
        .collect();
    assert_eq!(retried, [(day(3), 1), (day(3), 2)]);
    assert_eq!(toy.unit(day(3)).attempts, 3);
    assert_eq!(toy.unit(day(2)).attempts, 1);
}

#[test]
fn a_permanently_failing_date_fails_alone_and_a_rerun_fixes_it() {
    let toy = Toy::new(20)
        .with_fault(day(3), Fault::Transient(4))
        .with_fault(day(9), Fault::Data);
    let (ending, _) = toy.run();
    assert_eq!((ending.state, ending.exit_code), (RunState::Finished, 1));
    let failed = toy.unit(day(3));
    assert_eq!(
        (failed.state, failed.attempts, failed.class.as_deref()),
        (UnitState::Failed, 4, Some("transient"))
    );
    let failed = toy.unit(day(9));
    assert_eq!(
        (failed.state, failed.attempts, failed.class.as_deref()),
        (UnitState::Failed, 1, Some("data"))
    );
    assert_eq!(
        toy.counts().ok,
        16,
        "eighteen days with games, two of them failed"
    );

    let (again, _) = toy.run();
    assert_eq!(
        again.exit_code, 1,
        "a failed date is not forgotten by starting again"
    );
    assert_eq!(toy.unit(day(3)).state, UnitState::Failed);

    toy.heal(day(9));
    let (healed, _) = toy.run_with(|options| options.work = Work::Only(Selection::Failed));
    assert_eq!(healed.exit_code, 0, "{}", healed.message);
    assert_eq!(toy.counts().ok, 18);
}

#[test]
fn an_exhausted_quota_delays_only_the_stages_of_its_table() {
    let toy = Toy::new(20)
        .with_stages(&["toy", "beside"])
        .with_quota_hits(2, Duration::from_millis(150));
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(
        (toy.stored_rows_of("toy"), toy.stored_rows_of("beside")),
        (36, 36)
    );
    let parked: Vec<_> = (facts.iter())
        .filter_map(|fact| match &fact.event {
            Event::StageThrottled {
                stage,
                until,
                message,
            } => Some((stage.as_str(), *until - fact.at, message)),
            _ => None,
        })
        .collect();
    assert_eq!(parked.len(), 2, "{parked:?}");
    for (stage, _, message) in &parked {
        assert_eq!((*stage, message.as_str()), ("toy", "the quota is used up"));
    }
    assert!(
        parked[1].1 > parked[0].1,
        "twice in a row it rests twice as long: {parked:?}"
    );
    let ended = |name: &str| {
        let ends = |event: &Event| matches!(event, Event::StageFinished { stage, .. } if stage == name);
        facts.iter().position(|fact| ends(&fact.event)).unwrap()
    };
    assert!(ended("beside") < ended("toy"), "it did not wait");
    assert_eq!(toy.unit(day(0)).attempts, 1, "no date is charged");
}

#[test]
fn the_same_error_on_five_dates_stops_the_stage_until_the_next_run() {
    let toy = (0..40).fold(Toy::new(40), |toy, number| {
        toy.with_fault(day(number), Fault::Code)
    });
    let (ending, facts) = toy.run();
    assert_eq!((ending.state, ending.exit_code), (RunState::Finished, 1));
    assert!(
        ending
            .message
            .starts_with("toy stopped after the same error on consecutive dates, "),
        "{}",
        ending.message
    );
    let stopped = facts.iter().find_map(|fact| match &fact.event {
        Event::StageStopped { failed, left, .. } => Some((*failed, *left)),
        _ => None,
    });
    let (failed, left) = stopped.unwrap();
    assert_eq!(failed, 5);
    assert!(left > 0);
    assert!(
        toy.counts().failed < 20,
        "the others were not tried: {:?}",
        toy.counts()
    );
    for number in 0..40 {
        toy.heal(day(number));
    }
    toy.run();
    toy.run_with(|options| options.work = Work::Only(Selection::Failed));
    assert_eq!(toy.counts().ok, 35);
}

#[test]
fn workers_continue_during_a_commit_until_the_next_is_full() {
    let toy = Toy::new(700);
    toy.allow_commits(Some(0));
    let mut live = toy.start(|options| options.workers = 3);
    let waits = |snapshot: &Snapshot| {
        let phase = |worker: &WorkerView| worker.task.as_ref().map(|task| task.phase);
        snapshot
            .workers
            .iter()
            .all(|worker| phase(worker) == Some(Phase::Write))
    };
    let full = live.wait_for(waits);
    assert!(full.stages[0].counts.running > 96, "{:?}", full.stages[0].counts);
    // One commit ends. The next, which includes the waiting results, doesn't: a worker waiting for it continues.
    toy.allow_commits(Some(1));
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok > 0 && waits(snapshot));
    toy.allow_commits(None);
    let (ending, _) = live.end();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(toy.stored_rows(), 1200);
}

#[test]
fn a_commit_with_a_lost_response_is_retried_and_applied_once() {
    let toy = Toy::new(20).with_lost_commits(1);
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    let mut sent = toy.sent();
    assert_eq!(sent[0], sent[1], "{sent:?}");
    sent.sort();
    sent.dedup();
    assert_eq!(toy.commits(), sent.len());
    assert_eq!(toy.stored_rows(), 36);
    let retried = |event: &Event| matches!(event, Event::UnitRetried { .. });
    assert!(
        !facts.iter().any(|fact| retried(&fact.event)),
        "no date is to blame"
    );
}

#[test]
fn a_worker_panic_becomes_a_failed_unit() {
    let toy = Toy::new(20).with_fault(day(8), Fault::Panic);
    let (ending, facts) = toy.run();
    assert_eq!((ending.state, ending.exit_code), (RunState::Finished, 1));
    assert!(
        facts
            .iter()
            .any(|fact| matches!(&fact.event, Event::WorkerPanicked { .. }))
    );
    let unit = toy.unit(day(8));
    assert_eq!(
        (unit.state, unit.class.as_deref()),
        (UnitState::Failed, Some("code"))
    );
    assert!(unit.reason.unwrap().contains("the toy's panic"));
    assert_eq!(toy.counts().ok, 17);
}

#[test]
fn short_dates_are_partial_or_empty_and_never_ok() {
    let toy = Toy::new(10)
        .with_fault(day(1), Fault::Short(1))
        .with_fault(day(2), Fault::Short(0));
    let (ending, _) = toy.run();
    assert_eq!(ending.exit_code, 1);
    let partial = toy.unit(day(1));
    assert_eq!(
        (partial.state, partial.rows, partial.expected),
        (UnitState::Partial, 1, 2)
    );
    assert_eq!(partial.reason.as_deref(), Some("the toy left one out"));
    assert_eq!(toy.unit(day(2)).state, UnitState::Empty);
}

#[test]
fn a_failed_commit_is_retried_without_loss_or_duplicates() {
    let toy = Toy::new(30).with_failing_commits(3);
    let (ending, _) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(toy.stored_rows(), toy.stored_dates().len() * 2);
}

#[test]
fn a_full_disk_stops_the_run_and_fails_no_date() {
    let toy = Toy::new(60).slow(Duration::from_millis(50));
    let mut live = toy.start(|options| options.workers = 1);
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok > 0);
    toy.fill_disk(true);
    let (ending, _) = live.end();
    assert_eq!(
        (ending.state, ending.exit_code, ending.message.as_str()),
        (RunState::Stopped, 3, "the disk is full")
    );
    let counts = toy.counts();
    assert_eq!((counts.failed, counts.ok), (0, toy.stored_dates().len() as u64));
    assert!(counts.ok < 52 && toy.open_intents().is_empty());

    toy.fill_disk(false);
    assert_eq!(toy.run().0.exit_code, 0);
    assert_eq!(toy.stored_rows(), 104);
}

#[test]
fn pause_stops_all_work_and_resume_continues() {
    let toy = Toy::new(30);
    let mut live = toy.start(|options| options.paused = true);
    let held = live
        .wait_for(|snapshot| snapshot.run.state == RunState::Paused && snapshot.stages[0].counts.skipped > 0);
    assert_eq!((held.stages[0].counts.ok, held.stages[0].counts.pending), (0, 26));
    assert!(
        toy.stored_dates().is_empty(),
        "nothing is written before the operator says so"
    );
    assert!(matches!(live.order(Command::Pause), Reply::Refused(_)));
    assert!(matches!(live.order(Command::Resume), Reply::Accepted(_)));
    let (ending, _) = live.end();
    assert_eq!((ending.state, ending.exit_code), (RunState::Finished, 0));
}

#[test]
fn cancelled_work_is_pending_and_runs_after_a_resume() {
    let toy = Toy::new(60).slow(Duration::from_mins(10));
    let mut live = toy.start(|options| {
        options.workers = 2;
        options.largest_batch = 4;
    });
    live.wait_for(|snapshot| snapshot.workers.iter().all(|worker| worker.task.is_some()));
    let Reply::Accepted(told) = live.order(Command::Cancel) else {
        panic!("it is refused")
    };
    assert!(
        told.starts_with("cancelled 2 batches (") && told.ends_with("; paused"),
        "{told}"
    );
    let held = live.wait_for(|snapshot| snapshot.run.state == RunState::Paused);
    assert_eq!(
        (held.stages[0].counts.running, held.stages[0].counts.failed),
        (0, 0)
    );
    assert!(held.workers.iter().all(|worker| worker.task.is_none()));
    assert!(toy.stored_dates().is_empty() && toy.open_intents().is_empty());
    assert!(matches!(live.order(Command::Drain), Reply::Accepted(_)));
    let (ending, _) = live.end();
    assert_eq!((ending.state, ending.exit_code), (RunState::Stopped, 3));
    assert_eq!(toy.slow(Duration::ZERO).run().0.exit_code, 0);
}

#[test]
fn a_run_that_ends_before_its_stages_are_read_counts_only_what_it_had_to_do() {
    let toy = Toy::new(10);
    toy.run();
    for end in [Command::Drain, Command::Abort] {
        let mut live = toy.start(|options| {
            options.work = Work::Only(Selection::Dates([day(0), day(1)].into_iter().collect()));
            options.paused = true;
        });
        live.wait_for(|snapshot| snapshot.run.state == RunState::Paused);
        assert!(matches!(live.order(end), Reply::Accepted(_)));
        let (ending, _) = live.end();
        assert!(
            ending.message.contains("with 2 units still to do"),
            "{}",
            ending.message
        );
    }
}

#[test]
fn a_drained_run_resumes_where_it_stopped() {
    let toy = Toy::new(60).slow(Duration::from_millis(50));
    let mut live = toy.start(|options| {
        options.workers = 2;
        options.largest_batch = 1;
    });
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok > 0);
    assert!(matches!(live.order(Command::Drain), Reply::Accepted(_)));
    let (ending, _) = live.end();
    assert_eq!(
        (ending.state, ending.exit_code),
        (RunState::Stopped, 3),
        "{}",
        ending.message
    );
    let before = toy.counts();
    assert!(before.ok > 0 && before.ok < 52, "{before:?}");
    assert!(toy.open_intents().is_empty(), "what was in flight has landed");
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(
        facts
            .iter()
            .filter(|fact| crate::toy::ended_date(fact).is_some())
            .count() as u64,
        52 - before.ok
    );
}

#[test]
fn an_aborted_run_leaves_intents_that_the_next_start_completes() {
    let toy = Toy::new(30).slow(Duration::from_millis(200));
    let mut live = toy.start(|options| options.workers = 3);
    live.wait_for(|snapshot| snapshot.stages[0].counts.running > 0);
    assert!(matches!(live.order(Command::Abort), Reply::Accepted(_)));
    let (ending, _) = live.end();
    assert_eq!((ending.state, ending.exit_code), (RunState::Stopped, 3));
    let promised = toy.open_intents();
    assert!(!promised.is_empty());
    toy.hurry();
    let (ending, _) = toy.run();
    // Commits that the first process may have sent are looked up by name before anything is sent again.
    let names: Vec<_> = (promised.iter())
        .map(|intent| format!("{}-{}-0", intent.run, intent.id))
        .collect();
    assert_eq!(toy.asked_after(), names);
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert!(toy.open_intents().is_empty());
    assert_eq!(toy.stored_rows(), 52);
}

#[test]
fn an_aborted_rerun_is_finished_by_the_next_run_of_its_dates() {
    let toy = Toy::new(10).slow(Duration::from_millis(200));
    toy.run();
    assert_eq!(toy.unit(day(0)).state, UnitState::Ok);
    let mut live = toy.start(|options| {
        options.work = Work::Only(Selection::Dates([day(0), day(1)].into_iter().collect()));
        options.largest_batch = 1;
        options.workers = 1;
    });
    live.wait_for(|snapshot| snapshot.stages[0].counts.running > 0);
    assert!(matches!(live.order(Command::Abort), Reply::Accepted(_)));
    live.end();
    assert_eq!(
        [toy.unit(day(0)).state, toy.unit(day(1)).state],
        [UnitState::Pending; 2],
        "begun or not, both are still to be done"
    );
    toy.hurry();
    let (ending, _) = toy.run_with(|options| options.dates = vec![day(4), day(5)]);
    assert!(ending.message.starts_with("nothing to do"), "{}", ending.message);
    assert_eq!(
        toy.unit(day(0)).state,
        UnitState::Pending,
        "a run about other dates forgets no promise"
    );
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    let done: BTreeSet<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    assert_eq!(done, BTreeSet::from([day(0), day(1)]));
}

#[test]
fn a_refused_commit_is_split_and_failed_dates_are_not_repeated() {
    let toy = Toy::new(6)
        .with_fault(day(1), Fault::Data)
        .with_refused_commits(1);
    let (ending, facts) = toy.run_with(|options| options.workers = 1);
    assert_eq!((ending.state, ending.exit_code), (RunState::Finished, 1));
    let mut ended: Vec<_> = facts.iter().filter_map(crate::toy::ended_date).collect();
    ended.sort_unstable();
    assert_eq!(ended, (0..6).map(day).collect::<Vec<_>>(), "each date once");
    assert_eq!(toy.stored_rows(), 10);
}

#[test]
fn a_stage_that_cannot_start_stops_the_run_after_running_batches() {
    let toy = Toy::new(30)
        .with_stages(&["toy", "beside"])
        .with_blind("beside")
        .slow(Duration::from_millis(300));
    let (ending, _) = toy.run_with(|options| options.largest_batch = 2);
    assert_eq!((ending.state, ending.exit_code), (RunState::Stopped, 3));
    assert_eq!(ending.message, "the schedule cannot be read");
    assert!(toy.open_intents().is_empty(), "what was in flight has landed");
}

#[test]
fn the_stage_clock_stops_while_the_run_is_paused() {
    let toy = Toy::new(10);
    let mut live = toy.start(|options| options.paused = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Paused && snapshot.stages[0].counts.skipped > 0);
    assert!(matches!(live.order(Command::Workers(3)), Reply::Accepted(_)));
    let later = live.wait_for(|snapshot| snapshot.workers.len() == 3);
    assert!(
        later.stages[0].seconds.abs() < f64::EPSILON,
        "{}",
        later.stages[0].seconds
    );
    assert!(matches!(live.order(Command::Resume), Reply::Accepted(_)));
    live.end();
}

#[test]
fn a_rerun_after_the_end_outdates_the_checks_and_repeats_them() {
    let toy = Toy::new(10);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    let dates = Selection::Dates([day(0), day(6), day(400)].into_iter().collect());
    let rerun = Command::Rerun {
        selection: dates,
        stage: None,
        source: Some("other".to_owned()),
        accept_short: false,
    };
    assert_eq!(
        live.order(rerun),
        Reply::Accepted("1 date queued".to_owned()),
        "an off-day and a stranger are left alone"
    );
    let done = live
        .wait_for(|snapshot| snapshot.run.state == RunState::Finished && snapshot.run.progress.total == 10);
    assert_eq!(done.checks[0].state, CheckState::Pass);
    assert!(
        matches!(live.order(Command::Check(Checks::Named(vec!["all_ther".to_owned()]))), Reply::Refused(sentence)
        if sentence.contains("did you mean 'all_there'?"))
    );
    let Reply::Rows(rows) = live.order(Command::Inspect {
        stage: "toy".to_owned(),
        date: day(0),
    }) else {
        panic!("stored rows were asked for");
    };
    assert_eq!(rows.rows.len(), 2);
    assert!(rows.rows[0].contains(&"other".to_owned()), "{:?}", rows.rows);
    assert!(matches!(live.order(Command::Drain), Reply::Accepted(_)));
    let (ending, facts) = live.end();
    assert_eq!(ending.exit_code, 0);
    let asked = facts
        .iter()
        .filter(|fact| matches!(fact.event, Event::CheckFinished { .. }))
        .count();
    assert_eq!(asked, 2, "once at the end, once after the rerun");
}

#[test]
fn a_check_in_flight_while_its_dates_are_rerun_is_repeated() {
    let toy = Toy::new(10);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    toy.hush(true);
    live.order(Command::Check(Checks::All));
    live.wait_for(|snapshot| snapshot.checks[0].state == CheckState::Running);
    let commits = toy.commits();
    let rerun = Command::Rerun {
        selection: Selection::Dates([day(0)].into_iter().collect()),
        stage: None,
        source: Some("other".to_owned()),
        accept_short: false,
    };
    assert!(matches!(live.order(rerun), Reply::Accepted(_)));
    live.wait_for(|snapshot| toy.commits() > commits && snapshot.stages[0].state == StageState::Checking);
    toy.hush(false);
    let done = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert_eq!(done.checks[0].state, CheckState::Pass, "{:?}", done.checks[0]);
    live.order(Command::Drain);
    assert_eq!(live.end().0.exit_code, 0);
}

#[test]
fn the_run_ends_when_the_last_client_leaves_during_a_check() {
    let toy = Toy::new(10);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    toy.hush(true);
    live.order(Command::Check(Checks::All));
    live.wait_for(|snapshot| snapshot.checks[0].state == CheckState::Running);
    live.abandon();
    toy.hush(false);
    let (told, ending) = mpsc::channel();
    thread::spawn(move || told.send(live.end().0));
    let ending = ending.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(ending.exit_code, 0);
}

#[test]
fn a_failing_check_names_its_dates_and_they_can_be_rerun() {
    let toy = Toy::new(10).with_fault(day(4), Fault::Short(1));
    let (ending, _) = toy.run();
    assert_eq!(ending.exit_code, 1);
    let check = &toy.ledger().newest_checks(toy.target(), &toy.plan).unwrap()["all_there"];
    assert_eq!(
        (check.state, check.failing_dates.as_slice()),
        (CheckState::Fail, &[day(4)][..])
    );
    toy.heal(day(4));
    let only = Work::Only(Selection::FailingDates("all_there".to_owned()));
    let (ending, _) = toy.run_with(|options| options.work = only.clone());
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
}

#[test]
fn a_breakdown_runs_after_its_stage_and_is_outdated_with_its_rows() {
    let toy = Toy::new(10).with_fault(day(4), Fault::Short(1));
    let mut live = toy.start(|options| options.stay = true);
    let is = |state| move |snapshot: &Snapshot| snapshot.breakdowns[0].state == state;
    let picture = live.wait_for(is(BreakdownState::Current));
    let found = picture.breakdowns[0].found.clone().unwrap();
    // Nine of ten dates are not days off, and one row of one of them is missing.
    assert_eq!(
        (found.total.known, found.total.counted(), &found.total.missing[..]),
        (17, 18, &[1][..])
    );
    assert_eq!(found.total.share(), "94.44 %");
    let incomplete: Vec<_> = found
        .dates
        .iter()
        .filter(|(_, tally)| tally.missing[0] > 0)
        .collect();
    assert_eq!(incomplete.len(), 1);
    assert_eq!(incomplete[0].0, day(4));

    toy.heal(day(4));
    let rerun = Command::Rerun {
        selection: Selection::Dates([day(4)].into_iter().collect()),
        stage: None,
        source: None,
        accept_short: false,
    };
    assert!(matches!(live.order(rerun), Reply::Accepted(_)));
    let whole = |snapshot: &Snapshot| {
        let found = snapshot.breakdowns[0].found.as_ref();
        snapshot.breakdowns[0].state == BreakdownState::Current
            && found.is_some_and(|found| found.total.share() == "100 %")
    };
    live.wait_for(whole);

    let explain = |check: &str| Command::Breakdown {
        check: check.to_owned(),
    };
    assert!(matches!(live.order(explain("all_there")), Reply::Accepted(_)));
    let Reply::Refused(sentence) = live.order(explain("all_here")) else {
        panic!("there is no such breakdown");
    };
    assert_eq!(
        sentence,
        "breakdown of 'all_here' not found; did you mean 'all_there'?"
    );
    live.order(Command::Drain);
    live.end();
}

#[test]
fn changed_rows_outdate_a_breakdown_until_the_stage_finishes() {
    let toy = Toy::new(10);
    let mut live = toy.start(|options| {
        options.stay = true;
        options.workers = 1;
        options.largest_batch = 1;
    });
    live.wait_for(|snapshot| {
        snapshot.run.state == RunState::Finished && snapshot.breakdowns[0].state == BreakdownState::Current
    });
    // The second date takes so long to read that the change to the first one's rows is noticed.
    toy.hurt(day(3), Fault::Short(1));
    toy.hurt(day(4), Fault::Short(1));
    toy.slow_down(Duration::from_millis(300));
    let rerun = Command::Rerun {
        selection: Selection::Dates([day(3), day(4)].into_iter().collect()),
        stage: None,
        source: None,
        accept_short: true,
    };
    live.order(rerun);
    let outdated = live.wait_for(|snapshot| snapshot.breakdowns[0].state == BreakdownState::Outdated);
    let found = outdated.breakdowns[0].found.as_ref().unwrap();
    assert_eq!(
        found.total.share(),
        "100 %",
        "what was found is kept, and said to be old"
    );
    live.wait_for(|snapshot| {
        let found = snapshot.breakdowns[0].found.as_ref();
        found.is_some_and(|found| found.total.missing == [2])
            && snapshot.breakdowns[0].state == BreakdownState::Current
    });
    live.order(Command::Drain);
    live.end();
}

#[test]
fn an_explicit_source_reruns_dates_of_other_sources() {
    let toy = Toy::new(5);
    toy.run();
    let commits = toy.commits();
    let (ending, _) = toy.run_with(|options| {
        options.source = "other".to_owned();
        options.source_is_explicit = true;
    });
    assert_eq!(ending.exit_code, 0);
    assert!(toy.commits() > commits);
    assert_eq!(toy.unit(day(0)).source, "other");
}

#[test]
fn workers_can_change_during_a_run_within_limits() {
    let toy = Toy::new(60).slow(Duration::from_millis(50));
    let mut live = toy.start(|options| {
        options.workers = 1;
        options.largest_batch = 1;
    });
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok > 0);
    assert!(matches!(live.order(Command::Workers(0)), Reply::Refused(_)));
    assert!(matches!(live.order(Command::Workers(6)), Reply::Accepted(_)));
    live.wait_for(|snapshot| snapshot.workers.len() == 6);
    assert!(matches!(live.order(Command::Workers(2)), Reply::Accepted(_)));
    live.wait_for(|snapshot| snapshot.workers.len() == 2);
    let (ending, _) = live.end();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(toy.counts().ok, 52);
}

#[test]
fn fail_fast_drains_after_the_given_number_of_failures() {
    let toy = (0..5).fold(Toy::new(60), |toy, number| {
        toy.with_fault(day(number), Fault::Data)
    });
    let (ending, _) = toy.run_with(|options| {
        options.fail_fast = Some(2);
        options.workers = 1;
    });
    assert_eq!(
        (ending.state, ending.exit_code),
        (RunState::Stopped, 3),
        "{}",
        ending.message
    );
    assert!(toy.counts().ok < 51);
}

#[test]
fn a_stage_waits_only_for_the_stages_it_needs() {
    let toy = Toy::new(30)
        .with_stages(&["toy", "beside", "after"])
        .slow(Duration::from_millis(20));
    let (ending, facts) = toy.run_with(|options| {
        options.workers = 2;
        options.largest_batch = 2;
    });
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    for stage in ["toy", "beside", "after"] {
        assert_eq!(toy.stored_rows_of(stage), 52, "{stage}");
    }
    let place = |wanted: &dyn Fn(&Event) -> bool| facts.iter().position(|fact| wanted(&fact.event)).unwrap();
    let done = |name: &'static str| move |event: &Event| matches!(event, Event::UnitFinished { stage, .. } if stage == name);
    let passed = place(&|event| matches!(event, Event::CheckFinished { .. }));
    assert!(place(&done("beside")) < passed, "it went along with the first");
    assert!(
        place(&done("after")) > passed,
        "it waited for the first one's gate"
    );
}

#[test]
fn a_closed_gate_blocks_dependent_stages_until_fixed() {
    let toy = Toy::new(20)
        .with_stages(&["toy", "beside", "after"])
        .with_fault(day(3), Fault::Short(1));
    let mut live = toy.start(|options| options.stay = true);
    let held = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    let states: Vec<StageState> = held.stages.iter().map(|stage| stage.state).collect();
    assert_eq!(
        states,
        [StageState::Failed, StageState::Passed, StageState::Waiting]
    );
    assert!(
        held.run
            .ending
            .as_ref()
            .unwrap()
            .starts_with("a closed gate blocks after; ")
    );
    assert_eq!(toy.stored_rows_of("after"), 0);

    toy.heal(day(3));
    let rerun = Command::Rerun {
        selection: Selection::Failed,
        stage: None,
        source: None,
        accept_short: false,
    };
    assert!(matches!(live.order(rerun), Reply::Accepted(_)));
    live.wait_for(|snapshot| snapshot.stages[2].state == StageState::Passed);
    live.order(Command::Drain);
    assert_eq!(live.end().0.exit_code, 0);
    assert_eq!(toy.stored_rows_of("after"), 36);
}

#[test]
fn a_waiver_opens_the_gate_until_the_value_changes() {
    let toy = Toy::new(20)
        .with_stages(&["toy", "after"])
        .with_fault(day(3), Fault::Short(1));
    let waive = |reason: &str| Command::Waive {
        check: "all_there".to_owned(),
        reason: reason.to_owned(),
    };
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert!(
        matches!(live.order(waive("  ")), Reply::Refused(_)),
        "no reason, no waiver"
    );
    assert!(matches!(
        live.order(waive("one row is lost for good")),
        Reply::Accepted(_)
    ));
    let after = live.wait_for(|snapshot| snapshot.stages[1].state == StageState::Passed);
    assert_eq!(after.checks[0].state, CheckState::Waived);
    assert!(
        matches!(live.order(waive("again")), Reply::Refused(_)),
        "it is waived already"
    );
    live.order(Command::Drain);
    let (ending, facts) = live.end();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert!(
        facts
            .iter()
            .any(|fact| matches!(&fact.event, Event::CheckWaived { by, .. } if by == "tester"))
    );

    let (again, _) = toy.run_with(|options| options.ask = Some(Checks::All));
    assert_eq!(again.exit_code, 0, "it measures the same and stays waived");
    let state = || toy.ledger().newest_checks(toy.target(), &toy.plan).unwrap()["all_there"].state;
    assert_eq!(state(), CheckState::Waived);

    let toy = toy.with_fault(day(4), Fault::Short(1));
    let only = Work::Only(Selection::Dates([day(4)].into_iter().collect()));
    let (worse, _) = toy.run_with(|options| {
        options.work = only.clone();
        options.accept_short = true;
    });
    assert_eq!(worse.exit_code, 1, "two dates are not what was waived");
    let state = toy.ledger().newest_checks(toy.target(), &toy.plan).unwrap()["all_there"].state;
    assert_eq!(state, CheckState::Fail);
    let waiver = &toy.ledger().newest_waivers(toy.target()).unwrap()["all_there"];
    assert_eq!(
        waiver.reason, "one row is lost for good",
        "and it is still on record"
    );
}

#[test]
fn a_stage_fails_when_its_blocking_check_fails() {
    let toy = Toy::new(10).with_fault(day(4), Fault::Short(1));
    let mut live = toy.start(|options| options.stay = true);
    let done = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert_eq!(done.stages[0].state, StageState::Failed);
    live.order(Command::Abort);
    let (ending, _): (Ending, _) = live.end();
    assert_eq!(ending.exit_code, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever fails how often and in whatever order: after reruns every date is stored once with the scheduled rows.
    #[test]
    fn transient_faults_give_the_same_table_after_reruns(faults in prop::collection::vec((0_u32..24, 0_u32..7), 0..8), workers in 1_usize..8) {
        let toy = faults.iter().fold(Toy::new(24), |toy, (number, times)| toy.with_fault(day(*number), Fault::Transient(*times)));
        let mut ending = toy.run_with(|options| options.workers = workers).0;
        for _ in 0..2 {
            if ending.exit_code != 0 {
                ending = toy.run_with(|options| options.work = Work::Only(Selection::Failed)).0;
            }
        }
        prop_assert_eq!(ending.exit_code, 0, "{}", ending.message);
        prop_assert_eq!(toy.stored_rows(), 42);
        prop_assert_eq!(toy.stored_dates().len(), 21);
    }
}

#[test]
fn an_unwritable_ledger_stops_the_run_with_a_message() {
    let toy = Toy::new(60).slow(Duration::from_millis(20));
    let mut live = toy.start(|options| options.workers = 1);
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok > 0);
    let other = rusqlite::Connection::open(toy.ledger_path()).unwrap();
    other.execute_batch("DROP TABLE unit").unwrap();
    let (ending, facts) = live.end();
    assert_eq!((ending.state, ending.exit_code), (RunState::Stopped, 3));
    let told = Event::RunFinished {
        state: ending.state,
        message: ending.message.clone(),
        exit_code: 3,
    };
    assert_eq!(facts.last().map(|fact| &fact.event), Some(&told));
    assert!(
        ending.message.contains(&toy.ledger_path().display().to_string()),
        "{}",
        ending.message
    );
    assert!(Ledger::open(&toy.ledger_path()).is_ok());
}

#[test]
fn a_stage_that_needs_approval_starts_only_when_approved() {
    let toy = Toy::new(20).asking();
    for _ in 0..2 {
        let (ending, _) = toy.run();
        assert_eq!((ending.exit_code, ending.state), (3, RunState::Stopped));
        assert!(
            ending
                .message
                .starts_with("after awaits approval, start it with 'run --advance after'"),
            "{}",
            ending.message
        );
        assert_eq!(
            (
                toy.stored_rows(),
                toy.stored_rows_of("beside"),
                toy.stored_rows_of("after")
            ),
            (36, 36, 0)
        );
    }
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|snapshot| snapshot.run.state == RunState::Stopped);
    let advance = |stage: Option<&str>| Command::Advance {
        stage: stage.map(ToOwned::to_owned),
    };
    assert!(matches!(live.order(advance(Some("toy"))), Reply::Refused(_)));
    assert!(
        matches!(live.order(advance(Some("aftre"))), Reply::Refused(said) if said.contains("did you mean 'after'?"))
    );
    assert!(matches!(live.order(advance(None)), Reply::Accepted(_)));
    live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert_eq!(toy.stored_rows_of("after"), 36);
    assert!(matches!(live.order(advance(None)), Reply::Refused(_)));
    live.order(Command::Drain);
    let (ending, facts) = live.end();
    assert_eq!(ending.exit_code, 0);
    let released = facts.iter().find_map(|fact| match &fact.event {
        Event::StagesApproved { stages, by } => Some((stages.clone(), by.clone())),
        _ => None,
    });
    assert_eq!(released, Some((vec!["after".to_owned()], "tester".to_owned())));
    // Once it has started, approval isn't requested again.
    let (ending, _) = toy.run_with(|options| options.work = Work::All);
    assert_eq!(ending.exit_code, 0);
}

#[test]
fn approval_on_the_command_line_starts_the_stage() {
    let toy = Toy::new(20).asking();
    let (ending, _) = toy.run_with(|options| options.released = vec!["after".to_owned()]);
    assert_eq!(ending.exit_code, 0);
    assert_eq!(toy.stored_rows_of("after"), 36);
}

#[test]
fn approval_does_not_open_a_gate() {
    let toy = Toy::new(20).asking().with_fault(day(3), Fault::Short(1));
    let (ending, _) = toy.run_with(|options| options.released = vec!["after".to_owned()]);
    assert_eq!((ending.exit_code, toy.stored_rows_of("after")), (1, 0));
    assert!(
        ending.message.starts_with("a closed gate blocks after; "),
        "{}",
        ending.message
    );
}

#[test]
fn a_gate_that_closes_mid_stage_blocks_the_remaining_dates() {
    let toy = Toy::new(60)
        .with_stages(&["toy", "after"])
        .slow(Duration::from_millis(20));
    let mut live = toy.start(|options| {
        options.stay = true;
        options.workers = 1;
        options.largest_batch = 1;
    });
    live.wait_for(|snapshot| snapshot.stages[1].counts.ok > 2);
    toy.hurt(day(3), Fault::Short(1));
    live.order(Command::Rerun {
        selection: Selection::Dates([day(3)].into_iter().collect()),
        stage: Some("toy".to_owned()),
        source: None,
        accept_short: false,
    });
    let held = live.wait_for(|snapshot| snapshot.run.state == RunState::Finished);
    assert!(held.stages[1].counts.pending > 0, "{:?}", held.stages[1].counts);
    let sentence = held.run.ending.clone().unwrap();
    assert!(sentence.starts_with("a closed gate blocks after; "), "{sentence}");
    toy.heal(day(3));
    toy.hurry();
    live.order(Command::Rerun {
        selection: Selection::Failed,
        stage: None,
        source: None,
        accept_short: false,
    });
    live.wait_for(|snapshot| {
        snapshot.run.state == RunState::Finished && snapshot.stages[1].counts.pending == 0
    });
    live.order(Command::Drain);
    assert_eq!(live.end().0.exit_code, 0);
}

/// Each date takes as long as its read; one is committed separately.
#[test]
fn the_eta_of_pending_stages_uses_timings_of_an_earlier_run() {
    let toy = Toy::new(8)
        .with_stages(&["toy", "after"])
        .slow(Duration::from_millis(120));
    let told_before_the_second_stage = |work: Work| {
        let mut live = toy.start(|options| {
            options.work = work;
            options.workers = 1;
            options.largest_batch = 1;
        });
        let told = live.wait_for(|snapshot| snapshot.run.progress.eta.is_some());
        assert_eq!(told.stages[1].state, StageState::Waiting);
        let (ending, _) = live.end();
        assert_eq!(ending.exit_code, 0);
        told.run.progress
    };
    let first = told_before_the_second_stage(Work::Missing);
    assert_eq!(first.unmeasured, 1);
    let a_unit = toy.ledger().seconds_per_unit(toy.target()).unwrap();
    assert!(
        a_unit.len() == 2 && a_unit.values().all(|seconds| *seconds >= 0.12),
        "{a_unit:?}"
    );
    let second = told_before_the_second_stage(Work::All);
    assert_eq!(second.unmeasured, 0);
}

#[test]
fn an_interrupted_full_rerun_resumes_with_all_its_stages() {
    let toy = Toy::new(20).with_stages(&["toy", "after"]);
    assert_eq!(toy.run().0.exit_code, 0);
    toy.slow_down(Duration::from_millis(100));
    let mut live = toy.start(|options| {
        options.work = Work::All;
        options.workers = 1;
        options.largest_batch = 1;
    });
    live.wait_for(|snapshot| snapshot.stages[0].counts.ok == 2);
    live.order(Command::Drain);
    assert_eq!(live.end().0.exit_code, 3);
    assert_eq!(
        toy.dates_of("after", UnitState::Pending).len(),
        18,
        "none of them was begun"
    );
    toy.hurry();
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0);
    let done = |name: &str| {
        let of_it = |fact: &&Fact| matches!(&fact.event, Event::UnitFinished { stage, .. } if stage == name);
        facts.iter().filter(of_it).count()
    };
    assert!(
        (15..=16).contains(&done("toy")),
        "{} of the first stage",
        done("toy")
    );
    assert_eq!(done("after"), 18);
}
