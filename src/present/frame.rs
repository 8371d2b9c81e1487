//! Frame scheduling: merges redraw requests, limits frame rate and bandwidth, and reports when the next frame is due.
//! Has no clock; every call passes the time.

use std::time::{Duration, Instant};

use crate::console::Dirty;

/// Minimum time between two frames that respond to keys.
const KEY_GAP: Duration = Duration::from_nanos(1_000_000_000 / 30);

/// Maximum time that data waits for the link after a large frame.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Decides when the next frame is drawn. Without a request there is no deadline, and nothing is written.
///
/// A frame satisfies all pending requests.
#[derive(Debug)]
pub(super) struct FrameClock {
    gap: Duration,
    bytes_per_second: Option<u32>,
    /// When the link will have transmitted what was sent.
    carried: Option<Instant>,
    last: Option<Instant>,
    due: Option<Instant>,
    dirty: Dirty,
}

impl FrameClock {
    /// A clock with limits for data frames: frames per second, clamped to 1 to 30, and optionally bytes per second.
    #[must_use]
    pub(super) fn new(frames_per_second: u8, bytes_per_second: Option<u32>) -> Self {
        let gap = Duration::from_secs(1) / u32::from(frames_per_second.clamp(1, 30));
        Self {
            gap,
            bytes_per_second,
            carried: None,
            last: None,
            due: None,
            dirty: Dirty::None,
        }
    }

    /// Requests a frame as soon as the rate and the link allow.
    pub(super) fn now(&mut self, dirty: Dirty, now: Instant) {
        let carried = self.carried.map_or(now, |carried| carried.max(now));
        self.wish(dirty, carried, self.gap);
    }

    /// Requests a frame that shows the effect of a key: at once, up to 30 a second.
    pub(super) fn key(&mut self, dirty: Dirty, now: Instant) {
        self.wish(dirty, now, KEY_GAP);
    }

    fn wish(&mut self, dirty: Dirty, at: Instant, gap: Duration) {
        if dirty == Dirty::None {
            return;
        }
        let allowed = self.last.map_or(at, |last| at.max(last + gap));
        self.due = Some(self.due.map_or(allowed, |due| due.min(allowed)));
        self.dirty = self.dirty.max(dirty);
    }

    /// When the next frame is due; `None` without a request.
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Returns the pending request if it is due; the caller must draw it now.
    pub(super) fn take(&mut self, now: Instant) -> Dirty {
        if self.due.is_none_or(|due| due > now) {
            return Dirty::None;
        }
        self.last = Some(now);
        self.due = None;
        std::mem::take(&mut self.dirty)
    }

