//! Chooses the system calls that fail: spread over the calls that an undisturbed run makes, and over their number. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::strace::{FailingCalls, TracedCall, most};

/// The state a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// Nothing is stored.
    Fresh,
    /// Every date is stored, and rerun.
    Stored,
    /// Nothing is stored, and the run waits until another process resumes it.
    Paused,
}

/// A system call with the errors that it can fail with.
struct FallibleCall {
    name: &'static str,
    errors: &'static [&'static str],
    /// Whether an error can last, as on a full disk.
    may_last: bool,
    /// Whether it can only fail on the files of the plan, its state and its output: elsewhere it loads the program,
    /// allocates memory or wakes a thread.
    on_files: bool,
}

const fn call(name: &'static str, errors: &'static [&'static str]) -> FallibleCall {
    FallibleCall {
        name,
        errors,
        may_last: false,
        on_files: false,
    }
}

const fn lasting(name: &'static str, errors: &'static [&'static str]) -> FallibleCall {
    FallibleCall {
        may_last: true,
        ..call(name, errors)
    }
}

const fn on_files(name: &'static str, errors: &'static [&'static str]) -> FallibleCall {
    FallibleCall {
        on_files: true,
        ..lasting(name, errors)
    }
}

const CALLS: [FallibleCall; 50] = [
    lasting("openat", &["EMFILE", "EACCES", "ENOSPC", "EIO", "EINTR"]),
    on_files("openat", &["EACCES", "EIO", "EMFILE"]),
    on_files("write", &["ENOSPC", "EIO", "EINTR", "EDQUOT"]),
    on_files("pwrite64", &["ENOSPC", "EIO", "EINTR", "EDQUOT"]),
    call("read", &["EIO", "EINTR"]),
    on_files("read", &["EIO", "EINTR"]),
    on_files("pread64", &["EIO", "EINTR"]),
    lasting("fsync", &["EIO", "ENOSPC"]),
    lasting("fdatasync", &["EIO", "ENOSPC", "EDQUOT"]),
    lasting("fcntl", &["ENOLCK", "EACCES", "EMFILE"]),
    on_files("fcntl", &["ENOLCK", "EACCES", "EIO"]),
    call("flock", &["ENOLCK", "EINTR"]),
    lasting("ftruncate", &["EIO", "ENOSPC", "EINTR"]),
    on_files("mmap", &["ENOMEM", "EACCES"]),
    lasting("rename", &["EACCES", "ENOSPC", "EIO"]),
    lasting("unlink", &["EACCES", "EIO"]),
    lasting("mkdir", &["EACCES", "ENOSPC", "EDQUOT"]),
    lasting("chmod", &["EACCES", "EIO"]),
    lasting("fchmod", &["EACCES", "EIO"]),
    lasting("utimensat", &["EACCES", "EIO"]),
    on_files("stat", &["EACCES", "EIO"]),
    on_files("statx", &["EACCES", "EIO"]),
    on_files("fstat", &["EIO"]),
    on_files("newfstatat", &["EACCES", "EIO"]),
    on_files("lseek", &["EIO"]),
    on_files("readlink", &["EACCES"]),
    lasting("getcwd", &["EACCES", "ENOENT"]),
    lasting("getdents64", &["EIO"]),
    lasting("statfs", &["EIO"]),
    lasting("socket", &["EMFILE", "EACCES"]),
    lasting("socketpair", &["EMFILE"]),
    lasting("bind", &["EACCES", "ENOSPC"]),
    lasting("listen", &["EACCES"]),
    lasting("accept4", &["EMFILE", "EINTR"]),
    lasting("connect", &["EACCES", "EINTR"]),
    // The standard library reports the end of a fork through one, and panics at anything else.
    call("recvfrom", &["EINTR"]),
    call("sendto", &["EIO", "EINTR"]),
    call("recvmsg", &["EINTR"]),
    call("epoll_wait", &["EINTR"]),
    call("poll", &["EINTR"]),
    lasting("epoll_create1", &["EMFILE"]),
    lasting("epoll_ctl", &["ENOSPC", "ENOMEM"]),
    lasting("eventfd2", &["EMFILE"]),
    lasting("pipe2", &["EMFILE"]),
    lasting("pidfd_open", &["EMFILE"]),
    lasting("dup", &["EMFILE"]),
    lasting("clone", &["EAGAIN"]),
    lasting("clone3", &["EAGAIN", "ENOSYS"]),
    lasting("vfork", &["EAGAIN"]),
    on_files("execve", &["EACCES", "ENOMEM"]),
];

/// Names of all calls that can fail.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = CALLS.iter().map(|call| call.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A run with system calls that fail.
#[derive(Debug, Clone)]
pub struct Point {
    pub start: Start,
    /// Its files are relative to the folder of the plan.
    pub faults: FailingCalls,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailingCalls { call, error, nth, .. } = &self.faults;
        let lasting = if self.faults.is_lasting { "+" } else { "" };
        write!(f, "{:?}: {call} {nth}{lasting} {error}", self.start)
    }
}

/// The calls of an undisturbed run.
pub struct Traces {
    by_start: BTreeMap<Start, Vec<TracedCall>>,
    folders: BTreeMap<Start, PathBuf>,
}

impl Traces {
    pub const fn new() -> Self {
        Self {
            by_start: BTreeMap::new(),
            folders: BTreeMap::new(),
        }
    }

    pub fn add(&mut self, start: Start, folder: &Path, calls: Vec<TracedCall>) {
        self.by_start.insert(start, calls);
        self.folders.insert(start, folder.to_owned());
    }

    /// How often each call was made, for the log of a test.
    pub fn counts(&self, start: Start) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.by_start[&start] {
            *counts.entry(call.name.as_str()).or_default() += 1;
        }
        counts
    }

    /// `number` points, of every call at least one if there are enough. Other seeds give other points.
    pub fn points(&self, number: usize, seed: usize) -> Vec<Point> {
        let all = CALLS.iter().enumerate();
        let mut calls: Vec<CallPoints<'_>> = all
            .filter_map(|(phase, call)| self.of_call(call, phase))
            .collect();
        let mut points = Vec::new();
        let mut round = seed;
        while points.len() < number && !calls.is_empty() {
            calls.retain(|call| round - seed < call.size());
            points.extend(calls.iter().map(|call| call.point(round)));
            round += 1;
        }
        points.truncate(number);
        points
    }

    /// The calls of a name, if a run makes them.
    fn of_call<'a>(&'a self, call: &'a FallibleCall, phase: usize) -> Option<CallPoints<'a>> {
        let starts: Vec<(Start, Reach)> = (self.by_start.keys())
            .filter_map(|start| Some((*start, self.reach(*start, call)?)))
            .collect();
        (!starts.is_empty()).then_some(CallPoints { call, starts, phase })
    }

    fn reach(&self, start: Start, call: &FallibleCall) -> Option<Reach> {
        let folder = self.folders[&start].to_str()?;
        let named = || {
            self.by_start[&start]
                .iter()
                .filter(|traced| traced.name == call.name)
        };
        let touched =
            |traced: &&TracedCall| traced.line.contains(folder) && file(&traced.line, folder).is_some();
        if call.on_files {
            let files: Vec<PathBuf> = named().filter_map(|traced| file(&traced.line, folder)).collect();
            let last = most(named().filter(touched));
            return (last > 0).then_some(Reach {
                first: 1,
                last,
                files,
            });
        }
        // The main thread loads the program first; that it can't is not its own fault.
        let main = &self.by_start[&start].first()?.thread;
        let loads = |traced: &&TracedCall| &traced.thread == main && traced.line.contains(".so");
        let of_main = named().filter(|traced| &traced.thread == main);
        let first = of_main.enumerate().filter(|(_, traced)| loads(traced)).last();
        let first = first.map_or(1, |(at, _)| at + 2);
        let last = most(named());
        (last >= first).then_some(Reach {
            first,
            last,
            files: Vec::new(),
        })
    }
}

/// The file in the folder that a call is about, if its name is the same in every run: that of a socket isn't.
fn file(line: &str, folder: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once(folder)?;
    let name: String = rest
        .trim_start_matches('/')
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "._-/".contains(*c))
        .collect();
    let name = name.trim_start_matches("./");
    let is_stable = ["out", "err", "calls"].contains(&name)
        || [".sqlite", ".jsonl", ".lock", "logs/"]
            .iter()
            .any(|part| name.contains(part));
    is_stable.then(|| PathBuf::from(name))
}

