//! Synthetic runs for tests and the bench: snapshots of every kind, deterministic.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, Utc};
use tracing::Level;

use super::backcourt::checks::{NamedDate, judge};
use super::backcourt::console::{LeaseHolder, Msg, Observation};
use super::backcourt::engine::{
    BilledView, Breakdown, BreakdownState, BreakdownView, Change, ChangedColumn, CheckView, ColumnNulls,
    Cost, Difference, Dimension, EVENT_SCHEMA, ElsewhereView, Estimate, Event, Expected, Fact, GapView,
    INPUTS_CHANGED, Limit, Part, Phase, Preparing, Progress, Question, RunView, SampleState, SampleView,
    Snapshot, StageEstimate, StageNulls, StageState, StageView, StoredRows, Tally, TaskView, UnitSample,
    UnitView, WorkerView, sample_message, summary,
};
use super::backcourt::feeds::{Feed, unavailable};
use super::backcourt::ledger::{
    CheckRecord, CheckState, PastAnswer, RunState, StageTally, Tick, UnitState, Waiver, shortfall,
};
use super::backcourt::partition::{Grain, Partition};
use super::backcourt::plan::{
    BUILTIN, Bound, CheckSpec, Condition, DoneWhen, Expectation, Fingerprint, Severity, TextTest, load,
};
use super::backcourt::runbook::{Item, RunbookFacts, derive};
use super::backcourt::table::Value;
use super::backcourt::telemetry::{LogLine, ProcessMetrics};
use super::backcourt::warehouse::Answer;

pub const STAGE: &str = "team_offense";
const WORKERS: usize = 15;

pub fn day(text: &str) -> Partition {
    text.parse().expect("a date")
}

fn later(date: Partition, days: impl TryInto<i64>) -> Partition {
    let moved = days.try_into().ok().and_then(|days| date.moved(days));
    moved.expect("a date")
}

/// The time this many seconds after the start of the run.
pub fn second(seconds: f64) -> DateTime<Utc> {
    let began: DateTime<Utc> = "2026-01-04T09:30:00Z".parse().expect("a moment");
    #[allow(clippy::cast_possible_truncation, reason = "a few seconds")]
    let millis = (seconds * 1000.0) as i64;
    began + Duration::milliseconds(millis)
}

/// Why a date is skipped; `None` if it isn't.
fn off_day(date: Partition) -> Option<&'static str> {
    match (date.first_day().month(), date.first_day().day()) {
        (6, 20..) | (7..=9, _) | (10, 1..18) => Some("off-season: no game for a month or more"),
        (2, 14..20) | (12, 24) | (11, 23) => Some("off-day: no final in the schedule"),
        (5, day) if day % 2 == 0 => Some("off-day: no final in the schedule"),
        (6, day) if day % 3 != 0 => Some("off-day: no final in the schedule"),
        _ => None,
    }
}

/// The 1,538 dates; `state` gives the state of each game date by index.
fn units(state: impl Fn(usize) -> UnitState) -> Vec<UnitView> {
    let mut games = 0;
    let dates = day("2021-10-19").up_to(day("2026-01-03"));
    let unit = |date| {
        if off_day(date).is_some() {
            return unit(date, UnitState::Skipped);
        }
        let state = state(games);
        games += 1;
        unit(date, state)
    };
    dates.map(unit).collect()
}

fn unit(date: Partition, state: UnitState) -> UnitView {
    let expected = if state == UnitState::Skipped {
        0
    } else {
        2 * (1 + date.first_day().day() % 14)
    };
    let (rows, attempts) = match state {
        UnitState::Ok | UnitState::Stale | UnitState::Outdated => (expected, 1),
        UnitState::Partial => (expected / 2, 1),
        UnitState::Failed => (0, 4),
        UnitState::Empty | UnitState::Unknown => (0, 1),
        UnitState::Pending | UnitState::Running | UnitState::Skipped => (0, 0),
    };
    let reason = match state {
        UnitState::Failed => Some(unavailable(Feed::Gamebook, date.first_day()).message),
        UnitState::Partial | UnitState::Empty => Some(shortfall(expected, rows)),
        UnitState::Stale => Some(INPUTS_CHANGED.to_owned()),
        UnitState::Skipped => off_day(date).map(str::to_owned),
        _ => None,
    };
    UnitView {
        date,
        state,
        rows,
        expected,
        attempts,
        reason: reason.map(Arc::from),
    }
}

