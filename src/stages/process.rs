//! Runs a program to its end, without a shell and without a terminal, in its own session and process group. However it
//! ends, and also when it is aborted, no process of the group keeps running.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a program may take to stop after it was asked to, and its pipes to drain after it ended.
const GRACE: Duration = Duration::from_secs(2);

/// Maximum number of bytes of a line held in memory; a longer line is delivered in pieces of this size.
const PIECE: u64 = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Exit(i32),
    /// It was killed by this signal, not by us.
    Signal(i32),
    /// We stopped it after its timeout.
    TimedOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// Runs a program until it ends or times out. `hear` is called for every line as it arrives; a line longer than 64 KiB
/// arrives in pieces, of which only the last one ends with a line break.
pub(super) async fn run(
    mut command: Command,
    limit: Duration,
    hear: impl Fn(Stream, &[u8]) + Sync,
) -> io::Result<End> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = CommandWrap::from(command).wrap(ProcessSession).spawn()?;
    let group = Group::of(child.as_ref());
    let due = Instant::now() + limit;
    let (out, err) = (child.stdout().take(), child.stderr().take());
    let heard = async {
        tokio::join!(
            lines(out, |line| hear(Stream::Out, line)),
            lines(err, |line| hear(Stream::Err, line))
        )
    };
    tokio::pin!(heard);
    let ended = {
        // Waits for the program only, not for other processes it left in the group.
        let ended = end(child.inner_mut(), &group, due);
        tokio::pin!(ended);
        tokio::select! {
            ended = &mut ended => ended?,
            // Closed pipes don't mean that it ended. If it closed them because it was asked to stop, that counts as the
            // timeout.
            (out, err) = &mut heard => {
                out.and(err)?;
                return ended.await;
            }
        }
    };
    // Processes it left in the group would keep the pipes open.
    drop(group);
    if let Ok((out, err)) = timeout(GRACE, heard).await {
        out.and(err)?;
    }
    Ok(ended)
}

async fn end(child: &mut dyn ChildWrapper, group: &Group, due: Instant) -> io::Result<End> {
    if let Ok(status) = timeout_at(due, child.wait()).await {
        return status.map(ended);
    }
    group.signal(Signal::TERM);
    let _ = timeout(GRACE, child.wait()).await;
    Ok(End::TimedOut)
}

fn ended(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exit(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    }
}

async fn lines(stream: Option<impl AsyncRead + Unpin>, hear: impl Fn(&[u8])) -> io::Result<()> {
    let Some(stream) = stream else { return Ok(()) };
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while (&mut stream).take(PIECE).read_until(b'\n', &mut line).await? > 0 {
        hear(&line);
        line.clear();
    }
    Ok(())
}

