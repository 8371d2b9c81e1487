//! Texts as a terminal shows them: measured in columns, freed of what would move the cursor. The only place that
//! measures.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text without control characters and without the marks that turn the direction of writing: each becomes a
/// space, so that a log line can neither move the cursor nor rearrange its neighbours.
pub fn sanitised(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The text for a terminal that shows ASCII only: every other character becomes as many `?` as it is wide.
pub fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| {
        let (sign, times) = if c.is_ascii() {
            (c, 1)
        } else {
            ('?', c.width().unwrap_or(0))
        };
        std::iter::repeat_n(sign, times)
    };
    Cow::Owned(text.chars().flat_map(shown).collect())
}

/// The text in pieces of at most `columns` each, broken after a space where one is near the end.
pub fn wrapped(text: &str, columns: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while width(rest) > columns.max(1) {
        let fits = prefix(rest, columns.max(1));
        if fits == rest.len() {
            break;
        }
        let at = rest[..fits]
            .rfind(' ')
            .map(|space| space + 1)
            .filter(|at| at * 2 > fits)
            .unwrap_or(fits);
        pieces.push(&rest[..at]);
        rest = &rest[at..];
    }
    pieces.push(rest);
    pieces
}

/// Length in bytes of the longest beginning that fits; at least one character, so that wrapping always ends.
fn prefix(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

/// A count with commas between the thousands.
#[must_use]
pub fn count(number: u64) -> String {
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

/// What a check measured, with commas between the thousands of what it counted: `15,150 rows on 110 dates`. The same
/// value without them is what waivers and histories are compared by.
pub fn measured(value: &str) -> Cow<'_, str> {
    let is_noun = |word: &str| matches!(word, "row" | "rows" | "date" | "dates");
    let words: Vec<&str> = value.split(' ').collect();
    let told = |at: usize, word: &&str| -> Option<String> {
        let counts = words.get(at + 1).is_some_and(|next| is_noun(next));
        let number = word.parse().ok().filter(|_| counts)?;
        Some(count(number))
    };
    let all: Vec<Option<String>> = words
        .iter()
        .enumerate()
        .map(|(at, word)| told(at, word))
        .collect();
    if all.iter().all(Option::is_none) {
        return sanitised(value);
    }
    let words = words.iter().zip(all);
    let text: Vec<String> = words
        .map(|(word, told)| told.unwrap_or_else(|| (*word).to_owned()))
        .collect();
    Cow::Owned(sanitised(&text.join(" ")).into_owned())
}

/// A count with its noun, in the plural where it needs one: `1 date`, `1,538 dates`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number as u64))
}

/// A stretch of time as precise as an operator needs it: `1.7 s`, `42 s`, `3 min 05 s`, `2 h 04 min`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 and above, and no run lasts 2^63 seconds"
)]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A stretch of time that is only known to lie between two: `3-5 s`, `2-3 min`, `1.2-1.5 h`.
#[must_use]
pub fn band(soonest: f64, latest: f64) -> String {
    let (unit, seconds, decimals) = match latest {
        _ if latest < 90.0 => ("s", 1.0, 0),
        _ if latest < 5400.0 => ("min", 60.0, 0),
        _ => ("h", 3600.0, 1),
    };
    let low = format!("{:.decimals$}", soonest.max(0.0) / seconds);
    let high = format!("{:.decimals$}", latest.max(0.0) / seconds);
    match high.as_str() {
        "0" => "under 1 s".to_owned(),
        _ if low == high => format!("about {high} {unit}"),
        _ => format!("{low}-{high} {unit}"),
    }
}

/// A time to go, with the number of stages that come on top of it because nobody knows how fast they are.
#[must_use]
pub fn to_go((soonest, latest): (f64, f64), unmeasured: usize) -> String {
    let known = band(soonest, latest);
    if unmeasured == 0 {
        known
    } else {
        format!("{known} + {}", counted(unmeasured, "stage"))
    }
}

