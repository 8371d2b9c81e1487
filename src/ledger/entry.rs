//! What the entries say that a warehouse keeps of a plan's progress: their kinds, and the JSON in their bodies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Gap, Settled, Waiver};
use crate::table::FaultKind;
use crate::warehouse::{Came, Draft, RowsExpected};

/// Kinds of entries beside those about a date.
pub(super) const CHECK: &str = "check";
pub(super) const WAIVER: &str = "waiver";
pub(super) const TICK: &str = "tick";
pub(super) const ACCEPTANCE: &str = "acceptance";
pub(super) const RUN: &str = "run";
pub(super) const TIME: &str = "time";

/// The most quarantined rows of a date that an entry carries; the ledger of the host that computed it has more.
pub(super) const MOST_QUARANTINED: usize = 10;

/// What an entry about a date says beside its columns.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct UnitBody {
    /// Rows expected; none where one at least is.
    pub(super) expected: Option<u32>,
    pub(super) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) source: String,
    pub(super) seconds: f64,
    /// The digest of what it was computed from.
    pub(super) input: Option<u64>,
    /// None if rows stored before stayed and theirs are not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gaps: Option<Vec<Gap>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) quarantined: Vec<QuarantinedBody>,
}

/// A quarantined row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct QuarantinedBody {
    pub(super) row: String,
    pub(super) kind: Option<FaultKind>,
    pub(super) reason: String,
}

/// An answer to a check.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CheckBody {
    /// How it was answered, whatever became of it since.
    pub(super) answer: Option<String>,
    pub(super) value: Option<String>,
    /// Its failing dates, as the ledger has them.
    pub(super) offending: String,
    pub(super) seconds: f64,
    pub(super) at: DateTime<Utc>,
    pub(super) note: Option<String>,
}

/// A waiver and the run it was made in.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WaiverBody {
    pub(super) run: String,
    pub(super) waiver: Waiver,
}

/// A run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunBody {
    pub(super) pid: u32,
    pub(super) source: String,
    pub(super) workers: u32,
    pub(super) dates: String,
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) ending: Option<String>,
}

/// How long a run worked on a stage.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TimeBody {
    pub(super) seconds: f64,
    pub(super) a_unit: Option<f64>,
}

/// What is recorded of a date with the commit that writes it. `came` is what came for it where that is known already; what
/// it was computed from has the digest `input`.
#[must_use]
pub fn draft(
    number: i64,
    settled: &Settled,
    owed: RowsExpected,
    is_whole: bool,
    came: Option<Came>,
    input: u64,
) -> Draft {
    let unit = &settled.unit;
    let body = UnitBody {
        expected: match owed {
            RowsExpected::Exactly(rows) => Some(rows),
            RowsExpected::AtLeastOne | RowsExpected::Any => None,
        },
        attempts: unit.attempts,
        class: None,
        reason: unit.reason.clone().filter(|_| came.is_some()),
        source: unit.source.clone(),
        seconds: unit.seconds,
        input: Some(input),
        gaps: settled.gaps.clone(),
        // A date with quarantined rows is not ok, so that an entry with all of it follows.
        quarantined: Vec::new(),
    };
    Draft {
        number,
        date: unit.date,
        owed,
        is_whole,
        came: came.unwrap_or_default(),
        body: text(&body),
    }
}

/// A body as JSON. Its parts are texts and numbers, of which none fails.
pub(super) fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
