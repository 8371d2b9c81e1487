//! Plays a recording at variable speed, with pause and seeking. Idle stretches play faster.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::read::RecordedEvents;
use crate::engine::{Event, Fact, Projector, Snapshot, StageState};
use crate::ledger::CheckState;

/// Maximum duration of a stretch without events, at normal speed.
const MAX_IDLE: TimeDelta = TimeDelta::seconds(5);

/// The available speeds.
const SPEEDS: [f64; 16] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

/// A recording with its playback position.
#[derive(Debug)]
pub struct Deck {
    facts: Vec<Fact>,
    /// Playback time of each event from the start, at normal speed.
    due: Vec<Duration>,
    run: String,
    projector: Projector,
    /// Number of events played.
    next: usize,
    played: Duration,
    speed: f64,
    is_paused: bool,
    version: u64,
}

/// Where playback is, and how it continues.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybackState {
    /// The recorded run.
    pub run: String,
    /// The recorded time shown.
    pub at: DateTime<Utc>,
    /// Playback speed as a multiple of real time.
    pub speed: f64,
    /// Whether it waits for the operator.
    pub is_paused: bool,
    /// It is in an idle stretch, played faster than `speed`.
    pub skips_idle: bool,
    /// Whether the last event has been played.
    pub is_over: bool,
}

impl Deck {
    /// A deck at the start, with the first event played.
    #[must_use]
    pub fn new(recording: RecordedEvents, speed: f64) -> Self {
        let mut due = Vec::with_capacity(recording.facts.len());
        let mut at = Duration::ZERO;
        let mut before = None;
        for fact in &recording.facts {
            let gap = before.map_or(TimeDelta::zero(), |before| fact.at - before);
            // A clock that was set back adds no time.
            at += gap.min(MAX_IDLE).to_std().unwrap_or_default();
            due.push(at);
            before = Some(fact.at);
        }
        let mut deck = Self {
            facts: recording.facts,
            due,
            run: recording.run,
            projector: Projector::default(),
            next: 0,
            played: Duration::ZERO,
            speed,
            is_paused: false,
            version: 0,
        };
        deck.play();
        deck
    }

    /// Advances by this much real time; returns the events played.
    pub fn advance(&mut self, by: Duration) -> &[Fact] {
        if self.is_paused || self.is_over() {
            return &[];
        }
        self.played = self.played.saturating_add(by.mul_f64(self.speed)).min(self.end());
        self.play()
    }

    /// Pauses or resumes; at the end, restarts from the beginning.
    pub fn pause_or_resume(&mut self) {
        if self.is_over() {
            self.go_to(Duration::ZERO);
            self.is_paused = false;
        } else {
            self.is_paused = !self.is_paused;
        }
    }

    /// Switches to the next higher speed.
    pub fn faster(&mut self) {
        let faster = SPEEDS.into_iter().find(|speed| *speed > self.speed);
        self.speed = faster.unwrap_or(self.speed);
    }

    /// Switches to the next lower speed.
    pub fn slower(&mut self) {
        let slower = SPEEDS.into_iter().rev().find(|speed| *speed < self.speed);
        self.speed = slower.unwrap_or(self.speed);
    }

    /// Jumps to the next mark, such as a failure, a failing check, a closed gate, a pause or the end; returns the
    /// events played.
    pub fn next_mark(&mut self) -> &[Fact] {
        let to = (self.next..self.facts.len()).find(|&at| is_mark(&self.facts[at]));
        self.go_to(to.map_or(self.end(), |at| self.due[at]))
    }

    /// Jumps to the previous mark.
    pub fn previous_mark(&mut self) {
        let shown = self.next.saturating_sub(1);
        let is_before = |at: &usize| self.due[*at] < self.due[shown] && is_mark(&self.facts[*at]);
        let to = (0..shown).rev().find(is_before);
        self.go_to(to.map_or(Duration::ZERO, |at| self.due[at]));
    }

