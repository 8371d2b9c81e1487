//! The interfaces used by scripts: exit codes, JSON lines, the status object, and the effect of each subcommand on the
//! state folder.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::LazyLock;

use crate::program::{Ended, State, TABLE, ended, wait_until};
use backcourt::control::{Payload, Request};
use backcourt::engine::{
    Change, ChangedColumn, ColumnNulls, Difference, EVENT_SCHEMA, Estimate, Event, Expected, Fact, Question,
    Replaces, SampleState, SnapshotDelta, StageEstimate, StageNulls, Topic, UnitSample,
};
use backcourt::ledger::{CheckState, Coverage, RunState, UnitState};
use backcourt::plan::{Fingerprint, Severity};
use backcourt::warehouse::ErrorClass;
use jsonschema::Validator;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

static EVENT: LazyLock<Validator> = LazyLock::new(|| schema(include_str!("../../docs/event.schema.json")));
static STATUS: LazyLock<Validator> = LazyLock::new(|| schema(include_str!("../../docs/status.schema.json")));

static REPORT: LazyLock<Validator> = LazyLock::new(|| schema(include_str!("../../docs/report.schema.json")));

fn schema(text: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

fn must_fit(schema: &Validator, value: &Value) {
    let faults: Vec<String> = schema.iter_errors(value).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, [] as [String; 0], "{value:#}");
}

/// The `--output jsonl` lines, each validated against the schema.
fn lines(ended: &Ended) -> Vec<Value> {
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        must_fit(&EVENT, line);
    }
    lines
}

/// Number of checks of the first stage.
const OFFENSE_CHECKS: usize = 21;

/// Number of checks of the raw tables.
const SOURCE_CHECKS: usize = 16;

/// The events of one kind.
fn of<'a>(facts: &'a [Value], event: &str) -> Vec<&'a Value> {
    facts.iter().filter(|fact| fact["event"] == event).collect()
}

/// The first stage only; the others are covered by tests/truth.
const RUN: [&str; 5] = ["run", "--stop-after", "team_offense", "--output", "plain"];

/// A week with games on every date.
const WEEK: [&str; 4] = ["--from", "2023-12-11", "--to", "2023-12-17"];

fn run_week(state: &State, more: &[&str]) -> Ended {
    state.backcourt(&[&RUN[..], &WEEK[..], more].concat())
}

