//! The supervisor: a process the shell waits for in place of the run, so that the run can detach from the terminal.
//!
//! A shell shows its prompt again once the process it started has ended, and a process-group leader can't leave its
//! terminal session. So with a screen the program starts itself again: the first process only waits and forwards
//! signals, the second does the work and can detach at any time. If the second is killed, the first restores the
//! terminal.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitOptions, getpgrp, getpid, getppid, kill_process, setsid, waitpid};
use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::guard;
use super::signals::{self, Signals};
use super::tty::Tty;

/// Environment variable that gives the worker process the pid of its supervisor.
const SUPERVISOR: &str = "BACKCOURT_STAND_IN";

/// Sent to the supervisor when the worker process detaches.
const LEAVING: Signal = Signal::USR1;

/// Ends a terminal sequence of which only a part was written.
const CANCEL: u8 = 0x18;

/// The supervisor of this process.
#[derive(Debug)]
pub struct Supervisor(Pid);

/// The role of this process.
#[derive(Debug)]
pub enum ProcessRole {
    /// The worker process, with its supervisor if it has one.
    Worker(Option<Supervisor>),
    /// The supervisor; the worker process has ended or detached.
    Supervisor(Ended),
}

/// The end of the worker process, as its supervisor saw it.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; 128 plus the number of the signal that killed it.
    pub code: u8,
    /// The signal that killed it, such as `signal: 9 (SIGKILL)`.
    pub killed_by: Option<String>,
}

/// Whether this process was started by its supervisor, with the same arguments.
#[must_use]
pub fn is_worker_process() -> bool {
    std::env::var_os(SUPERVISOR).is_some()
}

/// Starts this program again with the same arguments and waits for it, unless this process is the worker already.
///
/// # Errors
/// The process can't be started.
#[allow(clippy::zombie_processes, reason = "it is waited for below, by its number")]
pub fn supervisor() -> io::Result<ProcessRole> {
    if let Some(waiting) = std::env::var(SUPERVISOR).ok().and_then(|pid| pid.parse().ok()) {
        let waiting = Pid::from_raw(waiting).filter(|waiting| getppid() == Some(*waiting));
        #[cfg(target_os = "linux")]
        if waiting.is_some() {
            // If the supervisor dies, the shell takes its terminal back: treat it as a hang-up.
            rustix::process::set_parent_process_death_signal(Some(Signal::HUP))?;
        }
        return Ok(ProcessRole::Worker(waiting.map(Supervisor)));
    }
    let mut arguments = std::env::args_os();
    let name: OsString = arguments.next().unwrap_or_else(|| "backcourt".into());
    let modes = tcgetattr(stdin())?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The handlers are installed before the worker starts, so that no signal is missed.
        let mut ended = signal(SignalKind::child())?;
        let mut leaving = signal(SignalKind::from_raw(LEAVING.as_raw()))?;
        let mut others = Signals::for_screen()?;
        let actor = Command::new(std::env::current_exe()?)
            .arg0(name)
            .args(arguments)
            .env(SUPERVISOR, getpid().as_raw_nonzero().to_string())
            .spawn()?;
        let actor = Pid::from_child(&actor);
        loop {
            tokio::select! {
                _ = ended.recv() => if let Some(ended) = poll_worker(actor)? {
                    if ended.killed_by.is_some() && let Err(error) = restore(&modes) {
                        tracing::warn!("cannot restore the terminal: {error}");
                    }
                    return Ok(ProcessRole::Supervisor(ended));
                },
                _ = leaving.recv() => return Ok(ProcessRole::Supervisor(Ended { code: 0, killed_by: None })),
                signal = others.next() => match signal {
                    // The terminal sends resizes to both processes.
                    signals::Signal::Resize => {}
                    signal => kill_process(actor, signal.raw())?,
                },
            }
        }
    })
}

/// The end of the worker process, once it has ended. If it stops, the supervisor stops too, so that the shell notices.
fn poll_worker(actor: Pid) -> io::Result<Option<Ended>> {
    while let Some((_, status)) = waitpid(Some(actor), WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
        if status.stopped() {
            kill_process(getpid(), Signal::STOP)?;
            continue;
        }
        let status = ExitStatus::from_raw(status.as_raw());
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal));
        return Ok(Some(Ended {
            code: code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
            killed_by: status.signal().map(|_| status.to_string()),
        }));
    }
    Ok(None)
}

/// Restores the terminal of a worker process that could not do it, unless the shell has it already. Keys and mouse
/// events that it no longer read are dropped, so that they don't reach the shell.
fn restore(modes: &Termios) -> io::Result<()> {
    if tcgetpgrp(stdin())? != getpgrp() {
        return Ok(());
    }
    tcsetattr(stdin(), OptionalActions::Now, modes)?;
    tcflush(stdin(), QueueSelector::IFlush)?;
    let tty = Tty::stdout()?;
    tty.send(vec![CANCEL])?;
    tty.send(guard::restoration()?)?;
    tty.drain()
}

impl Supervisor {
    /// Detaches from the terminal: its session, its input and output, and the waiting shell. Calls `farewell` while it
    /// can still print.
    ///
    /// # Errors
    /// A step failed; the process then still belongs to the terminal.
    pub fn leave(self, farewell: impl FnOnce()) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(None)?;
        setsid()?;
        farewell();
        let nothing = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nothing)?;
        rustix::stdio::dup2_stdout(&nothing)?;
        rustix::stdio::dup2_stderr(&nothing)?;
        kill_process(self.0, LEAVING)?;
        Ok(())
    }
}
