//! A server that accepts a connection and never answers: the operator at the terminal gets a message.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::net::TcpListener;

use crate::program::State;
use crate::pty::Pty;

#[test]
fn a_dry_run_names_the_server_it_waits_for() {
    // The system accepts the connection; it is never read.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let warehouse = format!("bigquery:nobody-there@http://{}", silent.local_addr().unwrap());
    let state = State::none();
    let folder = state.path();
    let folder = folder.to_str().unwrap();
    let arguments = [
        "run",
        "--dry-run",
        "--warehouse",
        &warehouse,
        "--state-dir",
        folder,
    ];
    let mut pty = Pty::backcourt(&arguments, &[], (120, 40));
    pty.wait_for(&format!("waiting for {warehouse}: "));
    pty.send("\u{3}");
    assert!(!pty.wait_exit().success());
}
