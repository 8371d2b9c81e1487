//! Parses dates, times and timestamps in the text forms `BigQuery` accepts, and no others.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Parses `YYYY-MM-DD`, years 0001 to 9999.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let is_written_out = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date: NaiveDate = is_written_out.then(|| text.parse().ok()).flatten()?;
    (date.year() >= 1).then_some(date)
}

/// Parses a timestamp: a date, a time after a space or `T`, then `Z`, ` UTC` or an offset. Trailing parts are optional:
/// the default zone is UTC, the default time midnight. Seconds can have up to six decimals.
///
/// # Errors
/// When the text is not a timestamp; with a hint if the cause is clear.
pub fn parse_moment(text: &str) -> Result<DateTime<Utc>, Option<&'static str>> {
    let date = text.get(..10).and_then(parse_day).ok_or(None)?;
    let (time, zone) = time_and_zone(&text[10..])?;
    let local = date.and_time(time).and_utc();
    let moment = local.checked_sub_signed(offset(zone)?).ok_or(None)?;
    (1..=9999).contains(&moment.year()).then_some(moment).ok_or(None)
}

/// Parses a date and a time of day without a zone, as of a `DATETIME`: a time after a space or `T`, midnight if there is
/// none.
///
/// # Errors
/// When the text is something else; with a hint if the cause is clear.
pub fn parse_datetime(text: &str) -> Result<NaiveDateTime, Option<&'static str>> {
    let date = text.get(..10).and_then(parse_day).ok_or(None)?;
    match time_and_zone(&text[10..])? {
        (time, "") => Ok(date.and_time(time)),
        _ => Err(None),
    }
}

/// Parses a time of day: `HH:MM:SS`, with up to six decimals.
///
/// # Errors
/// When the text is something else; with a hint if the cause is clear.
pub fn parse_time(text: &str) -> Result<NaiveTime, Option<&'static str>> {
    match clock_and_zone(text)? {
        (time, "") => Ok(time),
        _ => Err(None),
    }
}

/// The time of day and the rest after it.
fn time_and_zone(rest: &str) -> Result<(NaiveTime, &str), Option<&'static str>> {
    let clock = rest
        .strip_prefix([' ', 'T', 't'])
        .filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
    clock.map_or(Ok((NaiveTime::MIN, rest)), clock_and_zone)
}

/// A time of day that the text begins with, and the rest after it.
fn clock_and_zone(rest: &str) -> Result<(NaiveTime, &str), Option<&'static str>> {
    let clock = rest.get(..8).ok_or(None)?;
    let is_written_out = clock.bytes().enumerate().all(|(at, byte)| match at {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    if !is_written_out {
        return Err(None);
    }
    let number = |from: usize| clock[from..from + 2].parse::<u32>().map_err(|_| None);
    let (hour, minute, second) = (number(0)?, number(3)?, number(6)?);
    let (micros, zone) = match rest[8..].strip_prefix('.') {
        None => (0, &rest[8..]),
        Some(behind) => {
            let end = behind
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(behind.len());
            let (digits, zone) = behind.split_at(end);
            match digits.len() {
                0 => return Err(None),
                1..=6 => {}
                _ => return Err(Some("it has more than six fractional digits")),
            }
            (format!("{digits:0<6}").parse().map_err(|_| None)?, zone)
        }
    };
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros).ok_or(None)?;
    Ok((time, zone))
}

