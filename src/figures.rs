//! Formats numbers for people: counts with nouns, and byte sizes. Any module may use it; it uses none.

use std::fmt::Display;

/// Bytes as hexadecimal digits in lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(half.into(), 16));
        }
    }
    digits
}

/// The singular or plural of a noun for this number: `date`, `dates`; also `batches` and `queries`.
#[must_use]
pub fn plural<N: Copy + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == N::from(1) => noun.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// A count with its noun: `1 date`, `3 dates`, `1,538 batches`.
#[must_use]
pub fn counted<N: Copy + PartialEq + From<u8> + Display>(number: N, noun: &str) -> String {
    let shown = count(number);
    format!("{shown} {}", plural(number, noun))
}

/// The verb for a number of things: `1 date is stale`, `2 dates are stale`.
#[must_use]
pub fn is_or_are<N: Copy + PartialEq + From<u8>>(number: N) -> &'static str {
    if number == N::from(1) { "is" } else { "are" }
}

/// A count with thousands separators.
#[must_use]
pub fn count(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The units `BigQuery` bills in, each with how many of it make the next.
const BYTES: [(&str, f64); 6] = [
    ("B", 1024.0),
    ("KiB", 1024.0),
    ("MiB", 1024.0),
    ("GiB", 1024.0),
    ("TiB", 1024.0),
    ("PiB", f64::INFINITY),
];

/// A byte size as on a bill, in powers of 1,024: `0 B`, `87.5 MiB`, `1.2 TiB`.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "shown with two or three digits")]
pub fn bytes(number: u64) -> String {
    in_units(number as f64, &BYTES, 99.95)
}

/// A short byte size in the same units: `88 MiB`, `1.2 GiB`.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "shown with two digits")]
pub fn bytes_roughly(number: u64) -> String {
    in_units(number as f64, &BYTES, 9.95)
}

/// Formats a number in the largest unit it fills, with one decimal below `tenths_below`; `B` has no decimals.
#[must_use]
pub fn in_units(mut number: f64, units: &[(&str, f64)], tenths_below: f64) -> String {
    let mut unit = "";
    for (name, next) in units {
        unit = name;
        // A rounded number must not reach the next unit: 1,023.6 KiB are 1.0 MiB.
        if number < next - 0.5 {
            break;
        }
        number /= next;
    }
    let decimals = usize::from(number < tenths_below && unit != "B");
    format!("{number:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("date", "0 dates, 1 date, 2 dates")]
    #[case("batch", "0 batches, 1 batch, 2 batches")]
    #[case("query", "0 queries, 1 query, 2 queries")]
    #[case("day", "0 days, 1 day, 2 days")]
    fn counts_use_singular_and_plural(#[case] noun: &str, #[case] expected: &str) {
        assert_eq!(
            [0_u8, 1, 2].map(|number| counted(number, noun)).join(", "),
            expected
        );
    }

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_538, "1,538")]
    #[case(1_234_567, "1,234,567")]
    fn thousands_are_separated(#[case] number: u64, #[case] text: &str) {
        assert_eq!(count(number), text);
        assert_eq!(counted(number, "row"), format!("{text} rows"));
    }

    #[rstest]
    #[case(0, "0 B")]
    #[case(1_023, "1023 B")]
    #[case(1_024, "1.0 KiB")]
    #[case(10_485_760, "10.0 MiB")]
    #[case(1_048_371, "1.0 MiB")]
    #[case(6_442_450_944, "6.0 GiB")]
    #[case(107_320_000_000, "99.9 GiB")]
    #[case(107_374_182_400, "100 GiB")]
    #[case(1_374_389_534_720, "1.2 TiB")]
    #[case(u64::MAX, "16384 PiB")]
    fn bytes_use_the_units_of_billing(#[case] number: u64, #[case] text: &str) {
        assert_eq!(bytes(number), text);
    }

    #[rstest]
    #[case(0, "0 B")]
    #[case(9_900_000, "9.4 MiB")]
    #[case(87_300_000, "83 MiB")]
    #[case(1_073_700_000, "1.0 GiB")]
    fn rough_bytes_have_two_digits(#[case] number: u64, #[case] text: &str) {
        assert_eq!(bytes_roughly(number), text);
    }
}