    /// Jumps by a recorded minute forward or back; returns the events played.
    pub fn by_a_minute(&mut self, on: bool) -> &[Fact] {
        let minute = TimeDelta::minutes(if on { 1 } else { -1 });
        let at = self.at();
        let wanted = at.checked_add_signed(minute).unwrap_or(at);
        let place = self.facts.partition_point(|fact| fact.at <= wanted);
        let to = self.due.get(place.max(1) - 1).copied().unwrap_or_default();
        // In a stretch without events a minute forward leads to its end.
        let to = if on && to <= self.played {
            self.due.get(self.next).copied().unwrap_or(self.end())
        } else {
            to
        };
        self.go_to(to)
    }

    /// Changes whenever the snapshot does.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The snapshot at the playback position.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        let snapshot = self.projector.snapshot()?;
        Some(Snapshot {
            version: self.version,
            ..snapshot.clone()
        })
    }

    /// Where playback is.
    #[must_use]
    pub fn standing(&self) -> PlaybackState {
        let gap = match (self.next.checked_sub(1), self.facts.get(self.next)) {
            (Some(last), Some(next)) => next.at - self.facts[last].at,
            _ => TimeDelta::zero(),
        };
        PlaybackState {
            run: self.run.clone(),
            at: self.at(),
            speed: self.speed,
            is_paused: self.is_paused,
            skips_idle: gap > MAX_IDLE,
            is_over: self.is_over(),
        }
    }

    fn is_over(&self) -> bool {
        self.next == self.facts.len()
    }

    fn end(&self) -> Duration {
        self.due.last().copied().unwrap_or_default()
    }

    /// The recorded time at the playback position, interpolated between two events.
    fn at(&self) -> DateTime<Utc> {
        let Some(last) = self.next.checked_sub(1) else {
            return DateTime::UNIX_EPOCH;
        };
        let since = self.facts[last].at;
        let Some(next) = self.facts.get(self.next) else {
            return since;
        };
        let (from, to) = (self.due[last], self.due[self.next]);
        let into = self.played.saturating_sub(from).as_secs_f64();
        let whole = to.saturating_sub(from).as_secs_f64().max(f64::MIN_POSITIVE);
        let share = into / whole;
        let gap = (next.at - since).to_std().unwrap_or_default();
        since + TimeDelta::from_std(gap.mul_f64(share.clamp(0.0, 1.0))).unwrap_or_default()
    }

    fn go_to(&mut self, played: Duration) -> &[Fact] {
        if played < self.played {
            // Pause after going back from the end, or playback would soon be at the end again.
            self.is_paused |= self.is_over();
            // Events can't be undone, so they are replayed from the start.
            self.projector = Projector::default();
            self.next = 0;
            self.played = played;
            self.play();
            return &[];
        }
        self.played = played;
        self.play()
    }

    /// Plays all events that are due; returns them.
    fn play(&mut self) -> &[Fact] {
        let from = self.next;
        while self.due.get(self.next).is_some_and(|due| *due <= self.played) {
            self.projector.take(&self.facts[self.next]);
            self.next += 1;
        }
        self.version += u64::from(self.next > from);
        &self.facts[from..self.next]
    }
}

