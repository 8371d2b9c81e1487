//! The ledger keeps its entries across reopening and across a crash between intent and result.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use backcourt::ledger::{
    ANSWERS_SHOWN, CheckRecord, CheckState, Digests, Gap, Invalidated, Ledger, Purpose, QuarantinedRow,
    RunRecord, RunState, Settled, Settlement, UnitRecord, UnitState,
};
use backcourt::partition::Partition;
use backcourt::plan::load;
use backcourt::table::FaultKind;
use backcourt::warehouse::{Charge, Cost};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use tempfile::TempDir;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_500_000, 0).unwrap()
}

fn day(number: u32) -> Partition {
    Partition::parse("2021-10-19")
        .unwrap()
        .moved(number.into())
        .unwrap()
}

fn unit(date: Partition, state: UnitState) -> UnitRecord {
    UnitRecord {
        date,
        state,
        expected: 4,
        rows: 4,
        attempts: 1,
        class: None,
        reason: None,
        source: "reconstruct".to_owned(),
        seconds: 0.25,
    }
}

fn open(folder: &TempDir) -> Ledger {
    Ledger::open(&folder.path().join("ledger.sqlite")).unwrap()
}

/// A clock set back between two runs must not make the older one the newest.
#[test]
fn the_newest_run_is_determined_by_insertion_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    for (id, at) in [("before", now()), ("after", now() - chrono::Days::new(400))] {
        let run = RunRecord {
            id: id.to_owned(),
            plan: "nba".to_owned(),
            warehouse: "sqlite:w".to_owned(),
            pid: 7,
            state: RunState::Running,
            source: "reconstruct".to_owned(),
            workers: 2,
            dates: vec![day(0)],
            started_at: at,
            ended_at: None,
            ending: None,
            version: Some("0.1.0".to_owned()),
        };
        ledger.begin_run(target, &run).unwrap();
        let a_unit = (id == "before").then_some(0.5);
        ledger
            .set_stage_seconds(target, "team_offense", id, 1.0, a_unit)
            .unwrap();
    }
    assert_eq!(ledger.last_run("nba").unwrap().unwrap().id, "after");
    let runs = ledger.runs(target).unwrap();
    let runs: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    assert_eq!(runs, ["before", "after"]);
    let work = ledger.work(target, "team_offense").unwrap();
    let work: Vec<&str> = work.runs.iter().map(|run| run.run.as_str()).collect();
    assert_eq!(work, ["before", "after"]);
    let a_unit = ledger.seconds_per_unit(target).unwrap();
    assert_eq!(
        a_unit,
        [("team_offense".to_owned(), 0.5)].into(),
        "the last that measured it"
    );
}

#[test]
fn an_intent_stays_open_until_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    let batches = [vec![day(0), day(1)], vec![day(2)]];
    let intents = ledger
        .intend(target, "team_offense", "r1", &batches, now())
        .unwrap();
    drop(ledger);

    let mut ledger = open(&folder);
    assert_eq!(ledger.open_intents(target, "team_offense").unwrap(), intents);
    assert!(ledger.units(target, "team_offense").unwrap().is_empty());
    let settled = Settled {
        unit: unit(day(2), UnitState::Partial),
        quarantined: vec![QuarantinedRow {
            row: "BOS".to_owned(),
            kind: FaultKind::NotNull,
            reason: "column points: NULL is not allowed".to_owned(),
        }],
        digests: Some(Digests {
            input: u64::MAX,
            output: 7,
        }),
        sources: std::collections::BTreeMap::new(),
        gaps: Some(vec![Gap {
            what: "points_line".to_owned(),
            rows: 3,
        }]),
    };
    let settlement = Settlement {
        intents: &[intents[1].id],
        settled: std::slice::from_ref(&settled),
        ..Settlement::default()
    };
    ledger
        .settle(target, "team_offense", "r1", settlement, now())
        .unwrap();
    drop(ledger);

    let ledger = open(&folder);
    assert_eq!(
        Some(ledger.digests(target).unwrap()["team_offense"][&day(2)]),
        settled.digests
    );
    assert_eq!(
        ledger.gaps(target, "team_offense").unwrap().remove(&day(2)),
        settled.gaps
    );
    assert_eq!(ledger.open_intents(target, "team_offense").unwrap(), intents[..1]);
    assert_eq!(ledger.units(target, "team_offense").unwrap(), [settled.unit]);
}

