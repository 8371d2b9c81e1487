//! Everything the screen shows, and nothing else. Only `update` changes it.

pub mod about;
pub mod causes;
pub mod checklist;
pub mod command_line;
pub mod control;
pub mod cost;
pub mod dates;
pub mod detail;
pub mod drill;
pub mod filter;
pub mod help;
pub mod list;
pub mod log;
pub mod observation;
pub mod orders;
pub mod overlay;
pub mod recording;
pub mod sample;
pub mod split;
pub mod workers;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::Rect;

use super::dirty::Dirty;
use super::keymap::{Action, Keymap, Place};
use super::layout::{Layout, Pane};
use super::preferences::Preferences;
use crate::engine::{CheckView, Snapshot, StageView};
use crate::ledger::{RunState, UnitState};
use crate::telemetry::Vitals;
use checklist::Checklist;
use control::Control;
use dates::Dates;
use detail::Detail;
use log::Log;
use observation::Observation;
use overlay::Overlay;
use recording::Recording;
use sample::Sample;
use workers::Workers;

/// How long good news stays, unless what it says holds for less.
const NOTICE_STAYS: TimeDelta = TimeDelta::seconds(5);

/// How soon a clock on the screen is moved on, and how soon at the soonest what is due goes.
const BEAT: TimeDelta = TimeDelta::seconds(1);
const LEAST_BEAT: TimeDelta = TimeDelta::milliseconds(20);

/// Notices kept for the operator to take away one by one.
const NOTICES: usize = 20;

/// What the console knows. Begin with [`Model::new`] and a [`super::Msg::Resize`].
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub(super) keymap: Keymap,
    pub(super) mouse: bool,
    pub(super) size: (u16, u16),
    pub(super) now: Option<DateTime<Utc>>,
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) vitals: Option<Vitals>,
    pub(super) focus: Pane,
    pub(super) zoomed: bool,
    pub(super) dates: Dates,
    pub(super) workers: Workers,
    pub(super) log: Log,
    pub(super) return_to: Option<ReturnTo>,
    pub(super) checks: Checklist,
    pub(super) sample: Sample,
    pub(super) sources_seen: bool,
    pub(super) control: Control,
    pub(super) recording: Option<Recording>,
    pub(super) observation: Option<Observation>,
    pub(super) life: Life,
    pub(super) overlay: Option<Overlay>,
    pub(super) prompt: Option<Prompt>,
    pub(super) notices: Vec<Notice>,
    pub(super) asked: Option<Asked>,
    pub(super) leaving: Option<Leaving>,
    pub(super) armed: Option<DateTime<Utc>>,
    pub(super) dirty: Dirty,
}

/// Whether anything still comes of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Life {
    /// It hears what it is told, be it at work or not.
    #[default]
    Alive,
    /// Nobody is there any more.
    Over,
}

/// Where one was when the log of one date was asked for.
#[derive(Debug, Clone)]
pub struct ReturnTo {
    /// The pane.
    pub pane: Pane,
    /// The date that was open over it.
    pub detail: Option<Detail>,
}

/// A line being typed.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// What is typed so far.
    pub text: String,
}

/// What a typed line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Going to a date.
    Date,
    /// Searching the log.
    Log,
    /// Searching the help.
    Help,
    /// Giving the reason for which the marked check is waived.
    Waive,
    /// Giving the note with which the marked item is ticked.
    Tick,
    /// Giving the note with which the tick of the marked item is withdrawn.
    Withdraw,
}

/// Something the operator should read once.
#[derive(Debug, Clone)]
pub struct Notice {
    /// One sentence.
    pub text: String,
    /// Whether it is bad news, which stays until a key takes it away.
    pub bad: bool,
    /// When it came.
    pub at: Option<DateTime<Utc>>,
    /// How long good news stays when no key takes it away.
    pub stays: TimeDelta,
}

impl Notice {
    /// How much longer it stays; none if a key must take it away.
    pub fn left(&self, now: Option<DateTime<Utc>>) -> Option<TimeDelta> {
        let shown = self.at.zip(now).map_or(TimeDelta::zero(), |(at, now)| now - at);
        (!self.bad).then(|| (self.stays - shown).max(TimeDelta::zero()))
    }
}

/// What was asked of the run and does not show yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To pause.
    Pause,
    /// To go on.
    Resume,
}

/// How the operator leaves once the run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// What is in flight lands first.
    Drain,
    /// What is in flight is cut off.
    Abort,
}

/// Units the engine still owes work, over all stages.
pub fn open_units(snapshot: &Snapshot) -> u64 {
    snapshot.stages.iter().map(open_of).sum()
}

/// Units of a stage the engine still owes work.
pub fn open_of(stage: &StageView) -> u64 {
    let open = UnitState::ALL.into_iter().filter(|state| state.is_open());
    open.map(|state| stage.counts.of(state)).sum()
}

