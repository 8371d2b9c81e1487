//! The entries a warehouse keeps of a plan's progress: their kinds and JSON bodies.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Gap, Settled, UnitSources, Waiver};
use crate::partition::{Grain, Partition, Timezone};
use crate::table::FaultKind;
use crate::warehouse::{Came, Draft, RowsExpected};

/// Kinds of entries other than those of a date.
pub(super) const CHECK: &str = "check";
pub(super) const WAIVER: &str = "waiver";
pub(super) const TICK: &str = "tick";
pub(super) const ACCEPTANCE: &str = "acceptance";
pub(super) const RUN: &str = "run";
pub(super) const TIME: &str = "time";

/// Maximum quarantined rows of a date in an entry; the ledger of the host that computed it has all of them.
pub(super) const MAX_QUARANTINED: usize = 10;

/// The JSON body of an entry of a date.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct UnitBody {
    /// The length of its partition; the entry has the first day.
    #[serde(default, skip_serializing_if = "is_day")]
    pub(super) grain: Grain,
    /// The hour of the day in which it begins, if it is an hour. Warehouses tell entries apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hour: Option<u8>,
    /// The zone in which its day begins, if it is another than UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timezone: Option<String>,
    /// Rows expected; `None` if any number above zero is fine.
    pub(super) expected: Option<u32>,
    pub(super) attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) source: String,
    pub(super) seconds: f64,
    /// Digest of the inputs it was computed from.
    pub(super) input: Option<u64>,
    /// Digests of the declared sources it was computed from.
    #[serde(default, skip_serializing_if = "UnitSources::is_empty")]
    pub(super) sources: UnitSources,
    /// `None` if the stored rows were kept and their gaps aren't known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gaps: Option<Vec<Gap>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) quarantined: Vec<QuarantinedBody>,
}

impl UnitBody {
    /// The partition of an entry, from its first day; `None` if its hour doesn't exist or belongs to a longer one.
    pub(super) fn partition(&self, first_day: NaiveDate) -> Option<Partition> {
        match (self.grain, self.hour) {
            (Grain::Hour, Some(hour)) => Partition::of_hour(first_day, hour.into()),
            (Grain::Hour, None) | (_, Some(_)) => None,
            (grain, None) => Some(Partition::containing(first_day, grain)),
        }
    }
}

/// The hour of a partition in its entry.
pub(super) fn entry_hour(date: Partition) -> Option<u8> {
    (date.grain() == Grain::Hour).then(|| date.hour())
}

/// Entries of days are written without their length, as they always were.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "required by serde")]
fn is_day(grain: &Grain) -> bool {
    *grain == Grain::Day
}

/// A quarantined row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct QuarantinedBody {
    pub(super) row: String,
    pub(super) kind: Option<FaultKind>,
    pub(super) reason: String,
}

/// The JSON body of a check result.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CheckBody {
    /// The outcome when the check was run, whatever happened to it since.
    pub(super) answer: Option<String>,
    pub(super) value: Option<String>,
    /// Its failing dates, in the ledger's compact form.
    #[serde(alias = "offending")]
    pub(super) failing_dates: String,
    pub(super) seconds: f64,
    pub(super) at: DateTime<Utc>,
    pub(super) note: Option<String>,
}

/// A waiver and the run it belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WaiverBody {
    pub(super) run: String,
    pub(super) waiver: Waiver,
}

/// The JSON body of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunBody {
    pub(super) pid: u32,
    pub(super) source: String,
    pub(super) workers: u32,
    pub(super) dates: String,
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) ending: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
}

/// How long a run worked on a stage, in seconds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TimeBody {
    pub(super) seconds: f64,
    #[serde(rename = "a_unit")]
    pub(super) per_unit: Option<f64>,
}

/// Digests of everything that a unit reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputDigests {
    /// Of all upstream rows.
    pub stages: u64,
    /// Of the declared sources.
    pub sources: UnitSources,
}

/// Drafts the entry that a commit writes for a date. `came` is what was computed, if that is known before the
/// transaction; `input` are the digests of the inputs, `timezone` where its
/// day begins.
#[must_use]
pub fn draft(
    number: i64,
    settled: &Settled,
    owed: RowsExpected,
    is_whole: bool,
    came: Option<Came>,
    input: InputDigests,
    timezone: Timezone,
) -> Draft {
    let unit = &settled.unit;
    let body = UnitBody {
        grain: unit.date.grain(),
        hour: entry_hour(unit.date),
        timezone: (!timezone.is_utc()).then(|| timezone.name().to_owned()),
        expected: match owed {
            RowsExpected::Exactly(rows) => Some(rows),
            RowsExpected::AtLeastOne | RowsExpected::Any => None,
        },
        attempts: unit.attempts,
        class: None,
        reason: unit.reason.clone().filter(|_| came.is_some()),
        source: unit.source.clone(),
        seconds: unit.seconds,
        input: Some(input.stages),
        sources: input.sources,
        gaps: settled.gaps.clone(),
        // A date with quarantined rows isn't ok, so a complete entry follows later.
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

/// Serializes a body as JSON. Bodies hold only strings, numbers and lists, so this can't fail.
pub(super) fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
