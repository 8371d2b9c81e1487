//! The README's tour as console messages: the built-in plan on feeds whose gamebook is out for three dates.

use std::sync::Arc;

use backcourt::console::Msg;
use backcourt::engine::{CheckView, Limit, Snapshot, StageState, StageView, UnitView};
use backcourt::ledger::{CheckState, Counts, RunState, UnitState};
use backcourt::partition::Partition;
use backcourt::plan::{BUILTIN, CheckSpec, Plan, load};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tracing::Level;

use super::fixture;

/// The dates with a gamebook outage, as in `assets/faults/flaky.toml`.
const OUTAGES: [&str; 3] = ["2021-12-25", "2023-12-16", "2025-11-14"];

const FIRST: &str = "team_offense";

/// The results of the first stage's checks while these dates are missing, except those that find no row.
const ANSWERS: [(&str, CheckState, &str); 8] = [
    ("critical_1_teams_per_date", CheckState::Warn, "12.6"),
    ("critical_2_game_id_format", CheckState::Pass, "100"),
    ("critical_3_primary_source", CheckState::Pass, "all 1"),
    ("critical_4_completeness", CheckState::Warn, "20.2"),
    ("critical_5_spot_check", CheckState::Fail, "0 rows; all 0; all 0"),
    ("rows_per_date", CheckState::Fail, "3 rows on 3 dates"),
    ("games_recorded", CheckState::Pass, "5772"),
    ("offense_quality", CheckState::Pass, "85; 100"),
];

/// The first stage half done, after two of the three outages.
pub fn half_way() -> Vec<Msg> {
    let mut run = of_the_plan(fixture::running(50), |state| match state {
        UnitState::Running | UnitState::Pending => state,
        _ => UnitState::Ok,
    });
    run.run.progress.total = 6_967;
    run.run.progress.done = 600;
    run.run.progress.eta = Some((82.0, 95.0));
    run.run.bottleneck = Limit::ReadSlots(2).to_string();
    let mut told = fixture::history(run);
    told.extend([clock(), fixture::metrics(), log("2023-12-18", OUTAGES[1])]);
    told
}

/// The first stage done except for three dates, and its checks run. The cursor is on the second failing check.
pub fn the_checks_after_it() -> Vec<Msg> {
    let mut told = ended_with_failures();
    told.extend(['4', 'n', 'n'].map(key));
    told
}

/// From there, the rerun question for all failed dates.
pub fn the_question_before_a_rerun() -> Vec<Msg> {
    let mut told = ended_with_failures();
    told.extend(['1', 'R'].map(key));
    told
}

/// All stages done, and the page opened by `b`.
pub fn the_usage_rate_once_all_is_done() -> Vec<Msg> {
    let mut run = of_the_plan(fixture::finished(50), |_| UnitState::Ok);
    let whole = run.stages[0].clone();
    for stage in &mut run.stages {
        stage.state = StageState::Passed;
        stage.units = Arc::clone(&whole.units);
        stage.counts = whole.counts;
    }
    for check in &mut run.checks {
        answer(check, CheckState::Pass, "0 rows", Vec::new());
    }
    let mut known = fixture::three_stages(50).breakdowns.remove(0);
    "usage_coverage".clone_into(&mut known.check);
    run.breakdowns = vec![known];
    let mut told = fixture::history(run);
    told.extend([clock(), fixture::metrics(), key('b')]);
    told
}

fn ended_with_failures() -> Vec<Msg> {
    let mut run = of_the_plan(fixture::finished(50), |_| UnitState::Ok);
    let outages = outages();
    for unit in Arc::make_mut(&mut run.stages[0].units) {
        if outages.contains(&unit.date) {
            fail(unit);
        }
    }
    count(&mut run.stages[0]);
    run.stages[0].state = StageState::Failed;
    for check in run.checks.iter_mut().filter(|check| check.stage == FIRST) {
        let of = |&(name, ..): &(&str, _, _)| name == check.name;
        let (state, value) = ANSWERS
            .into_iter()
            .find(of)
            .map_or((CheckState::Pass, "0 rows"), |(_, state, value)| (state, value));
        let failing_dates = match check.name.as_str() {
            "rows_per_date" => outages.clone(),
            "critical_5_spot_check" => vec![outages[1]],
            _ => Vec::new(),
        };
        answer(check, state, value, failing_dates);
    }
    run.run.state = RunState::Finished;
    run.run.ending = Some(format!(
        "a closed gate blocks team_defense and 6 more; 3 failed or short, {} ok",
        run.stages[0].counts.ok
    ));
    let mut told = fixture::history(run);
    told.extend([clock(), fixture::metrics(), log("2025-12-15", OUTAGES[2])]);
    told
}

