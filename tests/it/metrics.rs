//! The metrics of a real run over HTTP, as a monitoring system reads them.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use regex::Regex;

use crate::planned::Planned;
use crate::program::wait_until;

/// Three dates of a program; the second fails once, the third waits for a file.
const PLAN: &str = r#"
name = "metered"
title = "Three dates"
from = "2024-03-01"
to = "2024-03-03"
workers = 2
[[stage]]
name = "one"
kind = "command"
command = ["./one", "{date}"]
table = "d.one"
date_column = "ds"
columns = [{ name = "ds", type = "DATE" }]
"#;

const SCRIPT: &str = r#"#!/bin/sh
case "$1" in
  2024-03-02) if [ ! -e second ]; then touch second; exit 75; fi;;
  2024-03-03) for _ in $(seq 1200); do [ -e third ] && break; sleep 0.05; done;;
esac
printf 'ds\n%s\n' "$1"
"#;

/// A run in the background that serves its metrics at a free port; killed when dropped.
struct Metered {
    planned: Planned,
    port: u16,
    child: Child,
}

impl Metered {
    fn start() -> Self {
        let planned = Planned::new(PLAN);
        let script = planned.folder.path().join("one");
        fs::write(&script, SCRIPT).unwrap();
        Command::new("chmod").arg("+x").arg(&script).status().unwrap();
        let port = free_port();
        let mut command = planned.command(&["run", "--output", "silent", "--metrics", &port.to_string()]);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let metered = Self { planned, port, child };
        wait_until("the metrics are served", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        metered
    }

    /// The answer to a request, head and body.
    fn answer(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn text(&self) -> String {
        let answer = self.answer("GET /metrics");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.contains("application/openmetrics-text; version=1.0.0"),
            "{head}"
        );
        body.to_owned()
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        // The program outlives a killed run, and waits for this file.
        let _ = fs::write(self.planned.folder.path().join("third"), "");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_scrape_shows_dates_retries_commits_and_the_lease() {
    let mut run = Metered::start();
    let line = |text: &str, line: &str| text.lines().any(|found| found == line);
    wait_until("two dates are done", || {
        line(&run.text(), r#"backcourt_units{stage="one",state="ok"} 2"#)
    });
    let text = run.text();
    for expected in [
        r#"backcourt_units{stage="one",state="failed"} 0"#,
        r#"backcourt_rows{stage="one"} 2"#,
        r#"backcourt_run_state{state="running"} 1"#,
        r#"backcourt_units_finished_total{stage="one",state="ok"} 2"#,
        r#"backcourt_retries_total{stage="one",of="unit",class="transient"} 1"#,
        r#"backcourt_commits_total{stage="one"} 2"#,
        "backcourt_events_missed_total 0",
    ] {
        assert!(line(&text, expected), "{expected} is missing in\n{text}");
    }
    assert!(text.contains("\nbackcourt_lease_age_seconds "), "{text}");
    assert!(text.contains("\nbackcourt_process_memory_bytes "), "{text}");
    refuse_other_lines(&text);
    fs::write(run.planned.folder.path().join("third"), "").unwrap();
    assert!(run.child.wait().unwrap().success());
    assert!(TcpStream::connect(("127.0.0.1", run.port)).is_err());
}

/// Every line is one of the format's: metadata, a sample, or the end.
fn refuse_other_lines(text: &str) {
    let line = Regex::new(
        r#"^(# (HELP|TYPE|UNIT) backcourt_[a-z_]+ .+|backcourt_[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [0-9.e+-]+)$"#,
    )
    .unwrap();
    let (end, lines) = text
        .lines()
        .collect::<Vec<_>>()
        .split_last()
        .map(|(end, lines)| (*end, lines.to_vec()))
        .unwrap();
    assert_eq!(end, "# EOF");
    for found in lines {
        assert!(line.is_match(found), "{found}");
    }
}

#[test]
fn only_the_metrics_are_served_and_only_to_read() {
    let run = Metered::start();
    assert!(run.answer("GET /").starts_with("HTTP/1.1 404"));
    assert!(
        run.answer("GET /metrics/../etc/passwd")
            .starts_with("HTTP/1.1 404")
    );
    assert!(run.answer("POST /metrics").starts_with("HTTP/1.1 405"));
    assert!(run.answer("\u{1b}[2J").starts_with("HTTP/1.1 400"));
    // A client that says nothing takes only its own connection.
    let silent: Vec<TcpStream> = (0..20)
        .filter_map(|_| TcpStream::connect(("127.0.0.1", run.port)).ok())
        .collect();
    drop(silent);
    wait_until("it answers again", || {
        let mut stream = TcpStream::connect(("127.0.0.1", run.port)).unwrap();
        let sent = write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut answer = String::new();
        sent.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
    });
}

#[test]
fn a_run_does_not_start_without_the_port_it_was_given() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let planned = Planned::new(PLAN);
    let ended = planned
        .backcourt(&["run", "--output", "plain", "--metrics", &port])
        .expect(2);
    assert!(
        ended
            .err
            .contains(&format!("cannot serve metrics at 127.0.0.1:{port}")),
        "{}",
        ended.err
    );
    assert!(!planned.state.path().join("ledger.sqlite").exists());
    let ended = planned.backcourt(&["run", "--metrics", "localhost"]).expect(2);
    assert!(
        ended.err.contains("expected a port such as 9464"),
        "{}",
        ended.err
    );
}
