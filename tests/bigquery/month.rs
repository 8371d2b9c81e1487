//! The built-in plan on `BigQuery`: a run gives the same values there as in the embedded warehouse with the same raw
//! rows, also on a bad connection, with an exhausted quota, and when its process is killed repeatedly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::feeds::{Feed, feed_outages};
use backcourt::nba::tables;
use backcourt::table::{Row, TableDef};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Dates, Filling, Read, Warehouse};

use super::emulator::Emulator;
use super::faults::block_on;
use super::pace::Pace;
use super::program::{Ended, State, stages_alone};
use super::proxy::{Call, Fate, Method, Proxy, body};
use super::warehouse::day;

/// The first month of a season: every stage has something to look back on, and no earlier raw rows exist.
pub const MONTH: [&str; 2] = ["2021-10-19", "2021-11-18"];

/// All rows of a table on these dates, without stamps.
async fn rows(warehouse: &dyn Warehouse, table: &TableDef, [from, to]: [&str; 2]) -> Vec<Row> {
    let columns: Vec<&str> = (table.columns.iter())
        .filter(|column| column.stamp.is_none())
        .map(|column| column.name.as_ref())
        .collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Between(day(from), day(to)),
    };
    let mut rows = warehouse.read(read).await.unwrap();
    // The backends order the rows within a date differently.
    rows.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
    rows
}

/// A state folder with the built-in feeds after a run of these dates.
pub fn embedded(dates: [&str; 2], more: &[&str]) -> State {
    let state = State::loaded();
    run(&state, dates, more).expect(0);
    state
}

pub fn run(state: &State, [from, to]: [&str; 2], more: &[&str]) -> Ended {
    let plan = stages_alone(state);
    let mut arguments = vec![
        "run",
        "--from",
        from,
        "--to",
        to,
        "--advance",
        "all",
        "--output",
        "silent",
        "--plan",
        &plan,
    ];
    arguments.extend(more);
    state.backcourt(&arguments)
}

fn open(state: &State) -> SqliteWarehouse {
    SqliteWarehouse::open(&state.path().join("warehouse")).unwrap()
}

/// Copies the rows of these dates to `BigQuery`; copying a whole league would take a minute.
pub fn copy<'t>(
    state: &State,
    emulator: &Emulator,
    dates: [&str; 2],
    tables: impl IntoIterator<Item = &'t TableDef>,
) {
    block_on(async {
        let from = open(state);
        let mut fillings = Vec::new();
        for table in tables {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
            let read = Read {
                table,
                columns: &columns,
                dates: Dates::Between(day(dates[0]), day(dates[1])),
            };
            fillings.push(Filling {
                table: table.clone(),
                rows: Box::new(from.read(read).await.unwrap().into_iter()),
            });
        }
        let to = emulator.open();
        to.fill(fillings, &AtomicUsize::new(0)).await.unwrap();
    });
}

pub fn raw_tables() -> impl Iterator<Item = &'static TableDef> {
    let feeds = Feed::ALL.into_iter().map(Feed::table);
    feeds.chain([feed_outages()])
}

/// The tables filled by stages.
pub fn made_tables() -> Vec<&'static TableDef> {
    let is_raw = |table: &TableDef| table.dataset == "nba_raw";
    tables::all().into_iter().filter(|table| !is_raw(table)).collect()
}

/// Asserts that every table has the same rows in both warehouses on these dates, and at least one.
pub fn assert_same(state: &State, emulator: &Emulator, dates: [&str; 2], tables: &[&TableDef]) {
    block_on(async {
        let embedded = open(state);
        let remote = emulator.open();
        for table in tables {
            let here = rows(&embedded, table, dates).await;
            let there = rows(&remote, table, dates).await;
            assert!(!here.is_empty(), "{} is empty", table.path());
            assert_eq!(here.len(), there.len(), "rows of {}", table.path());
            for (here, there) in here.iter().zip(&there) {
                assert_eq!(here, there, "{}", table.path());
            }
        }
    });
}

