//! Unix signals as events. Several of one kind that arrive together count as one, which also folds a storm of
//! resizes into the last.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

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

    fn kind(self) -> SignalKind {
        match self {
            Self::Terminate => SignalKind::terminate(),
            Self::HangUp => SignalKind::hangup(),
            Self::Interrupt => SignalKind::interrupt(),
            Self::Resize => SignalKind::window_change(),
            Self::Suspend => SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()),
            Self::Continue => SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()),
        }
    }
}

/// The signals listened to. From the first listening on, they no longer do what they do by default, for the rest
/// of the process.
#[derive(Debug)]
pub struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// All of [`Signal`]: with a screen, a stop and a resize need work too. Call inside a runtime.
    ///
    /// # Errors
    /// The system refused a handler.
    pub fn for_screen() -> io::Result<Self> {
        Self::listen(&Signal::ALL)
    }

    /// Only those that end a run; without a screen, Ctrl-Z may stop the process as it always does. Call inside a
    /// runtime.
    ///
    /// # Errors
    /// The system refused a handler.
    pub fn for_ending() -> io::Result<Self> {
        Self::listen(&Signal::ENDING)
    }

    fn listen(signals: &[Signal]) -> io::Result<Self> {
        signals
            .iter()
            .map(|&signal| Ok((signal, unix::signal(signal.kind())?)))
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The next signal; never ends. May be dropped and called again without losing any.
    pub async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (signal, arrivals) in &mut self.0 {
                if arrivals.poll_recv(context).is_ready() {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}
