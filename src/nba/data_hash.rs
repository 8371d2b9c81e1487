//! The digest for comparing two computations of a row.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};

use super::rounding::in_decimal_units;
use crate::table::{Column, ColumnType, Value};

/// The columns covered by the digest, sorted by name.
#[derive(Debug)]
pub struct HashedColumns {
    columns: &'static [Column],
    by_name: Vec<usize>,
}

impl HashedColumns {
    /// A digest over these columns, which come first in a row.
    #[must_use]
    pub fn new(columns: &'static [Column]) -> Self {
        let mut by_name: Vec<usize> = (0..columns.len()).collect();
        by_name.sort_by_key(|&at| &columns[at].name);
        Self { columns, by_name }
    }

    /// The first 16 hex digits of the SHA-256 over `name:value` pairs joined by `|`. A NUMERIC is formatted with its
    /// stored decimals, so that the digest only changes with the stored value.
    #[must_use]
    pub fn digest(&self, values: &[Value]) -> String {
        let mut text = String::with_capacity(1024);
        for &at in &self.by_name {
            let column = &self.columns[at];
            if !text.is_empty() {
                text.push('|');
            }
            text.push_str(&column.name);
            text.push(':');
            let written = match (&column.kind, &values[at]) {
                (&ColumnType::Numeric { scale, .. }, Value::Float(number)) => {
                    write_decimal(&mut text, *number, usize::from(scale))
                }
                (_, Value::Text(value)) => text.write_str(value),
                (_, Value::Null) => text.write_str("NULL"),
                (_, Value::Int(number)) => write_whole(&mut text, *number),
                (_, value) => write!(text, "{value}"),
            };
            debug_assert!(written.is_ok(), "a String takes every text");
        }
        let digest = Sha256::digest(text.as_bytes());
        digest[..8]
            .iter()
            .fold(String::with_capacity(16), |mut hex, byte| {
                for half in [byte >> 4, byte & 15] {
                    hex.extend(char::from_digit(half.into(), 16));
                }
                hex
            })
    }
}

/// Appends `{number:.decimals$}`, which takes most of the time of a digest where it is formatted as a double.
fn write_decimal(text: &mut String, number: f64, decimals: usize) -> fmt::Result {
    let Some((units, power)) = in_decimal_units(number, decimals) else {
        return write!(text, "{number:.decimals$}");
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number below 2^33"
    )]
    let (magnitude, power) = (units.abs() as u64, power as u64);
    if units.is_sign_negative() {
        text.push('-');
    }
    push_digits(text, magnitude / power, 1);
    if decimals > 0 {
        text.push('.');
        push_digits(text, magnitude % power, decimals);
    }
    Ok(())
}

fn write_whole(text: &mut String, number: i64) -> fmt::Result {
    match u64::try_from(number) {
        Ok(number) => {
            push_digits(text, number, 1);
            Ok(())
        }
        Err(_) => write!(text, "{number}"),
    }
}

/// Appends a number with at least `fewest` digits. A row has dozens, and `write!` takes several times as long.
fn push_digits(text: &mut String, mut number: u64, fewest: usize) {
    // The largest number has twenty.
    let mut digits = ['0'; 20];
    let mut first = digits.len();
    while number > 0 || digits.len() - first < fewest {
        first -= 1;
        let digit = u32::try_from(number % 10).unwrap_or_default();
        digits[first] = char::from_digit(digit, 10).unwrap_or_default();
        number /= 10;
    }
    text.extend(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [Column; 3] = [
        Column::required("team_abbr", ColumnType::String, ""),
        Column::nullable(
            "pace",
            ColumnType::Numeric {
                precision: 5,
                scale: 1,
            },
            "",
        ),
        Column::nullable("assists", ColumnType::Int64, ""),
    ];

    #[rstest::rstest]
    #[case(99.6, 1, "99.6")]
    #[case(0.05, 2, "0.05")]
    #[case(-0.001, 2, "-0.00")]
    #[case(12.0, 0, "12")]
    #[case(2.675, 2, "2.67")]
    #[case(1e18, 2, "1000000000000000000.00")]
    fn decimals_are_written_as_by_the_formatter(
        #[case] number: f64,
        #[case] decimals: usize,
        #[case] written: &str,
    ) {
        let mut text = String::new();
        write_decimal(&mut text, number, decimals).unwrap();
        assert_eq!(
            (text.as_str(), format!("{number:.decimals$}").as_str()),
            (written, written)
        );
    }

    #[rstest::rstest]
    #[case(0)]
    #[case(-7)]
    #[case(1_234_567_890)]
    #[case(i64::MAX)]
    fn whole_numbers_are_written_as_by_the_formatter(#[case] number: i64) {
        let mut text = String::new();
        write_whole(&mut text, number).unwrap();
        assert_eq!(text, number.to_string());
    }

    // printf 'assists:NULL|pace:99.6|team_abbr:BOS' | sha256sum
    #[test]
    fn the_digest_covers_stored_values_sorted_by_column_name() {
        let hashed = HashedColumns::new(&COLUMNS);
        let digest = |pace: f64| hashed.digest(&[Value::from("BOS"), Value::from(pace), Value::Null]);
        assert_eq!(digest(99.6), "020f04af3802bf6c");
        assert_eq!(digest(99.6), digest(99.600_000_1));
        assert_ne!(digest(99.6), digest(99.7));
    }
}
