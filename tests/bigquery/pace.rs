//! The latencies of `BigQuery`, drawn from a seed: one second for a read, one and a half for DDL, for DML three at the
//! median and 25 at the 99th percentile, a fraction of a second for a call.

use std::sync::Mutex;
use std::time::Duration;

/// Draws the latencies of calls and jobs.
#[derive(Debug)]
pub struct Pace {
    random: Mutex<fastrand::Rng>,
    /// All latencies are divided by this.
    part: u32,
}

impl Pace {
    pub fn of_seed(seed: u64) -> Self {
        Self {
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            part: 1,
        }
    }

    /// The same latencies, divided by `times`.
    pub fn shorter(self, times: u32) -> Self {
        Self { part: times, ..self }
    }

    /// The latency of a call without its job. A metadata update is assumed to be as slow as DML, which overestimates
    /// it.
    pub fn call(&self, line: &str) -> Duration {
        let takes = match line {
            line if line.starts_with("PATCH ") => self.change(),
            line if line.starts_with("POST ") => Duration::from_millis(300),
            _ => Duration::from_millis(100),
        };
        takes / self.part
    }

    /// The latency of a job.
    pub fn job(&self, sql: &str) -> Duration {
        let takes = match sql {
            sql if sql.starts_with("SELECT") || sql.starts_with("WITH") => Duration::from_secs(1),
            sql if sql.starts_with("CREATE") => Duration::from_millis(1_500),
            _ => self.change(),
        };
        takes / self.part
    }

    fn change(&self) -> Duration {
        let mut random = self.random.lock().unwrap();
        let (u, v) = (1.0 - random.f64(), random.f64());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let sigma = (25.0_f64 / 3.0).ln() / 2.326;
        Duration::from_secs_f64((3.0_f64.ln() + sigma * normal).exp().min(60.0))
    }
}
