//! Unix signals as events. Several signals of a kind that arrive together count as one, so a burst of resizes is
//! handled once.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::process;
use tokio::signal::unix::{self, SignalKind};

/// A signal from the operating system or the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: shut down cleanly.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGINT: Ctrl-C outside a screen, or sent by another process.
    Interrupt,
    /// SIGWINCH: the terminal was resized.
    Resize,
    /// SIGTSTP: stop, as with Ctrl-Z.
    Suspend,
    /// SIGCONT: continued after a stop. Also sent with a hang-up; taking the screen again fails then.
    Continue,
}

impl Signal {
    const ENDING: [Self; 3] = [Self::Terminate, Self::HangUp, Self::Interrupt];
    const ALL: [Self; 6] = [
        Self::Terminate,
        Self::HangUp,
        Self::Interrupt,
        Self::Resize,
        Self::Suspend,
        Self::Continue,
    ];

    /// The signal of the operating system.
    pub(super) const fn raw(self) -> process::Signal {
        match self {
            Self::Terminate => process::Signal::TERM,
            Self::HangUp => process::Signal::HUP,
            Self::Interrupt => process::Signal::INT,
            Self::Resize => process::Signal::WINCH,
            Self::Suspend => process::Signal::TSTP,
            Self::Continue => process::Signal::CONT,
        }
    }

    const fn kind(self) -> SignalKind {
        SignalKind::from_raw(self.raw().as_raw())
    }
}

/// Handlers for a set of signals. Once installed, they replace the default action for the rest of the process.
#[derive(Debug)]
pub struct Signals {
    listening: Vec<Listening>,
    echo: Duration,
}

/// A handled signal and the time of its last arrival.
#[derive(Debug)]
struct Listening {
    signal: Signal,
    arrivals: unix::Signal,
    last: Option<Instant>,
}

/// With a supervisor, a signal to the process group arrives twice: directly and forwarded. A repeat within this time is
/// dropped.
const ECHO: Duration = Duration::from_millis(100);

impl Signals {
    /// Handles all of [`Signal`]: with a screen, a stop and a resize need handling too. Call it inside a runtime.
    ///
    /// # Errors
    /// The operating system refused a handler.
    pub fn for_screen() -> io::Result<Self> {
        Self::listen(&Signal::ALL, ECHO)
    }

    /// Handles only the signals that end a run; without a screen, Ctrl-Z may stop the process as usual. Call it inside
    /// a runtime.
    ///
    /// # Errors
    /// The operating system refused a handler.
    pub fn for_ending() -> io::Result<Self> {
        Self::listen(&Signal::ENDING, Duration::ZERO)
    }

    fn listen(signals: &[Signal], echo: Duration) -> io::Result<Self> {
        signals
            .iter()
            .map(|&signal| {
                Ok(Listening {
                    signal,
                    arrivals: unix::signal(signal.kind())?,
                    last: None,
                })
            })
            .collect::<io::Result<_>>()
            .map(|listening| Self { listening, echo })
    }

    /// The next signal; never ends. Cancel-safe.
    pub async fn next(&mut self) -> Signal {
        let echo = self.echo;
        poll_fn(|context| {
            for listening in &mut self.listening {
                while listening.arrivals.poll_recv(context).is_ready() {
                    let now = Instant::now();
                    let is_echo = listening
                        .last
                        .is_some_and(|last| now.saturating_duration_since(last) < echo);
                    listening.last = Some(now);
                    // Only ending signals are dropped: the last resize counts, and a continued process needs its screen
                    // back.
                    let ends = Signal::ENDING.contains(&listening.signal);
                    if !(ends && is_echo) {
                        return Poll::Ready(listening.signal);
                    }
                }
            }
            Poll::Pending
        })
        .await
    }
}