fn specs() -> [CheckSpec; 9] {
    let spec = |name: &str, title: &str, severity, expectation, before: Option<&str>| CheckSpec {
        name: name.to_owned(),
        stage: STAGE.to_owned(),
        title: title.to_owned(),
        severity,
        sql: String::new(),
        expect: vec![expectation],
        before: before.map(str::to_owned),
        dates: Vec::new(),
        fingerprint: Fingerprint::default(),
    };
    let number = |column: &str, bound| Expectation::Cell {
        column: column.to_owned(),
        row: None,
        bound,
    };
    let ids = Expectation::Every {
        column: "game_id".to_owned(),
        test: TextTest::Matches("^[0-9]{8}_".to_owned()),
    };
    let advisory =
        |name, title, expectation, before| spec(name, title, Severity::Advisory, expectation, before);
    let blocking =
        |name, title, expectation, before| spec(name, title, Severity::Blocking, expectation, before);
    let no_rows = |name, title, before| blocking(name, title, Expectation::Rows(0), before);
    let (teams, dates) = (
        number("avg_teams", Bound::AtLeast(28.0)),
        number("pct", Bound::AtLeast(95.0)),
    );
    let last = number("teams", Bound::Equals(16.0));
    [
        advisory("team_count", "Teams a date on average", teams, Some("12.7")),
        no_rows("score_match", "Points equal the box score", Some("31 rows")),
        blocking("formats", "Ids and dates well formed", ids, None),
        advisory("full_dates", "Dates with 20 teams or more", dates, Some("20.1")),
        blocking("date_2026_01_03", "2026-01-03 is whole", last, Some("2")),
        no_rows("rows_per_date", "Rows per date = 2 x finals", None),
        no_rows("home_away", "Home and away as scheduled", None),
        no_rows("points", "2 x FG2 + 3 x FG3 + FT = points", None),
        no_rows("overtime", "Overtime equal for both teams", None),
    ]
}

/// The result of a check's query with which it gets this state.
fn found(expectation: &Expectation, state: CheckState) -> Answer {
    let row = |column: &str, value: Value| (column.to_owned(), vec![vec![value]]);
    let (column, rows) = match expectation {
        Expectation::Rows(_) if state == CheckState::Fail => {
            let dates = ["2023-12-16", "2024-11-02", "2026-01-03"];
            (
                "game_date".to_owned(),
                dates.map(|date| vec![Value::from(date)]).to_vec(),
            )
        }
        Expectation::Cell { column, .. } if state == CheckState::Warn => row(column, Value::from(12.7)),
        Expectation::Cell {
            column,
            bound: Bound::AtLeast(limit) | Bound::Equals(limit),
            ..
        } => row(column, Value::from(*limit)),
        Expectation::Every { column, .. } => row(column, Value::from("20231216_ORL_BOS")),
        _ => ("game_date".to_owned(), Vec::new()),
    };
    Answer {
        columns: vec![column],
        rows,
    }
}

fn checks(state: impl Fn(usize) -> CheckState) -> Vec<CheckView> {
    let check = |(at, spec): (usize, CheckSpec)| {
        let state = state(at);
        let asked = !matches!(state, CheckState::Pending | CheckState::Running);
        let found = found(&spec.expect[0], state);
        let measured = judge(&spec, &found, Grain::Day, &|_| NamedDate::Counts).expect("a result");
        let value = match state {
            CheckState::Error => Some("no such column: win_flag".to_owned()),
            _ => asked.then_some(measured.value),
        };
        CheckView {
            target: spec.target(),
            name: spec.name,
            stage: spec.stage,
            title: spec.title,
            severity: spec.severity,
            state,
            value: value.clone(),
            before: spec.before,
            failing_dates: Arc::new(measured.failing_dates),
            coverage: None,
            note: None,
            run_at: asked.then(|| second(9.0)),
            seconds: asked.then_some(0.012),
            cost: None,
            waiver: None,
            remark: None,
            history: Arc::new(answers(at, asked.then_some((state, value.as_deref())))),
        }
    };
    specs().into_iter().enumerate().map(check).collect()
}

/// The recorded results of a check: every second one also ran two days ago.
fn answers(at: usize, now: Option<(CheckState, Option<&str>)>) -> Vec<PastAnswer> {
    let answer = |run: &str, seconds, state, value: Option<&str>, failing_dates| PastAnswer {
        at: second(seconds),
        run: run.to_owned(),
        state,
        value: value.map(str::to_owned),
        failing_dates,
    };
    let before = answer(
        "r-20260102-220000",
        -127_800.0,
        CheckState::Fail,
        Some("31 rows on 12 dates"),
        12,
    );
    let now = now.map(|(state, value)| {
        let failing_dates = if state == CheckState::Fail { 3 } else { 0 };
        answer("r-20260104-093000", 9.0, state, value, failing_dates)
    });
    (at % 2 == 1).then_some(before).into_iter().chain(now).collect()
}

/// Raw-data checks: feed, name, title, state, failing dates.
#[rustfmt::skip]
const SOURCES: [(&str, &str, &str, CheckState, &[&str]); 5] = [
    ("schedule", "schedule_repeated", "No team in two finals of a date", CheckState::Pass, &[]),
    ("bdl", "bdl_repeated", "No player twice on a date", CheckState::Warn, &["2023-12-16", "2024-11-02", "2025-12-31"]),
    ("bdl", "bdl_foreign_ids", "Ids name a final of their date", CheckState::Running, &[]),
    ("team_box", "team_box_missing", "Every team of every final", CheckState::Error, &[]),
    ("every feed", "shared_ids", "No id on two dates", CheckState::Pending, &[]),
];

/// Mid-run without failures, with raw-data checks run.
pub fn bad_sources(version: u64) -> Snapshot {
    let mut snapshot = snapshot(version, 8.4, |game| match game {
        0..600 => UnitState::Ok,
        600..640 => UnitState::Running,
        _ => UnitState::Pending,
    });
    let source = |&(feed, name, title, state, dates): &(&str, &str, &str, CheckState, &[&str])| {
        let value = match state {
            CheckState::Pass => Some("0 rows"),
            CheckState::Warn => Some("41 rows on 3 dates"),
            CheckState::Error => Some("no such table: nba_raw.nbac_team_boxscore"),
            _ => None,
        };
        CheckView {
            name: name.to_owned(),
            stage: feed.to_owned(),
            title: title.to_owned(),
            severity: Severity::Advisory,
            state,
            value: value.map(str::to_owned),
            target: Expectation::Rows(0).to_string(),
            before: None,
            failing_dates: Arc::new(dates.iter().map(|date| day(date)).collect()),
            coverage: None,
            note: None,
            run_at: value.map(|_| second(1.5)),
            seconds: value.map(|_| 0.31),
            cost: None,
            waiver: None,
            remark: None,
            history: Arc::default(),
        }
    };
    snapshot.sources = SOURCES.iter().map(source).collect();
    snapshot
}

