//! Progress and ETA of a run, per stage, because a date of one stage may take ten times as long as one of another.
//!
//! The run's working time is divided among stages by their workers, so the stages' times add up to the run's. The
//! caller passes the time in.

use super::Progress;
use super::rate::Rate;

/// Minimum relative uncertainty of an ETA, however steady the rate.
const MIN_SPREAD: f64 = 0.2;
/// Relative uncertainty for a stage measured only in an earlier run.
const EARLIER_RUN_SPREAD: f64 = 0.5;

#[derive(Debug, Default)]
struct StageRate {
    /// Seconds per unit in an earlier run, if measured.
    before: Option<f64>,
    /// The stage's share of the run's working time so far, in seconds.
    seconds: f64,
    /// Measured on the stage's own share of the time.
    rate: Rate,
    due: u64,
    /// The stage's workers since the time was last divided.
    workers: usize,
}

#[derive(Debug, Default)]
pub(super) struct EtaEstimator {
    rates: Vec<StageRate>,
    all: Rate,
    /// Working time divided among the stages so far, in seconds.
    shared: f64,
}

/// The work left of a stage.
enum WorkLeft {
    Nothing,
    /// Its speed is not known.
    Unmeasured,
    /// It takes from the first to the second, in seconds.
    Seconds(f64, f64),
}

impl StageRate {
    fn left(&self, to_come: u64) -> u64 {
        self.due.saturating_sub(self.rate.done()) + to_come
    }

    fn seconds_a_unit(&self) -> Option<f64> {
        self.rate.per_second().map(|rate| 1.0 / rate)
    }
}

impl EtaEstimator {
    /// Starts with the seconds per unit that earlier runs measured, if any, for each stage.
    pub(super) fn of(before: impl Iterator<Item = Option<f64>>) -> Self {
        let rates = before.map(|before| StageRate {
            before,
            ..StageRate::default()
        });
        Self {
            rates: rates.collect(),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, stage: usize, units: u64) {
        self.rates[stage].due += units;
    }

    /// Sets the number of workers per stage, from `active` seconds of working time on.
    pub(super) fn at_work(&mut self, active: f64, workers: impl Iterator<Item = usize>) {
        self.share(active);
        for (speed, workers) in self.rates.iter_mut().zip(workers) {
            speed.workers = workers;
        }
    }

    /// Counts a finished unit, `active` seconds into the working time.
    pub(super) fn finish(&mut self, stage: usize, active: f64) {
        self.share(active);
        let speed = &mut self.rates[stage];
        speed.rate.finish(1, speed.seconds);
        self.all.finish(1, active);
    }

    pub(super) fn done(&self) -> u64 {
        self.all.done()
    }

    /// Divides the working time since the last call among the stages with workers, if any.
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^53 workers")]
    fn share(&mut self, active: f64) {
        let passed = active - self.shared;
        self.shared = active;
        let all: usize = self.rates.iter().map(|speed| speed.workers).sum();
        if all > 0 {
            for speed in &mut self.rates {
                speed.seconds += passed * speed.workers as f64 / all as f64;
            }
        }
    }

    pub(super) fn change(&mut self, times: f64) {
        self.all.change(times);
        for speed in &mut self.rates {
            speed.rate.change(times);
        }
    }

    /// Seconds of working time per unit in this run; `None` until enough is measured.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    pub(super) fn seconds_a_unit(&self, stage: usize) -> Option<f64> {
        let speed = &self.rates[stage];
        speed.rate.per_second()?;
        Some(speed.seconds / speed.rate.done() as f64)
    }

    /// `to_come`: estimated units of each stage that has not started. There is an ETA only while `moving`.
    pub(super) fn progress(&self, moving: bool, to_come: &[u64]) -> Progress {
        let total = self.total(to_come);
        let done = self.done();
        let (mut sum, mut unmeasured) = (None, 0);
        for left in self.to_go(to_come) {
            match left {
                WorkLeft::Nothing => {}
                WorkLeft::Unmeasured => unmeasured += 1,
                WorkLeft::Seconds(one, other) => {
                    let (soonest, latest) = sum.get_or_insert((0.0, 0.0));
                    *soonest += one;
                    *latest += other;
                }
            }
        }
        Progress {
            total,
            done,
            per_minute: (self.all.per_second()).filter(|_| moving).map(|rate| rate * 60.0),
            eta: sum.filter(|_| self.is_measurable(moving, to_come)),
            unmeasured,
        }
    }

