//! Which column types a value of a file fits. Stricter than conversion: a type is inferred only if nothing of any value
//! would be lost, such as the leading zeros of an id or the last digits of a long number. Pure.

use crate::table::{ColumnType, parse_day, parse_moment};

/// The largest whole number up to which a double represents every one.
const EXACT_IN_A_DOUBLE: i64 = 1 << 53;

/// The types that can be inferred, in order of preference.
const TYPES: [ColumnType; 7] = [
    ColumnType::Bool,
    ColumnType::Int64,
    ColumnType::Float64,
    ColumnType::Date,
    ColumnType::Timestamp,
    ColumnType::StringArray,
    ColumnType::Float64Array,
];

/// A set of inferable types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FittingTypes(u8);

impl FittingTypes {
    pub(super) const ALL: Self = Self(u8::MAX);
    pub(super) const NONE: Self = Self(0);

    fn of(types: &[ColumnType]) -> Self {
        let bit = |at: usize| u8::from(types.contains(&TYPES[at])) << at;
        Self((0..TYPES.len()).map(bit).sum())
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The preferred one.
    pub(super) fn first(self) -> Option<ColumnType> {
        let at = (0..TYPES.len()).find(|at| self.0 >> at & 1 == 1)?;
        Some(TYPES[at].clone())
    }
}

/// The types of an unquoted text that is not empty.
pub(super) fn of_text(text: &str) -> FittingTypes {
    let bare = text.trim_matches([' ', '\t']);
    if bare.eq_ignore_ascii_case("true") || bare.eq_ignore_ascii_case("false") {
        return FittingTypes::of(&[ColumnType::Bool]);
    }
    // `12e5` may be a code.
    let is_code = !bare.contains('.') && bare.contains(['e', 'E']);
    match of_number(bare) {
        _ if is_code => FittingTypes::NONE,
        FittingTypes::NONE => of_time(bare),
        number => number,
    }
}

/// The types of a JSON value that is not null.
pub(super) fn of_json(json: &str) -> FittingTypes {
    match json.as_bytes().first() {
        Some(b't' | b'f') => FittingTypes::of(&[ColumnType::Bool]),
        Some(b'"') => serde_json::from_str::<String>(json).map_or(FittingTypes::NONE, |text| of_time(&text)),
        Some(b'[') => of_array(json),
        Some(b'{') | None => FittingTypes::NONE,
        Some(_) => of_number(json),
    }
}

fn of_time(text: &str) -> FittingTypes {
    if parse_day(text).is_some() {
        return FittingTypes::of(&[ColumnType::Date, ColumnType::Timestamp]);
    }
    // `2026-01-05-1` is read as midnight with an offset, but is more likely an id.
    let has_time = match text.as_bytes().get(10..12) {
        Some([b' ' | b'T' | b't', hour]) => hour.is_ascii_digit(),
        _ => false,
    };
    if has_time && parse_moment(text).is_ok() {
        FittingTypes::of(&[ColumnType::Timestamp])
    } else {
        FittingTypes::NONE
    }
}

fn of_number(text: &str) -> FittingTypes {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.find(|letter: char| !letter.is_ascii_digit());
    let (whole, rest) = digits.split_at(whole.unwrap_or(digits.len()));
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    if is_padded || digits.is_empty() {
        return FittingTypes::NONE;
    }
    if rest.is_empty() {
        return match text.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= EXACT_IN_A_DOUBLE.unsigned_abs() => {
                FittingTypes::of(&[ColumnType::Int64, ColumnType::Float64])
            }
            Ok(_) => FittingTypes::of(&[ColumnType::Int64]),
            Err(_) => FittingTypes::NONE,
        };
    }
    let is_written_out =
        rest.starts_with(['.', 'e', 'E']) && digits.contains(|letter: char| letter.is_ascii_digit());
    if is_written_out && is_exact(text) {
        FittingTypes::of(&[ColumnType::Float64])
    } else {
        FittingTypes::NONE
    }
}

/// Whether a double keeps all digits of a decimal number.
fn is_exact(text: &str) -> bool {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => significant(text) == significant(&format!("{number:e}")),
        _ => false,
    }
}

/// The digits of a decimal number without zeros at either end, and the power of ten of the last one. `None` for a power
/// that is not a number.
fn significant(text: &str) -> Option<(String, i64)> {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power: i64 = power.parse().ok()?;
    let digits = format!("{}{part}", whole.trim_start_matches('-'));
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
    let of_part = i64::try_from(part.len()).ok()?;
    let power = power.checked_sub(of_part)?.checked_add(dropped)?;
    Some((kept.to_owned(), if kept.is_empty() { 0 } else { power }))
}

