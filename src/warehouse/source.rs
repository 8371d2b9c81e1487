//! A look at a source: what each of its partitions holds, in one query. A later look shows which have changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Answer, ErrorClass, WarehouseError};
use crate::partition::{Grain, Partition, Timezone};
use crate::reason::cut;
use crate::sql::TableName;
use crate::table::{
    DateType, PARTITION_DATE, PARTITION_TIME, PartitionColumn, Row, SourceMark, Value, named_partition,
};

/// The date of a wildcard table: the end of the name of each of its tables, as YYYYMMDD.
const SUFFIX: &str = "_TABLE_SUFFIX";

/// The partition in an answer. A raw table hardly has a column of this name, which would be grouped by instead.
pub(super) const PART: &str = "backcourt_part";

/// The alias of the source's rows, which no column has.
const ROW: &str = "backcourt_row";

/// Maximum number of characters shown of a value.
const MAX_SHOWN: usize = 60;

/// A look at the partitions of a raw table.
#[derive(Debug, Clone, Copy)]
pub struct SourceLook<'a> {
    /// The table, which may be a wildcard and in another project.
    pub table: &'a str,
    /// The column of a row's date, or a pseudo column.
    pub date: &'a str,
    /// What is looked at in a partition, besides its number of rows.
    pub mark: SourceMark,
    /// The first partition.
    pub first: Partition,
    /// The last partition.
    pub last: Partition,
    /// The zone in which days begin.
    pub zone: Timezone,
}

/// What a partition of a source holds. A partition without rows is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldPartition {
    /// Its number of rows.
    pub rows: u64,
    /// What was looked at, as a number: it differs if the partition has changed.
    pub mark: u64,
}

/// The partitions of a source that have rows.
pub type SourceState = BTreeMap<Partition, HeldPartition>;

