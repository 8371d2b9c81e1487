//! Counts the events that an output lacks, and makes the line that marks where. Must not know what the output is.

use chrono::{DateTime, Utc};

use super::{EVENT_SCHEMA, Event, Fact};
use crate::figures::counted;

/// The events missing from an output.
#[derive(Debug, Default)]
pub struct MissingEvents {
    /// Since the last line that was written.
    gap: Option<EventGap>,
    /// In all.
    total: u64,
    /// Why the newest are missing.
    cause: String,
}

#[derive(Debug, Clone, Copy)]
struct EventGap {
    events: u64,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Number of the last missing event.
    seq: u64,
}

impl MissingEvents {
    /// Sets why the output can't be written.
    pub fn set_cause(&mut self, cause: String) {
        self.cause = cause;
    }

    /// Counts the event with this number and time as missing.
    pub fn add(&mut self, seq: u64, at: DateTime<Utc>) {
        self.total += 1;
        let gap = self.gap.get_or_insert(EventGap {
            events: 0,
            from: at,
            to: at,
            seq,
        });
        *gap = EventGap {
            events: gap.events + 1,
            to: at,
            seq,
            ..*gap
        };
    }

    /// The line for the events missing since the last line. Call [`Self::close`] once it is written.
    #[must_use]
    pub fn mark(&self, run: &str) -> Option<Fact> {
        let gap = self.gap?;
        Some(Fact {
            schema: EVENT_SCHEMA.to_owned(),
            seq: gap.seq,
            at: Utc::now(),
            run: run.to_owned(),
            event: Event::EventsMissing {
                events: gap.events,
                from: gap.from,
                to: gap.to,
                cause: self.cause.clone(),
            },
        })
    }

    /// Ends the gap: its line is written.
    pub const fn close(&mut self) {
        self.gap = None;
    }

    /// What is missing, if anything, with `waiting` events that are not written yet. `fails` says whether the output
    /// can't be written at the moment.
    #[must_use]
    pub fn clause(&self, fails: bool, waiting: usize) -> Option<String> {
        let all = self.total + waiting as u64;
        let missing = counted(all, "event");
        if fails {
            return Some(format!(
                "can't be written ({}), {missing} missing so far",
                self.cause
            ));
        }
        (all > 0).then(|| format!("{missing} missing ({})", self.cause))
    }
}

impl Event {
    /// The mark of missing events as text; `None` for other events.
    #[must_use]
    pub fn gap(&self) -> Option<String> {
        let Self::EventsMissing {
            events,
            from,
            to,
            cause,
        } = self
        else {
            return None;
        };
        let (from, to) = (from.format("%F %T"), to.format("%F %T"));
        let events = counted(*events, "event");
        Some(format!(
            "{events} missing here, from {from} to {to} UTC ({cause})"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_has_its_number_of_events_and_its_times() {
        let mut missing = MissingEvents::default();
        assert_eq!(missing.clause(false, 0), None);
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (first, last) = (at("2026-01-04T10:00:00Z"), at("2026-01-04T11:30:00Z"));
        missing.set_cause("full".to_owned());
        missing.add(7, first);
        missing.add(8, last);
        assert_eq!(
            missing.clause(true, 3).unwrap(),
            "can't be written (full), 5 events missing so far"
        );
        let mark = missing.mark("r").unwrap();
        assert_eq!((mark.seq, mark.run.as_str()), (8, "r"));
        let event = Event::EventsMissing {
            events: 2,
            from: first,
            to: last,
            cause: "full".to_owned(),
        };
        assert_eq!(mark.event, event);
        assert_eq!(
            event.gap().unwrap(),
            "2 events missing here, from 2026-01-04 10:00:00 to 2026-01-04 11:30:00 UTC (full)"
        );
        missing.close();
        assert_eq!(missing.mark("r"), None);
        assert_eq!(missing.clause(false, 0).unwrap(), "2 events missing (full)");
    }
}
