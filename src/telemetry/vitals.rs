//! What the process takes of the machine, for the operator to see why it is not faster.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sysinfo::{Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Looking more often than this shows noise, not load.
const PERIOD: Duration = Duration::from_secs(1);

/// What the process took in the last second or so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// Processor time, 100 for one core kept busy.
    pub cpu_percent: u32,
    /// Cores it may use; 0 if that is not known.
    #[serde(default)]
    pub cores: u32,
    /// Memory held, in bytes.
    pub memory: u64,
    /// Bytes a second read from disks.
    pub disk_read: u64,
    /// Bytes a second written to disks.
    pub disk_written: u64,
    /// Bytes a second received by **the whole machine**, loopback apart: the system does not count per process.
    pub network_received: u64,
    /// Bytes a second sent by **the whole machine**, loopback apart.
    pub network_sent: u64,
}

/// Looks at the process, at most once a second.
#[derive(Debug)]
pub struct Sampler {
    system: System,
    networks: Networks,
    pid: Pid,
    cores: u32,
    last: Option<(Instant, Totals)>,
    vitals: Vitals,
}

/// Milliseconds of processor time and bytes since the process, or the machine, started.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Totals {
    cpu_ms: u64,
    disk_read: u64,
    disk_written: u64,
    network_received: u64,
    network_sent: u64,
}

impl Sampler {
    /// A sampler of this process.
    ///
    /// # Errors
    /// The system does not tell a process about itself.
    pub fn new() -> Result<Self, sysinfo::Error> {
        Ok(Self {
            system: System::new()?,
            networks: Networks::new_with_refreshed_list()?,
            pid: sysinfo::get_current_pid()?,
            cores: available_parallelism().map_or(0, |cores| u32::try_from(cores.get()).unwrap_or(0)),
            last: None,
            vitals: Vitals::default(),
        })
    }

    /// The vitals at `now`; those of the last look if that is less than a second ago. The rates are 0 until the
    /// second look.
    pub fn sample(&mut self, now: Instant) -> Vitals {
        let elapsed = self.last.map(|(then, _)| now.saturating_duration_since(then));
        if elapsed.is_none_or(|elapsed| elapsed >= PERIOD) {
            self.look(now);
        }
        self.vitals
    }

    fn look(&mut self, now: Instant) {
        let wanted = ProcessRefreshKind::nothing()
            .with_cpu()
            .with_memory()
            .with_disk_usage();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), true, wanted);
        self.networks.refresh(true);
        let Some(process) = self.system.process(self.pid) else {
            return;
        };
        let disk = process.disk_usage();
        let outside = || {
            self.networks
                .iter()
                .filter(|(name, _)| !matches!(name.to_str(), Some("lo" | "lo0")))
        };
        let totals = Totals {
            // Not `cpu_usage`, which measures by the machine's ticks: by one clock, like the other rates.
            cpu_ms: process.accumulated_cpu_time(),
            disk_read: disk.total_read_bytes,
            disk_written: disk.total_written_bytes,
            network_received: outside().map(|(_, network)| network.total_received()).sum(),
            network_sent: outside().map(|(_, network)| network.total_transmitted()).sum(),
        };
        let rates = self
            .last
            .map(|(then, before)| totals.per_second(before, now.saturating_duration_since(then)));
        self.vitals = Vitals {
            memory: process.memory(),
            cores: self.cores,
            ..rates.unwrap_or_default()
        };
        self.last = Some((now, totals));
    }
}

impl Totals {
    /// The rates since `before`; a total that fell (an interface went away) counts as standing still.
    fn per_second(self, before: Self, elapsed: Duration) -> Vitals {
        let rate = |before: u64, after: u64| {
            let bytes = u128::from(after.saturating_sub(before));
            u64::try_from(bytes * 1000 / elapsed.as_millis().max(1)).unwrap_or(u64::MAX)
        };
        Vitals {
            cpu_percent: u32::try_from(rate(before.cpu_ms, self.cpu_ms) / 10).unwrap_or(u32::MAX),
            disk_read: rate(before.disk_read, self.disk_read),
            disk_written: rate(before.disk_written, self.disk_written),
            network_received: rate(before.network_received, self.network_received),
            network_sent: rate(before.network_sent, self.network_sent),
            ..Vitals::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_second_and_a_fallen_total_is_none() {
        let before = Totals {
            cpu_ms: 40,
            disk_read: 100,
            disk_written: 0,
            network_received: 5_000,
            network_sent: 900,
        };
        let after = Totals {
            cpu_ms: 1_840,
            disk_read: 100,
            disk_written: 3_000,
            network_received: 6_000,
            network_sent: 0,
        };
        let rates = after.per_second(before, Duration::from_millis(1_500));
        let expected = Vitals {
            cpu_percent: 120,
            disk_written: 2_000,
            network_received: 666,
            ..Vitals::default()
        };
        assert_eq!(rates, expected);
    }

    #[test]
    fn this_process_takes_memory_and_processor_time() {
        let mut sampler = Sampler::new().unwrap();
        let start = Instant::now();
        let first = sampler.sample(start);
        assert!(first.memory > 1_000_000, "{first:?}");
        assert_eq!(
            (first.disk_written, first.network_sent),
            (0, 0),
            "no rate from one look"
        );
        while start.elapsed() < PERIOD / 5 {
            std::hint::spin_loop();
        }
        assert_eq!(
            sampler.sample(start + PERIOD / 2),
            first,
            "not twice within a second"
        );
        let second = sampler.sample(start + PERIOD);
        assert!(second.cpu_percent > 1, "{second:?}");
    }
}