fn worker(slot: usize, seconds: f64) -> WorkerView {
    let phases = [
        Phase::Read,
        Phase::Compute,
        Phase::Compute,
        Phase::Write,
        Phase::Backoff,
    ];
    let first = later(day("2023-12-20"), 9 * slot);
    let dates = 1 + slot % 12;
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let share = slot as f64 / 20.0;
    let task = TaskView {
        stage: STAGE.to_owned(),
        first,
        last: later(first, dates - 1),
        dates,
        phase: phases[slot % phases.len()],
        since: second(seconds - share),
    };
    WorkerView {
        slot,
        task: (slot != 7).then_some(task),
        units_done: 30 + slot as u64 * 3,
        busy: 0.99 - share,
    }
}

/// A run in the middle of its only stage. `state` gives the state of each game date by index.
fn snapshot(version: u64, seconds: f64, state: impl Fn(usize) -> UnitState) -> Snapshot {
    let units = units(state);
    let counts = units
        .iter()
        .map(|unit| unit.state)
        .collect::<super::backcourt::ledger::Counts>();
    let total = counts.total - counts.skipped;
    let done = total - counts.pending - counts.running - counts.unknown;
    let limit = Limit::Commits {
        waiting: 6,
        busy: WORKERS,
    };
    Snapshot {
        version,
        at: second(seconds),
        run: RunView {
            id: "r-20260104-093000".to_owned(),
            plan: "nba".to_owned(),
            title: "NBA team offense, four seasons".to_owned(),
            environment: None,
            warehouse: "sqlite:/home/op/.local/state/backcourt/warehouse".to_owned(),
            source: Some("reconstruct".to_owned()),
            first_month: 10,
            pid: 4242,
            control: None,
            state: RunState::Running,
            pausing: false,
            preparing: None,
            active_seconds: seconds,
            progress: Progress {
                total,
                done,
                per_minute: Some(4_310.0),
                eta: Some((3.2, 4.9)),
                unmeasured: 0,
            },
            bottleneck: limit.to_string(),
            workers: WORKERS,
            enough_workers: limit.enough_workers(),
            billed: None,
            elsewhere: ElsewhereView::default(),
            question: None,
            ending: None,
            missing: Vec::new(),
        },
        stages: vec![StageView {
            name: STAGE.to_owned(),
            table: Some("nba_analytics.team_offense_game_summary".to_owned()),
            state: StageState::Running,
            counts,
            rows: units.iter().map(|unit| u64::from(unit.rows)).sum(),
            seconds,
            eta: Some((3.2, 4.9)),
            cost: None,
            gaps: vec![
                gap("shot_zones_available", 599, 4_210),
                gap("team_name", 598, 4_198),
                gap("forced_reconstruction", 3, 41),
            ],
            units: Arc::new(units),
        }],
        workers: (1..=WORKERS).map(|slot| worker(slot, seconds)).collect(),
        checks: checks(|_| CheckState::Pending),
        runbook: Arc::new(runbook()),
        sources: Vec::new(),
        breakdowns: Vec::new(),
        estimate: None,
        sample: None,
    }
}

fn set_limit(snapshot: &mut Snapshot, limit: &Limit) {
    snapshot.run.bottleneck = limit.to_string();
    snapshot.run.enough_workers = limit.enough_workers();
}

/// Ends the run with the sentence that the engine would end it with.
fn end(snapshot: &mut Snapshot) {
    let counts = &snapshot.stages[0].counts;
    let ended = usize::try_from(counts.total - counts.skipped).expect("small");
    snapshot.run.ending = Some(summary(ended, counts, &snapshot.checks));
}

/// Items of the built-in plan's runbook, in every state.
fn runbook() -> Vec<Item> {
    const ITEMS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "13", "14a", "20", "23", "24"];
    let mut plan = load(BUILTIN).expect("the built-in plan");
    plan.runbook.retain(|spec| ITEMS.contains(&spec.item.as_str()));
    for spec in &mut plan.runbook {
        // A check of these snapshots.
        if spec.item.as_str() == "7" {
            spec.done_when = DoneWhen::Facts(vec![Condition::CheckPassed("formats".to_owned())]);
        }
    }
    plan.checks.extend(specs());
    let at = second(8.0);
    let date = |text: &str, state| (day(text), (state, at));
    let record = |name: &str, state, value: &str| CheckRecord {
        name: name.to_owned(),
        state,
        value: Some(value.to_owned()),
        failing_dates: Vec::new(),
        note: None,
        seconds: 0.02,
        at,
        fingerprint: None,
    };
    let records = [
        record("critical_1_teams_per_date", CheckState::Warn, "12.7"),
        record("formats", CheckState::Fail, "2 of 11544 not, first: NULL"),
    ];
    let facts = RunbookFacts {
        tallies: [(STAGE.to_owned(), tally(at))].into(),
        dates: [(
            STAGE.to_owned(),
            [
                date("2021-10-19", UnitState::Ok),
                date("2023-12-16", UnitState::Stale),
            ]
            .into(),
        )]
        .into(),
        checks: records.map(|record| (record.name.clone(), record)).into(),
        ticks: [("1".to_owned(), tick(at))].into(),
        ..RunbookFacts::default()
    };
    derive(&plan, &facts)
}

