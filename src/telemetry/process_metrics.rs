//! Resource usage of the process, so that the operator can see what limits it.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sysinfo::{Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Minimum sampling interval; shorter ones show noise, not load.
const PERIOD: Duration = Duration::from_secs(1);

/// Resource usage over the last interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessMetrics {
    /// CPU time in percent; 100 is one busy core.
    pub cpu_percent: u32,
    /// Cores available to the process; 0 if unknown.
    #[serde(default)]
    pub cores: u32,
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Bytes per second read from disks.
    pub disk_read: u64,
    /// Bytes per second written to disks.
    pub disk_written: u64,
    /// Bytes per second received by **the whole host**, without loopback: the operating system doesn't count per
    /// process.
    pub network_received: u64,
    /// Bytes per second sent by **the whole host**, without loopback.
    pub network_sent: u64,
}

/// Samples the process, at most once per second.
#[derive(Debug)]
pub struct Sampler {
    system: System,
    networks: Networks,
    pid: Pid,
    cores: u32,
    last: Option<(Instant, UsageTotals)>,
    metrics: ProcessMetrics,
}

/// CPU time in milliseconds and bytes, since the start of the process or host.
#[derive(Debug, Clone, Copy, PartialEq)]
struct UsageTotals {
    cpu_ms: u64,
    disk_read: u64,
    disk_written: u64,
    network_received: u64,
    network_sent: u64,
}

impl Sampler {
    /// A sampler for this process.
    ///
    /// # Errors
    /// The operating system provides no data about the process.
    pub fn new() -> Result<Self, sysinfo::Error> {
        Ok(Self {
            system: System::new()?,
            networks: Networks::new_with_refreshed_list()?,
            pid: sysinfo::get_current_pid()?,
            cores: available_parallelism().map_or(0, |cores| u32::try_from(cores.get()).unwrap_or(0)),
            last: None,
            metrics: ProcessMetrics::default(),
        })
    }

    /// The metrics at `now`, or those of the last sample if it is less than a second old. Rates are 0 until the second
    /// sample.
    pub fn sample(&mut self, now: Instant) -> ProcessMetrics {
        let elapsed = self.last.map(|(then, _)| now.saturating_duration_since(then));
        if elapsed.is_none_or(|elapsed| elapsed >= PERIOD) {
            self.look(now);
        }
        self.metrics
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
        let totals = UsageTotals {
            // Not `cpu_usage`, which measures in ticks of the host; all rates here use the same clock.
            cpu_ms: process.accumulated_cpu_time(),
            disk_read: disk.total_read_bytes,
            disk_written: disk.total_written_bytes,
            network_received: outside().map(|(_, network)| network.total_received()).sum(),
            network_sent: outside().map(|(_, network)| network.total_transmitted()).sum(),
        };
        let rates = self
            .last
            .map(|(then, before)| totals.per_second(before, now.saturating_duration_since(then)));
        self.metrics = ProcessMetrics {
            memory: process.memory(),
            cores: self.cores,
            ..rates.unwrap_or_default()
        };
        self.last = Some((now, totals));
    }
}

impl UsageTotals {
    /// The rates since `before`; a decreased total (an interface was removed) gives a rate of 0.
    fn per_second(self, before: Self, elapsed: Duration) -> ProcessMetrics {
        let rate = |before: u64, after: u64| {
            let bytes = u128::from(after.saturating_sub(before));
            u64::try_from(bytes * 1000 / elapsed.as_millis().max(1)).unwrap_or(u64::MAX)
        };
        ProcessMetrics {
            cpu_percent: u32::try_from(rate(before.cpu_ms, self.cpu_ms) / 10).unwrap_or(u32::MAX),
            disk_read: rate(before.disk_read, self.disk_read),
            disk_written: rate(before.disk_written, self.disk_written),
            network_received: rate(before.network_received, self.network_received),
            network_sent: rate(before.network_sent, self.network_sent),
            ..ProcessMetrics::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second_and_omitted_if_a_total_decreases() {
        let before = UsageTotals {
            cpu_ms: 40,
            disk_read: 100,
            disk_written: 0,
            network_received: 5_000,
            network_sent: 900,
        };
        let after = UsageTotals {
            cpu_ms: 1_840,
            disk_read: 100,
            disk_written: 3_000,
            network_received: 6_000,
            network_sent: 0,
        };
        let rates = after.per_second(before, Duration::from_millis(1_500));
        let expected = ProcessMetrics {
            cpu_percent: 120,
            disk_written: 2_000,
            network_received: 666,
            ..ProcessMetrics::default()
        };
        assert_eq!(rates, expected);
    }

    #[test]
    fn this_process_reports_memory_and_cpu_time() {
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
