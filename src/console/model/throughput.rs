//! How many units the run has finished at which second of its active time, as seen in the snapshots. Bounded: in a long
//! run the points are farther apart. Knows no clock and no screen.

use crate::engine::RunView;

/// Points kept at most.
const POINTS: usize = 1024;

/// Seconds between two points, until there are too many.
const SPACING: f64 = 0.25;

/// The seconds that a bar may cover.
const BARS: [f64; 16] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 21_600.0,
    86_400.0,
];

#[derive(Debug, Clone, Copy, PartialEq)]
struct DonePoint {
    second: f64,
    done: u64,
}

#[derive(Debug, Clone, Default)]
pub struct Throughput {
    run: String,
    points: Vec<DonePoint>,
    /// How often the distance between points was doubled.
    doubled: i32,
}

/// Throughput over equal periods, oldest first; the last one is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct ThroughputBars {
    /// The second of the run at which the first period begins.
    pub from: f64,
    /// Seconds of a period.
    pub seconds: f64,
    /// Units per minute in each period.
    pub per_minute: Vec<f64>,
}

impl Throughput {
    /// Adds what a snapshot says. A recording that is moved back, or an observation of the next run, starts again from
    /// there.
    pub fn take(&mut self, run: &RunView) {
        if self.run != run.id {
            *self = Self {
                run: run.id.clone(),
                ..Self::default()
            };
        }
        let point = DonePoint {
            second: run.active_seconds,
            done: run.progress.done,
        };
        let is_before = |known: &DonePoint| known.second < point.second && known.done <= point.done;
        if self.points.last().is_some_and(|last| !is_before(last)) {
            self.points.retain(is_before);
        }
        // The newest point moves on until it is far enough from the previous one.
        if let [.., before, last] = self.points[..]
            && last.second - before.second < SPACING * 2_f64.powi(self.doubled)
        {
            self.points.pop();
        }
        self.points.push(point);
        if self.points.len() > POINTS {
            let mut at = 0;
            self.points.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.doubled += 1;
        }
    }

    /// Throughput in at most `room` bars of a round number of seconds; `None` until the first bar is complete. Between
    /// two points units count as finished at an even rate: most of that time was spent on them.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most as many bars as columns of a screen"
    )]
    pub fn bars(&self, room: usize) -> Option<ThroughputBars> {
        let (first, last) = (self.points.first()?, self.points.last()?);
        let span = last.second - first.second;
        let needed = span / room.max(1) as f64;
        let round = BARS.into_iter().find(|seconds| *seconds >= needed);
        let seconds = round.unwrap_or_else(|| (needed / 86_400.0).ceil() * 86_400.0);
        let bars = (span / seconds) as usize;
        let border = |bar: usize| self.done_at(first.second + bar as f64 * seconds);
        let rate = |bar: usize| (border(bar + 1) - border(bar)).max(0.0) * 60.0 / seconds;
        (bars > 0).then(|| ThroughputBars {
            from: first.second,
            seconds,
            per_minute: (0..bars.min(room)).map(rate).collect(),
        })
    }

    /// Units finished up to this second, between two points in proportion.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    fn done_at(&self, second: f64) -> f64 {
        let after = self.points.partition_point(|point| point.second <= second);
        let before = after.checked_sub(1).and_then(|at| self.points.get(at));
        match (before, self.points.get(after)) {
            (Some(before), Some(after)) => {
                let share = (second - before.second) / (after.second - before.second);
                before.done as f64 + share * (after.done - before.done) as f64
            }
            (Some(only), None) | (None, Some(only)) => only.done as f64,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture::second;
    use crate::engine::Snapshot;

    fn take(throughput: &mut Throughput, at: f64, done: u64) {
        let mut run = Snapshot::blank("r-1", second(0.0)).run;
        run.active_seconds = at;
        run.progress.done = done;
        throughput.take(&run);
    }

    fn rates(throughput: &Throughput, room: usize) -> Vec<f64> {
        let bars = throughput.bars(room);
        bars.map_or_else(Vec::new, |bars| bars.per_minute)
    }

    #[test]
    fn a_bar_is_what_finished_in_its_seconds() {
        let mut throughput = Throughput::default();
        take(&mut throughput, 0.0, 0);
        take(&mut throughput, 0.5, 1);
        assert_eq!(throughput.bars(10), None, "no bar is complete");
        for (second, done) in [(1.0, 2), (2.0, 2), (3.0, 8), (3.5, 9)] {
            take(&mut throughput, second, done);
        }
        assert_eq!(rates(&throughput, 10), [120.0, 0.0, 360.0]);
        let bars = throughput.bars(2).unwrap();
        assert_eq!((bars.from, bars.seconds), (0.0, 2.0));
        assert_eq!(bars.per_minute, [60.0]);
    }

    #[test]
    fn a_long_run_keeps_few_points_and_its_total() {
        let mut throughput = Throughput::default();
        for step in 0..20_000_u32 {
            take(&mut throughput, f64::from(step) / 10.0, u64::from(step));
        }
        assert!(throughput.points.len() <= POINTS);
        let bars = throughput.bars(60).unwrap();
        assert!(bars.per_minute.len() <= 60 && bars.seconds >= 2_000.0 / 60.0);
        assert!(
            bars.per_minute.iter().all(|rate| (rate - 600.0).abs() < 1.0),
            "{bars:?}"
        );
    }

    #[test]
    fn a_recording_moved_back_keeps_what_was_before() {
        let mut throughput = Throughput::default();
        for step in 0..10_u32 {
            take(&mut throughput, f64::from(step), 3 * u64::from(step));
        }
        take(&mut throughput, 4.0, 12);
        assert_eq!(rates(&throughput, 60), [180.0; 4]);
        throughput.take(&Snapshot::blank("r-2", second(0.0)).run);
        assert_eq!(throughput.bars(60), None);
    }
}
