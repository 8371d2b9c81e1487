//! The state of the console. Only `update` changes it.

pub mod about;
pub mod breakdown_page;
pub mod causes;
pub mod checklist;
pub mod command_line;
pub mod control;
pub mod cost;
pub mod dates;
pub mod detail;
pub mod drill;
pub mod filter;
pub mod gate;
pub mod help;
pub mod list;
pub mod log;
pub mod observation;
pub mod orders;
pub mod overlay;
pub mod overview;
pub mod page;
pub mod recording;
pub mod sample;
pub mod throughput;
pub mod workers;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::Rect;

use super::dirty::Dirty;
use super::keymap::{Action, KeyContext, Keymap};
use super::layout::{Layout, Pane};
use super::preferences::Preferences;
use crate::engine::{CheckView, Question, Snapshot, StageView};
use crate::ledger::{RunState, UnitState};
use crate::partition::Partition;
use crate::telemetry::ProcessMetrics;
use checklist::Checklist;
use control::Control;
use dates::DatesState;
use detail::Detail;
use log::Log;
use observation::Observation;
use overlay::Overlay;
use recording::ReplayStatus;
use throughput::Throughput;
use workers::WorkersState;

/// How long a notice that isn't an error stays, unless its text expires sooner.
const NOTICE_DURATION: TimeDelta = TimeDelta::seconds(5);

/// Maximum and minimum interval between two ticks. Clocks on screen advance at the maximum.
const MAX_TICK: TimeDelta = TimeDelta::seconds(1);
const MIN_TICK: TimeDelta = TimeDelta::milliseconds(20);

/// Notices kept. The oldest is dropped first.
const NOTICES: usize = 20;

/// The state of the console. Start with [`Model::new`] and a [`super::Msg::Resize`].
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub(super) keymap: Keymap,
    pub(super) mouse: bool,
    pub(super) size: (u16, u16),
    pub(super) now: Option<DateTime<Utc>>,
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) metrics: Option<ProcessMetrics>,
    pub(super) focus: Pane,
    pub(super) zoomed: bool,
    pub(super) dates: DatesState,
    pub(super) workers: WorkersState,
    pub(super) throughput: Throughput,
    pub(super) log: Log,
    pub(super) return_to: Option<ReturnTo>,
    pub(super) checks: Checklist,
    pub(super) sources_seen: bool,
    pub(super) control: Control,
    pub(super) recording: Option<ReplayStatus>,
    pub(super) observation: Option<Observation>,
    pub(super) life: RunLife,
    pub(super) overlay: Option<Overlay>,
    pub(super) prompt: Option<Prompt>,
    pub(super) notices: Vec<Notice>,
    pub(super) asked: Option<PendingCommand>,
    pub(super) leaving: Option<Leaving>,
    pub(super) armed: Option<DateTime<Utc>>,
    pub(super) dirty: Dirty,
}

/// Whether the run can still change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RunLife {
    /// It accepts commands, whether running or not.
    #[default]
    Alive,
    /// Its engine has ended.
    Over,
}

/// Where to return to from the log of a single date.
#[derive(Debug, Clone)]
pub struct ReturnTo {
    pub pane: Pane,
    /// The date that was open in it.
    pub detail: Option<Detail>,
}

/// A line being typed.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What the line is used for.
    pub purpose: PromptPurpose,
    /// The text typed so far.
    pub text: String,
}

/// The use of a typed line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptPurpose {
    Date,
    Log,
    Help,
    /// The reason for waiving the selected check.
    Waive,
    /// The note for ticking the selected item.
    Tick,
    /// The note for withdrawing the tick of the selected item.
    Withdraw,
}

/// A message shown to the operator once.
#[derive(Debug, Clone)]
pub struct Notice {
    pub text: String,
    /// Whether it reports a problem; such a notice stays until a key dismisses it.
    pub bad: bool,
    pub at: Option<DateTime<Utc>>,
    /// How long it stays if it isn't `bad` and no key dismisses it.
    pub stays: TimeDelta,
}

impl Notice {
    /// How much longer it stays; `None` if only a key dismisses it.
    pub fn left(&self, now: Option<DateTime<Utc>>) -> Option<TimeDelta> {
        let shown = self.at.zip(now).map_or(TimeDelta::zero(), |(at, now)| now - at);
        (!self.bad).then(|| (self.stays - shown).max(TimeDelta::zero()))
    }
}

/// A command sent to the run whose effect isn't in the snapshot yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingCommand {
    Pause,
    Resume,
}

/// How the operator leaves once the run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// In-flight work finishes first.
    Drain,
    Abort,
}

/// Units not finished yet, over all stages.
pub fn open_units(snapshot: &Snapshot) -> u64 {
    snapshot.stages.iter().map(open_of).sum()
}

/// Units of a stage not finished yet.
pub fn open_of(stage: &StageView) -> u64 {
    let open = UnitState::ALL.into_iter().filter(|state| state.is_open());
    open.map(|state| stage.counts.of(state)).sum()
}