fn tally(at: DateTime<Utc>) -> StageTally {
    StageTally {
        states: [(UnitState::Ok.word(), 1_207)].into(),
        rows: 15_150,
        attention: Vec::new(),
        first_at: Some(at),
        last_at: Some(at),
    }
}

fn tick(at: DateTime<Utc>) -> Tick {
    Tick {
        item: "1".to_owned(),
        done: true,
        note: "copied to the backup folder".to_owned(),
        by: "kim".to_owned(),
        at,
    }
}

fn gap(what: &str, dates: u64, rows: u64) -> GapView {
    GapView {
        what: Arc::from(what),
        dates,
        rows,
    }
}

/// Mid-run, with a date in every state.
pub fn running(version: u64) -> Snapshot {
    let mut snapshot = snapshot(version, 8.4, |game| match game {
        120 | 331 | 332 => UnitState::Failed,
        210 => UnitState::Partial,
        260 => UnitState::Empty,
        400 => UnitState::Stale,
        598 => UnitState::Unknown,
        0..600 => UnitState::Ok,
        600..640 => UnitState::Running,
        _ => UnitState::Pending,
    });
    snapshot.checks[1].state = CheckState::Running;
    snapshot
}

/// As [`running`], with a stage of longer partitions: each has the state of the first day in it.
pub fn running_by(version: u64, grain: Grain) -> Snapshot {
    let mut snapshot = running(version);
    for stage in &mut snapshot.stages {
        let units = Arc::make_mut(&mut stage.units);
        for unit in units.iter_mut() {
            unit.date = Partition::containing(unit.date.first_day(), grain);
        }
        units.dedup_by_key(|unit| unit.date);
        stage.counts = units.iter().map(|unit| unit.state).collect();
    }
    snapshot
}

/// Paused halfway, no work in flight.
pub fn paused(version: u64) -> Snapshot {
    let mut snapshot = snapshot(version, 8.4, |game| {
        if game < 600 {
            UnitState::Ok
        } else {
            UnitState::Pending
        }
    });
    snapshot.run.state = RunState::Paused;
    set_limit(&mut snapshot, &Limit::Operator);
    snapshot.run.progress.eta = None;
    for worker in &mut snapshot.workers {
        worker.task = None;
    }
    snapshot
}

/// Finished; every date and every blocking check is fine.
pub fn finished(version: u64) -> Snapshot {
    let mut snapshot = snapshot(version, 12.3, |_| UnitState::Ok);
    snapshot.run.state = RunState::Finished;
    set_limit(&mut snapshot, &Limit::Ended);
    snapshot.run.progress.eta = None;
    snapshot.stages[0].state = StageState::Passed;
    snapshot.checks = checks(|at| match at {
        0 | 3 => CheckState::Warn,
        _ => CheckState::Pass,
    });
    end(&mut snapshot);
    for worker in &mut snapshot.workers {
        worker.task = None;
    }
    snapshot
}

/// Finished with one failing blocking check.
pub fn one_fail(version: u64) -> Snapshot {
    let mut snapshot = finished(version);
    snapshot.stages[0].state = StageState::Failed;
    snapshot.checks = checks(|at| match at {
        0 | 3 => CheckState::Warn,
        5 => CheckState::Fail,
        7 => CheckState::Error,
        8 => CheckState::Outdated,
        _ => CheckState::Pass,
    });
    end(&mut snapshot);
    snapshot
}

/// Like [`one_fail`], in a plan of three stages that share the checks.
pub fn three_stages(version: u64) -> Snapshot {
    let mut snapshot = one_fail(version);
    for (at, name) in ["team_defense", "player_game"].into_iter().enumerate() {
        let mut stage = snapshot.stages[0].clone();
        name.clone_into(&mut stage.name);
        stage.table = Some(format!("nba_analytics.{name}_summary"));
        snapshot.stages.push(stage);
        for check in &mut snapshot.checks[3 + 3 * at..6 + 3 * at] {
            name.clone_into(&mut check.stage);
        }
    }
    let failed = &mut snapshot.checks[5];
    failed.waiver = Some(Waiver {
        check: failed.name.clone(),
        reason: "the feed lost these games for good".to_owned(),
        by: "ruth".to_owned(),
        at: second(-90_000.0),
        value: "31 rows on 12 dates".to_owned(),
        target: failed.target.clone(),
        fingerprint: None,
    });
    snapshot.breakdowns = vec![BreakdownView {
        check: "rows_per_date".to_owned(),
        title: "Usage rate known".to_owned(),
        state: BreakdownState::Current,
        found: Some(Arc::new(breakdown(&snapshot.stages[0].units))),
        run_at: Some(second(9.5)),
        problem: None,
    }];
    snapshot
}