impl SourceLook<'_> {
    pub(super) fn name(&self) -> TableName {
        TableName::of_path(self.table)
    }

    pub(super) fn refuse(&self, why: &str) -> WarehouseError {
        WarehouseError::new(ErrorClass::Code, format!("source {}: {why}", self.table))
    }

    /// Whether the date of a row is that of its table.
    pub(super) fn is_by_table(&self) -> bool {
        self.date == SUFFIX
    }

    /// The type of a pseudo column; `None` for a column of the table.
    pub(super) fn pseudo_type(&self) -> Option<DateType> {
        match self.date {
            SUFFIX => Some(DateType::Text),
            PARTITION_TIME => Some(DateType::Timestamp),
            PARTITION_DATE => Some(DateType::Date),
            _ => None,
        }
    }

    /// The column of a row's partition.
    pub(super) fn column(&self, kind: DateType) -> Result<PartitionColumn, WarehouseError> {
        if kind == DateType::Text && !self.is_by_table() && !self.zone.is_utc() {
            let why = format!(
                "column {} is a text, which begins no day of {}; make it a DATE or a TIMESTAMP",
                self.date, self.zone
            );
            return Err(self.refuse(&why));
        }
        Ok(PartitionColumn::of_type(
            self.date,
            kind,
            self.first.grain(),
            self.zone,
        ))
    }

    /// The partition of a row and the condition that it is looked at, in `GoogleSQL`.
    pub(super) fn part_and_condition(&self, kind: DateType) -> Result<(String, String), WarehouseError> {
        if self.is_by_table() {
            let suffix = |day: NaiveDate| day.format("%Y%m%d").to_string();
            let (first, last) = (suffix(self.first.first_day()), suffix(self.last.last_day()));
            let condition = format!("{SUFFIX} BETWEEN '{first}' AND '{last}'");
            return Ok((SUFFIX.to_owned(), condition));
        }
        let column = self.column(kind)?;
        Ok((column.start(), column.is_between(self.first, self.last)))
    }

    /// The query of the number of rows by partition, and of `marks`, further columns that begin with a comma.
    pub(super) fn sql(&self, kind: DateType, marks: &str) -> Result<String, WarehouseError> {
        let (part, condition) = self.part_and_condition(kind)?;
        Ok(format!(
            "SELECT {part} AS {PART}, COUNT(*) AS backcourt_rows{marks} FROM `{}` AS {ROW} WHERE {condition} GROUP BY {PART}",
            self.table
        ))
    }

    /// The state in the answer to such a query: the partition, its rows, and its marks.
    pub(super) fn state(&self, answer: &Answer, kind: DateType) -> Result<SourceState, WarehouseError> {
        let grain = self.column(kind)?.grain();
        let mut state = SourceState::new();
        for row in &answer.rows {
            let (Some(part), Some(rows)) = (row.first(), row.get(1).and_then(number)) else {
                return Err(self.refuse("its answer is not understood"));
            };
            let mark = if row.len() > 2 { mixed(row) } else { rows };
            let shown = part;
            let part = if self.is_by_table() {
                day_of_suffix(part)
            } else {
                named_partition(part, grain)
            };
            match part {
                Some(part) => self.add(&mut state, self.covered(part, DateType::Date), rows, mark),
                // A row without a date is in no partition, nor is a table with another suffix.
                None if self.is_by_table() || *shown == Value::Null => {}
                None => {
                    let why = format!(
                        "column {} has '{}', which is not a date; correct it, or watch another column",
                        self.date,
                        cut(&shown.to_string(), MAX_SHOWN)
                    );
                    return Err(self.refuse(&why));
                }
            }
        }
        Ok(state)
    }

    /// Adds what a part of the table holds to all partitions that it covers.
    pub(super) fn add(
        &self,
        state: &mut SourceState,
        (first, last): (Partition, Partition),
        rows: u64,
        mark: u64,
    ) {
        for partition in first.max(self.first).up_to(last.min(self.last)) {
            let held = state.entry(partition).or_default();
            held.rows = held.rows.saturating_add(rows);
            held.mark = held.mark.wrapping_add(mark);
        }
    }

    /// The first and last partition of the plan that share a moment with a part of the table, whose days are those of UTC
    /// if it is divided by instants.
    pub(super) fn covered(&self, part: Partition, kind: DateType) -> (Partition, Partition) {
        let zone = match kind {
            DateType::Timestamp => self.zone,
            DateType::Date | DateType::Datetime | DateType::Text => Timezone::UTC,
        };
        let of = |at| Partition::at(at, self.first.grain(), zone);
        (
            of(part.start(Timezone::UTC)),
            of(part.last_instant(Timezone::UTC)),
        )
    }
}

/// The day of a table by the end of its name; `None` if it is none.
pub(super) fn day_of_suffix(suffix: &Value) -> Option<Partition> {
    let Value::Text(text) = suffix else {
        return None;
    };
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| is_day);
    day.map(|day| Partition::containing(day, Grain::Day))
}

pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// The numbers of a row after its partition as one. They are hashes or counts, so spreading their bits is enough.
fn mixed(row: &Row) -> u64 {
    let words = row.iter().skip(1).map(|value| match value {
        Value::Int(number) => number.cast_unsigned(),
        _ => 0,
    });
    words.fold(0, |mixed: u64, word| {
        (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look<'a>(date: &'a str, first: &str, last: &str) -> SourceLook<'a> {
        SourceLook {
            table: "raw.events",
            date,
            mark: SourceMark::Rows,
            first: Partition::parse(first).unwrap(),
            last: Partition::parse(last).unwrap(),
            zone: Timezone::UTC,
        }
    }

    fn counted(look: SourceLook<'_>, kind: DateType, rows: &[(&str, i64)]) -> Vec<(String, u64)> {
        let row = |(part, rows): &(&str, i64)| vec![Value::from((*part).to_owned()), Value::Int(*rows)];
        let answer = Answer {
            columns: Vec::new(),
            rows: rows.iter().map(row).collect(),
        };
        let state = look.state(&answer, kind).unwrap();
        state
            .into_iter()
            .map(|(partition, held)| (partition.to_string(), held.rows))
            .collect()
    }

    #[test]
    fn one_query_counts_the_rows_of_all_partitions() {
        let by_day = look("day", "2024-01-01", "2024-01-31");
        assert_eq!(
            by_day.sql(DateType::Date, "").unwrap(),
            "SELECT `day` AS backcourt_part, COUNT(*) AS backcourt_rows FROM `raw.events` AS backcourt_row \
             WHERE `day` BETWEEN DATE '2024-01-01' AND DATE '2024-01-31' GROUP BY backcourt_part"
        );
        assert_eq!(
            by_day.sql(DateType::Datetime, "").unwrap(),
            "SELECT DATE(`day`) AS backcourt_part, COUNT(*) AS backcourt_rows FROM `raw.events` AS backcourt_row \
             WHERE `day` >= DATETIME '2024-01-01 00:00:00' AND `day` < DATETIME '2024-02-01 00:00:00' \
             GROUP BY backcourt_part"
        );
        let by_table = look("_TABLE_SUFFIX", "2024-01", "2024-02");
        assert_eq!(
            by_table.sql(DateType::Text, "").unwrap(),
            "SELECT _TABLE_SUFFIX AS backcourt_part, COUNT(*) AS backcourt_rows FROM `raw.events` AS backcourt_row \
             WHERE _TABLE_SUFFIX BETWEEN '20240101' AND '20240229' GROUP BY backcourt_part"
        );
    }

    #[test]
    fn a_part_counts_for_every_partition_it_covers() {
        let day = look("day", "2024-01-01T22", "2024-01-02T01");
        let hours = ["2024-01-01T22", "2024-01-01T23"].map(|hour| (hour.to_owned(), 3));
        assert_eq!(
            counted(day, DateType::Date, &[("2024-01-01", 3)]),
            hours,
            "a day covers its hours"
        );
        let months = look("_TABLE_SUFFIX", "2024-01", "2024-02");
        let parts = [
            ("20240101", 1),
            ("20240131", 2),
            ("intraday_20240101", 9),
            ("20240132", 9),
        ];
        assert_eq!(
            counted(months, DateType::Text, &parts),
            [("2024-01".to_owned(), 3)]
        );
    }

    #[test]
    fn a_text_that_is_no_date_is_refused() {
        let by_text = look("day", "2024-01-01", "2024-01-31");
        let row = |part: Value| vec![part, Value::Int(1)];
        let state = |part: Value| {
            let answer = Answer {
                columns: Vec::new(),
                rows: vec![row(part)],
            };
            by_text.state(&answer, DateType::Text)
        };
        assert!(state(Value::Null).unwrap().is_empty());
        let refused = state(Value::from("2024-01-03 05:00:00".to_owned()))
            .unwrap_err()
            .message;
        assert!(
            refused.contains("column day has '2024-01-03 05:00:00', which is not a date"),
            "{refused}"
        );
    }

    #[test]
    fn a_day_of_utc_covers_two_local_days() {
        let zone = Timezone::parse("America/New_York").unwrap();
        let local = SourceLook {
            zone,
            ..look("at", "2024-01-01", "2024-01-31")
        };
        let day = |number: u32| Partition::parse(&format!("2024-01-{number:02}")).unwrap();
        assert_eq!(local.covered(day(5), DateType::Timestamp), (day(4), day(5)));
        assert_eq!(local.covered(day(5), DateType::Date), (day(5), day(5)));
        let month = Partition::parse("2024-01").unwrap();
        assert_eq!(local.covered(month, DateType::Date), (day(1), day(31)));
        assert!(
            local
                .sql(DateType::Text, "")
                .unwrap_err()
                .message
                .contains("is a text")
        );
    }

    #[test]
    fn a_mark_depends_on_every_number() {
        let row = |rows, mark| vec![Value::Null, Value::Int(rows), Value::Int(mark)];
        assert_ne!(mixed(&row(1, 5)), mixed(&row(2, 5)));
        assert_ne!(mixed(&row(1, 5)), mixed(&row(1, 6)));
        assert_ne!(mixed(&row(5, 1)), mixed(&row(1, 5)));
    }
}
