//! The number of sequential waits between the start of a run and its first read, at the latencies of `BigQuery`.

use std::collections::HashMap;
use std::time::Instant;

use super::emulator::Emulator;
use super::pace::Pace;
use super::program::State;
use super::proxy::{Fate, Made, Proxy};

/// A call or job from request to answer, with its description.
type Wait = (Instant, Instant, String);

/// Calls until the plan's table is read, or written if it was just created. Calls about the same job are merged.
fn before_first_read(made: &[Made]) -> Vec<Wait> {
    let is_read = |made: &&Made| {
        let is_query = made.sql.starts_with("SELECT") || made.sql.starts_with("BEGIN TRANSACTION");
        !made.is_dry && is_query && made.sql.contains("`rehearsal_shop.events`")
    };
    let read = made.iter().find(is_read).expect("it reads");
    let mut waits: Vec<Wait> = Vec::new();
    let mut jobs: HashMap<&str, usize> = HashMap::new();
    let until_then = made.iter().filter(|made| made.span.0 < read.span.0);
    for Made {
        span,
        least: _,
        line,
        job,
        sql,
        is_dry,
    } in until_then
    {
        let is_job = line.contains("/jobs") || line.contains("/queries/");
        match jobs.get(job.as_str()) {
            Some(&at) if is_job && !is_dry => waits[at].1 = waits[at].1.max(span.1),
            _ => {
                if is_job && !is_dry {
                    jobs.insert(job, waits.len());
                }
                let what = if sql.is_empty() {
                    line.clone()
                } else {
                    sql.lines().next().unwrap().to_owned()
                };
                waits.push((span.0, span.1, what));
            }
        }
    }
    waits
}

/// The maximum number of waits that started after the end of the previous one.
fn one_after_the_other(waits: &[Wait]) -> usize {
    let mut waits: Vec<_> = waits.to_vec();
    waits.sort_by_key(|(_, ended, _)| *ended);
    let mut free_at = None;
    waits
        .iter()
        .filter(|(began, ended, _)| {
            let is_after = free_at.is_none_or(|free_at| *began >= free_at);
            if is_after {
                free_at = Some(*ended);
            }
            is_after
        })
        .count()
}

#[test]
fn a_start_needs_few_round_trips_before_its_first_read() {
    let Some(emulator) = Emulator::start() else { return };
    let state = State::none();
    for most in [11, 6] {
        let proxy = Proxy::paced(emulator.port(), Pace::of_seed(11), |_| Fate::Pass);
        let flags = proxy.flags();
        // Only the first date, because the test ends with the first read.
        let run = [
            "run",
            "--plan",
            "shop",
            "--output",
            "silent",
            "--to",
            "2024-03-01",
            "--stop-after",
            "events",
        ];
        let began = Instant::now();
        state
            .backcourt(
                &run.into_iter()
                    .chain(flags.iter().map(String::as_str))
                    .collect::<Vec<_>>(),
            )
            .expect(0);
        let waits = proxy.seen(|seen| before_first_read(&seen.made));
        let seen: Vec<String> = (waits.iter())
            .map(|(from, to, what)| {
                let at = |moment: Instant| moment.saturating_duration_since(began).as_secs_f64();
                format!("{:6.2} - {:6.2} s  {what:.100}", at(*from), at(*to))
            })
            .collect();
        let count = one_after_the_other(&waits);
        assert!(
            count <= most,
            "{count} waits one after the other:\n{}",
            seen.join("\n")
        );
    }
}