/// The process group of a program. Dropping it kills the group.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(child: &dyn ChildWrapper) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that the group is empty.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Finds a program: a bare name in `path`, a path with a slash relative to `folder`. `None` if it doesn't exist.
pub(super) fn find(program: &str, folder: Option<&Path>, path: Option<OsString>) -> Option<PathBuf> {
    if program.contains('/') {
        let whole = folder.map_or_else(|| PathBuf::from(program), |folder| folder.join(program));
        return whole.is_file().then_some(whole);
    }
    let path = path?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// Runs a script with a one-minute timeout; returns its end and its output lines.
    async fn ran(script: &str) -> (End, Vec<(Stream, String)>) {
        let said = Mutex::new(Vec::new());
        let hear = |stream, line: &[u8]| {
            let line = String::from_utf8_lossy(line).trim_end().to_owned();
            said.lock().unwrap().push((stream, line));
        };
        let end = run(shell(script), Duration::from_mins(1), hear).await.unwrap();
        (end, said.into_inner().unwrap())
    }

    fn is_alive(pid: &str) -> bool {
        // A zombie that its parent hasn't reaped is dead.
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    }

    async fn until(what: &str, holds: impl Fn() -> bool) {
        let limit = Instant::now() + Duration::from_mins(1);
        while !holds() {
            assert!(Instant::now() < limit, "in vain waited for: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn both_output_streams_and_the_exit_status_are_captured() {
        let (end, said) = ran("echo one; echo two >&2; printf three; exit 3").await;
        assert_eq!(end, End::Exit(3));
        let of = |stream| -> Vec<String> {
            let said = said.iter().filter(|(from, _)| *from == stream);
            said.map(|(_, line)| line.clone()).collect()
        };
        assert_eq!(of(Stream::Out), ["one", "three"]);
        assert_eq!(of(Stream::Err), ["two"]);
        assert_eq!(ran("kill -9 $$").await.0, End::Signal(9));
        assert_eq!(ran("exec >&- 2>&-; exit 4").await.0, End::Exit(4));
    }

    #[tokio::test]
    async fn a_program_runs_in_its_own_session_without_a_terminal() {
        let (end, said) =
            ran("( : >/dev/tty ) 2>/dev/null && echo a terminal; cut -d' ' -f6 /proc/self/stat; echo $$")
                .await;
        assert_eq!(end, End::Exit(0));
        let said: Vec<&str> = said.iter().map(|(_, line)| line.as_str()).collect();
        let [session, pid] = said[..] else {
            panic!("{said:?}")
        };
        assert_eq!(session, pid);
    }

    #[tokio::test]
    async fn endless_lines_are_delivered_in_pieces() {
        let (end, said) = ran("head -c 200000 /dev/zero | tr '\\0' a; echo; echo b").await;
        assert_eq!(end, End::Exit(0));
        let lengths: Vec<usize> = said.iter().map(|(_, line)| line.len()).collect();
        assert_eq!(lengths, [65_536, 65_536, 65_536, 3_392, 1]);
    }

    #[tokio::test]
    async fn background_children_are_killed_when_the_program_exits() {
        let (end, said) = ran("sleep 600 & echo $!").await;
        assert_eq!(end, End::Exit(0));
        let pid = said[0].1.clone();
        until("its child to end", || !is_alive(&pid)).await;
    }

    #[tokio::test]
    async fn a_timeout_kills_the_program_and_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let script = format!(
            "trap '' TERM; sleep 600 & echo $! $$ > {}; wait; wait",
            file.display()
        );
        let limit = Duration::from_millis(300);
        let end = run(shell(&script), limit, |_, _| {}).await.unwrap();
        assert_eq!(end, End::TimedOut);
        let pids = std::fs::read_to_string(file).unwrap();
        for pid in pids.split_whitespace() {
            until("the group to end", || !is_alive(pid)).await;
        }
    }

    #[tokio::test]
    async fn a_killed_program_is_reported_as_timed_out() {
        for _ in 0..20 {
            let end = run(shell("sleep 600"), Duration::from_millis(5), |_, _| {}).await;
            assert_eq!(end.unwrap(), End::TimedOut);
        }
    }

    #[tokio::test]
    async fn aborting_the_task_kills_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let script = format!("sleep 600 & echo $! $$ > {}; wait", file.display());
        let task = tokio::spawn(run(shell(&script), Duration::from_mins(10), |_, _| {}));
        let pids = || std::fs::read_to_string(&file).unwrap_or_default();
        until("its start", || pids().ends_with('\n')).await;
        task.abort();
        for pid in pids().split_whitespace() {
            until("the group to end", || !is_alive(pid)).await;
        }
    }

    #[test]
    fn programs_are_found_in_path_or_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("collect"), "").unwrap();
        let path = || Some(folder.path().as_os_str().to_owned());
        assert_eq!(find("collect", None, path()), Some(folder.path().join("collect")));
        assert_eq!(
            find("./collect", Some(folder.path()), None),
            Some(folder.path().join("./collect"))
        );
        assert_eq!(find("colect", None, path()), None);
        assert_eq!(find("./colect", Some(folder.path()), path()), None);
    }
}