impl Model {
    /// An empty console with the operator's preferences.
    #[must_use]
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            keymap: preferences.keymap.clone(),
            mouse: preferences.mouse,
            ..Self::default()
        }
    }

    /// The key bound to an action at a place, as shown on screen.
    #[must_use]
    pub fn key_of(&self, place: KeyContext, action: Action, signs: bool) -> String {
        self.keymap.key_of(place, action, signs)
    }

    /// Returns how much must be redrawn, and resets it.
    pub fn take_dirty(&mut self) -> Dirty {
        std::mem::take(&mut self.dirty)
    }

    /// Time to the next [`super::Msg::Tick`]: a second while a clock is on screen (the run is active, or the view has
    /// an age), less if a notice expires sooner. `None` if nothing would change, so that an idle screen writes nothing.
    #[must_use]
    pub fn heartbeat(&self) -> Option<Duration> {
        let fade = self.notices.iter().filter_map(|notice| notice.left(self.now));
        let clock = self.has_clock().then_some(MAX_TICK);
        let soonest = fade
            .map(|left| left.clamp(MIN_TICK, MAX_TICK))
            .chain(clock)
            .min()?;
        soonest.to_std().ok()
    }

    pub(super) fn is_over(&self) -> bool {
        self.life == RunLife::Over
    }

    pub(super) fn is_active(&self) -> bool {
        let state = self.snapshot.as_ref().map(|snapshot| snapshot.run.state);
        matches!(state, Some(RunState::Running | RunState::Draining))
    }

    /// Whether the screen shows a running clock.
    pub(super) fn has_clock(&self) -> bool {
        self.is_active() || self.observation.is_some()
    }

    /// The place whose keys take precedence because the view isn't a run of its own (a recording or an observation).
    pub(super) fn own_place(&self) -> Option<KeyContext> {
        let own = match (&self.recording, &self.observation) {
            (Some(_), _) => KeyContext::Recording,
            (None, Some(_)) => KeyContext::Observation,
            (None, None) => return None,
        };
        (self.place() != KeyContext::Prompt).then_some(own)
    }

    /// Percent done; 100 only when the run has finished.
    pub(super) fn percent(&self) -> f64 {
        let Some(run) = self.snapshot.as_ref().map(|snapshot| &snapshot.run) else {
            return 0.0;
        };
        match run.progress.percent() {
            percent if run.state == RunState::Finished => percent,
            _ if run.progress.total == 0 => 0.0,
            percent => percent.min(99.9),
        }
    }

    /// The time on screen. It advances between snapshots only while the run is active; in a recording it is the
    /// recorded time.
    pub(super) fn clock(&self) -> Option<DateTime<Utc>> {
        let taken = self.snapshot.as_ref()?.at;
        let now = self
            .recording
            .as_ref()
            .map_or(self.now, |recording| Some(recording.at));
        Some(match now {
            Some(now) if self.is_active() => now.max(taken),
            _ => taken,
        })
    }

    /// Path of the control socket; `None` once the run has ended, and for a recording.
    pub(super) fn socket(&self) -> Option<&str> {
        let snapshot = self.snapshot.as_ref().filter(|_| !self.is_over())?;
        let control = snapshot.run.control.as_deref();
        control.filter(|_| self.recording.is_none())
    }

    pub(super) fn has_several_stages(&self) -> bool {
        self.snapshot.iter().any(|snapshot| snapshot.stages.len() > 1)
    }

    pub(super) fn stage(&self) -> Option<&StageView> {
        self.dates.stage(self.snapshot.as_deref()?)
    }

    /// The month in which a year of the plan begins.
    pub(super) fn first_month(&self) -> u32 {
        self.snapshot
            .as_ref()
            .map_or(1, |snapshot| snapshot.run.first_month)
    }

    pub(super) fn check(&self) -> Option<&CheckView> {
        self.checks.marked(self.snapshot.as_deref()?)?.check()
    }

    pub(super) fn question(&self) -> Option<&Question> {
        self.snapshot.as_ref()?.run.question.as_deref()
    }

    pub(super) fn layout(&self) -> Option<Layout> {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        Layout::of(area, self.focus, self.zoomed)
    }

    /// The area of a pane's content.
    pub(super) fn inside(&self, pane: Pane) -> Option<Rect> {
        self.layout()?.inside(pane)
    }

    /// Focuses a pane. Leaving the log by focusing another pane discards the place to return to.
    pub(super) fn focus_on(&mut self, pane: Pane) {
        if pane != Pane::Log {
            self.return_to = None;
        }
        self.focus = pane;
    }

    /// Shows only the log of a date, until Esc returns to this pane and the page open in it.
    pub(super) fn show_log_of(&mut self, date: Partition, detail: Option<Detail>) {
        self.log.refilter(|log| log.date = Some(date));
        self.return_to = Some(ReturnTo {
            pane: self.focus,
            detail,
        });
        self.focus = Pane::Log;
    }

    /// Keeps the cursor and scroll position of the open page within its content.
    pub(super) fn clamp_page(&mut self) {
        if let Some(layout) = self.layout()
            && let Some(mut overlay) = self.overlay.take()
        {
            overlay.page_mut().clamp(self, layout.body);
            self.overlay = Some(overlay);
        }
    }

    pub(super) fn place(&self) -> KeyContext {
        if self.prompt.is_some() {
            return KeyContext::Prompt;
        }
        match (&self.overlay, self.focus) {
            (Some(overlay), _) => overlay.page().place(),
            (None, Pane::Dates) => KeyContext::Dates,
            (None, Pane::Workers) => KeyContext::Workers,
            (None, Pane::Log) => KeyContext::Log,
            (None, Pane::Checks) => KeyContext::Checks,
        }
    }

    pub(super) fn notice(&mut self, bad: bool, text: impl Into<String>) {
        self.notify(bad, NOTICE_DURATION, text.into());
    }

    /// Shows a notice whose text is valid only for this long.
    pub(super) fn notice_for(&mut self, stays: TimeDelta, text: String) {
        self.notify(false, stays, text);
    }

    fn notify(&mut self, bad: bool, stays: TimeDelta, text: String) {
        if self.notices.len() == NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(Notice {
            text,
            bad,
            at: self.now,
            stays,
        });
        self.request_redraw(Dirty::Full);
    }

    pub(super) fn request_redraw(&mut self, dirty: Dirty) {
        self.dirty = self.dirty.max(dirty);
    }
}
