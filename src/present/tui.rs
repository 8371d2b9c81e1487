//! The console on a terminal: collects messages, passes them to the console, runs the effects it returns, and redraws
//! on changes. It makes no decisions about the run or the content of the screen.

use std::io;
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::{mpsc, oneshot, watch};

use crate::console::keymap::{Action, KeyContext};
use crate::console::{
    self, ControlAccess, Dirty, Effect, Model, Msg, Observation, Play, Preferences, ReplayStatus, Theme,
    draw, update,
};
use crate::control::Client;
use crate::engine::{Command, Fact, Link, Order, Reply};
use crate::telemetry::LogRing;
use crate::term::{Caps, Screen, Signal, Signals, TermEvent, TermInput};

use super::frame::FrameClock;
use super::metrics_source::MetricsSource;
use super::notify::Notifier;

/// How the screen was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Quit,
    /// The operator detached; the run continues.
    Detached,
    Signal(Signal),
    /// The terminal was lost; the run continues.
    Gone,
}

impl Left {
    /// The exit code of a console whose closing doesn't end the run.
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Signal(Signal::Interrupt) => 130,
            Self::Signal(Signal::Terminate) => 143,
            _ => 0,
        }
    }
}

/// The sources of the screen besides snapshots and events, and its relation to the run.
pub(super) struct ScreenContext {
    pub(super) log: LogRing,
    pub(super) metrics: MetricsSource,
    pub(super) client: Client,
    /// The run is in another process.
    pub(super) remote: bool,
    /// The run can continue without this terminal.
    pub(super) can_detach: bool,
    /// The run is a recording.
    pub(super) playing: Option<ReplayChannels>,
    /// The run is read from a warehouse.
    pub(super) reading: Option<ObserverChannels>,
}

/// Additional channels of a read-only view of a warehouse.
pub(super) struct ObserverChannels {
    pub(super) wishes: mpsc::UnboundedSender<()>,
    pub(super) newest: watch::Receiver<Observation>,
}

pub(super) struct ReplayChannels {
    pub(super) asks: mpsc::UnboundedSender<Play>,
    pub(super) stands: watch::Receiver<ReplayStatus>,
}

/// The next update from a recording or reading; never resolves without one.
async fn next<T: Clone>(told: Option<&mut watch::Receiver<T>>) -> T {
    if let Some(told) = told
        && told.changed().await.is_ok()
    {
        return told.borrow_and_update().clone();
    }
    std::future::pending().await
}

/// Shows a run until the operator leaves or the terminal is lost.
pub(super) async fn follow(
    link: &mut Link,
    preferences: &Preferences,
    screen_context: ScreenContext,
    notifier: &mut Notifier,
) -> io::Result<Left> {
    let mut signals = Signals::for_screen()?;
    let (keys, mut terminal) = mpsc::unbounded_channel();
    let mut screen = Screen::enter()?;
    if preferences.mouse {
        screen.take_mouse(true)?;
    }
    let input = TermInput::start(keys)?;
    let mut tui = Tui::new(screen, input, preferences, screen_context);
    let screen_context = &tui.screen_context;
    let recording = (screen_context.playing.as_ref()).map(|playing| playing.stands.borrow().clone());
    let observation = (screen_context.reading.as_ref()).map(|reading| reading.newest.borrow().clone());
    if let Some(recording) = recording {
        tui.take(link, Msg::Recording(recording));
    }
    if let Some(observation) = observation {
        tui.take(link, Msg::Observation(observation));
    }
    let first = link.snapshots.borrow_and_update().clone();
    tui.take(link, Msg::Snapshot(first));
    tui.show_control(link);
    let mut engine_is_over = false;
    while tui.left.is_none() {
        tui.take_log(link);
        if tui.draw_if_due().is_err() {
            return Ok(Left::Gone);
        }
        let is_unread = !tui.screen.is_ready();
        let wake = tui.next_wake();
        tokio::select! {
            biased;
            event = terminal.recv() => match event {
                Some(TermEvent::Key(key)) => tui.take(link, Msg::Key { key, at: Utc::now() }),
                Some(TermEvent::Mouse(event)) => tui.take(link, Msg::Mouse(event)),
                Some(TermEvent::Paste(text)) => tui.take(link, Msg::Paste(text)),
                Some(TermEvent::Gone) | None => return Ok(Left::Gone),
            },
            signal = signals.next() => if tui.on_signal(link, signal).is_err() {
                return Ok(Left::Gone);
            },
            () = tui.screen_context.client.changed() => tui.show_control(link),
            recording = next(tui.screen_context.playing.as_mut().map(|playing| &mut playing.stands)) => {
                tui.take(link, Msg::Recording(recording));
            }
            observation = next(tui.screen_context.reading.as_mut().map(|reading| &mut reading.newest)) => {
                tui.take(link, Msg::Observation(observation));
            }
            Some((to, reply)) = tui.replies.recv() => tui.take(link, Msg::Reply { to, reply }),
            Ok(()) = link.snapshots.changed(), if !engine_is_over => {
                let snapshot = link.snapshots.borrow_and_update().clone();
                tui.take(link, Msg::Snapshot(snapshot));
            }
            fact = link.facts.recv(), if !engine_is_over => if let Some(fact) = fact {
                let facts = waiting_facts(link, fact);
                for fact in &facts {
                    // The next frame detects a lost terminal.
                    notifier.hear(fact, |how, text| drop(tui.screen.call(how, text)));
                }
                tui.take(link, Msg::Facts(facts));
            } else {
                engine_is_over = true;
                let last = link.snapshots.borrow_and_update().clone();
                tui.take(link, Msg::Snapshot(last));
                tui.take(link, Msg::Over);
                if tui.screen.drain().is_err() {
                    // The end isn't shown on a terminal that isn't read.
                    tui.left = Some(Left::Quit);
                }
            },
            () = tui.screen.moved(), if is_unread => {}
            () = tokio::time::sleep_until(wake.into()) => tui.on_wake(link),
        }
        if engine_is_over && let Some(signal) = tui.ended_by {
            tui.left = Some(Left::Signal(signal));
        }
    }
    Ok(tui.left.unwrap_or(Left::Quit))
}