#[test]
fn invalidation_makes_only_done_dates_stale_in_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    let units = [
        UnitState::Ok,
        UnitState::Pending,
        UnitState::Failed,
        UnitState::Partial,
    ];
    let units: Vec<_> = (0..)
        .map(day)
        .zip(units)
        .map(|(date, state)| unit(date, state))
        .collect();
    ledger.record_units(target, "form", "r", &units, now()).unwrap();
    let invalidated = Invalidated {
        stage: "form".to_owned(),
        dates: (0..4).map(day).collect(),
        reason: "2021-10-19 of d.games changed".to_owned(),
    };
    let settlement = Settlement {
        invalidated: &[invalidated],
        ..Settlement::default()
    };
    ledger.settle(target, "games", "r", settlement, now()).unwrap();
    drop(ledger);
    let states: Vec<_> = open(&folder)
        .units(target, "form")
        .unwrap()
        .into_iter()
        .map(|unit| (unit.state, unit.reason))
        .collect();
    let stale = || (UnitState::Stale, Some("2021-10-19 of d.games changed".to_owned()));
    let (pending, failed) = (states[1].clone(), states[2].clone());
    assert_eq!((pending.0, failed.0), (UnitState::Pending, UnitState::Failed));
    assert_eq!(states, [stale(), pending, failed, stale()]);
}

#[test]
fn targets_are_separate() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let real = ledger.target("nba", "bigquery:p").unwrap();
    let rehearsal = ledger.target("nba", "sqlite:w").unwrap();
    ledger
        .record_units(rehearsal, "s", "r", &[unit(day(0), UnitState::Ok)], now())
        .unwrap();
    assert!(ledger.units(real, "s").unwrap().is_empty());
    assert_eq!(ledger.known_target("nba", "sqlite:w").unwrap(), Some(rehearsal));
    assert_eq!(ledger.known_target("nba", "sqlite:x").unwrap(), None);
}

#[test]
fn the_newest_result_of_a_check_counts_and_can_be_outdated() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    let plan = load("shop").unwrap();
    let mut record = CheckRecord {
        name: "rows_per_date".to_owned(),
        state: CheckState::Fail,
        value: Some("1 row".to_owned()),
        failing_dates: vec![day(3), day(4)],
        note: None,
        seconds: 0.1,
        at: now(),
        fingerprint: None,
    };
    ledger.record_check(target, "r", &record).unwrap();
    record.state = CheckState::Pass;
    record.failing_dates.clear();
    ledger.record_check(target, "r", &record).unwrap();
    assert_eq!(
        ledger.newest_checks(target, &plan).unwrap()["rows_per_date"],
        record
    );
    ledger
        .outdate_checks(target, &["rows_per_date", "never_asked"])
        .unwrap();
    let newest = ledger.newest_checks(target, &plan).unwrap();
    assert_eq!(newest["rows_per_date"].state, CheckState::Outdated);
    assert!(!newest.contains_key("never_asked"));
}

#[test]
fn earlier_results_are_listed_by_run_up_to_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    let answer = |name: &str, number: u32| CheckRecord {
        name: name.to_owned(),
        state: if number == 0 {
            CheckState::Fail
        } else {
            CheckState::Pass
        },
        value: Some(number.to_string()),
        failing_dates: (number..2).map(day).collect(),
        note: None,
        seconds: 0.1,
        at: now(),
        fingerprint: None,
    };
    let mut record = |name: &str, number| {
        let run = format!("r{number}");
        ledger.record_check(target, &run, &answer(name, number)).unwrap();
    };
    (0..3).for_each(|number| record("rows_per_date", number));
    (0..u32::from(ANSWERS_SHOWN) + 5).for_each(|number| record("often", number));
    let past = ledger.past_answers(target).unwrap();
    let kept: Vec<_> = past["rows_per_date"]
        .iter()
        .map(|answer| {
            (
                answer.run.as_str(),
                answer.state,
                answer.value.as_deref(),
                answer.failing_dates,
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("r0", CheckState::Fail, Some("0"), 2),
            ("r1", CheckState::Pass, Some("1"), 1),
            ("r2", CheckState::Pass, Some("2"), 0),
        ]
    );
    let often: Vec<_> = past["often"].iter().map(|answer| answer.run.as_str()).collect();
    assert_eq!(often.len(), usize::from(ANSWERS_SHOWN));
    assert_eq!((often[0], often[19]), ("r5", "r24"));
    let other = ledger.target("nba", "sqlite:x").unwrap();
    assert!(ledger.past_answers(other).unwrap().is_empty());
}