impl Model {
    /// A console before it knows anything but what its operator prefers.
    #[must_use]
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            keymap: preferences.keymap.clone(),
            mouse: preferences.mouse,
            ..Self::default()
        }
    }

    /// The key an operator presses at a place for this, as it is written.
    #[must_use]
    pub fn key_of(&self, place: Place, action: Action, signs: bool) -> String {
        self.keymap.key_of(place, action, signs)
    }

    /// How much changed since this was last called.
    pub fn take_dirty(&mut self) -> Dirty {
        std::mem::take(&mut self.dirty)
    }

    /// How soon a [`super::Msg::Tick`] is wanted: every second while a clock is on screen, because the run is at work or
    /// what is shown has an age, and when good news is due to fade; otherwise never while it is paused or has ended, so
    /// that nothing at all is written.
    #[must_use]
    pub fn heartbeat(&self) -> Option<Duration> {
        let fade = self.notices.iter().filter_map(|notice| notice.left(self.now));
        let clock = self.has_clock().then_some(BEAT);
        let soonest = fade.map(|left| left.clamp(LEAST_BEAT, BEAT)).chain(clock).min()?;
        soonest.to_std().ok()
    }

    pub(super) fn is_over(&self) -> bool {
        self.life == Life::Over
    }

    pub(super) fn is_active(&self) -> bool {
        let state = self.snapshot.as_ref().map(|snapshot| snapshot.run.state);
        matches!(state, Some(RunState::Running | RunState::Draining))
    }

    /// Whether the screen shows a time that goes on.
    pub(super) fn has_clock(&self) -> bool {
        self.is_active() || self.observation.is_some()
    }

    /// The place whose keys come before those of where one is: what is shown there is no run of its own.
    pub(super) fn own_place(&self) -> Option<Place> {
        let own = match (&self.recording, &self.observation) {
            (Some(_), _) => Place::Recording,
            (None, Some(_)) => Place::Observation,
            (None, None) => return None,
        };
        (self.place() != Place::Prompt).then_some(own)
    }

    /// Percent done; 100 only when the run has ended with nothing left.
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

    /// The time on screen: it goes on between two pictures while the run is at work, and stands still otherwise. Of a
    /// recording it is the time that was recorded.
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

    /// Where the run takes orders from other processes; nowhere any more once it is over.
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

    pub(super) fn check(&self) -> Option<&CheckView> {
        self.checks.marked(self.snapshot.as_deref()?)?.check()
    }

    pub(super) fn layout(&self) -> Option<Layout> {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        Layout::of(area, self.focus, self.zoomed)
    }

    /// Where the next key is pressed.
    pub(super) fn place(&self) -> Place {
        if self.prompt.is_some() {
            return Place::Prompt;
        }
        match (&self.overlay, self.focus) {
            (Some(Overlay::Detail(_)), _) => Place::Detail,
            (Some(Overlay::Causes(_)), _) => Place::Causes,
            (Some(Overlay::Gaps(_)), _) => Place::Gaps,
            (Some(Overlay::Sources(_)), _) => Place::Sources,
            (Some(Overlay::Offending(_)), _) => Place::Offending,
            (Some(Overlay::About(_)), _) => Place::About,
            (Some(Overlay::Runbook(_)), _) => Place::Runbook,
            (Some(Overlay::Split(_)), _) => Place::Breakdown,
            (Some(Overlay::Confirm(_) | Overlay::TakeControl(_)), _) => Place::Confirm,
            (Some(Overlay::Leave(_)), _) => Place::Leave,
            (Some(Overlay::Sample(_)), _) => Place::Sample,
            (Some(Overlay::Cost(_)), _) => Place::Cost,
            (Some(Overlay::Question(_)), _) => Place::Question,
            (Some(Overlay::Help(_)), _) => Place::Help,
            (None, Pane::Dates) => Place::Dates,
            (None, Pane::Workers) => Place::Workers,
            (None, Pane::Log) => Place::Log,
            (None, Pane::Checks) => Place::Checks,
        }
    }

    pub(super) fn notice(&mut self, bad: bool, text: impl Into<String>) {
        self.say(bad, NOTICE_STAYS, text.into());
    }

    /// Says what holds for so long only.
    pub(super) fn notice_for(&mut self, stays: TimeDelta, text: String) {
        self.say(false, stays, text);
    }

    fn say(&mut self, bad: bool, stays: TimeDelta, text: String) {
        if self.notices.len() == NOTICES {
            self.notices.remove(0);
        }
        self.notices.push(Notice {
            text,
            bad,
            at: self.now,
            stays,
        });
        self.wish(Dirty::Full);
    }

    pub(super) fn wish(&mut self, dirty: Dirty) {
        self.dirty = self.dirty.max(dirty);
    }
}
