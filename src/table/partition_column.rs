//! The partition column of a table in `GoogleSQL`: which rows are in a partition, and which partition a row is in. Dates
//! are literals, by which `BigQuery` prunes its own partitions. Both warehouses run this.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    ColumnType, DateType, Dialect, PARTITION_DATE, PARTITION_TIME, Row, Slice, TableDef, Value, sql_name,
};
use crate::partition::{Grain, Partition, Timezone};

/// A column and the length of the partitions that are replaced at once. Its conditions are limited to the slice of its table.
#[derive(Debug, Clone)]
pub struct PartitionColumn {
    name: String,
    kind: PartitionKind,
    grain: Grain,
    zone: Timezone,
    slice: Slice,
    /// The alias of the table, with its dot; empty if it has none.
    alias: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartitionKind {
    Date,
    /// Its days are those of its own calendar; its hours count as hours of UTC.
    Datetime,
    Timestamp,
    /// A column of a table that another program made: DATE, DATETIME, TIMESTAMP or STRING. All are compared with strings.
    Unknown,
}

impl TableDef {
    /// The table's partition column.
    #[must_use]
    pub fn partition_column(&self) -> PartitionColumn {
        PartitionColumn {
            name: sql_name(&self.date_column),
            kind: match self.column(&self.date_column).map(|column| &column.kind) {
                Some(ColumnType::Timestamp) => PartitionKind::Timestamp,
                Some(ColumnType::Datetime) => PartitionKind::Datetime,
                _ => PartitionKind::Date,
            },
            grain: self.grain,
            zone: self.zone_of_dates(),
            slice: self.slice.clone(),
            alias: String::new(),
        }
    }

    /// The partition of a row; `None` if it has no date there.
    #[must_use]
    pub fn partition_of(&self, row: &Row) -> Option<Partition> {
        let value = row.get(self.position(&self.date_column)?)?;
        match self.column(&self.date_column)?.kind {
            ColumnType::Timestamp | ColumnType::Datetime => {
                partition_of(value, self.grain, self.zone_of_dates())
            }
            _ => Some(Partition::containing(value.as_date()?, self.grain)),
        }
    }
}

/// The partition that a value lies in. A TIMESTAMP lies in one of every length, whose days are those of the zone, a DATE in
/// one of a day or more. A DATETIME lies in the day that it shows, and in the hour of UTC. A text is read as what it looks
/// like.
#[must_use]
pub fn partition_of(value: &Value, grain: Grain, zone: Timezone) -> Option<Partition> {
    match value {
        Value::Timestamp(at) => Some(Partition::at(*at, grain, zone)),
        Value::Datetime(at) => Some(Partition::at(at.and_utc(), grain, Timezone::UTC)),
        _ => match (value.as_date(), grain) {
            (Some(_), Grain::Hour) => None,
            (Some(day), _) => Some(Partition::containing(day, grain)),
            (None, _) => Some(Partition::at(value.as_instant()?, grain, zone)),
        },
    }
}

impl PartitionColumn {
    /// A column whose type isn't known, unless it is a pseudo column; the days of timestamps are those of UTC.
    #[must_use]
    pub fn of_any_type(name: &str, grain: Grain) -> Self {
        Self {
            name: sql_name(name),
            kind: match name {
                PARTITION_TIME => PartitionKind::Timestamp,
                PARTITION_DATE => PartitionKind::Date,
                _ => PartitionKind::Unknown,
            },
            grain,
            zone: Timezone::UTC,
            slice: Slice::default(),
            alias: String::new(),
        }
    }

    /// A column of a table that another program fills. A column of days has no hours, so its partitions are days at least.
    #[must_use]
    pub fn of_type(name: &str, kind: DateType, grain: Grain, zone: Timezone) -> Self {
        Self {
            name: sql_name(name),
            kind: match kind {
                DateType::Date => PartitionKind::Date,
                DateType::Datetime => PartitionKind::Datetime,
                DateType::Timestamp => PartitionKind::Timestamp,
                DateType::Text => PartitionKind::Unknown,
            },
            grain: if kind == DateType::Date && grain == Grain::Hour {
                Grain::Day
            } else {
                grain
            },
            zone,
            slice: Slice::default(),
            alias: String::new(),
        }
    }