/// Bytes in the largest unit that leaves a short number: `0 B`, `87 MB`, `1.2 GB`.
#[allow(clippy::cast_precision_loss, reason = "shown with two or three digits")]
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let decimals = usize::from(value < 9.95 && unit != "B");
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plain", "plain")]
    #[case("a\tb\r\nc", "a b  c")]
    #[case("\u{1b}[2Jgone", " [2Jgone")]
    #[case("abc\u{202e}def", "abc def")]
    #[case("日本 ok", "日本 ok")]
    fn nothing_moves_the_cursor(#[case] raw: &str, #[case] shown: &str) {
        assert_eq!(sanitised(raw), shown);
    }

    #[rstest]
    #[case("plain", "plain")]
    #[case("Jokić", "Joki?")]
    #[case("日本 ok", "???? ok")]
    fn ascii_terminals_see_how_much_is_missing(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(in_ascii(text), shown);
        assert_eq!(width(&in_ascii(text)), width(text));
    }

    #[rstest]
    #[case("short", 10, &["short"])]
    #[case("", 10, &[""])]
    #[case("one two three", 8, &["one two ", "three"])]
    #[case("abcdefghij", 4, &["abcd", "efgh", "ij"])]
    #[case("日本語", 4, &["日本", "語"])]
    #[case("日本", 1, &["日", "本"])]
    #[case("ab", 0, &["a", "b"])]
    fn wrapping_keeps_every_character(#[case] text: &str, #[case] columns: usize, #[case] pieces: &[&str]) {
        assert_eq!(wrapped(text, columns), pieces);
        assert_eq!(wrapped(text, columns).concat(), text);
    }

    #[rstest]
    #[case(0, "0")]
    #[case(999, "999")]
    #[case(1_538, "1,538")]
    #[case(1_234_567, "1,234,567")]
    fn thousands_are_set_apart(#[case] number: u64, #[case] text: &str) {
        assert_eq!(count(number), text);
    }

    #[rstest]
    #[case("15150 rows on 1110 dates", "15,150 rows on 1,110 dates")]
    #[case("3 rows", "3 rows")]
    #[case("season 20232 of 20240115 games", "season 20232 of 20240115 games")]
    #[case("99.8 %", "99.8 %")]
    #[case("no such table:\trows", "no such table: rows")]
    fn what_was_counted_is_set_apart_and_nothing_else(#[case] value: &str, #[case] text: &str) {
        assert_eq!(measured(value), text);
    }

    #[rstest]
    #[case(-1.0, "0.0 s")]
    #[case(1.68, "1.7 s")]
    #[case(9.96, "10 s")]
    #[case(59.4, "59 s")]
    #[case(59.6, "1 min 00 s")]
    #[case(185.0, "3 min 05 s")]
    #[case(7440.0, "2 h 04 min")]
    fn durations_read_naturally(#[case] seconds: f64, #[case] text: &str) {
        assert_eq!(duration(seconds), text);
    }

    #[rstest]
    #[case(0.0, 0.2, "under 1 s")]
    #[case(3.2, 4.9, "3-5 s")]
    #[case(3.8, 4.2, "about 4 s")]
    #[case(100.0, 190.0, "2-3 min")]
    #[case(4320.0, 5400.0, "1.2-1.5 h")]
    fn bands_share_one_unit(#[case] soonest: f64, #[case] latest: f64, #[case] text: &str) {
        assert_eq!(band(soonest, latest), text);
    }

    #[rstest]
    #[case((12.4, 20.0), 0, "12-20 s")]
    #[case((12.4, 20.0), 1, "12-20 s + 1 stage")]
    #[case((0.2, 0.4), 3, "under 1 s + 3 stages")]
    #[case((200.0, 400.0), 5, "3-7 min + 5 stages")]
    fn what_nobody_has_measured_comes_on_top(
        #[case] eta: (f64, f64),
        #[case] unmeasured: usize,
        #[case] text: &str,
    ) {
        assert_eq!(to_go(eta, unmeasured), text);
    }

    #[rstest]
    #[case(0, "0 B")]
    #[case(999, "999 B")]
    #[case(1_000, "1.0 kB")]
    #[case(87_300_000, "87 MB")]
    #[case(999_900_000, "1.0 GB")]
    fn bytes_stay_short(#[case] number: u64, #[case] text: &str) {
        assert_eq!(bytes(number), text);
    }
}
