//! What successive looks at a lease show about its holder. Pure: times are passed in, so it can be simulated. Compares
//! no clocks of two hosts, only how long the same state was seen.

use std::time::{Duration, Instant};

use crate::warehouse::{Holder, Lease};

/// The result of the latest look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// No process holds the lease.
    Free,
    /// A heartbeat arrived while watching.
    Alive(Holder),
    /// No heartbeat arrived for this long.
    Silent(Holder, Duration),
}

/// Watches the holder of one lease.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The latest state, and when the first look that showed it had ended.
    state: Option<(Lease, Instant)>,
}

impl Watch {
    /// Adds a look. It shows the lease at some moment between `began` and `ended`, so silence counts from the end of
    /// the first look to the start of the latest. A slow response never makes it longer.
    pub(super) fn look(&mut self, began: Instant, ended: Instant, lease: Option<&Lease>) -> Seen {
        let held = lease.and_then(|lease| Some((lease, lease.holder.clone()?)));
        let Some((lease, holder)) = held else {
            self.state = None;
            return Seen::Free;
        };
        match &self.state {
            Some((before, since)) if before == lease => {
                Seen::Silent(holder, began.saturating_duration_since(*since))
            }
            before => {
                let is_alive = before.as_ref().is_some_and(|(before, _)| {
                    before.epoch == lease.epoch && before.heartbeat != lease.heartbeat
                });
                self.state = Some((lease.clone(), ended));
                if is_alive {
                    Seen::Alive(holder)
                } else {
                    Seen::Silent(holder, Duration::ZERO)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::HeartbeatTiming;
    use crate::warehouse::bigquery::Settings;
    use chrono::DateTime;

    fn holder() -> Holder {
        Holder {
            host: "courtside".to_owned(),
            machine: None,
            pid: 7,
            started: None,
            since: DateTime::UNIX_EPOCH,
            folder: "/state".to_owned(),
            jobs_in: Vec::new(),
        }
    }

    fn lease(heartbeat: i64) -> Lease {
        Lease {
            epoch: 1,
            heartbeat,
            holder: Some(holder()),
        }
    }

    #[test]
    fn silence_is_measured_between_the_end_and_start_of_reads() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut watch = Watch::default();
        let first = watch.look(start, start + 5 * second, Some(&lease(1)));
        assert_eq!(first, Seen::Silent(holder(), Duration::ZERO));
        let slow = watch.look(start + 6 * second, start + 30 * second, Some(&lease(1)));
        assert_eq!(slow, Seen::Silent(holder(), second));
        let beaten = watch.look(start + 31 * second, start + 32 * second, Some(&lease(2)));
        assert_eq!(beaten, Seen::Alive(holder()));
        assert_eq!(watch.look(start, start, None), Seen::Free);
    }

    /// A standard normal draw.
    fn normal(random: &mut fastrand::Rng) -> f64 {
        let (u, v) = (1.0 - random.f64(), random.f64());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Duration of a change on `BigQuery`: log-normal, median 3 s, 99 % within 25 s.
    fn change(random: &mut fastrand::Rng) -> Duration {
        let sigma = (25.0_f64 / 3.0).ln() / 2.326;
        Duration::from_secs_f64((3.0_f64.ln() + sigma * normal(random)).exp())
    }

    /// Duration of a read.
    const READ: Duration = Duration::from_secs(1);

    /// When the heartbeats of a live holder become visible, until long after any second start has decided. A heartbeat
    /// beyond its limit is abandoned and counts as lost.
    fn heartbeats(timing: HeartbeatTiming, random: &mut fastrand::Rng) -> Vec<Duration> {
        let (mut now, mut visible) = (Duration::ZERO, Vec::new());
        while now < Duration::from_mins(20) {
            now += timing.heartbeat;
            let takes = READ + change(random);
            if takes <= timing.heartbeat_limit {
                visible.push(now + takes);
            }
            now += takes.min(timing.heartbeat_limit);
        }
        visible
    }

    /// Whether a second start at a random moment takes the lease of a live holder.
    fn is_stolen(timing: HeartbeatTiming, random: &mut fastrand::Rng) -> bool {
        let visible = heartbeats(timing, random);
        let heartbeats = |at: Duration| visible.iter().filter(|heartbeat| **heartbeat <= at).count();
        let epoch = Instant::now();
        let mut now = Duration::from_secs_f64(random.f64() * 300.0);
        let mut watch = Watch::default();
        loop {
            let (began, ended) = (now, now + READ);
            let sampled = began + READ.mul_f64(random.f64());
            let seen = lease(i64::try_from(heartbeats(sampled)).unwrap());
            match watch.look(epoch + began, epoch + ended, Some(&seen)) {
                Seen::Alive(_) => return false,
                Seen::Silent(_, silent) if silent >= timing.silence => return true,
                Seen::Silent(..) => now = ended + timing.look,
                Seen::Free => panic!("the lease is held"),
            }
        }
    }

    fn count_stolen(timing: HeartbeatTiming) -> usize {
        let mut random = fastrand::Rng::with_seed(14);
        (0..2_000).filter(|_| is_stolen(timing, &mut random)).count()
    }

    #[test]
    fn bigquery_latencies_never_cost_a_living_holder_its_lease() {
        assert_eq!(count_stolen(Settings::default().heartbeat_timing()), 0);
    }

    #[test]
    fn a_ten_second_timeout_would_steal_leases_at_bigquery_latencies() {
        let short = HeartbeatTiming {
            heartbeat: Duration::from_secs(2),
            heartbeat_limit: Duration::from_mins(1),
            silence: Duration::from_secs(10),
            look: Duration::from_millis(250),
        };
        assert!(count_stolen(short) > 20, "the simulation sees no theft at all");
    }
}