/// The offset of a zone from UTC.
fn offset(zone: &str) -> Result<TimeDelta, Option<&'static str>> {
    let (sign, digits) = match zone.as_bytes() {
        [] | [b'Z' | b'z'] | b" UTC" => return Ok(TimeDelta::zero()),
        [b'+', ..] => (1, &zone[1..]),
        [b'-', ..] => (-1, &zone[1..]),
        [b' ', letter, ..] if letter.is_ascii_alphabetic() => {
            return Err(Some("write an offset such as -05:00 instead of a time zone name"));
        }
        _ => return Err(None),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "00"),
        Some(_) => return Err(None),
    };
    let number = |text: &str| -> Option<i64> {
        let is_written_out = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_written_out.then(|| text.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours).ok_or(None)?, number(minutes).ok_or(None)?);
    if hours > 14 || minutes > 59 {
        return Err(None);
    }
    Ok(TimeDelta::minutes(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2024-01-08 02:30:00", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08T02:30:00", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08t02:30:00z", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08 02:30:00 UTC", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08 02:30:00+00", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08 02:30:00+00:00", "2024-01-08T02:30:00Z")]
    #[case("2024-01-08 02:30:00.5", "2024-01-08T02:30:00.5Z")]
    #[case("2024-01-08 02:30:00.123456 UTC", "2024-01-08T02:30:00.123456Z")]
    #[case("2024-01-08T02:30:00-05:00", "2024-01-08T07:30:00Z")]
    #[case("2024-01-08T02:30:00+0530", "2024-01-07T21:00:00Z")]
    #[case("2024-01-08 02:30:00+5", "2024-01-07T21:30:00Z")]
    #[case("2024-01-08", "2024-01-08T00:00:00Z")]
    #[case("2024-01-08 UTC", "2024-01-08T00:00:00Z")]
    #[case("2024-01-08-08:00", "2024-01-08T08:00:00Z")]
    fn bigquery_timestamp_formats_are_parsed(#[case] text: &str, #[case] moment: &str) {
        assert_eq!(parse_moment(text), Ok(moment.parse().unwrap()));
    }

    #[rstest]
    #[case("1704681000")]
    #[case("2024-1-8 02:30:00")]
    #[case("2024-01-08 2:30:00")]
    #[case("2024-01-08 02:30")]
    #[case("2024-01-08 24:00:00")]
    #[case("2024-01-08 02:30:60")]
    #[case("2024-02-30 00:00:00")]
    #[case("2024-01-08 02:30:00.")]
    #[case("2024-01-08 02:30:00 +01:00")]
    #[case("2024-01-08 02:30:00+24")]
    #[case("2024-01-08 02:30:00+01:0")]
    #[case("2024-01-08  02:30:00")]
    #[case("2024-01-08T")]
    #[case("20240108")]
    #[case("0001-01-01 00:00:00+01")]
    #[case("2024-01-0é 02:30:00")]
    #[case("2024-01-08 02:3é:00")]
    #[case("2024-01-08 02:30:00+é1")]
    #[case("")]
    fn malformed_timestamps_are_refused(#[case] text: &str) {
        assert_eq!(parse_moment(text), Err(None), "{text}");
    }

    #[test]
    fn nanoseconds_and_named_zones_are_refused_with_a_reason() {
        let seven = parse_moment("2024-01-08 02:30:00.1234567");
        assert!(seven.unwrap_err().unwrap().contains("six fractional digits"));
        let named = parse_moment("2024-01-08 02:30:00 America/New_York");
        assert!(named.unwrap_err().unwrap().contains("an offset"));
    }

    #[rstest]
    #[case("2024-01-08 02:30:00", Some("2024-01-08T02:30:00"))]
    #[case("2024-01-08T02:30:00.5", Some("2024-01-08T02:30:00.500"))]
    #[case("2024-01-08", Some("2024-01-08T00:00:00"))]
    #[case("2024-01-08 02:30:00Z", None)]
    #[case("2024-01-08 UTC", None)]
    #[case("2024-01-08T02:30", None)]
    #[case("2024-01-08 24:00:00", None)]
    #[case("02:30:00", None)]
    fn a_datetime_has_no_zone(#[case] text: &str, #[case] at: Option<&str>) {
        assert_eq!(
            parse_datetime(text).ok(),
            at.map(|at| at.parse().unwrap()),
            "{text}"
        );
    }

    #[rstest]
    #[case("02:30:00", Some("02:30:00"))]
    #[case("23:59:59.000001", Some("23:59:59.000001"))]
    #[case("2:30:00", None)]
    #[case("24:00:00", None)]
    #[case("02:30", None)]
    #[case("02:30:00 UTC", None)]
    #[case("", None)]
    fn a_time_is_one_of_a_day(#[case] text: &str, #[case] at: Option<&str>) {
        assert_eq!(parse_time(text).ok(), at.map(|at| at.parse().unwrap()), "{text}");
    }

    #[rstest]
    #[case("2024-01-08", true)]
    #[case("2024-1-8", false)]
    #[case("20240108", false)]
    #[case("2024-02-30", false)]
    #[case("+024-01-08", false)]
    #[case("0000-01-01", false)]
    #[case("2024-01-08 ", false)]
    fn dates_have_one_format(#[case] text: &str, #[case] is_one: bool) {
        assert_eq!(parse_day(text).is_some(), is_one);
    }
}
