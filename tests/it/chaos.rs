//! kill -9 at twenty moments, a new start after each: in the end the table is what an undisturbed run makes.
//!
//! The moments are chosen by what the program has written so far, as the kernel counts it, and not by the clock: so they
//! fall into the load, the reading, the commits and the settling in the same shares on any machine.
#![cfg(target_os = "linux")]
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

/// Deaths while the feeds are loaded for the first time.
const IN_LOAD: u32 = 4;
/// Deaths after that.
const IN_STAGE: u32 = 16;

/// Between two looks at what the program has written: short beside the milliseconds that a commit takes.
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
struct Victim(Child);

impl Victim {
    fn start(state: &State, more: &[&str]) -> Self {
        let args = [&RUN[..], more].concat();
        Self(state.command(&args).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Bytes written so far; none once it has ended.
    fn written(&self) -> Option<u64> {
        let counts = fs::read_to_string(format!("/proc/{}/io", self.0.id())).ok()?;
        counts
            .lines()
            .find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
    }

    /// Kills it once it has written so much; says whether it was still at work.
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

    /// Lets it end well; answers with what it had written when it was seen to have loaded, and in the end.
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

impl Drop for Victim {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What deaths left behind.
#[derive(Debug, Default)]
struct Left {
    no_feeds: u32,
    promises: u32,
    written_but_not_settled: u32,
    nothing_open: u32,
}

impl Left {
    /// What a death must never leave: half a load, half a date, or a result the warehouse does not have.
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

/// Rows of the feed that is loaded first and of the one that is loaded last.
fn feed_rows(state: &State) -> i64 {
    let sql = "SELECT (SELECT COUNT(*) FROM nba_raw.nbac_schedule) + (SELECT COUNT(*) FROM nba_raw.nbac_team_boxscore)";
    state.warehouse().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Rows in the table by date.
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

/// State and rows of every unit that the ledger calls done.
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
fn killed_at_twenty_moments_it_ends_as_if_nothing_had_happened() {
    let given = std::env::var("BACKCOURT_CHAOS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("seed: BACKCOURT_CHAOS_SEED={seed}");
    let mut dice = Rng::with_seed(seed);

    let undisturbed = State::none();
    let (load, whole) = Victim::start(&undisturbed, &[]).let_live(&undisturbed);
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
            Victim::start(&state, &[]).kill_at(dice.u64(1..load * 9 / 10)),
            "it loaded in spite of the kill"
        );
        left.look(&state, feeds);
    }
    assert_eq!(left.no_feeds, IN_LOAD, "{left:?}");
    // Each death costs a little of the way, so that all of them together reach about its end.
    let step = stage / u64::from(IN_STAGE / 2);
    let mut begin = load;
    let mut deaths = 0;
    let mut more: &[&str] = &[];
    while deaths < IN_STAGE {
        if Victim::start(&state, more).kill_at(begin + dice.u64(1..step)) {
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