/// The fixture's run as a run of the built-in plan: its stages and checks, with only the first stage started.
fn of_the_plan(mut run: Snapshot, state: impl Fn(UnitState) -> UnitState) -> Snapshot {
    let plan: Plan = load(BUILTIN).unwrap();
    plan.title.clone_into(&mut run.run.title);
    let outages = outages();
    let first = &mut run.stages[0];
    for unit in Arc::make_mut(&mut first.units) {
        if unit.state == UnitState::Skipped {
            continue;
        }
        unit.state = state(unit.state);
        unit.reason = None;
        if unit.state == UnitState::Ok {
            (unit.rows, unit.attempts) = (unit.expected, 1);
            if outages.contains(&unit.date) && run.run.state == RunState::Running {
                fail(unit);
            }
        }
    }
    count(first);
    first.gaps.clear();
    let begun = first.clone();
    run.stages = (plan.stages.iter())
        .map(|stage| StageView {
            name: stage.name.clone(),
            table: stage.table.clone(),
            ..begun.clone()
        })
        .collect();
    for stage in &mut run.stages[1..] {
        wait(stage);
    }
    let unasked_one = fixture::paused(50).checks.remove(0);
    run.checks = (plan.checks.iter())
        .map(|check| unasked(check, &unasked_one))
        .collect();
    run
}

fn outages() -> Vec<Partition> {
    OUTAGES.map(fixture::day).to_vec()
}

fn fail(unit: &mut UnitView) {
    unit.state = UnitState::Failed;
    (unit.rows, unit.attempts) = (0, 4);
    let why = format!(
        "transient: the gamebook feed is unavailable for {} (503 Service Unavailable); retry this date later",
        unit.date
    );
    unit.reason = Some(Arc::from(why));
}

fn wait(stage: &mut StageView) {
    stage.state = StageState::Waiting;
    for unit in Arc::make_mut(&mut stage.units) {
        unit.state = UnitState::Pending;
        (unit.rows, unit.expected, unit.attempts) = (0, 0, 0);
        unit.reason = None;
    }
    count(stage);
    stage.seconds = 0.0;
}

fn count(stage: &mut StageView) {
    stage.counts = stage.units.iter().map(|unit| unit.state).collect::<Counts>();
    stage.rows = stage.units.iter().map(|unit| u64::from(unit.rows)).sum();
}

/// A check that hasn't run, based on another one.
fn unasked(spec: &CheckSpec, other: &CheckView) -> CheckView {
    CheckView {
        name: spec.name.clone(),
        stage: spec.stage.clone(),
        title: spec.title.clone(),
        severity: spec.severity,
        target: spec.target(),
        before: spec.before.clone(),
        ..other.clone()
    }
}

fn answer(check: &mut CheckView, state: CheckState, value: &str, failing_dates: Vec<Partition>) {
    check.state = state;
    check.value = Some(value.to_owned());
    check.failing_dates = Arc::new(failing_dates);
    check.run_at = Some(fixture::second(9.0));
    check.seconds = Some(0.012);
}

/// The engine's log for the dates from `first` on, with an outage among them.
fn log(first: &str, outage: &str) -> Msg {
    let landed = (0..20).map(|at| {
        let date = fixture::day(first).moved(at).unwrap();
        let rows = 2 * (3 + 5 * at % 11);
        (Level::INFO, date, format!("ok {rows}/{rows} rows"))
    });
    let failed = format!("failed: the gamebook feed is unavailable for {outage} (503 Service Unavailable)");
    let mut lines: Vec<_> = landed.collect();
    lines.insert(17, (Level::ERROR, fixture::day(outage), failed));
    let lines = (1..).zip(lines).map(|(number, (level, date, message))| {
        let mut line = fixture::log_line_about(number, date, &message);
        let of_it = Arc::make_mut(&mut line);
        of_it.level = level;
        of_it.time = fixture::second(8.1);
        line
    });
    Msg::Log(lines.collect())
}

fn clock() -> Msg {
    Msg::Tick(fixture::second(8.4))
}

fn key(letter: char) -> Msg {
    Msg::Key {
        key: KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE),
        at: fixture::second(8.4),
    }
}