    /// The same column for the rows of a slice.
    #[must_use]
    pub fn within(self, slice: &Slice) -> Self {
        Self {
            slice: slice.clone(),
            ..self
        }
    }

    /// The length of its partitions.
    #[must_use]
    pub const fn grain(&self) -> Grain {
        self.grain
    }

    /// The same column of a table with this alias.
    #[must_use]
    pub fn of_alias(&self, alias: &str) -> Self {
        Self {
            name: format!("{alias}.{}", self.name),
            alias: format!("{alias}."),
            ..self.clone()
        }
    }

    /// The column's name, quoted.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An expression for the start of a row's partition: its first day, a DATE, or of an hour its first instant, a
    /// TIMESTAMP.
    #[must_use]
    pub fn start(&self) -> String {
        if self.grain == Grain::Hour {
            return match self.kind {
                PartitionKind::Timestamp => format!("TIMESTAMP_TRUNC({}, HOUR)", self.name),
                PartitionKind::Datetime => format!("TIMESTAMP_TRUNC(TIMESTAMP({}), HOUR)", self.name),
                PartitionKind::Date | PartitionKind::Unknown => {
                    format!("TIMESTAMP_TRUNC(SAFE_CAST({} AS TIMESTAMP), HOUR)", self.name)
                }
            };
        }
        let day = match self.kind {
            PartitionKind::Date => self.name.clone(),
            PartitionKind::Datetime => format!("DATE({})", self.name),
            PartitionKind::Timestamp if self.zone.is_utc() => format!("DATE({})", self.name),
            PartitionKind::Timestamp => format!("DATE({}, '{}')", self.name, self.zone),
            // A text may be none.
            PartitionKind::Unknown => format!("SAFE_CAST({} AS DATE)", self.name),
        };
        match self.grain {
            Grain::Hour | Grain::Day => day,
            longer => format!("DATE_TRUNC({day}, {})", longer.sql_name()),
        }
    }

    /// A condition limited to the rows of the slice.
    fn limited(&self, condition: String) -> String {
        match self.slice.condition_of(&self.alias, Dialect::GoogleSql) {
            None => condition,
            Some(slice) => format!("{condition} AND {slice}"),
        }
    }

    /// The condition that a row is in one of these partitions.
    #[must_use]
    pub fn is_in(&self, dates: &[Partition]) -> String {
        self.limited(self.is_dated(dates))
    }

    /// The same for a row of any slice.
    #[must_use]
    pub fn is_dated(&self, dates: &[Partition]) -> String {
        let are_days = dates.iter().all(|date| date.grain() == Grain::Day);
        match dates {
            [] => "FALSE".to_owned(),
            dates if are_days && self.kind == PartitionKind::Date => {
                let days: Vec<String> = dates.iter().map(|date| date_literal(date.first_day())).collect();
                format!("{} IN ({})", self.name, days.join(", "))
            }
            dates => {
                let series = dates.chunk_by(|date, following| date.next() == Some(*following));
                let ends = series.filter_map(|series| Some((*series.first()?, *series.last()?)));
                let each: Vec<String> = ends
                    .map(|(first, last)| self.is_dated_between(first, last))
                    .collect();
                format!("({})", each.join(" OR "))
            }
        }
    }

    /// The condition that a row is between the start of one partition and the end of another.
    #[must_use]
    pub fn is_between(&self, from: Partition, to: Partition) -> String {
        self.limited(self.is_dated_between(from, to))
    }

