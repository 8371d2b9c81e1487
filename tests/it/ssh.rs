//! A run over a real SSH connection to the test's own sshd: the connection drops, the terminal is closed, the run
//! continues. Without sshd the tests print why they are skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]
#![allow(clippy::print_stderr, reason = "a test that cannot be had here says so")]

use std::fs::{self, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::program::State;
use crate::pty::{Pty, cpu_of, wait_until};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";
const SIZE: (u16, u16) = (120, 40);

/// A server on a free loopback port with its own host and user key; stopped when dropped.
struct Server {
    folder: TempDir,
    port: u16,
    sshd: Child,
}

impl Server {
    fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            eprintln!("SKIPPED: {SSHD} is not there (Debian: apt-get install openssh-server)");
            return None;
        }
        if geteuid().is_root() {
            // sshd doesn't start without this folder, which its start script normally creates.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(file(key))
                .status();
            assert!(made.unwrap().success());
        }
        fs::copy(file("user.pub"), file("authorized")).unwrap();
        fs::set_permissions(file("authorized"), Permissions::from_mode(0o600)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin yes\n",
            file("host").display(),
            file("authorized").display()
        );
        fs::write(file("config"), config).unwrap();
        let mut sshd = Command::new(SSHD);
        sshd.arg("-D")
            .arg("-f")
            .arg(file("config"))
            .arg("-E")
            .arg(file("log"));
        let mut server = Self {
            sshd: sshd.stdin(Stdio::null()).spawn().unwrap(),
            folder,
            port,
        };
        let is_up = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        wait_until("sshd listens", || {
            is_up() || server.sshd.try_wait().unwrap().is_some()
        });
        if !is_up() {
            let log = fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
            eprintln!("SKIPPED: sshd does not start here: {}", log.trim());
            return None;
        }
        Some(server)
    }

    /// A client on a terminal, with a shell or a single remote command.
    fn connect(&self, command: Option<&str>) -> Pty {
        let key = self.folder.path().join("user");
        let port = self.port.to_string();
        let mut arguments = vec![
            "-tt",
            "-q",
            "-F",
            "none",
            "-p",
            &port,
            "-i",
            key.to_str().unwrap(),
        ];
        arguments.extend([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ]);
        arguments.push("127.0.0.1");
        arguments.extend(command);
        Pty::start("ssh", &arguments, &[], SIZE)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.sshd.kill().ok();
        self.sshd.wait().ok();
    }
}

/// Kills the run of a folder when dropped, because the run outlives every terminal.
struct Orphan<'a>(&'a State);

impl Orphan<'_> {
    fn status(&self) -> Value {
        let said = self.0.backcourt(&["ctl", "--json", "status"]).expect(0).out;
        serde_json::from_str::<Value>(&said).unwrap()["status"].take()
    }

    fn pid(&self) -> Pid {
        let pid = self.status()["run"]["pid"].as_i64().unwrap();
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// Whether a paused run has finished its raw-data checks.
    fn is_at_rest(&self) -> bool {
        let status = self.status();
        let sources = status["sources"].as_array().unwrap();
        !sources.is_empty()
            && (sources.iter()).all(|check| check["state"] != "PENDING" && check["state"] != "RUNNING")
    }
}

impl Drop for Orphan<'_> {
    fn drop(&mut self) {
        self.0.backcourt(&["ctl", "abort"]);
    }
}

fn held(state: &State) -> String {
    format!(
        "LC_ALL=C.UTF-8 {} run --stop-after team_offense --paused {}",
        env!("CARGO_BIN_EXE_backcourt"),
        state.flags().join(" ")
    )
}

fn attach(state: &State) -> String {
    format!(
        "LC_ALL=C.UTF-8 {} attach {}",
        env!("CARGO_BIN_EXE_backcourt"),
        state.flags().join(" ")
    )
}

fn shows(pty: &Pty, what: &str, parts: &[&str]) {
    pty.wait_until(what, |screen| {
        let text = screen.contents();
        parts.iter().all(|part| text.contains(part))
    });
}

/// Waits until the header shows the end of the run. The log shows it a moment earlier, while the console still shows
/// the run as active.
fn shows_the_end(pty: &Pty) {
    pty.wait_until("the end", |screen| {
        let text = screen.contents();
        text.contains("916 ok") && text.lines().next().unwrap_or_default().contains("finished")
    });
}

#[test]
fn a_run_survives_its_connection_and_can_be_reattached() {
    let Some(server) = Server::start() else { return };
    let state = State::loaded();
    let orphan = Orphan(&state);
    let first = server.connect(Some(&held(&state)));
    shows(&first, "the run holds", &["paused", "916 pending", "622 skipped"]);
    let pid = orphan.pid();
    first.signal(Signal::KILL);
    let log = || {
        let logs = fs::read_dir(state.path().join("logs")).unwrap();
        logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect::<String>()
    };
    wait_until("the run has noticed", || {
        log().contains("terminal closed; the run stays paused until")
    });
    wait_until("the sources have answered", || orphan.is_at_rest());
    let before = cpu_of(pid);
    thread::sleep(Duration::from_secs(2));
    let used = cpu_of(pid).saturating_sub(before);
    assert!(
        used <= Duration::from_millis(100),
        "an orphan at rest used {used:?} in 2 s"
    );

    let mut second = server.connect(Some(&attach(&state)));
    shows(
        &second,
        "everything as it was",
        &["paused", "916 pending", "622 skipped", "control: none"],
    );
    second.send("H");
    shows(&second, "control", &["control: you"]);
    second.send("p");
    shows_the_end(&second);
    second.send("q");
    second.wait_exit();
    wait_until("the process has ended", || test_kill_process(pid).is_err());
    let ended = state.status();
    assert_eq!(ended["run"]["state"], "finished");
    assert_eq!(ended["stages"][0]["dates"]["ok"], 916);
    for once in [" resumed", "units done: 916 ok", "finished: "] {
        assert_eq!(log().matches(once).count(), 1, "{once} in {}", log());
    }
}

#[test]
fn detaching_returns_the_shell_and_keeps_the_run() {
    let Some(server) = Server::start() else { return };
    let state = State::loaded().without_checks();
    let orphan = Orphan(&state);
    let mut shell = server.connect(None);
    shell.send("PS1='ready> '; clear\r");
    shows(&shell, "a prompt", &["ready> "]);
    shell.send(&format!("{}\r", held(&state)));
    shows(&shell, "the run holds", &["paused", "916 pending"]);
    let pid = orphan.pid();
    shell.send("d");
    shows(
        &shell,
        "a prompt again",
        &["detached: the run continues as process"],
    );
    shell.wait_until("the prompt is back", |screen| {
        screen
            .contents()
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("ready>"))
    });
    shell.send("exit\r");
    assert_eq!(shell.wait_exit().exit_code(), 0, "sshd waits for nobody");
    drop(shell);
    test_kill_process(pid).unwrap();
    let mut again = server.connect(Some(&attach(&state)));
    shows(
        &again,
        "everything as it was",
        &["paused", "916 pending", "control: none"],
    );
    again.send("d");
    assert_eq!(again.wait_exit().exit_code(), 0);
    kill_process(pid, Signal::TERM).unwrap();
    wait_until("the process has ended", || test_kill_process(pid).is_err());
    assert_eq!(state.status()["run"]["state"], "stopped");
}
