//! Measures how fast units are computed. The caller passes the time in.

use std::collections::VecDeque;

/// Period over which the rate is measured, in seconds.
const WINDOW: f64 = 30.0;
/// Units that end within this many seconds of the first one count as one sample, since they come from one commit.
const COMMIT_WINDOW: f64 = 0.1;
const MIN_SAMPLES: usize = 3;

/// The units done after some ended together.
#[derive(Debug, Clone, Copy)]
struct RatePoint {
    began: f64,
    at: f64,
    done: u64,
}

#[derive(Debug, Default)]
pub(super) struct Rate {
    done: u64,
    /// The oldest sample is at least as old as the period, so that a gap after it counts.
    samples: VecDeque<RatePoint>,
}

impl Rate {
    /// Counts units that ended at this second.
    pub(super) fn finish(&mut self, units: u64, second: f64) {
        self.done += units;
        let together = (self.samples).pop_back_if(|last| second - last.began <= COMMIT_WINDOW);
        let began = together.map_or(second, |last| last.began);
        self.samples.push_back(RatePoint {
            began,
            at: second,
            done: self.done,
        });
        let is_old = |sample: &RatePoint| second - sample.at > WINDOW;
        while self.samples.len() > MIN_SAMPLES && self.samples.get(1).is_some_and(is_old) {
            self.samples.pop_front();
        }
    }

    /// Scales the measured times, so that the ETA follows a change at once instead of after the whole period.
    pub(super) fn change(&mut self, times: f64) {
        let Some(last) = self.samples.back().map(|sample| sample.at) else {
            return;
        };
        for sample in &mut self.samples {
            sample.began = last - (last - sample.began) * times;
            sample.at = last - (last - sample.at) * times;
        }
    }

    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// Units per second; `None` until enough is measured.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    pub(super) fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        (self.samples.len() >= MIN_SAMPLES)
            .then(|| (last.done - first.done) as f64 / (last.at - first.at))
            .filter(|rate| *rate > 0.0)
    }

    /// Relative uncertainty of the rate: it falls with 1/√n for n samples.
    #[allow(clippy::cast_precision_loss, reason = "a handful of samples")]
    pub(super) fn spread(&self) -> f64 {
        1.0 / (self.samples.len().max(1) as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_minute(rate: &Rate) -> Option<f64> {
        rate.per_second().map(|rate| rate * 60.0)
    }

    // Four dates every forty seconds are six a minute, however close together the four are counted.
    #[test]
    fn dates_committed_together_count_from_the_previous_commit() {
        let mut rate = Rate::default();
        for commit in 1..=5 {
            for date in 0..4 {
                rate.finish(1, f64::from(commit) * 40.0 + f64::from(date) * 0.001);
            }
            let measured = per_minute(&rate);
            let is_right = measured.map_or(commit < 3, |per_minute| (per_minute - 6.0).abs() < 0.01);
            assert!(is_right, "{measured:?} after {commit} commits");
        }
    }

    #[test]
    fn the_rate_ignores_units_older_than_its_window() {
        let mut rate = Rate::default();
        for second in 0..30 {
            rate.finish(1, f64::from(second));
        }
        for second in 30..90 {
            rate.finish(100, f64::from(second));
        }
        let per_minute = per_minute(&rate).unwrap();
        assert!((per_minute - 6_000.0).abs() < 1.0, "{per_minute}");
    }
}
