//! Thousands of long date ranges in one command: the run expanded them all and ran out of memory.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Held, Planned, SMALL};

/// The peak memory of a process, in bytes.
fn peak(held: &Held) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", held.0.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn connect(case: &Planned) -> UnixStream {
    let client = UnixStream::connect(case.state.path().join("control.sock")).unwrap();
    client.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    client
}

/// The replies to these lines.
fn say(case: &Planned, lines: &str) -> String {
    let mut client = connect(case);
    client.write_all(lines.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut replies = String::new();
    client.read_to_string(&mut replies).unwrap();
    replies
}

#[test]
fn thousands_of_ranges_cost_no_more_than_their_text() {
    let case = Planned::new(SMALL);
    let held = Held::start(&case);
    let before = peak(&held);
    let asked = Instant::now();
    let too_long = format!("rerun {}\n", vec!["0001-01-01..9999-12-31"; 2_800].join(","));
    assert!(say(&case, &too_long).contains("a range can have at most 100000"));
    let century = format!("rerun {}\n", vec!["1980-01-01..2079-12-31"; 2_800].join(","));
    let replies = say(&case, &century.repeat(8));
    assert_eq!(
        replies.matches("ok: 2 dates queued").count() + replies.matches("matches no dates").count(),
        8,
        "{replies}"
    );
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());

    // As many clients as the run takes, each with as much as it may send; half of them read nothing.
    let mut clients: Vec<UnixStream> = (0..32).map(|_| connect(&case)).collect();
    let attach =
        "{\"schema\":\"backcourt.control/1\",\"request\":{\"attach\":{\"name\":\"x\",\"read_only\":true}}}\n";
    for client in &mut clients {
        client.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let sent = client.write_all(attach.as_bytes());
        drop(sent.and_then(|()| client.write_all(century.repeat(16).as_bytes())));
    }
    for client in clients.iter_mut().skip(16) {
        client.shutdown(Shutdown::Write).ok();
        drop(client.read_to_end(&mut Vec::new()));
    }
    drop(clients);
    crate::program::wait_until("the run answers again", || {
        case.backcourt(&["ctl", "status"]).code == Some(0)
    });
    let grown = peak(&held).saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "the run's memory grew by {grown} bytes");
}
