//! The sample before a run: it writes nothing, differences are reported, and findings that block a full run stop one
//! without an observer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use crate::program::{Ended, State, TABLE};
use crate::pty::Pty;
use crate::toy::{Fault, Toy, day};
use backcourt::engine::{Command, Event, Fact, Reply, SampleState, StageState, UnitSample};
use backcourt::ledger::RunState;
use rusqlite::Connection;
use serde_json::Value;

/// Date and state of every sampled unit, in order of events.
fn sampled(facts: &[Fact]) -> Vec<(&str, SampleState)> {
    let units = units(facts);
    units
        .iter()
        .map(|unit| (unit.stage.as_str(), unit.state))
        .collect()
}

fn units(facts: &[Fact]) -> Vec<&UnitSample> {
    let units = facts.iter().filter_map(|fact| match &fact.event {
        Event::UnitSampled(unit) => Some(unit),
        _ => None,
    });
    units.collect()
}

/// The position of the first matching event.
fn place(facts: &[Fact], is_meant: impl Fn(&Event) -> bool) -> Option<usize> {
    facts.iter().position(|fact| is_meant(&fact.event))
}

fn finished(facts: &[Fact]) -> (bool, &str) {
    let ended = facts.iter().find_map(|fact| match &fact.event {
        Event::SampleFinished { passed, message, .. } => Some((*passed, message.as_str())),
        _ => None,
    });
    ended.unwrap()
}

#[test]
fn a_first_run_reports_unsampled_stages_and_continues() {
    let toy = Toy::new(20).with_stages(&["toy", "after"]);
    toy.sample(&[0, 3, 6]);
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert_eq!(
        sampled(&facts),
        [
            ("toy", SampleState::New),
            ("toy", SampleState::New),
            ("toy", SampleState::Same),
            ("after", SampleState::New),
            ("after", SampleState::Unsampled),
            ("after", SampleState::Unsampled),
        ]
    );
    let units = units(&facts);
    assert_eq!(units[0].summary(), "2 of 2 rows, none stored yet");
    assert_eq!(units[2].summary(), "no rows expected, none stored (a day off)");
    assert_eq!(units[4].summary(), "needs toy of 3 earlier dates");
    assert_eq!(units[5].summary(), "needs toy of 6 earlier dates");
    assert_eq!(
        finished(&facts),
        (true, "sample: 4 of 6 units as expected, 2 not sampled yet")
    );
    let through = place(&facts, |event| matches!(event, Event::SampleFinished { .. })).unwrap();
    let begun = place(&facts, |event| matches!(event, Event::StageStarted { .. })).unwrap();
    assert!(through < begun, "the first stage begins after the sample");
    assert_eq!(toy.stored_rows_of("after"), 36);
}

#[test]
fn after_a_full_run_every_stage_is_sampled_without_writes() {
    let toy = Toy::new(20).with_stages(&["toy", "after"]);
    toy.run();
    toy.sample(&[3, 6, 11]);
    let commits = toy.commits();
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 0, "{}", ending.message);
    assert!(
        sampled(&facts)
            .iter()
            .all(|(_, state)| *state == SampleState::Same)
    );
    assert_eq!(finished(&facts), (true, "sample: 6 of 6 units as expected"));
    assert_eq!(toy.commits(), commits);
}

#[test]
fn a_changed_value_is_reported_kept_and_stops_the_run() {
    let toy = Toy::new(10);
    toy.run();
    toy.plant(day(3), "elsewhere");
    toy.sample(&[2, 3]);
    let (commits, stored) = (toy.commits(), toy.stored("toy"));
    let (ending, facts) = toy.run();
    assert_eq!((ending.state, ending.exit_code), (RunState::Stopped, 1));
    assert_eq!(
        ending.message,
        "sample: 1 of 2 units as expected, 1 different from the stored rows; nothing was written, run the full range \
         with 'backcourt run' without --sample"
    );
    let units = units(&facts);
    assert_eq!(units[0].state, SampleState::Same);
    assert_eq!(
        units[1].summary(),
        "2 of 2 rows, against 2 stored: 1 changed, 0 new, 0 gone, 1 same"
    );
    assert_eq!(units[1].details(), ["source in 1 row: row 0 elsewhere -> main"]);
    assert_eq!((toy.commits(), toy.stored("toy")), (commits, stored));
    assert_eq!(
        place(&facts, |event| matches!(event, Event::StageStarted { .. })),
        None
    );
}

