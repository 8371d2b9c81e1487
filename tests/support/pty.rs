//! Runs a program in a real pseudo-terminal and reads its screen, as an operator would.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// A program in a pseudo-terminal; killed when dropped.
pub struct Pty {
    /// Both are `None` after a hang-up.
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    reader: Option<JoinHandle<()>>,
    tty: PathBuf,
    modes_before: String,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Seen>,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    hung_up: bool,
    is_unread: bool,
}

impl Pty {
    /// Starts `backcourt`; see [`Pty::start`].
    pub fn backcourt(args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        Self::start(env!("CARGO_BIN_EXE_backcourt"), args, env, size)
    }

    /// Starts `program` on a terminal of `size` (columns, rows). The environment is that of the test plus `env`, with a
    /// UTF-8 xterm, no SSH connection and no config file.
    pub fn start(program: &str, args: &[&str], env: &[(&str, &str)], size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for name in [
            "BACKCOURT_PLAN",
            "SSH_CONNECTION",
            "SSH_TTY",
            "NO_COLOR",
            "RUST_BACKTRACE",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("BACKCOURT_CONFIG", "/dev/null");
        for (name, value) in env {
            command.env(name, value);
        }
        let modes_before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        let parser = vt100::Parser::new(cells(size.1), cells(size.0), 0);
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser,
                bytes: Vec::new(),
                hung_up: false,
                is_unread: false,
            }),
            changed: Condvar::new(),
        });
        let reader = pair.master.try_clone_reader().unwrap();
        let watched = Arc::clone(&seen);
        Self {
            tty: pair.master.tty_name().unwrap(),
            writer: Some(pair.master.take_writer().unwrap()),
            reader: Some(thread::spawn(move || watch(reader, &watched))),
            master: Some(pair.master),
            modes_before,
            child,
            seen,
        }
    }

    /// Types `keys`.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("the terminal is still there");
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen satisfies `condition`. Panics with the screen after [`limit`].
    pub fn wait_until(&self, what: &str, mut condition: impl FnMut(&vt100::Screen) -> bool) {
        let (state, timeout) = self
            .seen
            .changed
            .wait_timeout_while(self.seen.state.lock().unwrap(), limit(), |state| {
                !condition(state.parser.screen())
            })
            .unwrap();
        let contents = state.parser.screen().contents();
        drop(state);
        assert!(
            !timeout.timed_out(),
            "waited in vain until {what}; the screen is\n{contents}"
        );
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("the screen shows {text:?}"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Resizes the terminal to `size` (columns, rows). The program receives SIGWINCH.
    pub fn resize(&self, size: (u16, u16)) {
        let master = self.master.as_ref().expect("the terminal is still there");
        self.seen
            .state
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(cells(size.1), cells(size.0));
        master.resize(pty_size(size)).unwrap();
    }

    /// The current screen.
    pub fn screen(&self) -> vt100::Screen {
        self.seen.state.lock().unwrap().parser.screen().clone()
    }

    /// All bytes the program has written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.state.lock().unwrap().bytes.clone()
    }

    /// Number of bytes the program has written so far.
    pub fn byte_count(&self) -> usize {
        self.seen.state.lock().unwrap().bytes.len()
    }

    /// Whether the terminal's modes (raw mode, echo, …) are the same as before the program started.
    pub fn modes_restored(&self) -> bool {
        modes(&**self.master.as_ref().expect("the terminal is still there")) == self.modes_before
    }

    /// Stops reading the terminal, like a stalled SSH connection. [`Pty::read_again`] ends it.
    pub fn stop_reading(&self) {
        self.seen.state.lock().unwrap().is_unread = true;
    }

    pub fn read_again(&self) {
        self.seen.state.lock().unwrap().is_unread = false;
        self.seen.changed.notify_all();
    }

    /// Closes the terminal under the program, like a dropped SSH connection.
    pub fn hang_up(&mut self) {
        self.seen.state.lock().unwrap().hung_up = true;
        // The reader blocks in a read and keeps the terminal open; one byte from this side unblocks it.
        let no_controlling_tty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let mut tty = OpenOptions::new()
            .write(true)
            .custom_flags(no_controlling_tty)
            .open(&self.tty)
            .unwrap();
        tty.write_all(b"\0").unwrap();
        self.reader
            .take()
            .expect("one terminal hangs up once")
            .join()
            .unwrap();
        drop(tty);
        self.writer = None;
        self.master = None;
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Sends a signal to the program's only child process.
    pub fn signal_child(&self, signal: Signal) {
        let mut child = None;
        wait_until("the program has a child process", || {
            child = self.started().first().copied();
            child.is_some()
        });
        kill_process(child.expect("waited for"), signal).unwrap();
    }

    /// Waits until the program has ended; it may have written more than was read.
    pub fn wait_end(&mut self) -> ExitStatus {
        let end = Instant::now() + limit();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let contents = || self.screen().contents();
            assert!(
                Instant::now() < end,
                "waited in vain until the program ends; the screen is\n{}",
                contents()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program has ended and all its output was read.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let status = self.wait_end();
        if let Some(reader) = self.reader.take() {
            wait_until("its output ends", || reader.is_finished());
        }
        status
    }

    /// The process state as reported by the system: `T` if stopped.
    pub fn process_state(&self) -> char {
        stat(self.pid())[0].chars().next().unwrap()
    }

    /// The CPU time the program has used so far, in all threads and in child processes.
    pub fn cpu(&self) -> Duration {
        self.started().into_iter().chain([self.pid()]).map(cpu_of).sum()
    }

    /// The program's child processes that haven't been reaped.
    fn started(&self) -> Vec<Pid> {
        let pid = self.pid().as_raw_nonzero();
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(path).unwrap_or_default();
        (children.split_whitespace())
            .filter_map(|pid| Pid::from_raw(pid.parse().unwrap()))
            .collect()
    }

    fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("started here");
        Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            for started in self.started() {
                kill_process(started, Signal::KILL).ok();
            }
            kill_process(self.pid(), Signal::KILL).ok();
            self.child.wait().ok();
        }
    }
}

/// The CPU time a process has used so far, in all threads.
pub fn cpu_of(pid: Pid) -> Duration {
    // Fields 14 and 15 of the file, in kernel ticks of 10 ms.
    let ticks = |field: usize| stat(pid)[field].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// The fields after the program's name, which may contain blanks. The first is the state.
fn stat(pid: Pid) -> Vec<String> {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stat = std::fs::read_to_string(path).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split_whitespace().map(str::to_owned).collect()
}

/// Waits for a condition outside the screen. Panics after [`limit`].
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + limit();
    while !condition() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Timeout of all waits: `BACKCOURT_TEST_WAIT_SECS`, or a minute.
pub fn limit() -> Duration {
    let seconds = std::env::var("BACKCOURT_TEST_WAIT_SECS").map_or(60, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}

fn watch(mut reader: Box<dyn Read + Send>, seen: &Seen) {
    let mut buffer = [0; 8 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let mut state = seen.state.lock().unwrap();
        if state.hung_up {
            return;
        }
        state.bytes.extend_from_slice(&buffer[..count]);
        state.parser.process(&buffer[..count]);
        seen.changed.notify_all();
        drop(seen.changed.wait_while(state, |state| state.is_unread));
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has at least one row and column")
}
