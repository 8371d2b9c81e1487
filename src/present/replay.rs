//! The console on a recording. It uses the same channels as a run; a deck plays the recording behind them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};

use super::metrics_source::MetricsSource;
use super::notify::{Notifier, Notify};
use super::tui::{self, ReplayChannels, ScreenContext};
use crate::console::{self, Play, Preferences};
use crate::control::ControlLock;
use crate::engine::{Command, Fact, Link, Order, Reply, Snapshot};
use crate::replay::{Deck, RecordedEvents};
use crate::telemetry::LogRing;

/// Interval at which playback advances.
const TICK: Duration = Duration::from_millis(100);

/// Shows a recording until the operator leaves; returns the exit code.
///
/// # Errors
/// The screen can't be opened.
pub fn replay(recording: RecordedEvents, speed: f64, preferences: &Preferences) -> io::Result<u8> {
    let remarks = recording.remarks.clone();
    let deck = Deck::new(recording, speed);
    let Some(first) = deck.snapshot() else {
        return Ok(0);
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (snapshots, seen) = watch::channel(Arc::new(first));
        let (facts, told) = mpsc::unbounded_channel();
        let (orders, given) = mpsc::channel(64);
        let (asks, asked) = mpsc::unbounded_channel();
        let (standing, stands) = watch::channel(standing(&deck, &remarks));
        let player = Player {
            deck,
            remarks,
            snapshots,
            facts,
            standing,
        };
        tokio::spawn(player.play(asked, given));
        let mut link = Link {
            snapshots: seen,
            facts: told,
            orders,
        };
        let client = ControlLock::default().client("replay", true);
        client.take();
        let screen_context = ScreenContext {
            log: LogRing::new(1),
            metrics: MetricsSource::Own(None),
            client,
            remote: true,
            can_detach: true,
            playing: Some(ReplayChannels { asks, stands }),
            reading: None,
        };
        let left = tui::follow(
            &mut link,
            preferences,
            screen_context,
            &mut Notifier::new(Notify::Never),
        )
        .await?;
        Ok(left.exit_code())
    })
}

/// The deck and the channels it reports to.
struct Player {
    deck: Deck,
    remarks: Vec<String>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    facts: mpsc::UnboundedSender<Fact>,
    standing: watch::Sender<console::ReplayStatus>,
}

impl Player {
    /// Plays until the screen is closed.
    async fn play(mut self, mut asks: mpsc::UnboundedReceiver<Play>, mut orders: mpsc::Receiver<Order>) {
        let mut last = Instant::now();
        loop {
            let standing = self.deck.standing();
            let moves = !standing.is_paused && !standing.is_over;
            let mut ask = None;
            tokio::select! {
                asked = asks.recv() => match asked {
                    Some(play) => ask = Some(play),
                    None => return,
                },
                order = orders.recv() => match order {
                    Some(order) => refuse(order),
                    None => return,
                },
                () = tokio::time::sleep(TICK), if moves => {}
            }
            let gone = last.elapsed();
            last = Instant::now();
            let mut told = self.deck.advance(gone).to_vec();
            if let Some(play) = ask {
                told.extend(handle(&mut self.deck, play));
            }
            self.tell(told);
        }
    }

    /// Sends the new events, snapshot and position. The receivers are gone once the screen is closed.
    fn tell(&self, told: Vec<Fact>) {
        let is_new = self.deck.version() != self.snapshots.borrow().version;
        if let Some(now) = is_new.then(|| self.deck.snapshot()).flatten() {
            self.snapshots.send_replace(Arc::new(now));
        }
        for fact in told {
            drop(self.facts.send(fact));
        }
        self.standing.send_replace(standing(&self.deck, &self.remarks));
    }
}

/// Runs a playback command; returns the events it played.
fn handle(deck: &mut Deck, play: Play) -> Vec<Fact> {
    match play {
        Play::PauseOrResume => deck.pause_or_resume(),
        Play::Faster => deck.faster(),
        Play::Slower => deck.slower(),
        Play::NextMark => return deck.next_mark().to_vec(),
        Play::PreviousMark => deck.previous_mark(),
        Play::MinuteForward => return deck.by_a_minute(true).to_vec(),
        Play::MinuteBack => return deck.by_a_minute(false).to_vec(),
    }
    Vec::new()
}

fn refuse(order: Order) {
    let sentence = match order.command {
        Command::Inspect { .. } => "a recording has no rows; query the table to see the current ones",
        _ => "this is a recording; there is no run to control",
    };
    // The screen may have been closed.
    let _ = order.answer.send(Reply::Refused(sentence.to_owned()));
}

fn standing(deck: &Deck, remarks: &[String]) -> console::ReplayStatus {
    let standing = deck.standing();
    console::ReplayStatus {
        run: standing.run,
        at: standing.at,
        speed: standing.speed,
        is_paused: standing.is_paused,
        skips_idle: standing.skips_idle,
        is_over: standing.is_over,
        remarks: remarks.to_vec(),
    }
}