#[test]
fn a_stage_whose_input_lost_rows_is_not_sampled() {
    let toy = Toy::new(20).with_stages(&["toy", "after"]);
    toy.run();
    toy.lose(day(8));
    toy.sample(&[8, 9]);
    let (_, facts) = toy.run();
    let units = units(&facts);
    assert_eq!(units[2].state, SampleState::Same, "{}", units[2].summary());
    assert_eq!(units[3].summary(), format!("needs toy of {}", day(8)));
}

#[test]
fn failed_short_and_panicking_samples_block_the_run() {
    let toy = Toy::new(10)
        .with_fault(day(1), Fault::Data)
        .with_fault(day(2), Fault::Short(1))
        .with_fault(day(3), Fault::Panic)
        .with_fault(day(4), Fault::Transient(2));
    toy.sample(&[0, 1, 2, 3, 4]);
    let (ending, facts) = toy.run();
    assert_eq!(ending.exit_code, 1, "{}", ending.message);
    let states: Vec<_> = sampled(&facts).into_iter().map(|(_, state)| state).collect();
    assert_eq!(
        states,
        [
            SampleState::New,
            SampleState::Failed,
            SampleState::Short,
            SampleState::Failed,
            SampleState::New
        ]
    );
    let units = units(&facts);
    assert_eq!(
        units[2].summary(),
        "1 of 2 rows, none stored yet (the toy left one out)"
    );
    assert_eq!(units[3].summary(), "panicked: the toy's panic");
    assert_eq!(toy.stored_rows(), 0);
}

#[test]
fn with_a_screen_the_run_waits_for_review_of_the_sample() {
    let toy = Toy::new(10);
    toy.sample(&[0, 1]);
    let mut live = toy.start(|options| options.stay = true);
    let picture = live.wait_for(|picture| picture.run.state == RunState::Paused);
    assert_eq!(
        picture.stages[0].state,
        StageState::Waiting,
        "not even a table is made"
    );
    assert_eq!(picture.run.bottleneck, "paused for review of the sample");
    let sample = picture.sample.as_deref().unwrap();
    assert_eq!((sample.units.len(), sample.message.is_some()), (2, true));
    assert_eq!(toy.commits(), 0);
    assert_eq!(live.order(Command::Resume), Reply::Accepted("resumed".to_owned()));
    live.wait_for(|picture| picture.run.state == RunState::Finished);
    assert_eq!(toy.stored_rows(), 18);
    live.order(Command::Drain);
    assert_eq!(live.end().0.exit_code, 0);
}

#[test]
fn leaving_after_the_sample_writes_nothing() {
    let toy = Toy::new(10);
    toy.sample(&[0, 1]);
    let mut live = toy.start(|options| options.stay = true);
    live.wait_for(|picture| picture.run.state == RunState::Paused);
    live.order(Command::Abort);
    let (ending, _) = live.end();
    assert_eq!(ending.exit_code, 3);
    assert!(
        ending
            .message
            .starts_with("stopped after the sample, nothing was written"),
        "{}",
        ending.message
    );
    assert_eq!(toy.stored_rows(), 0);
}

/// A full date and a day off.
const DATES: &str = "2022-12-24,2023-12-16";
const SAMPLE: [&str; 8] = [
    "run",
    "--sample",
    "--stage",
    "team_offense,team_defense",
    "--dates",
    DATES,
    "--output",
    "jsonl",
];