/// Which calls of a name can fail: from the first to the last of one thread.
struct Reach {
    first: usize,
    last: usize,
    files: Vec<PathBuf>,
}

/// All points of a call.
struct CallPoints<'a> {
    call: &'a FallibleCall,
    starts: Vec<(Start, Reach)>,
    /// Its number among the calls, so that the calls of a round differ in their starts and errors.
    phase: usize,
}

impl CallPoints<'_> {
    fn size(&self) -> usize {
        let calls: usize = self
            .starts
            .iter()
            .map(|(_, reach)| reach.last + 1 - reach.first)
            .sum();
        calls * self.call.errors.len()
    }

    /// Rounds combine starts, errors and how long they last; the numbers of their calls are spread by the golden ratio.
    fn point(&self, round: usize) -> Point {
        let turn = round + self.phase;
        let (start, reach) = &self.starts[turn % self.starts.len()];
        let span = reach.last + 1 - reach.first;
        // 0.618, 0.236, 0.854, … of the way, in thousandths.
        let way = (round + 1) * 618 % 1000;
        let error = self.call.errors[(turn + round / 3) % self.call.errors.len()];
        let lasts = self.call.may_last && (turn + round / 2) % 2 == 1;
        let mut files = reach.files.clone();
        files.sort();
        files.dedup();
        Point {
            start: *start,
            faults: FailingCalls {
                call: self.call.name,
                error,
                nth: reach.first + span * way / 1000,
                // A call that is interrupted is repeated, for ever if it must be.
                is_lasting: lasts && error != "EINTR",
                files,
            },
        }
    }
}