    /// Reports the size of the frame taken at `now`.
    pub(super) fn sent(&mut self, bytes: u64, now: Instant) {
        let Some(rate) = self.bytes_per_second else {
            return;
        };
        #[allow(clippy::cast_precision_loss, reason = "a frame has far fewer than 2^53 bytes")]
        let takes = Duration::from_secs_f64(bytes as f64 / f64::from(rate.max(1)));
        let before = self.carried.map_or(now, |carried| carried.max(now));
        self.carried = Some((before + takes).min(now + MAX_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A clock of 10 frames a second that has just drawn a frame, and the time of that frame.
    fn drawn() -> (FrameClock, Instant) {
        let start = Instant::now();
        let mut clock = FrameClock::new(10, None);
        clock.now(Dirty::Full, start);
        assert_eq!(clock.take(start), Dirty::Full);
        (clock, start)
    }

    #[test]
    fn there_is_no_deadline_without_a_redraw_request() {
        let (mut clock, start) = drawn();
        assert_eq!(clock.deadline(), None);
        clock.now(Dirty::None, start);
        assert_eq!(clock.deadline(), None);
        assert_eq!(clock.take(start + 60_000 * MS), Dirty::None);
    }

    #[test]
    fn data_frames_wait_for_the_frame_rate() {
        let (mut clock, start) = drawn();
        clock.now(Dirty::Full, start + 20 * MS);
        assert_eq!(clock.deadline(), Some(start + 100 * MS));
        assert_eq!(clock.take(start + 99 * MS), Dirty::None);
        assert_eq!(clock.take(start + 100 * MS), Dirty::Full);
    }

    #[test]
    fn data_after_an_idle_period_is_drawn_immediately() {
        let (mut clock, start) = drawn();
        clock.now(Dirty::Full, start + 500 * MS);
        assert_eq!(clock.deadline(), Some(start + 500 * MS));
    }

    #[test]
    fn key_frames_precede_data_but_keep_the_minimum_gap() {
        let (mut clock, start) = drawn();
        clock.now(Dirty::Full, start + 5 * MS);
        clock.key(Dirty::Full, start + 6 * MS);
        assert_eq!(clock.deadline(), Some(start + KEY_GAP));
        clock.key(Dirty::Full, start + 50 * MS);
        assert_eq!(clock.deadline(), Some(start + KEY_GAP));
    }

    #[test]
    fn redraw_requests_merge_to_the_earliest_time_and_highest_level() {
        let (mut clock, start) = drawn();
        clock.now(Dirty::Partial, start + 400 * MS);
        clock.now(Dirty::Force, start + 250 * MS);
        clock.now(Dirty::Full, start + 300 * MS);
        assert_eq!(clock.deadline(), Some(start + 250 * MS));
        assert_eq!(clock.take(start + 250 * MS), Dirty::Force);
        assert_eq!(clock.deadline(), None);
    }

    #[test]
    fn rates_out_of_range_are_clamped() {
        let start = Instant::now();
        for (asked, gap) in [(0, 1000 * MS), (5, 200 * MS), (255, Duration::from_secs(1) / 30)] {
            let mut clock = FrameClock::new(asked, None);
            clock.now(Dirty::Full, start);
            clock.take(start);
            clock.now(Dirty::Full, start);
            assert_eq!(clock.deadline(), Some(start + gap), "{asked} a second");
        }
    }

    #[test]
    fn a_large_frame_delays_data_but_not_keys() {
        let start = Instant::now();
        let mut clock = FrameClock::new(5, Some(8_000));
        clock.now(Dirty::Full, start);
        clock.take(start);
        clock.sent(4_000, start);
        clock.now(Dirty::Full, start + 10 * MS);
        assert_eq!(clock.deadline(), Some(start + 500 * MS));
        clock.key(Dirty::Full, start + 50 * MS);
        assert_eq!(clock.deadline(), Some(start + 50 * MS));
        assert_eq!(clock.take(start + 50 * MS), Dirty::Full);
        // 450 of 500 ms are left; the frame for the key makes it 950, and data never waits longer than 1 s.
        clock.sent(4_000, start + 50 * MS);
        clock.now(Dirty::Full, start + 60 * MS);
        assert_eq!(clock.deadline(), Some(start + 1_000 * MS));
        clock.sent(90_000, start + 60 * MS);
        clock.take(start + 1_000 * MS);
        clock.now(Dirty::Full, start + 1_010 * MS);
        assert_eq!(clock.deadline(), Some(start + 1_200 * MS));
    }

    proptest! {
        /// Data frames never exceed the bandwidth, except that one frame per second is always allowed.
        #[test]
        fn data_frames_stay_within_the_byte_rate(frames in prop::collection::vec((0_u64..300, 0_u64..20_000), 1..60)) {
            let start = Instant::now();
            let mut clock = FrameClock::new(5, Some(8_000));
            let (mut now, mut sent) = (start, 0);
            for (pause, bytes) in frames {
                now += Duration::from_millis(pause);
                clock.now(Dirty::Full, now);
                now = now.max(clock.deadline().expect("one was wished for"));
                prop_assert_eq!(clock.take(now), Dirty::Full);
                let worth = 8.0 * (now - start).as_secs_f64() * 1000.0;
                #[allow(clippy::cast_precision_loss, reason = "a few kB")]
                let before = sent as f64;
                prop_assert!(before <= worth + 1.0, "{before} bytes, {worth} are carried");
                clock.sent(bytes, now);
                sent += bytes.min(8_000);
            }
        }

        /// For any requests at any times: no two frames are closer than a thirtieth of a second, or without keys than
        /// the frame rate; every request is served, and then none is pending.
        #[test]
        fn any_redraw_requests_keep_the_frame_rate_and_are_drawn(
            wishes in prop::collection::vec((0_u64..400, 0_u8..2), 1..60),
        ) {
            let keys = wishes.iter().any(|&(_, kind)| kind == 1);
            let least = if keys { KEY_GAP } else { 100 * MS };
            let mut clock = FrameClock::new(10, None);
            let mut now = Instant::now();
            let mut frames = Vec::new();
            for (pause, kind) in wishes {
                let next = now + Duration::from_millis(pause);
                while let Some(due) = clock.deadline().filter(|&due| due <= next) {
                    prop_assert_ne!(clock.take(due), Dirty::None);
                    frames.push(due);
                }
                now = next;
                match kind {
                    0 => clock.now(Dirty::Full, now),
                    _ => clock.key(Dirty::Full, now),
                }
                prop_assert!(clock.deadline().is_some());
            }
            if let Some(due) = clock.deadline() {
                clock.take(due);
                frames.push(due);
            }
            prop_assert_eq!(clock.deadline(), None);
            for pair in frames.windows(2) {
                prop_assert!(pair[1] - pair[0] >= least);
            }
        }
    }
}
