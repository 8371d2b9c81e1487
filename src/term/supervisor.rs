//! A process the shell waits for in place of another, so that the other can leave the terminal and live on.
//!
//! A shell gives its prompt back when the process it started has ended, and a process that leads its group cannot
//! leave the session of its terminal. So with a screen the program starts itself once more: the process the shell
//! started only waits and passes signals on, the one it started does everything. The latter can leave at any time.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, kill_process, setsid, waitpid};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::signals::{self, Signals};

/// Tells the process that is waited for by whom.
const STAND_IN: &str = "BACKCOURT_STAND_IN";

/// What it sends to the one that waits when it leaves.
const LEAVING: Signal = Signal::USR1;

/// The process that waits in front of this one.
#[derive(Debug)]
pub struct Supervisor(Pid);

/// Which of the two this process is.
#[derive(Debug)]
pub enum Role {
    /// The one that does everything; by whom it is waited for, if anybody does.
    Worker(Option<Supervisor>),
    /// The one that waited; the other has ended, or left, with this exit code.
    Supervisor(u8),
}

/// Starts this program once more with the same arguments and waits for it, unless this is it already.
///
/// # Errors
/// No process can be started.
#[allow(clippy::zombie_processes, reason = "it is waited for below, by its number")]
pub fn supervisor() -> io::Result<Role> {
    if let Some(waiting) = std::env::var(STAND_IN).ok().and_then(|pid| pid.parse().ok()) {
        let waiting = Pid::from_raw(waiting).filter(|waiting| getppid() == Some(*waiting));
        #[cfg(target_os = "linux")]
        if waiting.is_some() {
            // Without the one that waits the shell takes its terminal back, which is as good as gone.
            rustix::process::set_parent_process_death_signal(Some(Signal::HUP))?;
        }
        return Ok(Role::Worker(waiting.map(Supervisor)));
    }
    let mut arguments = std::env::args_os();
    let name: OsString = arguments.next().unwrap_or_else(|| "backcourt".into());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Listening begins before there is anybody to wait for, so that nothing is missed.
        let mut ended = signal(SignalKind::child())?;
        let mut leaving = signal(SignalKind::from_raw(LEAVING.as_raw()))?;
        let mut others = Signals::for_screen()?;
        let actor = Command::new(std::env::current_exe()?)
            .arg0(name)
            .args(arguments)
            .env(STAND_IN, getpid().as_raw_nonzero().to_string())
            .spawn()?;
        let actor = Pid::from_child(&actor);
        loop {
            tokio::select! {
                _ = ended.recv() => if let Some(code) = look_after(actor)? {
                    return Ok(Role::Supervisor(code));
                },
                _ = leaving.recv() => return Ok(Role::Supervisor(0)),
                signal = others.next() => match signal {
                    // The terminal tells both of its size.
                    signals::Signal::Resize => {}
                    signal => kill_process(actor, signal.raw())?,
                },
            }
        }
    })
}

/// The exit code of the other, once it has ended. When it stops, this one stops too, or the shell would not notice.
fn look_after(actor: Pid) -> io::Result<Option<u8>> {
    while let Some((_, status)) = waitpid(Some(actor), WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
        if status.stopped() {
            kill_process(getpid(), Signal::STOP)?;
            continue;
        }
        let status = ExitStatus::from_raw(status.as_raw());
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal));
        return Ok(Some(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)));
    }
    Ok(None)
}

impl Supervisor {
    /// Leaves the terminal: its session, its lines, and the shell that waits. `farewell` is said as the last thing.
    ///
    /// # Errors
    /// A step was refused; the process then still belongs to the terminal.
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
