//! kill -9 at twenty points, with a new start after each: the final table equals that of an undisturbed run.
//!
//! The points depend on the bytes written so far, as counted by the kernel, not on the clock. They are therefore
//! distributed over load, reads, commits and recovery in the same proportions on any machine.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop at the first surprise, and says what it was seeded with"
)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::program::{State, TABLE};
use fastrand::Rng;

/// Kills during the first load of the feeds.
const IN_LOAD: u32 = 4;
/// Kills after the load.
const IN_STAGE: u32 = 16;

/// Polling interval for the bytes written; short compared with the milliseconds of a commit.
const GLANCE: Duration = Duration::from_micros(200);

const RUN: [&str; 7] = [
    "run",
    "--stop-after",
    "team_offense",
    "--source",
    "reconstruct",
    "--output",
    "silent",
];

/// A program under observation.
struct KilledRun(Child);

impl KilledRun {
    fn start(state: &State, more: &[&str]) -> Self {
        let args = [&RUN[..], more].concat();
        Self(state.command(&args).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Bytes written so far; `None` once it has ended.
    fn written(&self) -> Option<u64> {
        let counts = fs::read_to_string(format!("/proc/{}/io", self.0.id())).ok()?;
        counts
            .lines()
            .find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
    }

    /// Kills it once it has written this much. Returns whether it was still running.
    fn kill_at(mut self, bytes: u64) -> bool {
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "it ended by itself with {status}");
                return false;
            }
            if self.written().is_some_and(|written| written >= bytes) {
                self.0.kill().unwrap();
                return !self.0.wait().unwrap().success();
            }
            sleep(GLANCE);
        }
    }

    /// Lets it run to a successful end. Returns the bytes written when the load was seen to be complete, and in total.
    fn let_live(mut self, state: &State) -> (u64, u64) {
        let (mut loaded, mut written) = (0, 0);
        let feeds = state.path().join("warehouse/nba_raw.sqlite");
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "it ended with {status}");
                return (loaded, written);
            }
            written = self.written().unwrap_or(0).max(written);
            if loaded == 0 && feeds.exists() {
                loaded = written;
            }
            sleep(GLANCE);
        }
    }
}

impl Drop for KilledRun {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The states found after kills.
#[derive(Debug, Default)]
struct Left {
    no_feeds: u32,
    promises: u32,
    written_but_not_settled: u32,
    nothing_open: u32,
}

impl Left {
    /// Asserts what no kill may leave behind: half a load, half a date, or a result that isn't in the warehouse.
    fn look(&mut self, state: &State, feeds: i64) {
        if !state.path().join("warehouse/nba_raw.sqlite").exists() {
            self.no_feeds += 1;
            return;
        }
        assert_eq!(feed_rows(state), feeds, "half a load");
        if !state.path().join("warehouse/nba_analytics.sqlite").exists() {
            return;
        }
        let stored = stored(state);
        for (date, (unit, rows)) in settled(state) {
            assert_eq!(stored.get(&date).copied().unwrap_or(0), rows, "{date} is {unit}");
        }
        let promised: Vec<String> = {
            let ledger = state.ledger();
            let mut query = ledger.prepare("SELECT dates FROM intent").unwrap();
            let lists = query.query_map([], |row| row.get(0)).unwrap();
            lists
                .map(Result::unwrap)
                .flat_map(|list: String| list.split(',').map(ToOwned::to_owned).collect::<Vec<_>>())
                .collect()
        };
        let done = settled(state);
        let unsettled = promised
            .iter()
            .filter(|date| stored.contains_key(*date) && !done.contains_key(*date))
            .count();
        match (promised.len(), unsettled) {
            (0, _) => self.nothing_open += 1,
            (_, 0) => self.promises += 1,
            _ => self.written_but_not_settled += 1,
        }
    }
}

/// Rows of the feeds loaded first and last.
fn feed_rows(state: &State) -> i64 {
    let sql = "SELECT (SELECT COUNT(*) FROM nba_raw.nbac_schedule) + (SELECT COUNT(*) FROM nba_raw.nbac_team_boxscore)";
    state.warehouse().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Rows in the table per date.
fn stored(state: &State) -> BTreeMap<String, i64> {
    let db = state.warehouse();
    let Ok(mut query) = db.prepare(&format!("SELECT game_date, COUNT(*) FROM {TABLE} GROUP BY 1")) else {
        return BTreeMap::new();
    };
    query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// State and rows of every finished unit in the ledger.
fn settled(state: &State) -> BTreeMap<String, (String, i64)> {
    let ledger = state.ledger();
    let mut query = ledger
        .prepare("SELECT date, state, rows FROM unit WHERE state NOT IN ('pending', 'unknown', 'running')")
        .unwrap();
    query
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_run_killed_twenty_times_gives_the_same_result() {
    let given = std::env::var("BACKCOURT_CHAOS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("seed: BACKCOURT_CHAOS_SEED={seed}");
    let mut dice = Rng::with_seed(seed);

    let undisturbed = State::none();
    let (load, whole) = KilledRun::start(&undisturbed, &[]).let_live(&undisturbed);
    let feeds = feed_rows(&undisturbed);
    let stage = whole - load;
    assert!(
        load > 0 && stage > 0,
        "{load} of {whole} bytes went into the load"
    );

    let state = State::none();
    let mut left = Left::default();
    for _ in 0..IN_LOAD {
        assert!(
            KilledRun::start(&state, &[]).kill_at(dice.u64(1..load * 9 / 10)),
            "it loaded in spite of the kill"
        );
        left.look(&state, feeds);
    }
    assert_eq!(left.no_feeds, IN_LOAD, "{left:?}");
    // Each kill costs some progress, so that all of them together reach about the end.
    let step = stage / u64::from(IN_STAGE / 2);
    let mut begin = load;
    let mut deaths = 0;
    let mut more: &[&str] = &[];
    while deaths < IN_STAGE {
        if KilledRun::start(&state, more).kill_at(begin + dice.u64(1..step)) {
            deaths += 1;
            left.look(&state, feeds);
            more = &[];
        } else {
            more = &["--no-resume"];
        }
        if state.path().join("warehouse/nba_raw.sqlite").exists() {
            begin = 0;
        }
    }
    println!("{left:?}");
    assert!(
        left.promises + left.written_but_not_settled > IN_STAGE / 2,
        "{left:?}"
    );

    state.backcourt(&RUN).expect(0);
    assert!(state.rows() == undisturbed.rows(), "the tables differ");
    assert_eq!(settled(&state), settled(&undisturbed));
    assert_eq!(state.count("SELECT COUNT(*) FROM intent"), 0);
    assert_eq!((state.dates("ok"), state.dates("skipped")), (916, 622));
    let rest: Vec<_> = fs::read_dir(state.path().join("warehouse"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".sqlite"))
        .collect();
    assert_eq!(rest, [] as [String; 0], "nothing of the interrupted loads stays");
}
