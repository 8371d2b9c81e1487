//! The latencies of `BigQuery`, drawn from a seed: a read takes a second, a statement that defines something one and a
//! half, one that changes rows three at the median and 25 at the 99th percentile, a call a fraction of a second.

use std::sync::Mutex;
use std::time::Duration;

/// Draws how long calls and jobs take.
#[derive(Debug)]
pub struct Pace {
    random: Mutex<fastrand::Rng>,
    /// All of it takes this part of the time.
    part: u32,
}

impl Pace {
    pub fn of_seed(seed: u64) -> Self {
        Self {
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            part: 1,
        }
    }

    /// The same latencies, each so many times shorter.
    pub fn shorter(self, times: u32) -> Self {
        Self { part: times, ..self }
    }

    /// What a call takes besides the job it sends or asks about. A change of metadata is held to be as slow as one of
    /// rows, which is slower than it is.
    pub fn call(&self, line: &str) -> Duration {
        let takes = match line {
            line if line.starts_with("PATCH ") => self.change(),
            line if line.starts_with("POST ") => Duration::from_millis(300),
            _ => Duration::from_millis(100),
        };
        takes / self.part
    }

    /// What a job takes.
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