/// One call in ten fails, in all the ways of a bad network and a busy server.
fn bad_line(call: &Call) -> Fate {
    let is_sent = call.method == Method::Insert;
    let html = "<html><title>Error 502 (Server Error)</title></html>".to_owned();
    match fastrand::u8(..100) {
        0..2 => Fate::Reset,
        2 => Fate::Say(502, html),
        3 => Fate::Say(503, body(503, "backendError", "Backend error, try again.")),
        4 => Fate::Say(500, body(500, "internalError", "An internal error occurred.")),
        5 => Fate::Say(429, body(429, "rateLimitExceeded", "Exceeded rate limits.")),
        6 if is_sent => Fate::LoseReply,
        7 if is_sent => Fate::Fail("jobInternalError", "The job encountered an internal error."),
        8 if is_sent => Fate::Fail("backendError", "Error encountered during execution."),
        6..10 => Fate::Truncate,
        _ => Fate::Pass,
    }
}

#[test]
fn a_month_with_network_faults_matches_the_embedded_warehouse() {
    let Some(emulator) = Emulator::start() else { return };
    let state = embedded(MONTH, &[]);
    copy(&state, &emulator, MONTH, raw_tables());
    let parked = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&parked);
    let pace = Pace::of_seed(7).shorter(100);
    let proxy = Proxy::paced(emulator.port(), pace, move |call| {
        let is_players = call.is_replace() && call.sql.contains("player_game_summary");
        if is_players && !once.swap(true, Ordering::Relaxed) {
            let why = "Quota exceeded: Your table exceeded quota for Number of partition modifications.";
            return Fate::Say(403, body(403, "quotaExceeded", why));
        }
        bad_line(call)
    });
    let (remote, flags) = (State::none(), proxy.flags());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let more = [&flags[..], &["--quota-backoff", "1"]].concat();
    // A call can fail as often as it is tried. Before the first unit, the run ends then and says what helps.
    let mut starts = std::iter::repeat_with(|| run(&remote, MONTH, &more)).take(3);
    let gave_up = |ended: &Ended| ended.code == Some(2) && ended.err.contains("retrying may help");
    let ended = starts.find(|ended| !gave_up(ended));
    ended.expect("one start in three gets through").expect(0);
    assert!(parked.load(Ordering::Relaxed));
    proxy.assert_good_manners();
    proxy.seen(|seen| {
        assert!(seen.hurt * 20 > seen.calls, "the line was good");
    });
    let facts = remote.facts();
    assert!(
        facts.iter().any(|fact| fact["event"] == "stage_throttled"),
        "the operator was told"
    );
    assert_same(&state, &emulator, MONTH, &made_tables());
}

#[test]
fn a_process_killed_five_times_leaves_the_same_tables() {
    let Some(emulator) = Emulator::start() else { return };
    // A finished commit counts although its process was killed, so there must be enough of them.
    let dates = ["2021-10-19", "2021-11-09"];
    let last = ["--stop-after", "team_defense"];
    let state = embedded(dates, &last);
    copy(&state, &emulator, dates, raw_tables());
    let proxy = Proxy::start(Some(emulator.port()), Duration::from_millis(150), |_| Fate::Pass);
    let (remote, flags) = (State::none(), proxy.flags());
    let mut more: Vec<&str> = flags.iter().map(String::as_str).collect();
    more.extend(["--workers", "1", "--stop-after", "team_defense"]);
    let plan = stages_alone(&remote);
    let mut killed = 0;
    while killed < 5 {
        let before = proxy.replaces();
        let mut arguments = vec!["run", "--from", dates[0], "--to", dates[1], "--advance", "all"];
        arguments.extend(["--plan", &plan]);
        arguments.extend(["--output", "silent"].iter().chain(&more));
        let mut process = remote.command(&arguments).spawn().unwrap();
        let mut ended = false;
        // A commit was just sent, and its answer hasn't arrived.
        while proxy.replaces() == before && !ended {
            ended = process.try_wait().unwrap().is_some();
            std::thread::sleep(Duration::from_millis(1));
        }
        if ended {
            break;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        killed += 1;
    }
    assert_eq!(killed, 5, "there was too little to do");
    run(&remote, dates, &more).expect(0);
    proxy.assert_good_manners();
    let mut tables = made_tables();
    tables.retain(|table| table.name.starts_with("team_") && table.dataset == "nba_analytics");
    assert_same(&state, &emulator, dates, &tables);
    let open: i64 = remote.count("SELECT COUNT(*) FROM intent");
    assert_eq!(open, 0, "every promise is settled");
}