#[test]
fn a_job_is_billed_once_under_its_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    let target = ledger.target("nba", "bigquery:p").unwrap();
    let charge = |job: &str, cost| Charge {
        job: job.to_owned(),
        cost,
    };
    let (dates, check) = (
        Purpose::dates("team_offense"),
        Purpose::check("team_offense", "teams"),
    );
    let billed = [
        (dates.clone(), charge("commit", Cost::of_job(100, 7))),
        (check.clone(), charge("asked", Cost::of_job(20, 1))),
        (Purpose::default(), charge("loaded", Cost::of_job(3, 2))),
    ];
    let fresh = ledger.record_jobs(target, "r1", &billed, now()).unwrap();
    assert_eq!(
        fresh.total(),
        Some(Cost {
            bytes_billed: 123,
            slot_ms: 10,
            jobs: 3,
            uncounted: 0
        })
    );
    drop(ledger);

    // The next run looks up the commit and runs the check again; one job gets no cost.
    let mut ledger = open(&folder);
    let billed = [
        (dates.clone(), charge("commit", Cost::of_job(100, 7))),
        (check, charge("asked again", Cost::of_job(20, 1))),
        (dates, charge("silent", Cost::unreported())),
    ];
    let fresh = ledger.record_jobs(target, "r2", &billed, now()).unwrap();
    assert_eq!(
        fresh.total(),
        Some(Cost {
            bytes_billed: 20,
            slot_ms: 1,
            jobs: 2,
            uncounted: 1
        })
    );
    let costs = ledger.costs(target).unwrap();
    let stage = Cost {
        bytes_billed: 140,
        slot_ms: 9,
        jobs: 4,
        uncounted: 1,
    };
    assert_eq!(costs.of_stage("team_offense"), Some(stage));
    assert_eq!(
        costs.of_check("teams"),
        Some(Cost {
            bytes_billed: 40,
            slot_ms: 2,
            jobs: 2,
            uncounted: 0
        })
    );
    assert_eq!(costs.other(), Some(Cost::of_job(3, 2)));
    assert_eq!(
        costs.total(),
        Some(Cost {
            bytes_billed: 143,
            slot_ms: 11,
            jobs: 5,
            uncounted: 1
        })
    );
    assert_eq!(costs.of_stage("team_defense"), None);
    let elsewhere = ledger.target("nba", "sqlite:w").unwrap();
    assert_eq!(ledger.costs(elsewhere).unwrap().total(), None);
}

#[test]
fn the_last_run_is_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder);
    assert_eq!(ledger.last_run("nba").unwrap(), None);
    let target = ledger.target("nba", "sqlite:w").unwrap();
    let mut run = RunRecord {
        id: "r1".to_owned(),
        plan: "nba".to_owned(),
        warehouse: "sqlite:w".to_owned(),
        pid: 7,
        state: RunState::Running,
        source: "auto".to_owned(),
        workers: 15,
        dates: vec![day(0), day(1), day(2), day(9)],
        started_at: now(),
        ended_at: None,
        ending: None,
        version: None,
    };
    ledger.begin_run(target, &run).unwrap();
    run.id = "r2".to_owned();
    ledger.begin_run(target, &run).unwrap();
    ledger
        .set_run_state("r2", RunState::Finished, Some((now(), "all done")))
        .unwrap();
    run.state = RunState::Finished;
    run.ended_at = Some(now());
    run.ending = Some("all done".to_owned());
    assert_eq!(ledger.last_run("nba").unwrap(), Some(run));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is recorded in whatever order, the last entry for each date is read back.
    #[test]
    fn the_last_record_of_a_date_counts(words in prop::collection::vec((0_u32..20, 0_usize..9), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = open(&folder);
        let target = ledger.target("nba", "sqlite:w").unwrap();
        let mut last = std::collections::BTreeMap::new();
        for (number, state) in words {
            let record = unit(day(number), UnitState::ALL[state]);
            ledger.record_units(target, "s", "r", std::slice::from_ref(&record), now()).unwrap();
            last.insert(record.date, record);
        }
        prop_assert_eq!(ledger.units(target, "s").unwrap(), last.into_values().collect::<Vec<_>>());
    }
}