/// Mid-run in a plan of eight stages, with a gate of every kind: passed, waived, failed, and stages that run or wait. The
/// stages that wait for others don't know yet which dates they skip.
pub fn eight_stages(version: u64) -> Snapshot {
    const STAGES: [(&str, StageState); 8] = [
        (STAGE, StageState::Passed),
        ("team_defense", StageState::Passed),
        ("player_game", StageState::Running),
        ("player_shot_zone", StageState::Waiting),
        ("team_defense_zone", StageState::Failed),
        ("player_composite", StageState::Waiting),
        ("player_daily_cache", StageState::Waiting),
        ("upcoming_team_game", StageState::Checking),
    ];
    let mut snapshot = running(version);
    let (running, all_ok) = (snapshot.stages[0].clone(), units(|_| UnitState::Ok));
    let mut waiting = all_ok.clone();
    for unit in &mut waiting {
        (unit.state, unit.rows, unit.expected, unit.attempts) = (UnitState::Pending, 0, 0, 0);
        unit.reason = None;
    }
    let (all_ok, waiting) = (Arc::new(all_ok), Arc::new(waiting));
    let stage = |(name, state): (&str, StageState)| {
        let units = match state {
            StageState::Running => Arc::clone(&running.units),
            StageState::Waiting => Arc::clone(&waiting),
            StageState::Checking | StageState::Passed | StageState::Failed => Arc::clone(&all_ok),
        };
        let has_begun = state != StageState::Waiting;
        StageView {
            name: name.to_owned(),
            table: Some(format!("nba_analytics.{name}")),
            state,
            counts: units.iter().map(|unit| unit.state).collect(),
            rows: units.iter().map(|unit| u64::from(unit.rows)).sum(),
            seconds: if has_begun { 41.0 } else { 0.0 },
            eta: (state == StageState::Running).then_some((9.0, 15.0)),
            cost: None,
            gaps: if has_begun {
                running.gaps.clone()
            } else {
                Vec::new()
            },
            units,
        }
    };
    snapshot.stages = STAGES.map(stage).to_vec();
    let begun = snapshot
        .stages
        .iter()
        .filter(|stage| stage.state != StageState::Waiting);
    let to_do = |stage: &StageView| stage.counts.total - stage.counts.skipped;
    let open = |stage: &StageView| stage.counts.pending + stage.counts.running + stage.counts.unknown;
    let largest = begun.clone().map(to_do).max().unwrap_or(0);
    snapshot.run.progress = Progress {
        total: begun.clone().map(to_do).sum::<u64>() + 3 * largest,
        done: begun.map(|stage| to_do(stage) - open(stage)).sum(),
        per_minute: Some(1_740.0),
        eta: Some((9.0, 15.0)),
        unmeasured: 3,
    };
    snapshot.run.active_seconds = 151.0;
    snapshot.checks = STAGES
        .into_iter()
        .flat_map(|(name, state)| {
            let mut of_stage = checks(|at| match (state, at) {
                (StageState::Waiting | StageState::Running, _) => CheckState::Pending,
                (StageState::Checking, 5..) => CheckState::Running,
                (StageState::Failed, 5) => CheckState::Fail,
                (_, 0) => CheckState::Warn,
                (_, 1) if name == "team_defense" => CheckState::Waived,
                _ => CheckState::Pass,
            });
            for check in &mut of_stage {
                check.name = format!("{name}_{}", check.name);
                name.clone_into(&mut check.stage);
            }
            of_stage
        })
        .collect();
    snapshot
}

/// Three stages on a warehouse that bills: the last hasn't started, and the cost of one job is unknown.
pub fn billed(version: u64) -> Snapshot {
    const GIB: u64 = 1 << 30;
    let mut snapshot = three_stages(version);
    "bigquery:nba-props-platform".clone_into(&mut snapshot.run.warehouse);
    let jobs = |jobs: u64, bytes_billed: u64, slot_ms: u64| Cost {
        bytes_billed,
        slot_ms,
        jobs,
        uncounted: 0,
    };
    snapshot.stages[0].cost = Some(jobs(1_204, 37 * GIB + GIB / 5, 5_832_000));
    snapshot.stages[1].cost = Some(jobs(96, GIB / 2, 48_300));
    for check in &mut snapshot.checks[..3] {
        check.cost = Some(jobs(1, 87 << 20, 900));
    }
    let total = Cost {
        uncounted: 1,
        ..jobs(1_309, 38 * GIB, 5_881_000)
    };
    let other = jobs(9, 90 << 20, 700);
    snapshot.run.billed = Some(BilledView { total, other });
    snapshot
}

/// Like [`billed`], before its first unit: awaiting approval of the dry-run estimate. The third stage reads the tables
/// of the others.
pub fn estimated(version: u64) -> Snapshot {
    const GIB: u64 = 1 << 30;
    let mut snapshot = billed(version);
    snapshot.run.state = RunState::Paused;
    snapshot.run.ending = None;
    snapshot.run.question = Some(Arc::new(Question::cost()));
    set_limit(&mut snapshot, &Limit::Cost);
    let known = |bytes: u64, jobs: u64| Expected {
        bytes,
        jobs,
        ..Expected::default()
    };
    let why = "this run fills its inputs".to_owned();
    let unknown = |jobs: u64| Expected {
        jobs,
        unknown: jobs,
        why: Some(why.clone()),
        ..Expected::default()
    };
    let partly = Expected {
        unknown: 96,
        jobs: 288,
        why: Some(why.clone()),
        ..known(3 * GIB, 288)
    };
    let stage = |stage: &str, reads: Expected, checks: Expected| StageEstimate {
        stage: stage.to_owned(),
        dates: 916,
        reads,
        checks,
    };
    snapshot.estimate = Some(Arc::new(Estimate {
        stages: vec![
            stage(STAGE, known(12 * GIB, 384), known(120 << 20, 3)),
            stage("team_defense", partly, unknown(3)),
            stage("player_game", unknown(96), unknown(3)),
        ],
        sources: known(700 << 20, 4),
    }));
    snapshot
}

