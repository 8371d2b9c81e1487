//! The read-only view of a plan that runs elsewhere, polled from its warehouse.

use chrono::{DateTime, TimeDelta, Utc};

/// How long the lease holder may send no heartbeat before the screen reports it.
const MAX_SILENCE: TimeDelta = TimeDelta::minutes(1);

/// The newest reading, as reported to this console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The host that recorded the newest run.
    pub host: String,
    /// The holder of the plan's lease; `None` while it is free.
    pub lease: Option<LeaseHolder>,
    /// When the view was last read.
    pub read_at: DateTime<Utc>,
    /// Whether a reading is in progress.
    pub is_reading: bool,
    /// The failure of the newest reading, if it failed.
    pub failure: Option<ReadFailure>,
}

/// The holder of a plan's lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// State folder, on that host.
    pub folder: String,
    /// When it acquired the lease.
    pub since: DateTime<Utc>,
    /// When its newest heartbeat was read here.
    pub heard_at: DateTime<Utc>,
}

/// A failed reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// The error, in one sentence.
    pub why: String,
}

impl Observation {
    /// The age of the view, for the screen.
    #[must_use]
    pub fn age(&self, now: DateTime<Utc>) -> String {
        age(now - self.read_at)
    }

    /// The lease holder, in one line.
    #[must_use]
    pub fn lease_text(&self) -> String {
        let Some(holder) = &self.lease else {
            return format!("free; last run on {}", self.host);
        };
        let since = holder.since.format("%Y-%m-%d %H:%M UTC");
        let quiet = self.read_at - holder.heard_at;
        let silence = if quiet >= MAX_SILENCE {
            format!(", no heartbeat for {}", age(quiet))
        } else {
            String::new()
        };
        format!("{} (pid {}) since {since}{silence}", holder.host, holder.pid)
    }

    /// Where to control the run, for an operator who has tried to do so here.
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

/// Formats a duration in its largest unit.
pub fn age(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