fn of_array(json: &str) -> FittingTypes {
    let Ok(items) = serde_json::from_str::<Vec<serde_json::Value>>(json) else {
        return FittingTypes::NONE;
    };
    // The digits are in the text only: an item is a double already.
    let is_number = |text: &str| {
        let is_in_range = text
            .parse::<f64>()
            .is_ok_and(|number| number.abs() < 2_f64.powi(63));
        is_in_range && of_number(text).and(FittingTypes::of(&[ColumnType::Float64])) != FittingTypes::NONE
    };
    let written = json.trim().trim_start_matches('[').trim_end_matches(']');
    let texts = items.iter().all(serde_json::Value::is_string);
    let numbers = items.iter().all(serde_json::Value::is_number)
        && (items.is_empty() || written.split(',').map(str::trim).all(is_number));
    match (texts, numbers) {
        (true, true) => FittingTypes::of(&[ColumnType::StringArray, ColumnType::Float64Array]),
        (true, false) => FittingTypes::of(&[ColumnType::StringArray]),
        (false, true) => FittingTypes::of(&[ColumnType::Float64Array]),
        (false, false) => FittingTypes::NONE,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The type inferred from all these values.
    fn common(values: &[&str], of: fn(&str) -> FittingTypes) -> Option<ColumnType> {
        let all = values
            .iter()
            .fold(FittingTypes::ALL, |types, value| types.and(of(value)));
        all.first()
    }

    #[rstest]
    #[case(&["1", "-20", "0"], Some("INT64"))]
    #[case(&[" 1", "2 "], Some("INT64"))]
    #[case(&["9223372036854775807"], Some("INT64"))]
    #[case(&["9223372036854775808"], None)]
    #[case(&["1", "2.5"], Some("FLOAT64"))]
    #[case(&["0.5", "-.5", "1.5e3", "5.", "0.10", "0.30000000000000004"], Some("FLOAT64"))]
    #[case(&["1e3", "12e5"], None)]
    #[case(&["12345678901234567.89"], None)]
    #[case(&["0.12345678901234567890"], None)]
    #[case(&["1.5e-400"], None)]
    #[case(&["2026-01-05-1", "2026-01-05-2"], None)]
    #[case(&["9007199254740993", "0.5"], None)]
    #[case(&["1e999"], None)]
    #[case(&["007", "12"], None)]
    #[case(&["007.5"], None)]
    #[case(&["+49170"], None)]
    #[case(&["1,5"], None)]
    #[case(&["-"], None)]
    #[case(&["."], None)]
    #[case(&["e5"], None)]
    #[case(&["nan"], None)]
    #[case(&["inf"], None)]
    #[case(&["0x10"], None)]
    #[case(&["true", "FALSE"], Some("BOOL"))]
    #[case(&["t", "f"], None)]
    #[case(&["1", "0", "true"], None)]
    #[case(&["2026-01-05"], Some("DATE"))]
    #[case(&["2026-01-05", "2026-01-05T10:00:00Z"], Some("TIMESTAMP"))]
    #[case(&["2026-01-05", "2026-02-30"], None)]
    #[case(&["2026-01-05", "7"], None)]
    #[case(&[" "], None)]
    fn a_type_fits_all_values_or_none_does(#[case] values: &[&str], #[case] word: Option<&str>) {
        assert_eq!(common(values, of_text), word.and_then(ColumnType::from_word));
    }

    #[rstest]
    #[case(&["1", "-2"], Some("INT64"))]
    #[case(&["1", "2.0", "1e3"], Some("FLOAT64"))]
    #[case(&["1.2345678901234567890"], None)]
    #[case(&["[0.12345678901234567890]"], None)]
    #[case(&["true"], Some("BOOL"))]
    #[case(&[r#""7""#], None)]
    #[case(&[r#""true""#], None)]
    #[case(&[r#""2026-01-05""#], Some("DATE"))]
    #[case(&[r#""2026-01-05 10:00:00+01""#, r#""2026-01-05""#], Some("TIMESTAMP"))]
    #[case(&[r#"["a"]"#, "[]"], Some("ARRAY<STRING>"))]
    #[case(&["[1, 2.5]", "[]"], Some("ARRAY<FLOAT64>"))]
    #[case(&["[9007199254740993]"], None)]
    #[case(&["[1e300, 1]"], None)]
    #[case(&["[1, null]"], None)]
    #[case(&["[1]", r#"["a"]"#], None)]
    #[case(&["{}"], None)]
    fn json_values_have_the_type_they_are_written_in(#[case] values: &[&str], #[case] word: Option<&str>) {
        assert_eq!(common(values, of_json), word.and_then(ColumnType::from_word));
    }
}