fn is_mark(fact: &Fact) -> bool {
    match &fact.event {
        Event::UnitFinished { state, .. } => state.needs_attention(),
        Event::CheckFinished { state, .. } => !matches!(state, CheckState::Pass | CheckState::Outdated),
        Event::SnapshotDelta(picture) => picture
            .stages
            .iter()
            .any(|stage| stage.state == StageState::Failed),
        Event::StageStarted { .. }
        | Event::StageFinished { .. }
        | Event::StageThrottled { .. }
        | Event::StageStopped { .. }
        | Event::UnitsInvalidated { .. }
        | Event::RerunQueued { .. }
        | Event::CheckWaived { .. }
        | Event::WorkerPanicked { .. }
        | Event::EventsMissing { .. }
        | Event::Paused
        | Event::Resumed
        | Event::RunFinished { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EVENT_SCHEMA;
    use crate::ledger::RunState;

    fn fact(second: i64, event: Event) -> Fact {
        Fact {
            schema: EVENT_SCHEMA.to_owned(),
            seq: 1,
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            run: "r".to_owned(),
            event,
        }
    }

    /// Starts, pauses after 2 s, resumes after 10 minutes, ends 3 s later.
    fn deck(speed: f64) -> Deck {
        let changed = Event::WorkersChanged { from: 1, to: 3 };
        let end = Event::RunFinished {
            state: RunState::Finished,
            message: "done".to_owned(),
            exit_code: 0,
        };
        let facts = vec![
            fact(0, changed),
            fact(2, Event::Paused),
            fact(602, Event::Resumed),
            fact(605, end),
        ];
        let (run, remarks) = ("r".to_owned(), Vec::new());
        Deck::new(RecordedEvents { run, facts, remarks }, speed)
    }

    fn seconds(deck: &Deck) -> i64 {
        deck.standing().at.timestamp()
    }

    #[test]
    fn replay_follows_its_speed_and_skips_idle_time() {
        let mut deck = deck(2.0);
        assert_eq!(deck.snapshot().unwrap().workers.len(), 3);
        assert_eq!(deck.advance(Duration::from_millis(900)).len(), 0);
        assert_eq!(deck.advance(Duration::from_millis(100)).len(), 1);
        let standing = deck.standing();
        assert!(
            standing.skips_idle,
            "ten minutes without a fact take five seconds"
        );
        assert_eq!(deck.snapshot().unwrap().run.state, RunState::Paused);
        deck.advance(Duration::from_millis(1_250));
        assert_eq!(seconds(&deck), 302, "half of the stretch");
        deck.advance(Duration::from_millis(1_250));
        assert_eq!((seconds(&deck), deck.standing().skips_idle), (602, false));
        deck.advance(Duration::from_mins(1));
        assert!(deck.standing().is_over);
        assert_eq!(deck.snapshot().unwrap().run.state, RunState::Finished);
    }

    #[test]
    fn a_paused_replay_steps_between_marks() {
        let mut deck = deck(1.0);
        deck.pause_or_resume();
        assert_eq!(deck.advance(Duration::from_mins(1)).len(), 0);
        assert_eq!(seconds(&deck), 0);
        deck.next_mark();
        deck.next_mark();
        assert_eq!(seconds(&deck), 602);
        let version = deck.snapshot().unwrap().version;
        deck.previous_mark();
        let snapshot = deck.snapshot().unwrap();
        assert_eq!((seconds(&deck), snapshot.run.state), (2, RunState::Paused));
        assert!(
            snapshot.version > version,
            "it is another picture though an earlier one"
        );
        deck.by_a_minute(true);
        assert_eq!(seconds(&deck), 602, "there is nothing nearer");
        deck.by_a_minute(false);
        assert_eq!(seconds(&deck), 2);
        deck.by_a_minute(false);
        assert_eq!(seconds(&deck), 0);
    }

    #[test]
    fn a_finished_replay_restarts() {
        let mut deck = deck(1.0);
        deck.advance(Duration::from_mins(1));
        let version = deck.version();
        deck.pause_or_resume();
        let standing = deck.standing();
        assert_eq!(
            (seconds(&deck), standing.is_over, standing.is_paused),
            (0, false, false)
        );
        assert!(deck.version() > version);
        assert_eq!(deck.snapshot().unwrap().run.state, RunState::Running);
    }

    #[test]
    fn stepping_back_from_the_end_pauses_the_replay() {
        let mut deck = deck(10_000.0);
        deck.advance(Duration::from_mins(1));
        deck.previous_mark();
        assert_eq!((seconds(&deck), deck.standing().is_paused), (602, true));
        deck.pause_or_resume();
        deck.advance(Duration::from_mins(1));
        deck.by_a_minute(false);
        let standing = deck.standing();
        assert!(standing.is_paused && !standing.is_over);
    }

    #[test]
    fn speed_changes_in_steps_within_limits() {
        let mut deck = deck(3.0);
        deck.faster();
        assert!((deck.speed - 5.0).abs() < 1e-9);
        deck.slower();
        assert!((deck.speed - 2.0).abs() < 1e-9);
        (0..30).for_each(|_| deck.slower());
        assert!((deck.speed - 0.1).abs() < 1e-9);
        (0..30).for_each(|_| deck.faster());
        assert!((deck.speed - 10_000.0).abs() < 1e-9);
    }
}
