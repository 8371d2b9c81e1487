//! Runs a command under strace, which records its system calls or makes some of them fail. It knows nothing of the
//! program.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::program::Ended;

/// Longer than any run of a test plan, with all its retries; what takes longer hangs, and is killed.
const PATIENCE: Duration = Duration::from_mins(1);

/// System calls that fail.
#[derive(Debug, Clone)]
pub struct FailingCalls {
    pub call: &'static str,
    pub error: &'static str,
    /// The first one that fails. Every thread counts its own.
    pub nth: usize,
    /// Whether all after it fail, too.
    pub is_lasting: bool,
    /// Only calls with one of these files count; with none, all do.
    pub files: Vec<PathBuf>,
}

/// A system call that a program made.
#[derive(Debug)]
pub struct TracedCall {
    pub thread: String,
    pub name: String,
    /// The line of strace, with the paths of descriptors.
    pub line: String,
}

/// A program under strace; killed when dropped.
pub struct Traced {
    strace: Child,
    began: Instant,
    output: [PathBuf; 2],
}

/// Why strace can't be used here.
pub fn is_missing() -> Option<String> {
    let tried = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-o",
            "/dev/null",
            "-e",
            "inject=openat:error=EIO:when=9999",
            "true",
        ])
        .output();
    match tried {
        Err(error) => Some(format!("strace can't be started: {error}")),
        Ok(tried) if !tried.status.success() => Some(String::from_utf8_lossy(&tried.stderr).into_owned()),
        Ok(_) => None,
    }
}

impl Traced {
    /// Starts `command` with system calls that fail; `folder` gets its output and what failed.
    pub fn failing(command: &Command, faults: &FailingCalls, folder: &Path) -> Self {
        let FailingCalls { call, error, nth, .. } = faults;
        let lasting = if faults.is_lasting { "+" } else { "" };
        let mut flags = vec![
            format!("--trace={call}"),
            format!("--inject={call}:error={error}:when={nth}{lasting}"),
        ];
        flags.extend(
            faults
                .files
                .iter()
                .map(|file| format!("--trace-path={}", file.display())),
        );
        Self::start(command, &flags, folder)
    }

    /// Starts `command` and records these calls.
    pub fn recording(command: &Command, calls: &[&str], folder: &Path) -> Self {
        Self::start(
            command,
            &[format!("--trace={}", calls.join(",")), "-y".to_owned()],
            folder,
        )
    }

    fn start(command: &Command, flags: &[String], folder: &Path) -> Self {
        let output = ["out", "err"].map(|name| folder.join(name));
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "--seccomp-bpf", "--signal=none", "-o"]);
        strace.arg(folder.join("trace")).args(flags);
        strace.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => strace.env(name, value),
                None => strace.env_remove(name),
            };
        }
        strace.stdin(Stdio::null());
        strace.stdout(File::create(&output[0]).unwrap());
        strace.stderr(File::create(&output[1]).unwrap());
        Self {
            strace: strace.spawn().unwrap(),
            began: Instant::now(),
            output,
        }
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        self.strace.try_wait().unwrap().is_none()
    }

    /// Asks the program to end.
    pub fn terminate(&self) {
        for program in children(self.strace.id()) {
            // It may have ended.
            let _ = kill_process(program, Signal::TERM);
        }
    }

    /// Its end, with the exit code that a shell shows; `None` if it hangs.
    pub fn ended(mut self) -> Option<Ended> {
        while self.is_running() {
            if self.began.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let [out, err] = self.output.each_ref().map(|path| {
            let bytes = fs::read(path).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let status = self.strace.wait().unwrap();
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal));
        Some(Ended { code, out, err })
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if self.is_running() {
            for program in children(self.strace.id()) {
                let _ = kill_process(program, Signal::KILL);
            }
            drop(self.strace.kill());
            drop(self.strace.wait());
        }
    }
}

fn children(pid: u32) -> Vec<Pid> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = text.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter_map(Pid::from_raw).collect()
}

/// Number of calls that strace made fail.
pub fn injected(folder: &Path) -> usize {
    trace(folder).matches("(INJECTED)").count()
}

/// The calls it recorded, in the order they began.
pub fn recorded(folder: &Path) -> Vec<TracedCall> {
    let trace = trace(folder);
    let lines = trace.lines().filter_map(|line| line.trim_start().split_once(' '));
    let calls = lines.filter_map(|(thread, line)| {
        let (name, _) = line.trim_start().split_once('(')?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| TracedCall {
            thread: thread.to_owned(),
            name: name.to_owned(),
            line: line.to_owned(),
        })
    });
    calls.collect()
}

/// The most calls of a name that one thread made.
pub fn most<'a>(calls: impl Iterator<Item = &'a TracedCall>) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for call in calls {
        *counts.entry(&call.thread).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

fn trace(folder: &Path) -> String {
    let bytes = fs::read(folder.join("trace")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
