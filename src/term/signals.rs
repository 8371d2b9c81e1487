//! Unix signals as events. Several of one kind that arrive together count as one, which also folds a storm of
//! resizes into the last.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::process;
use tokio::signal::unix::{self, SignalKind};

/// What the system or the operator's shell wants of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: end in good order.
    Terminate,
    /// SIGHUP: the terminal's line is gone.
    HangUp,
    /// SIGINT: Ctrl-C outside a screen, or sent.
    Interrupt,
    /// SIGWINCH: the terminal has another size.
    Resize,
    /// SIGTSTP: stop, as Ctrl-Z would.
    Suspend,
    /// SIGCONT: going on after a stop. Also comes with a hang-up; taking the screen again fails then.
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

    /// The system's own.
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

/// The signals listened to. From the first listening on, they no longer do what they do by default, for the rest
/// of the process.
#[derive(Debug)]
pub struct Signals {
    listening: Vec<Listening>,
    echo: Duration,
}

/// One signal listened to, and when it came last.
#[derive(Debug)]
struct Listening {
    signal: Signal,
    arrivals: unix::Signal,
    last: Option<Instant>,
}

/// With a screen a signal sent to a whole group of processes also comes by way of the one that stands in front of this:
/// within this time it is the same one.
const ECHO: Duration = Duration::from_millis(100);

impl Signals {
    /// All of [`Signal`]: with a screen, a stop and a resize need work too. Call inside a runtime.
    ///
    /// # Errors
    /// The system refused a handler.
    pub fn for_screen() -> io::Result<Self> {
        Self::listen(&Signal::ALL, ECHO)
    }

    /// Only those that end a run; without a screen, Ctrl-Z may stop the process as it always does. Call inside a
    /// runtime.
    ///
    /// # Errors
    /// The system refused a handler.
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

    /// The next signal; never ends. May be dropped and called again without losing any.
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
                    // Of sizes the last one counts, and a process that goes on must not be kept from its screen.
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
