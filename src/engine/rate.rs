//! How fast it goes and how long it will take, from units that were really computed. Time comes in from outside.

use std::collections::VecDeque;

use super::Progress;

/// Seconds of active time the rate looks back over.
const STRETCH: f64 = 30.0;
/// Samples that must be there before a rate is told.
const ENOUGH: usize = 3;

/// Progress of a run and the samples it is extrapolated from.
#[derive(Debug, Default)]
pub(super) struct Rate {
    total: u64,
    done: u64,
    samples: VecDeque<(f64, u64)>,
}

impl Rate {
    /// More units are to be done.
    pub(super) fn add(&mut self, units: u64) {
        self.total += units;
    }

    /// Units ended `active` seconds into the run's working time.
    pub(super) fn finish(&mut self, units: u64, active: f64) {
        self.done += units;
        self.samples.push_back((active, self.done));
        while self.samples.front().is_some_and(|(at, _)| active - at > STRETCH) {
            self.samples.pop_front();
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
        let (first_at, first_done) = *self.samples.front()?;
        let (last_at, last_done) = *self.samples.back()?;
        (self.samples.len() >= ENOUGH && last_at > first_at)
            .then(|| (last_done - first_done) as f64 / (last_at - first_at))
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

    #[test]
    fn the_rate_forgets_what_is_older_than_its_stretch() {
        let mut rate = Rate::default();
        rate.add(100_000);
        for second in 0..30 {
            rate.finish(1, f64::from(second));
        }
        for second in 60..90 {
            rate.finish(100, f64::from(second));
        }
        let per_minute = rate.progress(true, 0).per_minute.unwrap();
        assert!((per_minute - 6_000.0).abs() < 1.0, "{per_minute}");
    }
}
