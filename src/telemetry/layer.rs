//! A tracing layer that turns events into lines of the ring.

use std::fmt::{Debug, Write};

use chrono::{DateTime, Utc};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::ring::{LogLine, LogRing};
use crate::partition::Partition;

/// Feeds a [`LogRing`]. The fields `date`, `last_date`, `stage` and `worker` of an event become fields of the line.
#[derive(Debug)]
pub struct RingLayer(LogRing);

impl RingLayer {
    /// A layer that feeds `ring`.
    #[must_use]
    pub fn new(ring: LogRing) -> Self {
        Self(ring)
    }
}

impl<S: Subscriber> Layer<S> for RingLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = EventFields::default();
        event.record(&mut fields);
        self.0.push(fields.into_line(event, Utc::now()));
    }
}

#[derive(Default)]
struct EventFields {
    message: String,
    others: String,
    date: Option<Partition>,
    last_date: Option<Partition>,
    stage: Option<String>,
    worker: Option<u64>,
}

impl EventFields {
    /// Stores a field; a value of the wrong type is kept with the other fields.
    fn put(&mut self, name: &str, value: String) {
        match name {
            "message" => self.message = value,
            "stage" => self.stage = Some(value),
            "date" if value.parse::<Partition>().is_ok() => self.date = value.parse().ok(),
            "last_date" if value.parse::<Partition>().is_ok() => self.last_date = value.parse().ok(),
            "worker" if value.parse::<u64>().is_ok() => self.worker = value.parse().ok(),
            // Writing to a string can't fail.
            _ => drop(write!(self.others, " {name}={value}")),
        }
    }

    fn into_line(self, event: &Event<'_>, time: DateTime<Utc>) -> LogLine {
        let message = self.message + &self.others;
        LogLine {
            number: 0,
            time,
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            message: message.trim_start().to_owned(),
            date: self.date,
            last_date: self.last_date,
            stage: self.stage,
            worker: self.worker,
        }
    }
}

impl Visit for EventFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// The single line logged by `log`.
    fn line(log: impl FnOnce()) -> LogLine {
        let ring = LogRing::new(10);
        let subscriber = tracing_subscriber::registry().with(RingLayer::new(ring.clone()));
        tracing::subscriber::with_default(subscriber, log);
        let lines = ring.since(0);
        assert_eq!(lines.len(), 1);
        LogLine::clone(&lines[0])
    }

    #[test]
    fn unknown_fields_are_appended_to_the_message() {
        let date = Partition::day(chrono::NaiveDate::from_ymd_opt(2026, 1, 3).unwrap());
        let before = Utc::now();
        let line = line(|| {
            tracing::warn!(target: "engine", %date, stage = "team_offense", worker = 4, rows = 16, why = "late", "short {}", 1);
        });
        assert_eq!(line.message, "short 1 rows=16 why=late");
        assert_eq!((line.level, line.target.as_str()), (Level::WARN, "engine"));
        assert_eq!(line.date, Some(date));
        assert_eq!(line.stage.as_deref(), Some("team_offense"));
        assert_eq!(line.worker, Some(4));
        assert!(line.time >= before && line.time <= Utc::now());
    }

    #[test]
    fn a_line_concerns_all_dates_up_to_its_last_one() {
        let day = |day| Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, day).unwrap());
        let last = |last: Option<u32>| last.map(|last| tracing::field::display(day(last)));
        let several = line(|| tracing::info!(date = %day(5), last_date = last(Some(7)), "a call"));
        assert_eq!(several.dates().as_deref(), Some("2024-01-05..2024-01-07"));
        assert_eq!(
            [4, 5, 6, 7, 8].map(|at| several.concerns(day(at))),
            [false, true, true, true, false]
        );
        let one = line(|| tracing::info!(date = %day(5), last_date = last(None), "a call"));
        assert_eq!(
            (one.dates().as_deref(), one.message.as_str()),
            (Some("2024-01-05"), "a call")
        );
        assert_eq!([4, 5, 6].map(|at| one.concerns(day(at))), [false, true, false]);
    }

    #[test]
    fn a_field_of_the_wrong_type_is_kept_as_text() {
        let line = line(|| tracing::info!(date = "soon", worker = "the third", "odd"));
        assert_eq!(line.message, "odd date=soon worker=the third");
        assert_eq!((line.date, line.worker), (None, None));
    }

    #[test]
    fn an_event_without_a_message_shows_its_fields() {
        assert_eq!(line(|| tracing::error!(code = 5)).message, "code=5");
    }
}