/// All pending events, so that a thousand events cause one frame.
fn waiting_facts(link: &mut Link, first: Fact) -> Vec<Fact> {
    let mut facts = vec![first];
    while let Ok(fact) = link.facts.try_recv() {
        facts.push(fact);
    }
    facts
}

struct Tui {
    model: Model,
    theme: Theme,
    screen: Screen,
    input: TermInput,
    frames: FrameClock,
    screen_context: ScreenContext,
    logged: u64,
    /// The shell has the terminal until the process is continued.
    suspended: bool,
    beat: Option<Instant>,
    answers: mpsc::UnboundedSender<(Command, Reply)>,
    replies: mpsc::UnboundedReceiver<(Command, Reply)>,
    ended_by: Option<Signal>,
    left: Option<Left>,
}

impl Tui {
    fn new(
        screen: Screen,
        input: TermInput,
        preferences: &Preferences,
        screen_context: ScreenContext,
    ) -> Self {
        let caps = Caps::from_env(|name| std::env::var(name).ok());
        let (answers, replies) = mpsc::unbounded_channel();
        let mut model = Model::new(preferences);
        if let Ok(size) = screen.size() {
            update(
                &mut model,
                Msg::Resize {
                    columns: size.width,
                    rows: size.height,
                },
            );
        }
        Self {
            model,
            theme: Theme::new(preferences.palette, caps.color, caps.utf8),
            screen,
            input,
            frames: FrameClock::new(caps.frames_per_second(), caps.bytes_per_second()),
            screen_context,
            logged: 0,
            suspended: false,
            beat: None,
            answers,
            replies,
            ended_by: None,
            left: None,
        }
    }

    /// Passes a message to the console and runs the effects it returns.
    fn take(&mut self, link: &Link, msg: Msg) {
        let is_key = matches!(msg, Msg::Key { .. } | Msg::Mouse(_));
        for effect in update(&mut self.model, msg) {
            match effect {
                Effect::Send(command) => self.send(link, command),
                Effect::Copy(text) => {
                    // The next frame detects a lost terminal.
                    drop(self.screen.copy(&text));
                }
                Effect::Play(play) => {
                    if let Some(playing) = &self.screen_context.playing {
                        // Fails only after the player has ended.
                        let _ = playing.asks.send(play);
                    }
                }
                Effect::ReadAgain => {
                    if let Some(reading) = &self.screen_context.reading {
                        // Fails only after the reader has ended.
                        let _ = reading.wishes.send(());
                    }
                }
                // As for a copy, the next frame detects a lost terminal.
                Effect::Mouse(take) => drop(self.screen.take_mouse(take)),
                Effect::Suspend => self.suspend(),
                Effect::TakeControl => self.screen_context.client.take(),
                Effect::Detach => self.left = Some(Left::Detached),
                Effect::Quit => self.quit(link),
            }
        }
        let dirty = self.model.take_dirty();
        // A corrupted screen isn't delayed by the bandwidth limit either.
        if is_key || dirty == Dirty::Force {
            self.frames.key(dirty, Instant::now());
        } else {
            self.frames.now(dirty, Instant::now());
        }
        let wanted = self.model.heartbeat().map(|beat| Instant::now() + beat);
        self.beat = match (self.beat, wanted) {
            (Some(beat), Some(_)) => Some(beat),
            (_, wanted) => wanted,
        };
    }

    fn show_control(&mut self, link: &Link) {
        let view = self.screen_context.client.view();
        let control = console::Control {
            holder: view.holder,
            reach: match view.mine {
                true => ControlAccess::InControl,
                false if self.screen_context.client.may_steer() => ControlAccess::CanTake,
                false => ControlAccess::ReadOnly,
            },
            consoles: view.consoles,
            remote: self.screen_context.remote,
            can_detach: self.screen_context.can_detach,
        };
        self.take(link, Msg::Control(control));
    }