/// A run paused for an answer before its first unit.
pub fn asking(version: u64) -> Snapshot {
    let mut snapshot = paused(version);
    let line = "12 dates of team_offense were computed by another definition (12 dates by definition 1)";
    let question = Question::outdated(vec![line.to_owned()]);
    snapshot.run.question = Some(Arc::new(question));
    set_limit(&mut snapshot, &Limit::Answer);
    snapshot
}

/// 130 players per game date, all complete except on every 97th date and in the last week.
fn breakdown(units: &[UnitView]) -> Breakdown {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let game_dates = units.iter().filter(|unit| unit.state != UnitState::Skipped);
    let from = units
        .last()
        .expect("there are dates")
        .date
        .moved(-7)
        .expect("a date");
    let tally = |(at, unit): (usize, &UnitView)| {
        let missing = match at % 97 {
            _ if unit.date > from => [16, 74, 2],
            0 => [0, 31, 0],
            _ => [0, 0, 0],
        };
        let known = 130 - missing.iter().sum::<u64>();
        let tally = Tally {
            known,
            missing: missing.to_vec(),
            not_counted: vec![u64::from(at % 10 == 0), 0],
        };
        (unit.date, tally)
    };
    let dates: Vec<(Partition, Tally)> = game_dates.enumerate().map(tally).collect();
    let sum = |tallies: &[&Tally]| Tally {
        known: tallies.iter().map(|tally| tally.known).sum(),
        missing: (0..3)
            .map(|at| tallies.iter().map(|tally| tally.missing[at]).sum())
            .collect(),
        not_counted: (0..2)
            .map(|at| tallies.iter().map(|tally| tally.not_counted[at]).sum())
            .collect(),
    };
    let grouped = |name: &str, of: &dyn Fn(Partition) -> String| {
        let groups = dates.chunk_by(|a, b| of(a.0) == of(b.0));
        let group = |group: &[(Partition, Tally)]| {
            let tallies: Vec<&Tally> = group.iter().map(|(_, tally)| tally).collect();
            (of(group[0].0), sum(&tallies))
        };
        Dimension {
            name: name.to_owned(),
            groups: groups.map(group).collect(),
        }
    };
    let season = |date: Partition| (date.first_day() - Duration::days(273)).year().to_string();
    Breakdown {
        unit: "players".to_owned(),
        causes: words(&["no team row", "no attempts in the feed", "no team total"]),
        not_counted: words(&["no minutes", "unresolved player"]),
        total: sum(&dates.iter().map(|(_, tally)| tally).collect::<Vec<_>>()),
        by: vec![
            grouped("season", &season),
            grouped("month", &|date| date.first_day().format("%Y-%m").to_string()),
        ],
        dates,
    }
}

/// Before the first unit: the feeds are loading and the dates aren't planned yet.
pub fn loading(version: u64) -> Snapshot {
    let mut snapshot = snapshot(version, 0.9, |_| UnitState::Pending);
    snapshot.run.preparing = Some(Preparing {
        what: "loading the feeds".to_owned(),
        share: 0.43,
    });
    snapshot.run.progress = Progress::default();
    set_limit(&mut snapshot, &Limit::Preparing);
    snapshot.stages[0].state = StageState::Waiting;
    snapshot.stages[0].counts = super::backcourt::ledger::Counts::default();
    snapshot.stages[0].units = Arc::default();
    for worker in &mut snapshot.workers {
        worker.task = None;
        worker.busy = 0.0;
        worker.units_done = 0;
    }
    snapshot
}

pub fn fact(event: Event) -> Fact {
    Fact {
        schema: EVENT_SCHEMA.to_owned(),
        seq: 1,
        at: second(8.0),
        run: "r-20260104-093000".to_owned(),
        event,
    }
}

pub fn worker_panicked() -> Fact {
    fact(Event::WorkerPanicked {
        slot: 3,
        message: "index out of bounds: the len is 12 but the index is 12".to_owned(),
    })
}