    /// Remaining seconds (soonest, latest) of each stage's own work, whose sum is the ETA of the run; `None` where it has
    /// none left, or isn't known.
    pub(super) fn of_stages(&self, moving: bool, to_come: &[u64]) -> Vec<Option<(f64, f64)>> {
        let is_measurable = self.is_measurable(moving, to_come);
        let known = |left| match left {
            WorkLeft::Seconds(soonest, latest) if is_measurable => Some((soonest, latest)),
            _ => None,
        };
        self.to_go(to_come).map(known).collect()
    }

    fn total(&self, to_come: &[u64]) -> u64 {
        let due: u64 = self.rates.iter().map(|speed| speed.due).sum();
        due + to_come.iter().sum::<u64>()
    }

    /// Below one percent done, the rate may still be anything.
    fn is_measurable(&self, moving: bool, to_come: &[u64]) -> bool {
        moving && self.done() * 100 >= self.total(to_come)
    }

    /// What is left of each stage.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    fn to_go(&self, to_come: &[u64]) -> impl Iterator<Item = WorkLeft> {
        let times = self.times_as_long_as_before();
        self.rates.iter().zip(to_come).map(move |(speed, &to_come)| {
            let left = speed.left(to_come) as f64;
            let before = || speed.before.map(|seconds| (seconds * times, EARLIER_RUN_SPREAD));
            let measured = speed.seconds_a_unit();
            let measured = measured.map(|seconds| (seconds, speed.rate.spread().max(MIN_SPREAD)));
            match measured.or_else(before) {
                _ if left == 0.0 => WorkLeft::Nothing,
                Some((seconds, spread)) => {
                    let middle = left * seconds;
                    WorkLeft::Seconds(middle * (1.0 - spread / 2.0), middle * (1.0 + spread))
                }
                None => WorkLeft::Unmeasured,
            }
        })
    }

    /// How many times as long a unit takes now as in the earlier run, over the stages measured in both.
    #[allow(clippy::cast_precision_loss, reason = "a plan has far fewer than 2^53 units")]
    fn times_as_long_as_before(&self) -> f64 {
        let (mut now, mut then) = (0.0, 0.0);
        for speed in &self.rates {
            if let (Some(seconds), Some(before)) = (speed.seconds_a_unit(), speed.before) {
                let done = speed.rate.done() as f64;
                now += done * seconds;
                then += done * before;
            }
        }
        if then > 0.0 { now / then } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One stage with one worker and one unit per second.
    fn steady(units: u64, seconds: u32) -> EtaEstimator {
        let mut estimator = EtaEstimator::of([None].into_iter());
        estimator.add(0, units);
        (1..=seconds).for_each(|second| unit(&mut estimator, 0, f64::from(second)));
        estimator
    }

    /// Finishes a unit at this second, while only its stage has a worker.
    fn unit(estimator: &mut EtaEstimator, stage: usize, second: f64) {
        let stages = estimator.rates.len();
        estimator.at_work(estimator.shared, (0..stages).map(|at| usize::from(at == stage)));
        estimator.finish(stage, second);
    }

    fn eta(estimator: &EtaEstimator, to_come: &[u64]) -> Option<(f64, f64)> {
        estimator.progress(true, to_come).eta
    }

    #[test]
    fn there_is_no_eta_below_one_percent_when_idle_or_at_the_end() {
        let mut estimator = steady(1_000, 9);
        assert_eq!(eta(&estimator, &[0]), None, "0.9 % done");
        unit(&mut estimator, 0, 10.0);
        let (soonest, latest) = eta(&estimator, &[0]).unwrap();
        assert!(soonest < 990.0 && 990.0 < latest, "{soonest} to {latest}");
        assert_eq!(estimator.progress(false, &[0]).eta, None);
        assert_eq!(
            eta(&estimator, &[500]),
            None,
            "0.7 % done of what is still to come"
        );
        (0..990).for_each(|_| unit(&mut estimator, 0, 11.0));
        assert_eq!(eta(&estimator, &[0]), None);
        assert!((estimator.progress(true, &[0]).percent() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn percent_stays_below_100_until_the_last_unit() {
        let progress = Progress {
            total: 1_000_000,
            done: 999_999,
            ..Progress::default()
        };
        assert!(progress.percent() < 100.0);
    }

    #[test]
    fn a_change_of_workers_updates_the_eta_immediately() {
        let mut estimator = steady(1_000, 20);
        let before = eta(&estimator, &[0]).unwrap();
        estimator.change(0.5);
        let after = eta(&estimator, &[0]).unwrap();
        assert!((after.0 * 2.0 - before.0).abs() < 1e-6 && (after.1 * 2.0 - before.1).abs() < 1e-6);
    }

    // The second stage takes ten times as long as the first, which the first one's rate can't show.
    #[test]
    fn stages_without_timings_are_counted_and_not_guessed() {
        let mut estimator = EtaEstimator::of([None, None].into_iter());
        estimator.add(0, 100);
        (1..=90).for_each(|second| unit(&mut estimator, 0, f64::from(second)));
        let progress = estimator.progress(true, &[0, 100]);
        let (soonest, latest) = progress.eta.unwrap();
        assert!(soonest < 10.0 && 10.0 < latest && latest < 20.0, "{progress:?}");
        assert_eq!(progress.unmeasured, 1);
        (91..=100).for_each(|second| unit(&mut estimator, 0, f64::from(second)));
        estimator.add(1, 100);
        let progress = estimator.progress(true, &[0, 0]);
        assert_eq!(
            (progress.eta, progress.unmeasured),
            (None, 1),
            "nothing is known of what is left"
        );
        (1..=5).for_each(|unit_of_it| unit(&mut estimator, 1, 100.0 + 10.0 * f64::from(unit_of_it)));
        let progress = estimator.progress(true, &[0, 0]);
        let (soonest, latest) = progress.eta.unwrap();
        assert!(soonest < 950.0 && 950.0 < latest, "{progress:?}");
        assert_eq!(progress.unmeasured, 0);
    }

    // This machine takes twice as long as the previous one.
    #[test]
    fn timings_of_an_earlier_run_are_scaled_to_the_current_rate() {
        let mut estimator = EtaEstimator::of([Some(0.5), Some(5.0)].into_iter());
        estimator.add(0, 100);
        (1..=50).for_each(|second| unit(&mut estimator, 0, f64::from(second)));
        let progress = estimator.progress(true, &[0, 100]);
        let (soonest, latest) = progress.eta.unwrap();
        assert!(soonest < 1_050.0 && 1_050.0 < latest, "{progress:?}");
        assert_eq!(progress.unmeasured, 0);
        assert!((estimator.seconds_a_unit(0).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(estimator.seconds_a_unit(1), None);
    }

    // Three workers in one stage and one in the other: the stages' times add up to the run's.
    #[test]
    fn parallel_stages_share_time_in_proportion_to_their_workers() {
        let mut estimator = EtaEstimator::of([None, None].into_iter());
        estimator.add(0, 40);
        estimator.add(1, 40);
        estimator.at_work(0.0, [3, 1].into_iter());
        for second in 1..=20 {
            estimator.finish(0, f64::from(second));
            estimator.finish(1, f64::from(second));
        }
        estimator.at_work(20.0, [0, 0].into_iter());
        estimator.at_work(25.0, [1, 0].into_iter());
        assert!((estimator.seconds_a_unit(0).unwrap() - 0.75).abs() < 1e-9);
        assert!((estimator.seconds_a_unit(1).unwrap() - 0.25).abs() < 1e-9);
        let (soonest, latest) = eta(&estimator, &[0, 0]).unwrap();
        assert!(soonest < 20.0 && 20.0 < latest, "{soonest} to {latest}");
    }

    /// The parts of the ETA add up to it.
    #[test]
    fn the_times_of_the_stages_add_up_to_that_of_the_run() {
        let mut estimator = EtaEstimator::of([Some(0.5), Some(5.0), None].into_iter());
        for (stage, units) in [(0, 10), (1, 10), (2, 0)] {
            estimator.add(stage, units);
        }
        let to_come = [0, 0, 0];
        let run = estimator.progress(true, &to_come).eta;
        let stages = estimator.of_stages(true, &to_come);
        assert_eq!((run, &stages[2]), (None, &None));
        for second in 1..=5 {
            unit(&mut estimator, 0, f64::from(second));
        }
        let (soonest, latest) = estimator.progress(true, &to_come).eta.unwrap();
        let stages = estimator.of_stages(true, &to_come);
        let sum = stages
            .iter()
            .flatten()
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert!(
            (sum.0 - soonest).abs() < 1e-9 && (sum.1 - latest).abs() < 1e-9,
            "{stages:?}"
        );
        assert_eq!(stages[2], None);
        assert_eq!(estimator.of_stages(false, &to_come), [None; 3]);
    }
}