fn lines(ended: &Ended) -> Vec<Value> {
    ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind(facts: &[Value], kind: &str) -> Vec<Value> {
    facts
        .iter()
        .filter(|fact| fact["event"] == kind)
        .cloned()
        .collect()
}

#[test]
fn a_planted_value_is_the_only_difference_on_real_feeds() {
    let state = State::loaded().without_source_checks();
    let first = state.backcourt(&SAMPLE).expect(0);
    let first = of_kind(&lines(&first), "unit_sampled");
    let states: Vec<&str> = first.iter().map(|unit| unit["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["same", "new", "same", "new"]);
    assert_eq!(
        (&first[1]["rows"], &first[1]["expected"]),
        (&20.into(), &20.into())
    );
    assert_eq!(state.rows().len(), 20, "it went on by itself");

    let plant = format!(
        "UPDATE {TABLE} SET points_scored = points_scored + 7
         WHERE game_date = '2023-12-16' AND team_abbr = 'MIA'"
    );
    let db: Connection = state.warehouse();
    assert_eq!(db.execute(&plant, []).unwrap(), 1);
    drop(db);
    let planted = state.rows();
    let again = state.backcourt(&SAMPLE).expect(1);
    let facts = lines(&again);
    let differing: Vec<Value> = (of_kind(&facts, "unit_sampled").into_iter())
        .filter(|unit| unit["state"] == "differs")
        .collect();
    assert_eq!(differing.len(), 1, "{differing:#?}");
    let difference = &differing[0]["difference"];
    assert_eq!(
        (&difference["changed"], &difference["same"]),
        (&1.into(), &19.into())
    );
    let columns = difference["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 1, "{columns:#?}");
    assert_eq!(columns[0]["column"], "points_scored");
    let change = &columns[0]["examples"][0];
    let number = |key: &str| change[key].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(number("old"), number("new") + 7);
    assert!(change["key"].as_str().unwrap().contains("MIA"), "{change}");
    assert!(state.rows() == planted, "the sample changes nothing");

    // Run separately, it prints the same findings and doesn't even record a run.
    let runs = state.count("SELECT COUNT(*) FROM run");
    let words = [&SAMPLE[..6], &["--output", "plain", "--dry-run"]].concat();
    let said = state.backcourt(&words).expect(1);
    assert!(said.out.contains("points_scored in 1 row: "), "{}", said.out);
    assert!(
        said.out.contains("NULL in every one of 20 sampled rows: "),
        "{}",
        said.out
    );
    assert_eq!(state.count("SELECT COUNT(*) FROM run"), runs);
    assert!(state.rows() == planted);
}

#[test]
fn an_empty_sample_is_refused() {
    let state = State::none();
    let no_date = ["run", "--sample", "--dates", "2023-12-17"];
    let refused = state.backcourt(&no_date).expect(2);
    assert!(
        refused.err.contains("no sample date is in this run"),
        "{}",
        refused.err
    );
    let refused = state.backcourt(&["run", "--sample", "--dry-run"]).expect(2);
    assert!(
        refused.err.contains("has no raw data to sample yet"),
        "{}",
        refused.err
    );
    assert!(!state.path().exists());
}

#[test]
fn on_screen_the_sample_is_shown_before_any_write() {
    let state = State::loaded().without_source_checks();
    let flags = state.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let arguments = [&["run"][..], &flags, &SAMPLE[1..6]].concat();
    let mut pty = Pty::backcourt(&arguments, &[], (100, 30));
    pty.wait_for("Sample: nothing written yet");
    pty.wait_for("sample: 4 of 4 units as expected");
    pty.wait_for("Nothing written yet: p continues");
    assert!(!state.path().join("warehouse/nba_analytics.sqlite").exists());
    pty.send("q");
    pty.wait_exit();
    assert!(!state.path().join("warehouse/nba_analytics.sqlite").exists());

    let mut pty = Pty::backcourt(&arguments, &[], (100, 30));
    pty.wait_for("Nothing written yet: p continues");
    let attached = [&["attach", "--read-only"][..], &flags].concat();
    let mut observer = Pty::backcourt(&attached, &[], (100, 30));
    observer.wait_for("Sample: nothing written yet");
    observer.send("\x1b");
    observer.wait_until("the page is closed", |screen| {
        !screen.contents().contains("Sample: nothing written yet")
    });
    observer.send("s");
    observer.wait_for("Sample: nothing written yet");
    pty.send("p");
    pty.wait_until("the run has ended", |screen| {
        let text = screen.contents();
        text.lines().next().unwrap_or_default().contains("finished")
    });
    pty.send("q");
    pty.wait_exit();
    assert_eq!(state.rows().len(), 20);
}