/// A run paused for review of a sample with every state.
pub fn sampled(version: u64) -> Snapshot {
    let unit = |stage: &str, date: &str, why: &str, state: SampleState, rows: usize| UnitSample {
        stage: stage.to_owned(),
        date: day(date),
        why: why.to_owned(),
        state,
        rows,
        expected: u32::try_from(rows).expect("small"),
        stored: 0,
        difference: Difference::default(),
        reason: None,
        notes: Vec::new(),
    };
    let with_reason = |unit: UnitSample, reason: &str| UnitSample {
        reason: Some(reason.to_owned()),
        ..unit
    };
    let (ten_games, last) = ("ten games: the spot check of the handoff", "the last date");
    let change = |key: &str, old: &str, new: &str| Change {
        key: key.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
    };
    let mut differs = unit(STAGE, "2023-12-16", ten_games, SampleState::Differs, 20);
    differs.stored = 19;
    differs.difference = Difference {
        same: 14,
        changed: 5,
        new: 1,
        new_keys: vec!["20231216_ORL_BOS ORL".to_owned()],
        columns: vec![ChangedColumn {
            column: "possessions".to_owned(),
            rows: 5,
            examples: vec![
                change("20231216_IND_MIN IND", "98", "101"),
                change("20231216_IND_MIN MIN", "NULL", "100"),
                change("20231216_DAL_POR DAL", "97", "99"),
            ],
        }],
        ..Difference::default()
    };
    differs.notes = vec!["game 20231216_ORL_BOS: minutes snapped from 239.8 to 240".to_owned()];
    let mut same = unit(STAGE, "2021-10-19", "the opener", SampleState::Same, 4);
    (same.stored, same.difference.same) = (4, 4);
    let short = UnitSample {
        expected: 16,
        ..unit(STAGE, "2026-01-03", last, SampleState::Short, 14)
    };
    let units = [
        same,
        differs,
        with_reason(short, "20260103_UTA_GSW: no feed has it"),
        unit("player_game", "2023-12-16", ten_games, SampleState::New, 230),
        with_reason(
            unit("player_game", "2026-01-03", last, SampleState::Failed, 0),
            "2026-01-03: the gamebook's minutes hold 'DNP' and must be a number",
        ),
        with_reason(
            unit("player_shot_zone", "2026-01-03", last, SampleState::Unsampled, 0),
            "needs player_game of 71 earlier dates",
        ),
    ];
    let nulls = |column: &str, sampled, stored| ColumnNulls {
        column: column.to_owned(),
        sampled,
        stored,
    };
    let message = sample_message(&units.each_ref().map(|unit| unit.state));
    let sample = SampleView {
        units: units.into(),
        message: Some(message),
        nulls: vec![StageNulls {
            stage: STAGE.to_owned(),
            sampled: 38,
            stored: 23,
            columns: vec![
                nulls("team_paint_attempts", 38, 23),
                nulls("minutes_played", 38, 0),
                nulls("offensive_rating", 2, 12),
            ],
        }],
    };
    let mut snapshot = paused(version);
    snapshot.run.question = Some(Arc::new(Question::sample()));
    set_limit(&mut snapshot, &Limit::Sample);
    snapshot.sample = Some(Arc::new(sample));
    snapshot
}

pub fn log_line(number: u64, level: Level, message: &str) -> Arc<LogLine> {
    Arc::new(line(number, level, message))
}

pub fn log_line_about(number: u64, date: Partition, message: &str) -> Arc<LogLine> {
    Arc::new(LogLine {
        date: Some(date),
        stage: Some(STAGE.to_owned()),
        ..line(number, Level::INFO, message)
    })
}

fn line(number: u64, level: Level, message: &str) -> LogLine {
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let time = second(number as f64 / 8.0);
    LogLine {
        number,
        time,
        level,
        target: "backcourt::engine::dispatch".to_owned(),
        message: message.to_owned(),
        date: None,
        last_date: None,
        stage: None,
        worker: None,
    }
}

/// The log of a run; some lines are wide, long or hostile.
pub fn log() -> Msg {
    let mut lines: Vec<_> = (0..60)
        .map(|at| {
            let date = later(day("2023-11-01"), at);
            log_line_about(at + 1, date, "committed 10 dates, 214 rows in 4 ms")
        })
        .collect();
    let others = [
        (
            Level::WARN,
            "2023-12-16: transient: connection reset, attempt 2 of 4 in 400 ms",
        ),
        (
            Level::ERROR,
            "2023-12-16 failed: the feed could not be read after 4 attempts",
        ),
        (
            Level::INFO,
            "選手 ルカ・ドンチッチ は 2023-12-16 の試合に出場していません; Nikola Jokić, Dāvis Bertāns, \
             Luka Šamanić: dressed and did not play, so that their minutes are zero and not unknown",
        ),
        (
            Level::DEBUG,
            "a tab\there, an escape \u{1b}[31mhere\u{1b}[0m, a turn \u{202e}here",
        ),
        (Level::INFO, "stage team_offense: 600 of 922 dates done"),
    ];
    lines.extend(
        (61..)
            .zip(others)
            .map(|(number, (level, message))| log_line(number, level, message)),
    );
    Msg::Log(lines)
}