#[test]
fn a_run_fills_a_table_from_an_empty_folder() {
    let state = State::none();
    let run = state
        .backcourt(&[
            "run",
            "--source",
            "reconstruct",
            "--output",
            "jsonl",
            "--stop-after",
            "team_offense",
        ])
        .expect(0);
    let facts = state.facts();
    let told = lines(&run);
    assert_eq!(told, facts, "what was printed is what was kept");
    let kept = fs::read_to_string(state.events_file()).unwrap();
    for line in kept.lines() {
        must_fit(&EVENT, &serde_json::from_str(line).unwrap());
    }
    assert!(
        kept.lines().count() > facts.len(),
        "pictures stand between the facts"
    );
    let numbers: Vec<u64> = facts.iter().map(|fact| fact["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=facts.len() as u64).collect::<Vec<_>>());
    assert_eq!(of(&facts, "unit_finished").len(), 916);
    assert_eq!(of(&facts, "check_finished").len(), OFFENSE_CHECKS);
    assert_eq!(of(&facts, "source_checked").len(), SOURCE_CHECKS);

    let status = state.status();
    must_fit(&STATUS, &status);
    assert_eq!(status["run"]["state"], "finished");
    let stage = &status["stages"][0];
    let counts = json!({
        "total": 1538, "ok": 916, "skipped": 622,
        "partial": 0, "empty": 0, "failed": 0, "unknown": 0, "stale": 0, "outdated": 0, "pending": 0, "running": 0,
    });
    assert_eq!(stage["dates"], counts);
    assert_eq!(
        (&stage["name"], &stage["table"]),
        (&json!("team_offense"), &json!(TABLE))
    );
    assert_eq!(stage["rows"], 11_592);
    let reasons = stage["skipped_reasons"].as_object().unwrap();
    assert_eq!(reasons.values().filter_map(Value::as_u64).sum::<u64>(), 622);
    assert!(reasons.keys().all(|reason| !reason.is_empty()));

    let (rows, teams_and_games): (i64, i64) = state
        .warehouse()
        .query_row(
            &format!("SELECT COUNT(*), COUNT(DISTINCT game_id || team_abbr) FROM {TABLE}"),
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((rows, teams_and_games), (11_592, 11_592));

    let again = state
        .backcourt(&["run", "--stop-after", "team_offense", "--output", "jsonl"])
        .expect(0);
    let second = lines(&again);
    for event in ["unit_finished", "check_started", "source_checked"] {
        assert!(of(&second, event).is_empty(), "{event}");
    }
    let end = of(&second, "run_finished")[0]["message"].as_str().unwrap();
    assert!(end.starts_with("nothing to do: all 1,538 units"), "{end}");
}

#[test]
fn the_box_score_fails_its_checks_and_reconstruction_fixes_them() {
    let state = State::loaded().without_source_checks();
    let bad = state
        .backcourt(&[&RUN[..], &["--source", "boxscore"]].concat())
        .expect(1);
    let status = state.status();
    must_fit(&STATUS, &status);
    let failing: BTreeSet<&str> = status["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["state"] == "FAIL")
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    let expected = [
        "home_truth",
        "no_orphan_ids",
        "rows_per_date",
        "critical_3_primary_source",
        "critical_5_spot_check",
    ];
    assert_eq!(failing, BTreeSet::from(expected));
    for name in expected {
        assert!(bad.out.contains(&format!("FAIL {name}")), "{}", bad.out);
    }
    let short = &status["stages"][0]["attention"];
    assert_eq!(short.as_array().unwrap().len(), 287);
    assert!(short.as_array().unwrap().contains(&json!({
        "date": "2026-01-03", "state": "partial", "rows": 2, "expected": 16, "attempts": 1,
        "reason": short.as_array().unwrap().last().unwrap()["reason"],
    })));

    let healed = state
        .backcourt(&[&RUN[..3], &["--source", "reconstruct", "--output", "jsonl"]].concat())
        .expect(0);
    lines(&healed);
    assert_eq!(state.dates("ok"), 916);
}

#[test]
fn a_failed_date_is_fixed_by_a_rerun_in_another_process() {
    let state = State::flaky().without_source_checks();
    let dates = "2021-12-25,2021-12-26,2023-12-16,2025-11-14";
    let run = state
        .backcourt(&[&RUN[..3], &["--dates", dates, "--output", "jsonl"]].concat())
        .expect(1);
    lines(&run);
    let facts = state.facts();
    assert_eq!(
        of(&facts, "unit_retried").len(),
        9,
        "three dates, three pauses each"
    );
    assert_eq!((state.dates("ok"), state.dates("failed")), (1, 3));
    must_fit(&STATUS, &state.status());

    let rerun = state
        .backcourt(&["rerun", "--failed", "--output", "jsonl"])
        .expect(0);
    let facts = lines(&rerun);
    assert_eq!(
        of(&facts, "rerun_queued")[0]["dates"],
        json!(["2021-12-25", "2023-12-16", "2025-11-14"])
    );
    assert_eq!((state.dates("ok"), state.dates("failed")), (4, 0));
}

#[test]
fn failing_dates_of_a_check_are_rerun() {
    let state = State::loaded().without_source_checks();
    run_week(&state, &[]).expect(0);
    let whole = state.rows();
    state
        .warehouse()
        .execute(&format!("DELETE FROM {TABLE} WHERE team_abbr = 'LAL'"), [])
        .unwrap();

    let found = state.backcourt(&["check", "rows_per_date"]).expect(1);
    assert!(found.out.contains("FAIL rows_per_date"), "{}", found.out);
    assert!(
        !found.out.contains("two_teams"),
        "only what was asked: {}",
        found.out
    );
    let status = state.status();
    let check = status["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "rows_per_date");
    let failing_dates = check.unwrap()["failing_dates"].clone();
    assert!(failing_dates.as_array().is_some_and(|dates| !dates.is_empty()));

    state
        .backcourt(&["rerun", "--failing", "rows_per_date", "--output", "plain"])
        .expect(0);
    let facts = state.facts();
    assert_eq!(of(&facts, "rerun_queued")[0]["dates"], failing_dates);
    assert_eq!(state.rows(), whole);
    let nothing = state
        .backcourt(&["rerun", "--failing", "rows_per_date", "--output", "plain"])
        .expect(0);
    assert!(!nothing.out.contains("requeued"), "{}", nothing.out);
}

#[test]
fn all_or_selected_checks_run_regardless_of_earlier_results() {
    let state = State::loaded().without_source_checks();
    run_week(&state, &[]).expect(0);
    let all = state.backcourt(&["check", "--output", "jsonl"]).expect(0);
    let facts = lines(&all);
    assert_eq!(of(&facts, "check_finished").len(), OFFENSE_CHECKS);
    let two = state
        .backcourt(&["check", "two_teams", "one_winner", "--output", "jsonl"])
        .expect(0);
    let facts = lines(&two);
    let asked: BTreeSet<&str> = of(&facts, "check_finished")
        .iter()
        .filter_map(|fact| fact["check"].as_str())
        .collect();
    assert_eq!(asked, BTreeSet::from(["one_winner", "two_teams"]));
}

#[test]
fn environment_variables_of_the_old_runbook_are_honoured() {
    let state = State::loaded().without_source_checks();
    let mut command = state.command(&[&RUN[..], &["--dates", "2023-12-16"]].concat());
    command
        .env("FORCE_TEAM_RECONSTRUCTION", "true")
        .env("PARALLELIZATION_WORKERS", "3");
    ended(&mut command).expect(0);
    ended(command.args(["--workers", "2", "--source", "boxscore"])).expect(1);
    let facts = state.facts();
    let started: Vec<(&Value, &Value)> = of(&facts, "run_started")
        .iter()
        .map(|fact| (&fact["source"], &fact["workers"]))
        .collect();
    let forced = backcourt::stages::FORCED;
    assert_eq!(
        started,
        [(&json!(forced), &json!(3)), (&json!("boxscore"), &json!(2))]
    );
}

#[test]
fn a_range_without_games_finishes_normally() {
    let state = State::loaded().without_source_checks();
    let mut outside = 0;
    for (from, to, days) in [("2020-02-01", "2020-02-10", 10), ("2026-02-01", "2026-02-28", 28)] {
        state
            .backcourt(&[&RUN[..], &["--from", from, "--to", to]].concat())
            .expect(0);
        outside += days;
        let status = state.status();
        assert_eq!(status["run"]["state"], "finished");
        let dates = &status["stages"][0]["outside"];
        assert_eq!(
            (&dates["total"], &dates["skipped"]),
            (&json!(outside), &json!(outside))
        );
        assert_eq!(
            status["stages"][0]["dates"]["pending"], 1538,
            "the plan's own are told apart"
        );
    }
    let summer = ["--from", "2024-08-01", "--to", "2024-08-01"];
    state.backcourt(&[&RUN[..], &summer].concat()).expect(0);
    assert_eq!(state.dates("skipped"), 1);
}

#[test]
fn only_selected_dates_run() {
    let state = State::loaded().without_source_checks();
    state
        .backcourt(&[&RUN[..], &["--dates", "2023-12-16, 2021-12-25,2021-12-25"]].concat())
        .expect(0);
    let dates: BTreeSet<String> = state
        .warehouse()
        .prepare(&format!("SELECT game_date FROM {TABLE}"))
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        dates,
        BTreeSet::from(["2021-12-25".to_owned(), "2023-12-16".to_owned()])
    );
    assert_eq!((state.dates("total"), state.dates("ok")), (1538, 2));
}

/// Every file of a folder with its bytes, except the feeds, which are large and linked, and empty side files of
/// `SQLite`.
fn picture(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(picture(&path));
            continue;
        }
        let (name, bytes) = (path.display().to_string(), fs::read(&path).unwrap());
        let is_idle = name.ends_with("-shm") || (name.ends_with("-wal") && bytes.is_empty());
        if !is_idle && !path.ends_with("nba_raw.sqlite") {
            files.push((name, bytes));
        }
    }
    files.sort();
    files
}

#[test]
fn a_dry_run_lists_due_dates_and_writes_nothing() {
    let state = State::none();
    let first = state.backcourt(&["run", "--dry-run"]).expect(0);
    assert!(first.out.contains("1,538 dates in team_offense"), "{}", first.out);
    assert!(!state.path().exists());

    let state = State::loaded().without_source_checks();
    run_week(&state, &[]).expect(0);
    let before = picture(&state.path());
    let said = state
        .backcourt(
            &[
                &RUN[..3],
                &["--dry-run", "--from", "2023-12-11", "--to", "2023-12-19"],
            ]
            .concat(),
        )
        .expect(0);
    assert!(
        said.out
            .contains("9 dates, 2 to do, 7 already done, 0 without work"),
        "{}",
        said.out
    );
    assert!(picture(&state.path()) == before, "something was written");
}

/// A run that is paused before its first unit; killed when dropped, so that a failed test leaves nothing running.
struct Held(Child);

impl Held {
    fn start(state: &State) -> Self {
        let args = [&RUN[..], &["--paused"], &WEEK[..]].concat();
        let mut command = state.command(&args);
        let held = Self(command.stdout(Stdio::null()).spawn().unwrap());
        wait_until("the run stays paused", || {
            state.facts().iter().any(|fact| fact["event"] == "paused")
        });
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It may have ended already, as intended.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }
}

#[test]
fn a_paused_run_is_visible_in_status_and_ends_by_signal() {
    let state = State::loaded().without_source_checks();
    let mut held = Held::start(&state);
    let pid = held.0.id();
    let status = state.status();
    must_fit(&STATUS, &status);
    assert_eq!(
        (&status["run"]["state"], &status["run"]["pid"]),
        (&json!("paused"), &json!(pid))
    );
    assert_eq!(status["stages"][0]["dates"]["pending"], 1538, "nothing started");

    let second = run_week(&state, &[]).expect(4);
    assert!(second.err.contains(&format!("process {pid},")), "{}", second.err);
    assert_eq!(second.err.lines().count(), 1);
    for args in [&["load"][..], &["rerun", "--failed"], &["check"]] {
        state.backcourt(args).expect(4);
    }

    kill_process(Pid::from_child(&held.0), Signal::TERM).unwrap();
    assert_eq!(held.0.wait().unwrap().code(), Some(143));
    let status = state.status();
    assert_eq!(
        (&status["run"]["state"], &status["stages"][0]["dates"]["pending"]),
        (&json!("stopped"), &json!(1538))
    );
    for fact in state.facts() {
        must_fit(&EVENT, &fact);
    }

    run_week(&state, &[]).expect(0);
    assert_eq!(state.dates("ok"), 7);
}

#[test]
fn a_killed_run_is_reported_as_interrupted() {
    let state = State::loaded().without_checks();
    drop(Held::start(&state));
    assert_eq!(state.status()["run"]["state"], "interrupted");
}

#[test]
fn a_state_folder_is_the_same_under_every_path() {
    let state = State::loaded();
    run_week(&state, &[]).expect(0);
    let home = state.path();
    let parent = home.parent().unwrap();
    fs::create_dir(parent.join("aside")).unwrap();
    std::os::unix::fs::symlink(&home, parent.join("link")).unwrap();
    for path in ["state", "./aside/../state", "link"] {
        let mut command = crate::program::backcourt();
        command
            .args(RUN)
            .args(["--state-dir", path])
            .args(WEEK)
            .current_dir(parent);
        let again = ended(&mut command).expect(0);
        assert!(again.out.contains("nothing to do"), "{path}: {}", again.out);
    }
}

#[test]
fn a_warehouse_path_is_the_same_before_and_after_it_exists() {
    let state = State::loaded().without_checks();
    let parent = state.path().parent().unwrap().to_owned();
    fs::create_dir(parent.join("own")).unwrap();
    fs::create_dir(parent.join("own/warehouse")).unwrap();
    let feeds = "warehouse/nba_raw.sqlite";
    fs::hard_link(state.path().join(feeds), parent.join("own").join(feeds)).unwrap();
    let run = |warehouse: &str| {
        let mut command = state.command(&[&RUN[..], &["--warehouse", warehouse]].concat());
        ended(command.args(WEEK).current_dir(&parent)).expect(0)
    };
    run("sqlite:own/warehouse");
    let again = run(&format!("sqlite:{}/own/warehouse", parent.display()));
    assert!(again.out.contains("nothing to do"), "{}", again.out);
    assert!(
        !state.path().join("warehouse/nba_analytics.sqlite").exists(),
        "the folder's own stays untouched"
    );
}

/// One event of each kind, including those that no run here emits.
#[allow(clippy::too_many_lines, reason = "one of each kind")]
fn every_kind() -> Vec<Event> {
    let text = || "x".to_owned();
    let date = "2023-12-16".parse().unwrap();
    vec![
        Event::RunStarted {
            plan: text(),
            warehouse: text(),
            source: Some(text()),
            workers: 15,
            pid: 1,
            version: Some(text()),
            control: Some(text()),
        },
        Event::Continued { message: text() },
        Event::OutputIncomplete { lost: vec![text()] },
        Event::EventsMissing {
            events: 2,
            from: chrono::Utc::now(),
            to: chrono::Utc::now(),
            cause: text(),
        },
        Event::Prepared {
            message: text(),
            seconds: 0.5,
        },
        Event::StageStarted {
            stage: text(),
            dates: 1,
            to_do: 0,
            replaces: Replaces { dates: 1, rows: 2 },
        },
        Event::UnitFinished {
            stage: text(),
            date,
            state: UnitState::Failed,
            rows: 0,
            expected: 20,
            attempts: 4,
            class: Some(ErrorClass::Transient),
            reason: Some(text()),
        },
        Event::UnitRetried {
            stage: text(),
            date,
            attempt: 1,
            class: ErrorClass::Rate,
            message: text(),
            wait_ms: 200,
        },
        Event::CallRetried {
            stage: text(),
            dates: vec![date],
            attempt: 1,
            class: ErrorClass::Transient,
            message: text(),
            wait_ms: 200,
        },
        Event::Committed {
            stage: text(),
            dates: vec![date],
        },
        Event::CommitRetried {
            stage: text(),
            dates: vec![date],
            attempt: 1,
            class: ErrorClass::Contention,
            message: text(),
            wait_ms: 200,
        },
        Event::RerunQueued {
            stage: text(),
            dates: vec![date],
        },
        Event::DatesOutdated {
            stage: text(),
            dates: vec![date],
            rerun: false,
            message: text(),
        },
        Event::UnitsInvalidated {
            stage: text(),
            dates: vec![date],
            reason: text(),
        },
        Event::FeedCorrected {
            table: text(),
            dates: vec![date],
        },
        Event::SourceChanged {
            table: text(),
            dates: vec![date],
            message: text(),
        },
        Event::StagesApproved {
            stages: vec![text()],
            by: text(),
        },
        Event::StageThrottled {
            stage: text(),
            until: chrono::Utc::now(),
            message: text(),
        },
        Event::StageStopped {
            stage: text(),
            failed: 5,
            left: 1_533,
            message: text(),
        },
        Event::StageFinished {
            stage: text(),
            ok: 1,
            outdated: 2,
            failed: 0,
            rows: 20,
            seconds: 1.5,
        },
        Event::CheckStarted { check: text() },
        Event::CheckFinished {
            check: text(),
            stage: text(),
            severity: Severity::Blocking,
            state: CheckState::Waived,
            value: text(),
            target: text(),
            failing_dates: vec![date],
            coverage: Some(Coverage {
                done: 1,
                total: 1_096,
            }),
            note: Some(text()),
        },
        Event::SourceChecked {
            check: text(),
            feed: text(),
            state: CheckState::Warn,
            value: text(),
            target: text(),
            failing_dates: vec![date],
        },
        Event::CheckWaived {
            check: text(),
            reason: text(),
            by: text(),
            value: text(),
            target: text(),
            fingerprint: Some(Fingerprint::default()),
        },
        Event::ItemTicked {
            item: "14a".to_owned(),
            done: true,
            note: text(),
            by: text(),
        },
        Event::Paused,
        Event::Resumed,
        Event::WorkersChanged { from: 15, to: 16 },
        Event::WorkerPanicked {
            slot: 1,
            message: text(),
        },
        Event::RunFinished {
            state: RunState::Stopped,
            message: text(),
            exit_code: 3,
        },
    ]
}

/// The kinds that are emitted before the first unit.
fn kinds_before_the_first_unit() -> Vec<Event> {
    let text = || "x".to_owned();
    let date = "2023-12-16".parse().unwrap();
    vec![
        Event::UnitSampled(UnitSample {
            stage: text(),
            date,
            why: text(),
            state: SampleState::Differs,
            rows: 20,
            expected: 20,
            stored: 20,
            difference: Difference {
                same: 19,
                changed: 1,
                columns: vec![ChangedColumn {
                    column: text(),
                    rows: 1,
                    examples: vec![Change {
                        key: text(),
                        old: text(),
                        new: text(),
                    }],
                }],
                ..Difference::default()
            },
            reason: None,
            notes: vec![text()],
        }),
        Event::Estimated {
            message: text(),
            awaiting_approval: true,
            estimate: Estimate {
                stages: vec![StageEstimate {
                    stage: text(),
                    dates: 4,
                    reads: Expected {
                        bytes: 10_485_760,
                        jobs: 2,
                        unknown: 1,
                        why: Some(text()),
                        largest: Some((10_485_760, text())),
                    },
                    checks: Expected::default(),
                }],
                sources: Expected::default(),
            },
            seconds: 0.5,
        },
        Event::PlanRefused {
            problems: vec![text()],
        },
        Event::TableTakenOver {
            table: text(),
            from: text(),
            by: text(),
        },
        Event::TableAltered {
            table: text(),
            statement: text(),
        },
        Event::QuestionAsked(Question::new(
            Topic::ExistingRows,
            "x?",
            vec![text()],
            &[("replace", "Replace")],
        )),
        Event::QuestionAnswered {
            topic: Topic::ExistingRows,
            answer: "replace".to_owned(),
            by: text(),
        },
        Event::SnapshotDelta(Box::new(delta())),
        Event::SampleFinished {
            passed: false,
            awaiting_approval: true,
            message: text(),
            nulls: vec![StageNulls {
                stage: text(),
                sampled: 20,
                stored: 20,
                columns: vec![ColumnNulls {
                    column: text(),
                    sampled: 20,
                    stored: 0,
                }],
            }],
            seconds: 0.5,
        },
    ]
}

/// A snapshot delta with every part set.
fn delta() -> SnapshotDelta {
    let cost = json!({"bytes_billed": 1, "slot_ms": 1, "jobs": 1, "uncounted": 0});
    let worker = json!({"slot": 1, "task": null, "units_done": 3, "busy": 0.5});
    let check = json!({
        "name": "c", "stage": "s", "title": "A check", "severity": "blocking", "state": "FAIL", "value": "1 row",
        "target": "no rows", "before": null, "failing_dates": ["2023-12-16"], "coverage": {"done": 1, "total": 2},
        "note": null, "run_at": "2026-01-04T10:00:00Z", "seconds": 0.5, "cost": null, "waiver": null,
        "history": [{"at": "2026-01-04T10:00:00Z", "run": "r", "state": "FAIL", "value": "1 row", "failing_dates": 1}],
    });
    let items = ["in_progress", "action_required", "reopened"].map(|state| {
        json!({
            "item": "1", "title": "An item", "manual": false, "state": state, "fact": "1 of 2", "at": null, "by": null,
            "remark": null, "checks": [], "stage": "s",
        })
    });
    let breakdown = json!({
        "check": "c", "title": "A rate", "state": "current", "run_at": null, "problem": null,
        "found": {
            "unit": "rows", "causes": ["lost"], "not_counted": ["absent"], "by": [], "dates": [],
            "total": {"known": 1, "missing": [1], "not_counted": [1]},
        },
    });
    let run = json!({
        "id": "r", "title": "A plan", "warehouse": "memory", "source": "main", "pid": 1, "control": null,
        "state": "running", "pausing": false, "preparing": null, "active_seconds": 1.5,
        "progress": {"total": 4, "done": 1, "per_minute": null, "eta": [1.0, 2.0]},
        "bottleneck": "workers", "billed": {"total": cost, "other": cost}, "question": null, "ending": null,
    });
    let stage = json!({
        "name": "s", "table": "d.t", "state": "running", "seconds": 1.0,
        "cost": cost,
        "gaps": [{"what": "pace", "dates": 1, "rows": 2}], "whole": true,
        "units": [{"state": "failed", "rows": 0, "expected": 2, "attempts": 4, "reason": "no answer", "dates": ["2023-12-16"]}],
    });
    let delta = json!({
        "overview": run, "stages": [stage], "workers": {"all": [worker]}, "checks": {"all": [check]},
        "runbook": {"all": items}, "breakdowns": {"all": [breakdown]}, "estimate": {"stages": [], "sources": Expected::default()},
    });
    serde_json::from_value(delta).unwrap()
}

/// Names in `events.jsonl` that have changed: the earlier one, then the current.
const RENAMED: [(&str, &str); 21] = [
    (r#""event":"pictured""#, r#""event":"snapshot""#),
    (r#""event":"units_overtaken""#, r#""event":"units_invalidated""#),
    (r#""event":"stages_released""#, r#""event":"stages_approved""#),
    (r#""event":"stage_parked""#, r#""event":"stage_throttled""#),
    (r#""event":"worker_died""#, r#""event":"worker_panicked""#),
    (r#""held":"#, r#""awaiting_approval":"#),
    (r#""sound":"#, r#""passed":"#),
    (r#""offending":"#, r#""failing_dates":"#),
    (r#""over":"#, r#""coverage":"#),
    (r#""of":{"#, r#""overview":{"#),
    (r#""limit":"#, r#""bottleneck":"#),
    (r#""aside":"#, r#""other":"#),
    (r#""aside":{"bytes":"#, r#""sources":{"bytes":"#),
    (r#""asked_at":"#, r#""run_at":"#),
    (r#""state":"under_way""#, r#""state":"in_progress""#),
    (r#""state":"needs_you""#, r#""state":"action_required""#),
    (r#""state":"undone""#, r#""state":"reopened""#),
    (r#""counts":"#, r#""unit":"#),
    (r#""whole":{"known":"#, r#""total":{"known":"#),
    (r#""lacking":"#, r#""missing":"#),
    (r#""beside":"#, r#""not_counted":"#),
];

#[test]
fn events_of_earlier_versions_are_read() {
    for event in every_event() {
        let fact = fact(event);
        let line = serde_json::to_string(&fact).unwrap();
        let earlier = RENAMED
            .iter()
            .fold(line, |line, (earlier, now)| line.replace(now, earlier));
        assert_eq!(serde_json::from_str::<Fact>(&earlier).unwrap(), fact, "{earlier}");
    }
}

#[test]
fn socket_lines_of_earlier_versions_are_read() {
    let request = |text: &str| serde_json::from_str::<Request>(text).unwrap();
    for (earlier, current) in [
        (r#""take_helm""#, r#""take_control""#),
        (
            r#"{"command":{"explain":{"check":"c"}}}"#,
            r#"{"command":{"breakdown":{"check":"c"}}}"#,
        ),
        (
            r#"{"command":{"rerun":{"selection":{"offending":"c"},"stage":null,"source":null}}}"#,
            r#"{"command":{"rerun":{"selection":{"failing_dates":"c"},"stage":null,"source":null}}}"#,
        ),
    ] {
        assert_eq!(request(earlier), request(current));
    }
    for message in [
        r#"{"vitals":{"cpu_percent":1,"memory":2,"disk_read":0,"disk_written":0,"network_received":0,"network_sent":0}}"#,
        r#"{"fact":{"schema":"backcourt.event/1","seq":1,"at":"2026-01-04T00:00:00Z","run":"r","event":"paused"}}"#,
        r#"{"helm":{"holder":null,"mine":false,"consoles":1}}"#,
    ] {
        serde_json::from_str::<Payload>(message).unwrap();
    }
}

fn every_event() -> impl Iterator<Item = Event> {
    every_kind().into_iter().chain(kinds_before_the_first_unit())
}

fn fact(event: Event) -> Fact {
    Fact {
        schema: EVENT_SCHEMA.to_owned(),
        seq: 1,
        at: "2026-01-04T10:00:00Z".parse().unwrap(),
        run: "r".to_owned(),
        event,
    }
}

#[test]
fn every_event_type_is_in_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/event.schema.json")).unwrap();
    let described: BTreeSet<&str> = schema["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|kind| kind["properties"]["event"]["const"].as_str())
        .collect();
    let mut kinds = BTreeSet::new();
    for event in every_event() {
        let fact = serde_json::to_value(fact(event)).unwrap();
        must_fit(&EVENT, &fact);
        kinds.insert(fact["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        described
    );
}

#[test]
fn the_schemas_refuse_unknown_fields() {
    let fact = json!({"schema": "backcourt.event/1", "seq": 1, "at": "2026-01-04T10:00:00.5Z", "run": "r", "event": "paused"});
    must_fit(&EVENT, &fact);
    for (key, value) in [
        ("seq", json!(0)),
        ("event", json!("danced")),
        ("colour", json!("red")),
        ("schema", json!("backcourt.event/2")),
        ("at", json!("yesterday")),
    ] {
        let mut other = fact.clone();
        other[key] = value;
        assert!(!EVENT.is_valid(&other), "{other}");
    }
    assert!(
        !STATUS.is_valid(&json!({"schema": "backcourt.status/1", "run": {}, "stages": [], "checks": []}))
    );
}

#[test]
fn the_report_matches_its_schema_and_is_stable_across_restarts() {
    let state = State::loaded();
    run_week(&state, &[]).expect(0);
    for format in ["json", "md"] {
        let report = || state.backcourt(&["report", "--format", format]).expect(0).out;
        assert_eq!(report(), report(), "another process says the same");
    }
    let json = state.backcourt(&["report", "--format", "json"]).expect(0).out;
    let report: Value = serde_json::from_str(&json).unwrap();
    must_fit(&REPORT, &report);
    must_fit(&STATUS, &report["status"]);
    assert_eq!(report["status"], state.status());
    let work = &report["work"][0];
    assert_eq!(
        (
            &work["stage"],
            &work["first"],
            &work["last"],
            &work["rerun_dates"]
        ),
        (
            &json!("team_offense"),
            &json!("2023-12-11"),
            &json!("2023-12-17"),
            &json!(0)
        )
    );
    assert_eq!(work["runs"][0]["dates"], 7);
    let run = &report["runs"][0];
    assert_eq!(
        (&run["from"], &run["to"], &run["dates"], &run["state"]),
        (
            &json!("2023-12-11"),
            &json!("2023-12-17"),
            &json!(7),
            &json!("finished")
        )
    );
    state
        .backcourt(&["rerun", "--dates", "2023-12-16", "--output", "silent"])
        .expect(0);
    let json = state.backcourt(&["report", "--format", "json"]).expect(0).out;
    let report: Value = serde_json::from_str(&json).unwrap();
    must_fit(&REPORT, &report);
    assert_eq!(report["work"][0]["rerun_dates"], 1);
    assert_eq!(
        (
            &report["work"][0]["runs"][0]["dates"],
            &report["work"][0]["runs"][1]["dates"]
        ),
        (&json!(6), &json!(1))
    );
}

#[test]
fn after_a_kill_the_report_shows_interrupted_and_how_to_resume() {
    let state = State::loaded();
    drop(Held::start(&state));
    let report = || state.backcourt(&["report"]).expect(0).out;
    let page = report();
    assert_eq!(report(), page);
    assert!(page.contains("(interrupted)"), "{page}");
    let command = format!(
        "`backcourt run --from 2023-12-11 --to 2023-12-17 --state-dir {}` resumes the last run.",
        state.path().display()
    );
    assert!(page.contains(&command), "{page}");
    assert!(
        page.contains("runs what is still open: 12,304 dates in 8 stages."),
        "{page}"
    );
}
