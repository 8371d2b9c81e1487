//! The overhead of a run at the latencies of `BigQuery`: its duration compared with the sum of the drawn latencies that
//! depend on each other.

use std::time::Duration;

use super::emulator::Emulator;
use super::month::{copy, embedded, raw_tables, run};
use super::pace::Pace;
use super::program::State;
use super::proxy::{Fate, Made, Proxy, Seen, is_replace};

/// The first day of a season, and 58 days after it.
const SEASON: [&str; 2] = ["2021-10-19", "2021-12-16"];

/// 58 days of the season.
const DATES: [&str; 2] = ["2021-10-20", "2021-12-16"];

/// The required waits of a run, and the number of its commits.
///
/// - Four lookups of 0.1 s: datasets, heartbeat, the stage's table and the feeds.
/// - One statement to take the lease.
/// - Three reads of 1 s: recorded progress, stored rows and feeds; and the dry runs before them.
/// - One commit at a time per table.
/// - Recording the remaining progress and releasing the lease: a lookup and an update.
///
/// Sending a job takes 0.3 s.
fn ideal(seen: &Seen) -> (Duration, usize) {
    let (look, send, read) = (
        Duration::from_millis(100),
        Duration::from_millis(300),
        Duration::from_secs(1),
    );
    let sent = |is_meant: &dyn Fn(&Made) -> bool| -> Vec<Duration> {
        let jobs = (seen.made.iter()).filter(|made| made.line.starts_with("POST") && is_meant(made));
        jobs.map(|made| send + seen.drawn[&made.job]).collect()
    };
    let lease: Duration =
        sent(&|made| made.sql.starts_with("MERGE") && made.sql.contains("backcourt.lease`"))
            .iter()
            .sum();
    let commits = sent(&|made| is_replace(&made.sql) && made.sql.contains("team_offense_game_summary"));
    let records = sent(&|made| made.job.starts_with("backcourt_ledger_"));
    let last_record = records.last().copied().unwrap_or_default();
    let given_back = seen.made.iter().rfind(|made| made.line.starts_with("PATCH"));
    let given_back = given_back.map_or(Duration::ZERO, |made| made.least);
    let start = 4 * look + lease + send + 3 * (send + read);
    let end = last_record + look + given_back;
    (start + commits.iter().sum::<Duration>() + end, commits.len())
}

#[test]
#[ignore = "takes a minute: the latencies are those of the service"]
fn a_run_takes_little_longer_than_its_dependent_latencies() {
    let Some(emulator) = Emulator::start() else { return };
    let last = ["--stop-after", "team_offense"];
    let state = embedded(SEASON, &last);
    copy(&state, &emulator, SEASON, raw_tables());
    // The tables already exist.
    let quick = emulator.flags();
    let quick = quick.each_ref().map(String::as_str);
    run(&State::none(), [SEASON[0]; 2], &[&quick[..], &last].concat()).expect(0);
    let proxy = Proxy::paced(emulator.port(), Pace::of_seed(58), |_| Fate::Pass);
    let (remote, flags) = (State::none(), proxy.flags());
    let mut more: Vec<&str> = flags.iter().map(String::as_str).collect();
    more.extend(last);
    run(&remote, DATES, &more).expect(0);
    proxy.seen(|seen| {
        let began = seen.made.iter().map(|made| made.span.0).min().expect("calls");
        let ended = seen.made.iter().map(|made| made.span.1).max().expect("calls");
        let took = (ended - began).as_secs_f64();
        let (ideal, commits) = ideal(seen);
        let ideal = ideal.as_secs_f64();
        let calls: Vec<String> = (seen.made.iter())
            .map(|made| {
                let [from, to] = [made.span.0, made.span.1].map(|at| (at - began).as_secs_f64());
                format!("{from:5.1} - {to:5.1} s  {:.90} {:.60}", made.line, made.sql)
            })
            .collect();
        assert!(
            took <= 1.3 * ideal,
            "{took:.1} s with {commits} commits, {ideal:.1} s at best:\n{}",
            calls.join("\n")
        );
    });
    proxy.assert_good_manners();
}
