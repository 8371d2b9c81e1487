//! What is shown of a plan that runs elsewhere: read from its warehouse now and then, without a way to change anything.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a holder of the lease may send no heartbeat before the screen says so.
const QUIET: TimeDelta = TimeDelta::minutes(1);

/// The newest reading, as this console is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The host that recorded the newest run.
    pub host: String,
    /// Who has the lease of the plan; none while it is free.
    pub lease: Option<LeaseHolder>,
    /// When what is shown was read.
    pub read_at: DateTime<Utc>,
    /// Whether it is being read again.
    pub is_reading: bool,
    /// Why it could not be read since, if it could not.
    pub failure: Option<ReadFailure>,
}

/// Who has the lease of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// Its host.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// Its state folder, on that host.
    pub folder: String,
    /// Since when it has the lease.
    pub since: DateTime<Utc>,
    /// When the newest of its heartbeats was seen here.
    pub heard_at: DateTime<Utc>,
}

/// A reading that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in one sentence.
    pub why: String,
}

impl Observation {
    /// How old what is shown is.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> String {
        age(now - self.read_at)
    }

    /// Who has the lease, in one line.
    #[must_use]
    pub fn lease_text(&self) -> String {
        let Some(holder) = &self.lease else {
            return format!("free; last run on {}", self.host);
        };
        let since = holder.since.format("%Y-%m-%d %H:%M UTC");
        let quiet = self.read_at - holder.heard_at;
        let silence = if quiet >= QUIET {
            format!(", no heartbeat for {}", age(quiet))
        } else {
            String::new()
        };
        format!("{} (pid {}) since {since}{silence}", holder.host, holder.pid)
    }

    /// Where orders count, for one who has tried to give one here.
    #[must_use]
    pub fn where_to_order(&self) -> String {
        match &self.lease {
            Some(holder) => format!(
                "control the run with 'backcourt attach --state-dir {}' on {}",
                holder.folder, holder.host
            ),
            None => "no active run; start one with 'backcourt run'".to_owned(),
        }
    }
}

/// A stretch of time in its largest unit.
pub fn age(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