/// Rows of games as stored by a stage: one complete, one whose host has no row, and NULLs.
pub fn stored_games() -> StoredRows {
    let columns = [
        ("game_id", Some(Part::Group)),
        ("game_date", None),
        ("team_abbr", Some(Part::Side)),
        ("opponent_team_abbr", Some(Part::Opponent)),
        ("points_scored", Some(Part::Scored)),
        ("team_paint_attempts", None),
        ("offensive_rating", Some(Part::Summary)),
        ("pace", Some(Part::Summary)),
        ("home_game", Some(Part::Home)),
        ("quality_tier", Some(Part::Quality)),
        ("quality_score", Some(Part::Quality)),
        ("quality_issues", Some(Part::Issues)),
        ("data_sources", Some(Part::Feeds)),
        ("primary_source_used", Some(Part::Source)),
        ("data_hash", None),
        ("created_at", None),
    ];
    let row = |game: &str, [team, other, points, rating, pace]: [&str; 5], home: &str, from: [&str; 5]| {
        let [tier, score, issues, feeds, source] = from;
        let hash = "9f1c03a55e7742bd";
        let written = "2026-01-04T08:12:33.000000Z";
        let cells = [
            game,
            "2023-12-16",
            team,
            other,
            points,
            "NULL",
            rating,
            pace,
            home,
            tier,
            score,
            issues,
            feeds,
            source,
            hash,
            written,
        ];
        cells.map(str::to_owned).to_vec()
    };
    let rebuilt = [
        "silver",
        "85",
        "[backup_source_used, reconstructed, shot_zones_unavailable]",
        "[nbac_gamebook]",
        "reconstructed_team_from_players",
    ];
    let whole = ["gold", "100", "[]", "[nbac_team_boxscore]", "nbac_team_boxscore"];
    StoredRows {
        rows: vec![
            row(
                "20231216_BKN_GSW",
                ["GSW", "BKN", "124", "NULL", "NULL"],
                "true",
                rebuilt,
            ),
            row(
                "20231216_ATL_CLE",
                ["CLE", "ATL", "127", "121.88", "104.2"],
                "true",
                whole,
            ),
            row(
                "20231216_ATL_CLE",
                ["ATL", "CLE", "119", "114.2", "104.2"],
                "false",
                rebuilt,
            ),
        ],
        columns: columns.map(|(name, _)| name.to_owned()).to_vec(),
        parts: (columns.into_iter())
            .filter_map(|(name, part)| Some((name.to_owned(), part?)))
            .collect(),
        ..StoredRows::default()
    }
}

/// Rows of players as stored by a stage without games.
pub fn stored_players() -> StoredRows {
    let columns = [
        ("player_lookup", Some(Part::Member)),
        ("cache_date", None),
        ("points_avg_last_10", Some(Part::Summary)),
        ("is_production_ready", Some(Part::Quality)),
        ("data_quality_issues", Some(Part::Issues)),
    ];
    let row = |player: &str, points: &str| {
        let cells = [player, "2023-12-16", points, "true", "[]"];
        cells.map(str::to_owned).to_vec()
    };
    StoredRows {
        rows: (0..40)
            .map(|at| row(&format!("player{at:02}"), if at == 2 { "NULL" } else { "12.5" }))
            .collect(),
        columns: columns.map(|(name, _)| name.to_owned()).to_vec(),
        parts: (columns.into_iter())
            .filter_map(|(name, part)| Some((name.to_owned(), part?)))
            .collect(),
        ..StoredRows::default()
    }
}

pub fn metrics() -> Msg {
    Msg::ProcessMetrics(ProcessMetrics {
        cpu_percent: 143,
        cores: 2,
        memory: 87_300_000,
        disk_written: 12_400_000,
        ..ProcessMetrics::default()
    })
}

/// A reading of a warehouse twelve seconds before [`second`]`(8.4)`.
pub fn observation() -> Observation {
    Observation {
        host: "bastion-2".to_owned(),
        lease: Some(LeaseHolder {
            host: "bastion-2".to_owned(),
            pid: 4711,
            folder: "/srv/backcourt".to_owned(),
            since: second(-600.0),
            heard_at: second(-3.6),
        }),
        read_at: second(-3.6),
        is_reading: false,
        failure: None,
    }
}

/// A run as read from a warehouse, which records neither workers nor cost.
pub fn observed(mut snapshot: Snapshot) -> [Msg; 2] {
    snapshot.workers.clear();
    snapshot.run.bottleneck.clear();
    snapshot.run.billed = None;
    [Msg::Observation(observation()), Msg::Snapshot(Arc::new(snapshot))]
}

/// The snapshot preceded by four a second since the start, in which units finished at a changing rate, none for a while.
pub fn throughput(last: Snapshot) -> Vec<Msg> {
    let (steps, seconds) = (160_u32, last.run.active_seconds);
    let speed = |step: u32| {
        let wave = (step % 40).min(40 - step % 40);
        if (60..80).contains(&step) {
            0
        } else {
            u64::from(wave) + 4
        }
    };
    let total: u64 = (0..steps).map(speed).sum();
    let mut done = 0;
    let mut msgs = Vec::new();
    for step in 0..steps {
        let mut before = last.clone();
        before.version = u64::from(step) + 1;
        before.run.active_seconds = seconds * f64::from(step) / f64::from(steps);
        before.run.progress.done = last.run.progress.done * done / total;
        done += speed(step);
        msgs.push(Msg::Snapshot(Arc::new(before)));
    }
    let mut last = last;
    last.version += u64::from(steps);
    msgs.push(Msg::Snapshot(Arc::new(last)));
    msgs
}

/// The snapshot preceded by earlier ones, so that the workers have a history.
pub fn history(last: Snapshot) -> Vec<Msg> {
    let mut msgs = Vec::new();
    for step in 0_u32..16 {
        let mut before = last.clone();
        before.version = u64::from(step) + 1;
        before.run.active_seconds = last.run.active_seconds * f64::from(step) / 16.0;
        for (at, worker) in before.workers.iter_mut().enumerate() {
            let slow = u32::try_from(at).expect("small") + step;
            worker.busy *= 1.0 - f64::from(slow % 5) / 20.0;
        }
        msgs.push(Msg::Snapshot(Arc::new(before)));
    }
    msgs.push(Msg::Snapshot(Arc::new(last)));
    msgs
}
