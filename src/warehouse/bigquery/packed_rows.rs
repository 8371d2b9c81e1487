//! Rows by date, packed into bytes: in memory they take about as much as in the table, a fourth of what [`Row`] takes.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};

use crate::table::{Row, Value};

/// Rows of some columns of a table.
#[derive(Debug, Default)]
pub(super) struct PackedRows {
    /// Each date with the end of its rows in `bytes`, in order.
    ends: Vec<(NaiveDate, usize)>,
    bytes: Vec<u8>,
}

impl PackedRows {
    /// Adds a row. Rows come ordered by date.
    pub(super) fn push(&mut self, date: NaiveDate, row: &[Value]) {
        let length = u32::try_from(row.len()).unwrap_or(u32::MAX);
        self.bytes.extend(length.to_le_bytes());
        for value in row {
            pack(value, &mut self.bytes);
        }
        match self.ends.last_mut() {
            Some((last, end)) if *last == date => *end = self.bytes.len(),
            _ => self.ends.push((date, self.bytes.len())),
        }
    }

    /// The memory they take.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<(NaiveDate, usize)>()
    }

    /// Frees memory that no row takes.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The rows of the wanted dates, in order.
    pub(super) fn rows(&self, is_wanted: impl Fn(NaiveDate) -> bool) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut start = 0;
        for &(date, end) in &self.ends {
            let mut packed = Packed(
                self.bytes
                    .get(start..end)
                    .filter(|_| is_wanted(date))
                    .unwrap_or_default(),
            );
            rows.extend(std::iter::from_fn(|| packed.row()));
            start = end;
        }
        rows
    }
}

fn pack(value: &Value, into: &mut Vec<u8>) {
    let number = |number: f64, into: &mut Vec<u8>| into.extend(number.to_bits().to_le_bytes());
    match value {
        Value::Null => into.push(0),
        Value::Int(number) => {
            into.push(1);
            into.extend(number.to_le_bytes());
        }
        Value::Float(float) => {
            into.push(2);
            number(*float, into);
        }
        Value::Bool(truth) => into.push(3 + u8::from(*truth)),
        Value::Text(text) => {
            into.push(5);
            pack_text(text, into);
        }
        Value::Date(date) => {
            into.push(6);
            into.extend(date.num_days_from_ce().to_le_bytes());
        }
        Value::Timestamp(at) => {
            into.push(7);
            pack_instant(*at, into);
        }
        Value::Datetime(at) => {
            into.push(10);
            pack_instant(at.and_utc(), into);
        }
        Value::Time(at) => {
            into.push(11);
            into.extend(at.num_seconds_from_midnight().to_le_bytes());
            into.extend(at.nanosecond().to_le_bytes());
        }
        Value::Bytes(bytes) => {
            into.push(12);
            pack_bytes(bytes, into);
        }
        Value::List(items) => {
            into.push(8);
            pack_length(items.len(), into);
            for item in items {
                pack_text(item, into);
            }
        }
        Value::Numbers(numbers) => {
            into.push(9);
            pack_length(numbers.len(), into);
            for item in numbers {
                number(*item, into);
            }
        }
    }
}

fn pack_instant(at: DateTime<Utc>, into: &mut Vec<u8>) {
    into.extend(at.timestamp().to_le_bytes());
    into.extend(at.timestamp_subsec_nanos().to_le_bytes());
}

fn pack_text(text: &str, into: &mut Vec<u8>) {
    pack_bytes(text.as_bytes(), into);
}

fn pack_bytes(bytes: &[u8], into: &mut Vec<u8>) {
    pack_length(bytes.len(), into);
    into.extend(bytes);
}

/// An answer of the server has far fewer than 4 GiB.
fn pack_length(length: usize, into: &mut Vec<u8>) {
    into.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

/// Packed rows not yet unpacked.
struct Packed<'a>(&'a [u8]);

impl Packed<'_> {
    /// The next row; `None` at the end.
    fn row(&mut self) -> Option<Row> {
        let length = self.length()?;
        (0..length).map(|_| self.value()).collect()
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.take::<1>()? {
            [0] => Value::Null,
            [1] => Value::Int(i64::from_le_bytes(self.take()?)),
            [2] => Value::Float(self.number()?),
            [3] => Value::Bool(false),
            [4] => Value::Bool(true),
            [5] => Value::from(self.text()?),
            [6] => Value::Date(NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(
                self.take()?,
            ))?),
            [7] => Value::Timestamp(self.instant()?),
            [10] => Value::Datetime(self.instant()?.naive_utc()),
            [11] => {
                let (seconds, nanos) = (self.length()?, self.length()?);
                Value::Time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)?)
            }
            [12] => Value::Bytes(self.bytes()?.to_vec()),
            [8] => Value::from(
                (0..self.length()?)
                    .map(|_| self.text())
                    .collect::<Option<Vec<_>>>()?,
            ),
            [9] => Value::Numbers(
                (0..self.length()?)
                    .map(|_| self.number())
                    .collect::<Option<_>>()?,
            ),
            [_] => return None,
        })
    }

    fn number(&mut self) -> Option<f64> {
        Some(f64::from_bits(u64::from_le_bytes(self.take()?)))
    }

    fn instant(&mut self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = (i64::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?));
        DateTime::from_timestamp(seconds, nanos)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    fn bytes(&mut self) -> Option<&[u8]> {
        let length = usize::try_from(self.length()?).ok()?;
        let (bytes, others) = self.0.split_at_checked(length)?;
        self.0 = others;
        Some(bytes)
    }

    fn length(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take()?))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, others) = self.0.split_first_chunk::<N>()?;
        self.0 = others;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Float),
            any::<bool>().prop_map(Value::Bool),
            any::<String>().prop_map(Value::from),
            (1..3_000_000).prop_map(|day| Value::Date(NaiveDate::from_num_days_from_ce_opt(day).unwrap())),
            (any::<i32>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Value::Timestamp(
                DateTime::from_timestamp(seconds.into(), nanos).unwrap()
            )),
            (any::<i32>(), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Value::Datetime(
                DateTime::from_timestamp(seconds.into(), nanos)
                    .unwrap()
                    .naive_utc()
            )),
            (0..86_400_u32, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Value::Time(
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap()
            )),
            any::<Vec<u8>>().prop_map(Value::Bytes),
            prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
            prop::collection::vec(any::<f64>(), 0..3).prop_map(Value::Numbers),
        ]
    }

    fn day(number: i32) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(738_000 + number).unwrap()
    }

    proptest! {
        #[test]
        fn rows_of_wanted_dates_are_unpacked_as_they_were(
            rows in prop::collection::vec((0..4, prop::collection::vec(any_value(), 1..4)), 0..12),
            wanted in 0..4,
        ) {
            let mut rows = rows;
            rows.sort_by_key(|(number, _)| *number);
            let mut packed = PackedRows::default();
            for (number, row) in &rows {
                packed.push(day(*number), row);
            }
            packed.shrink();
            let of = |is_wanted: fn(i32, i32) -> bool| {
                let kept = rows.iter().filter(|(number, _)| is_wanted(*number, wanted));
                kept.map(|(_, row)| row.clone()).collect::<Vec<Row>>()
            };
            prop_assert_eq!(packed.rows(|_| true), of(|_, _| true));
            prop_assert_eq!(packed.rows(|date| date == day(wanted)), of(|number, wanted| number == wanted));
        }
    }
}