    fn take_log(&mut self, link: &Link) {
        let lines = self.screen_context.log.since(self.logged);
        if let Some(last) = lines.last() {
            self.logged = last.number;
            self.take(link, Msg::Log(lines));
        }
    }

    fn on_wake(&mut self, link: &Link) {
        let now = Instant::now();
        if self.beat.is_some_and(|beat| beat <= now) {
            self.beat = None;
            if let Some(metrics) = self.screen_context.metrics.at(now) {
                self.take(link, Msg::ProcessMetrics(metrics));
            }
            self.take(link, Msg::Tick(Utc::now()));
        }
    }

    fn next_wake(&self) -> Instant {
        let never = Instant::now() + Duration::from_hours(1);
        let frame = self.frames.deadline().filter(|_| self.may_draw());
        [frame, self.beat].into_iter().flatten().min().unwrap_or(never)
    }

    /// Whether a frame would be seen. The key that suspends requests a frame too; drawn at once, it would overwrite the
    /// shell's screen.
    fn may_draw(&self) -> bool {
        !self.suspended && self.screen.is_ready()
    }

    fn draw_if_due(&mut self) -> io::Result<()> {
        if !self.may_draw() {
            return Ok(());
        }
        let dirty = self.frames.take(Instant::now());
        if dirty == Dirty::None {
            return Ok(());
        }
        if dirty == Dirty::Force {
            self.screen.clear()?;
        }
        let (model, theme) = (&self.model, &self.theme);
        let before = self.screen.bytes_sent();
        self.screen
            .draw(|frame| draw(model, theme, frame.area(), frame.buffer_mut()))?;
        self.frames
            .sent(self.screen.bytes_sent() - before, Instant::now());
        Ok(())
    }

    /// Handles a signal; an error means that the terminal is gone.
    fn on_signal(&mut self, link: &Link, signal: Signal) -> io::Result<()> {
        match signal {
            Signal::HangUp => return Err(io::ErrorKind::BrokenPipe.into()),
            // A signal that ends this screen doesn't apply to a run in another process.
            Signal::Terminate | Signal::Interrupt if self.screen_context.remote => {
                self.left = Some(Left::Signal(signal));
            }
            Signal::Terminate | Signal::Interrupt => {
                let command = if self.ended_by.is_none() {
                    Command::Drain
                } else {
                    Command::Abort
                };
                self.ended_by = Some(signal);
                self.give(link, command);
            }
            Signal::Suspend => self.suspend(),
            Signal::Continue => {
                self.screen.resume()?;
                self.suspended = false;
                self.input.resume();
                self.resized(link)?;
            }
            Signal::Resize => self.resized(link)?,
        }
        Ok(())
    }

    fn resized(&mut self, link: &Link) -> io::Result<()> {
        let size = self.screen.size()?;
        self.take(
            link,
            Msg::Resize {
                columns: size.width,
                rows: size.height,
            },
        );
        Ok(())
    }

    /// Stops the process, workers included, until the shell continues it.
    fn suspend(&mut self) {
        self.input.pause();
        self.suspended = true;
        if let Err(error) = self.screen.suspend() {
            tracing::warn!("cannot restore the terminal before suspending: {error}");
        }
    }

    /// Sends a command; refused unless this console is in control.
    fn send(&self, link: &Link, command: Command) {
        match self.screen_context.client.refusal() {
            Some(mut sentence) if command.changes() => {
                if self.screen_context.client.may_steer() {
                    let takes = self.model.key_of(KeyContext::Dates, Action::TakeControl, false);
                    sentence = format!("{sentence}; {takes} takes it");
                }
                let refused = (command, Reply::Refused(sentence));
                // The receiver belongs to this screen.
                drop(self.answers.send(refused));
            }
            _ => self.give(link, command),
        }
    }

    fn give(&self, link: &Link, command: Command) {
        let (answer, reply) = oneshot::channel();
        let order = Order {
            command: command.clone(),
            by: None,
            answer,
        };
        let (orders, answers) = (link.orders.clone(), self.answers.clone());
        tokio::spawn(async move {
            let reply = match orders.send(order).await {
                Ok(()) => reply.await.ok(),
                Err(_) => None,
            };
            let gone = || Reply::Refused("the run has ended and takes no more commands".to_owned());
            // The screen may have been closed, with its receiver.
            let _ = answers.send((command, reply.unwrap_or_else(gone)));
        });
    }

    fn quit(&mut self, link: &Link) {
        if self.screen_context.remote {
            self.left = Some(Left::Detached);
            return;
        }
        let ended = link.snapshots.borrow().run.state.has_ended();
        self.give(link, if ended { Command::Drain } else { Command::Abort });
        self.left = Some(self.ended_by.map_or(Left::Quit, Left::Signal));
    }
}