    fn is_dated_between(&self, from: Partition, to: Partition) -> String {
        let name = &self.name;
        let (first, last) = match self.kind {
            PartitionKind::Date => (date_literal(from.first_day()), date_literal(to.last_day())),
            PartitionKind::Timestamp => (
                timestamp_literal(from.start(self.zone)),
                timestamp_literal(to.last_instant(self.zone)),
            ),
            PartitionKind::Datetime => {
                let clock = |partition: Partition| match partition.grain() {
                    Grain::Hour => partition.start(Timezone::UTC).format("%F %T").to_string(),
                    _ => format!("{} 00:00:00", partition.first_day()),
                };
                let before_end = to.next().map_or_else(String::new, |next| {
                    format!(" AND {name} < DATETIME '{}'", clock(next))
                });
                return format!("{name} >= DATETIME '{}'{before_end}", clock(from));
            }
            PartitionKind::Unknown => {
                // Nothing is after the last year of the calendar.
                let end = to.day_after();
                let before_end = end.map_or_else(String::new, |end| format!(" AND {name} < '{end}'"));
                let on_days = format!("{name} >= '{}'{before_end}", from.first_day());
                if self.grain != Grain::Hour {
                    return on_days;
                }
                // A text may have a space or a T before the hour.
                let [first, last] = [from, to].map(|hour| timestamp_literal(hour.start(self.zone)));
                return format!("{on_days} AND {} BETWEEN {first} AND {last}", self.start());
            }
        };
        format!("{name} BETWEEN {first} AND {last}")
    }

    /// The condition that every row with a date meets. A table may require a filter.
    #[must_use]
    pub fn is_any(&self) -> String {
        self.limited(format!("{} >= {}", self.name, self.earliest()))
    }

    /// A condition that no row meets, so that no partition is read.
    #[must_use]
    pub fn is_none(&self) -> String {
        format!("{} = {}", self.name, self.earliest())
    }

    const fn earliest(&self) -> &'static str {
        match self.kind {
            PartitionKind::Date => "DATE '0001-01-01'",
            PartitionKind::Datetime => "DATETIME '0001-01-01 00:00:00'",
            PartitionKind::Timestamp => "TIMESTAMP '0001-01-01 00:00:00+00'",
            PartitionKind::Unknown => "'0001-01-01'",
        }
    }
}

/// The partition that a date in an answer names; an hour is named by a timestamp. A timestamp names no day, because it
/// would have to be one of a zone.
#[must_use]
pub fn named_partition(value: &Value, grain: Grain) -> Option<Partition> {
    match grain {
        Grain::Hour => Some(Partition::at(value.as_instant()?, grain, Timezone::UTC)),
        Grain::Day | Grain::Week | Grain::Month | Grain::Year => {
            Some(Partition::containing(value.as_date()?, grain))
        }
    }
}

/// The start of a partition as a literal of the type of [`PartitionColumn::start`].
#[must_use]
pub fn start_literal(partition: Partition) -> String {
    match partition.grain() {
        Grain::Hour => timestamp_literal(partition.start(Timezone::UTC)),
        Grain::Day | Grain::Week | Grain::Month | Grain::Year => date_literal(partition.first_day()),
    }
}

/// The type of [`PartitionColumn::start`].
#[must_use]
pub const fn start_type(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "TIMESTAMP",
        Grain::Day | Grain::Week | Grain::Month | Grain::Year => "DATE",
    }
}

/// A day as a literal.
#[must_use]
pub fn date_literal(day: NaiveDate) -> String {
    format!("DATE '{day}'")
}

