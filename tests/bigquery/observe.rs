//! The read-only console on progress recorded in the warehouse: it follows another host and writes nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::emulator::Emulator;
use super::planned::Planned;
use super::program::wait_until;
use super::proxy::{Call, Fate, Method, Proxy};
use super::pty::Pty;

const PLAN: &str = r#"
name = "seen"
title = "A plan that is watched from elsewhere"
from = "2024-01-01"
to = "2024-01-06"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "d.one"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "few_rows"
title = "Few rows"
stage = "one"
severity = "advisory"
sql = "SELECT day FROM `d.one` WHERE n = 1 AND day > DATE '2000-01-01'"
expect = [{ rows = 0 }]
"#;

fn writes(call: &Call) -> bool {
    match call.method {
        Method::Insert => !call.sql.starts_with("SELECT"),
        Method::Results | Method::Get => false,
        Method::Other => !call.target.starts_with("GET "),
    }
}

#[test]
fn a_remote_console_follows_recorded_progress_and_writes_nothing() {
    let Some(emulator) = Emulator::start() else { return };
    let written = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&written);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        if writes(call) {
            kept.lock().unwrap().push(format!("{} {}", call.target, call.sql));
        }
        Fate::Pass
    });
    let host = Planned::on(PLAN, &emulator.flags());
    let elsewhere = Planned::on(PLAN, &proxy.flags());
    let none = elsewhere.backcourt(&["attach"]).expect(2).err;
    assert!(none.contains("has no recorded progress for plan seen"), "{none}");

    host.run(&["--to", "2024-01-04"]).expect(0);
    let command = elsewhere.command(&["attach"]);
    let args: Vec<_> = command.get_args().map(|arg| arg.to_str().unwrap()).collect();
    let mut console = Pty::backcourt(&args, &[], (120, 40));
    console.wait_for("4 ok");
    for text in [
        "READ-ONLY, read ",
        "lease: free; last run on ",
        "66.7 %",
        "few_rows",
    ] {
        console.wait_for(text);
    }
    // A refresh of unchanged progress sends no query, which would be billed.
    let seen = |proxy: &Proxy| {
        proxy.seen(|seen| {
            let jobs = seen.made.iter().filter(|made| !made.sql.is_empty());
            (jobs.count(), seen.made.len())
        })
    };
    let before = seen(&proxy);
    console.send("r");
    wait_until("the refresh asks for the revision", || {
        seen(&proxy).1 > before.1 + 1
    });
    assert_eq!(seen(&proxy).0, before.0);
    host.run(&[]).expect(0);
    console.send("r");
    console.wait_for("6 ok");
    assert!(seen(&proxy).0 > before.0);
    console.send("p");
    console.wait_for("refused: this console is read-only; no active run");
    console.send("q");
    assert_eq!(console.wait_exit().exit_code(), 0);
    assert_eq!(*written.lock().unwrap(), [] as [String; 0]);
    assert!(!elsewhere.state.path().exists());
}
