//! How fast it goes and how long it will take, from units that were really computed. Time comes in from outside.

use std::collections::VecDeque;

use super::Progress;

/// Seconds of active time the rate looks back over.
const STRETCH: f64 = 30.0;
/// Units that end within this many seconds of the first of them ended together: the dates of one commit.
const TOGETHER: f64 = 0.1;
/// Samples that must be there before a rate is told.
const ENOUGH: usize = 3;

/// How much was done once some units had ended together.
#[derive(Debug, Clone, Copy)]
struct Sample {
    began: f64,
    at: f64,
    done: u64,
}

/// Progress of a run and the samples it is extrapolated from.
#[derive(Debug, Default)]
pub(super) struct Rate {
    total: u64,
    done: u64,
    /// The first of them is as old as the stretch or older, so that a gap behind it is part of the rate.
    samples: VecDeque<Sample>,
}

impl Rate {
    /// More units are to be done.
    pub(super) fn add(&mut self, units: u64) {
        self.total += units;
    }

    /// Units ended `active` seconds into the run's working time.
    pub(super) fn finish(&mut self, units: u64, active: f64) {
        self.done += units;
        let together = (self.samples).pop_back_if(|last| active - last.began <= TOGETHER);
        let began = together.map_or(active, |last| last.began);
        self.samples.push_back(Sample {
            began,
            at: active,
            done: self.done,
        });
        let is_old = |sample: &Sample| active - sample.at > STRETCH;
        while self.samples.len() > ENOUGH && self.samples.get(1).is_some_and(is_old) {
            self.samples.pop_front();
        }
    }

    /// From now on it takes `times` as long: what was measured counts as if it had been so before, so that the ETA
    /// follows at once and not when the past is forgotten.
    pub(super) fn change(&mut self, times: f64) {
        let Some(last) = self.samples.back().map(|sample| sample.at) else {
            return;
        };
        for sample in &mut self.samples {
            sample.began = last - (last - sample.began) * times;
            sample.at = last - (last - sample.at) * times;
        }
    }

    /// Where things stand, with `to_come` units of stages that have not begun; an ETA only while `moving`.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    pub(super) fn progress(&self, moving: bool, to_come: u64) -> Progress {
        let total = self.total + to_come;
        let per_second = self.per_second();
        let remaining = total.saturating_sub(self.done) as f64;
        let measurable = moving && self.done * 100 >= total && remaining > 0.0;
        let eta = per_second.filter(|_| measurable).map(|rate| {
            // The band narrows as samples come in: the relative error of a rate over n steps goes with 1/√n.
            let spread = 1.0 / (self.samples.len() as f64).sqrt();
            let middle = remaining / rate;
            (middle * (1.0 - spread / 2.0), middle * (1.0 + spread))
        });
        Progress {
            total,
            done: self.done,
            per_minute: per_second.filter(|_| moving).map(|rate| rate * 60.0),
            eta,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    fn per_second(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        (self.samples.len() >= ENOUGH)
            .then(|| (last.done - first.done) as f64 / (last.at - first.at))
            .filter(|rate| *rate > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_eta_below_one_percent_nor_while_nothing_moves_nor_at_the_end() {
        let mut rate = Rate::default();
        rate.add(1_000);
        for second in 1..=9 {
            rate.finish(1, f64::from(second));
        }
        assert_eq!(rate.progress(true, 0).eta, None, "0.9 % done");
        rate.finish(1, 10.0);
        let (soonest, latest) = rate.progress(true, 0).eta.unwrap();
        assert!(soonest < 990.0 && 990.0 < latest, "{soonest} to {latest}");
        assert_eq!(rate.progress(false, 0).eta, None);
        assert_eq!(
            rate.progress(true, 500).eta,
            None,
            "0.7 % done of what is still to come"
        );
        rate.finish(990, 11.0);
        assert_eq!(rate.progress(true, 0).eta, None);
        assert!((rate.progress(true, 0).percent() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn percent_stays_below_100_until_the_last_unit() {
        let progress = Progress {
            total: 1_000_000,
            done: 999_999,
            per_minute: None,
            eta: None,
        };
        assert!(progress.percent() < 100.0);
    }

    // Four dates every forty seconds are six a minute, however close together the four are told.
    #[test]
    fn dates_that_are_committed_together_count_over_the_time_since_the_commit_before() {
        let mut rate = Rate::default();
        rate.add(400);
        for commit in 1..=5 {
            for date in 0..4 {
                rate.finish(1, f64::from(commit) * 40.0 + f64::from(date) * 0.001);
            }
            let told = rate.progress(true, 0).per_minute;
            let is_right = told.map_or(commit < 3, |per_minute| (per_minute - 6.0).abs() < 0.01);
            assert!(is_right, "{told:?} after {commit} commits");
        }
    }

    #[test]
    fn what_makes_it_faster_is_in_the_eta_at_once() {
        let mut rate = Rate::default();
        rate.add(1_000);
        for second in 1..=20 {
            rate.finish(1, f64::from(second));
        }
        let before = rate.progress(true, 0).eta.unwrap();
        rate.change(0.5);
        let after = rate.progress(true, 0).eta.unwrap();
        assert!((after.0 * 2.0 - before.0).abs() < 1e-6 && (after.1 * 2.0 - before.1).abs() < 1e-6);
        rate.finish(1, 20.5);
        let later = rate.progress(true, 0).per_minute.unwrap();
        assert!((later - 120.0).abs() < 1e-6, "{later}");
    }

    #[test]
    fn the_rate_forgets_what_is_older_than_its_stretch() {
        let mut rate = Rate::default();
        rate.add(100_000);
        for second in 0..30 {
            rate.finish(1, f64::from(second));
        }
        for second in 30..90 {
            rate.finish(100, f64::from(second));
        }
        let per_minute = rate.progress(true, 0).per_minute.unwrap();
        assert!((per_minute - 6_000.0).abs() < 1.0, "{per_minute}");
    }
}