/// An instant as a literal.
#[must_use]
pub fn timestamp_literal(at: DateTime<Utc>) -> String {
    format!("TIMESTAMP '{}'", at.format("%F %T%.6f+00"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::super::{Column, SliceValue, fixture};
    use super::*;

    fn of(kind: ColumnType, grain: Grain) -> TableDef {
        TableDef {
            columns: Cow::Owned(vec![Column::required("at", kind, "")]),
            date_column: Cow::Borrowed("at"),
            grain,
            ..fixture::table()
        }
    }

    fn dates(texts: &[&str]) -> Vec<Partition> {
        texts.iter().map(|text| Partition::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_condition_covers_the_days_of_each_partition() {
        let by_day = of(ColumnType::Date, Grain::Day).partition_column();
        assert_eq!(
            by_day.is_in(&dates(&["2024-03-01"])),
            "`at` IN (DATE '2024-03-01')"
        );
        assert_eq!(by_day.start(), "`at`");
        let by_week = of(ColumnType::Date, Grain::Week).partition_column().of_alias("t");
        assert_eq!(
            by_week.is_in(&dates(&["2024-W09", "2024-W10", "2024-W12"])),
            "(t.`at` BETWEEN DATE '2024-02-26' AND DATE '2024-03-10' OR \
             t.`at` BETWEEN DATE '2024-03-18' AND DATE '2024-03-24')"
        );
        assert_eq!(by_week.start(), "DATE_TRUNC(t.`at`, ISOWEEK)");
        assert_eq!(by_week.is_in(&[]), "FALSE");
    }

    #[test]
    fn conditions_are_limited_to_a_slice() {
        let slice = BTreeMap::from([("country".to_owned(), SliceValue::Text("DE".to_owned()))]);
        let slice = Slice::new(slice).unwrap();
        let of_slice = of(ColumnType::Date, Grain::Week)
            .partition_column()
            .within(&slice);
        let [first, last] = ["2024-W09", "2024-W10"].map(|text| Partition::parse(text).unwrap());
        assert_eq!(
            of_slice.is_in(&dates(&["2024-W09", "2024-W12"])),
            "(`at` BETWEEN DATE '2024-02-26' AND DATE '2024-03-03' OR \
             `at` BETWEEN DATE '2024-03-18' AND DATE '2024-03-24') AND `country` = 'DE'"
        );
        assert_eq!(
            of_slice.of_alias("t").is_between(first, last),
            "t.`at` BETWEEN DATE '2024-02-26' AND DATE '2024-03-10' AND t.`country` = 'DE'"
        );
        assert_eq!(
            of_slice.is_any(),
            "`at` >= DATE '0001-01-01' AND `country` = 'DE'"
        );
        assert_eq!(of_slice.is_dated(&[]), "FALSE");
    }

    #[test]
    fn a_timestamp_is_compared_with_timestamps() {
        let by_month = of(ColumnType::Timestamp, Grain::Month).partition_column();
        assert_eq!(
            by_month.is_in(&dates(&["2024-02"])),
            "(`at` BETWEEN TIMESTAMP '2024-02-01 00:00:00.000000+00' AND TIMESTAMP '2024-02-29 23:59:59.999999+00')"
        );
        assert_eq!(by_month.start(), "DATE_TRUNC(DATE(`at`), MONTH)");
    }

    #[test]
    fn a_column_of_unknown_type_is_compared_with_strings() {
        let by_day = PartitionColumn::of_any_type("at", Grain::Day);
        let [first, last] = ["2024-02-28", "2024-02-29"].map(|text| Partition::parse(text).unwrap());
        assert_eq!(
            by_day.is_between(first, last),
            "`at` >= '2024-02-28' AND `at` < '2024-03-01'"
        );
        assert_eq!(by_day.start(), "SAFE_CAST(`at` AS DATE)");
        assert_eq!(by_day.is_any(), "`at` >= '0001-01-01'");
    }

    #[test]
    fn days_of_a_zone_begin_at_its_midnight() {
        let zone = Timezone::parse("America/New_York").unwrap();
        let table = TableDef {
            zone,
            ..of(ColumnType::Timestamp, Grain::Day)
        };
        let by_day = table.partition_column();
        assert_eq!(
            by_day.is_in(&dates(&["2024-03-10"])),
            "(`at` BETWEEN TIMESTAMP '2024-03-10 05:00:00.000000+00' AND TIMESTAMP '2024-03-11 03:59:59.999999+00')"
        );
        assert_eq!(by_day.start(), "DATE(`at`, 'America/New_York')");
        let at = "2024-03-11T03:59:59Z".parse().unwrap();
        let tenth = Partition::parse("2024-03-10").unwrap();
        assert_eq!(table.partition_of(&vec![Value::Timestamp(at)]), Some(tenth));
    }

    #[test]
    fn a_datetime_is_compared_with_the_clock_of_each_partition() {
        let zone = Timezone::parse("America/New_York").unwrap();
        let by_week = TableDef {
            zone,
            ..of(ColumnType::Datetime, Grain::Week)
        };
        assert_eq!(
            by_week
                .partition_column()
                .is_in(&dates(&["2024-W10", "2024-W11"])),
            "(`at` >= DATETIME '2024-03-04 00:00:00' AND `at` < DATETIME '2024-03-18 00:00:00')"
        );
        assert_eq!(
            by_week.partition_column().start(),
            "DATE_TRUNC(DATE(`at`), ISOWEEK)"
        );
        let evening = Value::Datetime("2024-03-10T23:59:59.999999".parse().unwrap());
        let tenth = by_week.partition_of(&vec![evening.clone()]).unwrap();
        assert_eq!(tenth.to_string(), "2024-W10");
        let by_hour = of(ColumnType::Datetime, Grain::Hour);
        assert_eq!(
            by_hour.partition_column().is_in(&dates(&["2024-03-10T23"])),
            "(`at` >= DATETIME '2024-03-10 23:00:00' AND `at` < DATETIME '2024-03-11 00:00:00')"
        );
        assert_eq!(
            by_hour.partition_of(&vec![evening]).unwrap().to_string(),
            "2024-03-10T23"
        );
    }

    #[test]
    fn hours_are_compared_with_timestamps() {
        let by_hour = of(ColumnType::Timestamp, Grain::Hour).partition_column();
        assert_eq!(
            by_hour.is_in(&dates(&["2024-02-29T23", "2024-03-01T00"])),
            "(`at` BETWEEN TIMESTAMP '2024-02-29 23:00:00.000000+00' AND TIMESTAMP '2024-03-01 00:59:59.999999+00')"
        );
        assert_eq!(by_hour.start(), "TIMESTAMP_TRUNC(`at`, HOUR)");
        let unknown = PartitionColumn::of_any_type("at", Grain::Hour);
        let [first, last] = ["2024-02-29T22", "2024-02-29T23"].map(|text| Partition::parse(text).unwrap());
        assert_eq!(
            unknown.is_between(first, last),
            "`at` >= '2024-02-29' AND `at` < '2024-03-01' AND TIMESTAMP_TRUNC(SAFE_CAST(`at` AS TIMESTAMP), HOUR) \
             BETWEEN TIMESTAMP '2024-02-29 22:00:00.000000+00' AND TIMESTAMP '2024-02-29 23:00:00.000000+00'"
        );
    }

    #[test]
    fn a_value_is_in_the_partition_of_its_hour_or_day() {
        let of =
            |value: Value, grain| partition_of(&value, grain, Timezone::UTC).map(|found| found.to_string());
        let text = |text: &'static str| Value::from(text);
        assert_eq!(
            of(text("2024-02-29T23:10:00.000000Z"), Grain::Hour).as_deref(),
            Some("2024-02-29T23")
        );
        assert_eq!(
            of(text("2024-02-29 23:10:00+00"), Grain::Hour).as_deref(),
            Some("2024-02-29T23")
        );
        assert_eq!(
            of(text("2024-02-29T23:10:00Z"), Grain::Day).as_deref(),
            Some("2024-02-29")
        );
        assert_eq!(of(text("2024-02-29"), Grain::Hour), None);
        assert_eq!(of(text("2024-02-29"), Grain::Month).as_deref(), Some("2024-02"));
        assert_eq!(of(Value::Int(5), Grain::Day), None);
    }

    #[test]
    fn a_row_is_in_the_partition_of_its_day() {
        let table = of(ColumnType::Timestamp, Grain::Month);
        let at = "2024-02-29T23:59:59Z".parse().unwrap();
        let february = Partition::parse("2024-02").unwrap();
        assert_eq!(table.partition_of(&vec![Value::Timestamp(at)]), Some(february));
        assert_eq!(table.partition_of(&vec![Value::Null]), None);
    }
}
