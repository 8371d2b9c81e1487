//! Text for the terminal: measured in columns and split into graphemes that every terminal draws equally
//! wide. All measuring happens here.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::escape::is_unsafe;

pub use crate::escape::sanitised;
pub use crate::figures::{count, counted};

/// Maximum number of characters per grapheme. More combining marks than any script uses would reach into other rows.
const MARKS: usize = 8;

pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The graphemes of a text with their widths. Terminals disagree about the width of flags, families and other joined
/// emoji, so those are reduced to a part that all draw alike (the letters of a flag, the first member of a family) and
/// leave no remains on screen. The widths add up to [`width`].
pub fn signs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, usize)> {
    text.graphemes(true).filter_map(|whole| match width(whole) {
        0 => None,
        columns => Some((plain(whole, columns), columns)),
    })
}

/// A grapheme in a form that every terminal draws in this many columns.
fn plain(whole: &str, columns: usize) -> Cow<'_, str> {
    if whole.is_ascii() && !whole.contains(is_unsafe) {
        return Cow::Borrowed(whole);
    }
    if whole.chars().any(is_unsafe) {
        return Cow::Owned(" ".repeat(columns));
    }
    let flag: Option<String> = whole.chars().map(flag_letter).collect();
    let shown = match flag {
        Some(letters) => letters,
        None if whole.chars().any(is_joining) => whole.chars().take(1).collect(),
        None if whole.chars().count() > MARKS => whole.chars().take(MARKS).collect(),
        None => return Cow::Borrowed(whole),
    };
    let taken = width(&shown);
    Cow::Owned(if taken > columns {
        "?".repeat(columns)
    } else {
        shown + &" ".repeat(columns - taken)
    })
}

/// The letter of a regional indicator, two of which form a flag.
fn flag_letter(c: char) -> Option<char> {
    let place = u32::from(c).checked_sub(0x1F1E6).filter(|place| *place < 26)?;
    char::from_u32(u32::from('A') + place)
}

/// Whether terminals disagree about the width of a grapheme with this character: joiners, variation selectors, skin
/// tones and tags.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{200D}' | '\u{20E3}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E01EF}')
}

/// The text for an ASCII terminal: other graphemes become as many `?` as they are wide.
pub fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let shown = |(sign, columns): (Cow<'_, str>, usize)| {
        if sign.is_ascii() {
            sign.into_owned()
        } else {
            "?".repeat(columns)
        }
    };
    Cow::Owned(signs(text).map(shown).collect())
}

/// Splits a text into pieces of at most `columns`, preferably after a space.
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

/// Length in bytes of the longest prefix that fits; at least one grapheme, so that wrapping always ends.
fn prefix(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, sign) in text.grapheme_indices(true) {
        used += width(sign);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

/// The value of a check with thousands separators in its counts: `15,150 rows on 110 dates`. Waivers and histories
/// compare the value without them.
pub fn measured(value: &str) -> Cow<'_, str> {
    let is_noun = |word: &str| matches!(word, "row" | "rows" | "date" | "dates");
    let words: Vec<&str> = value.split(' ').collect();
    let separated = |at: usize, word: &&str| -> Option<String> {
        let counts = words.get(at + 1).is_some_and(|next| is_noun(next));
        let number: u64 = word.parse().ok().filter(|_| counts)?;
        Some(count(number))
    };
    let all: Vec<Option<String>> = words
        .iter()
        .enumerate()
        .map(|(at, word)| separated(at, word))
        .collect();
    if all.iter().all(Option::is_none) {
        return sanitised(value);
    }
    let words = words.iter().zip(all);
    let text: Vec<String> = words
        .map(|(word, separated)| separated.unwrap_or_else(|| (*word).to_owned()))
        .collect();
    Cow::Owned(sanitised(&text.join(" ")).into_owned())
}

/// Formats a duration: `1.7 s`, `42 s`, `3 min 05 s`, `2 h 04 min`.
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

/// Formats a duration given by its bounds, in seconds: `3-5 s`, `2-3 min`, `1.2-1.5 h`.
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

/// Formats an ETA, with the number of stages whose speed isn't measured yet.
#[must_use]
pub fn to_go((soonest, latest): (f64, f64), unmeasured: usize) -> String {
    let known = band(soonest, latest);
    if unmeasured == 0 {
        known
    } else {
        format!("{known} + {}", counted(unmeasured, "stage"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ab", "a|b")]
    #[case("日本", "日|本")]
    #[case("🇯🇵🇫🇷", "JP|FR")]
    #[case("👨‍👩‍👧 x", "👨| |x")]
    #[case("👍🏽", "👍")]
    #[case("❤️!", "❤ |!")]
    #[case("e\u{301}u\u{308}\u{301}", "e\u{301}|u\u{308}\u{301}")]
    #[case("a\u{200b}b\u{301}", "a|b\u{301}")]
    #[case("\u{301}a", "a")]
    #[case("☹ ⌚", "☹| |⌚")]
    fn text_is_split_into_graphemes_with_their_width(#[case] text: &str, #[case] shown: &str) {
        let all: Vec<Cow<'_, str>> = signs(text).map(|(sign, _)| sign).collect();
        assert_eq!(all.join("|"), shown);
        let columns = |sign: &str| width(sign);
        for (sign, takes) in signs(text) {
            assert_eq!(columns(&sign), takes, "{sign:?}");
        }
    }

    #[test]
    fn long_runs_of_combining_marks_are_truncated() {
        let tall = format!("a{}b", "\u{301}".repeat(50));
        let all: Vec<usize> = signs(&tall).map(|(sign, _)| sign.chars().count()).collect();
        assert_eq!(all, [MARKS, 1]);
    }

    #[rstest]
    #[case("plain", "plain")]
    #[case("Jokić", "Joki?")]
    #[case("👨‍👩‍👧 ok", "?? ok")]
    #[case("🇯🇵 ok", "JP ok")]
    #[case("日本 ok", "???? ok")]
    fn ascii_text_keeps_the_width_of_replaced_characters(#[case] text: &str, #[case] shown: &str) {
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
    #[case("👨‍👩‍👧👨‍👩‍👧e\u{301}x", 3, &["👨‍👩‍👧", "👨‍👩‍👧e\u{301}", "x"])]
    #[case("ab", 0, &["a", "b"])]
    fn wrapping_keeps_every_character(#[case] text: &str, #[case] columns: usize, #[case] pieces: &[&str]) {
        assert_eq!(wrapped(text, columns), pieces);
        assert_eq!(wrapped(text, columns).concat(), text);
    }

    #[rstest]
    #[case("15150 rows on 1110 dates", "15,150 rows on 1,110 dates")]
    #[case("3 rows", "3 rows")]
    #[case("season 20232 of 20240115 games", "season 20232 of 20240115 games")]
    #[case("99.8 %", "99.8 %")]
    #[case("no such table:\trows", "no such table: rows")]
    fn thousands_are_separated_only_in_counts(#[case] value: &str, #[case] text: &str) {
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
    fn durations_use_readable_units(#[case] seconds: f64, #[case] text: &str) {
        assert_eq!(duration(seconds), text);
    }

    #[rstest]
    #[case(0.0, 0.2, "under 1 s")]
    #[case(3.2, 4.9, "3-5 s")]
    #[case(3.8, 4.2, "about 4 s")]
    #[case(100.0, 190.0, "2-3 min")]
    #[case(4320.0, 5400.0, "1.2-1.5 h")]
    fn ranges_use_one_unit(#[case] soonest: f64, #[case] latest: f64, #[case] text: &str) {
        assert_eq!(band(soonest, latest), text);
    }

    #[rstest]
    #[case((12.4, 20.0), 0, "12-20 s")]
    #[case((12.4, 20.0), 1, "12-20 s + 1 stage")]
    #[case((0.2, 0.4), 3, "under 1 s + 3 stages")]
    #[case((200.0, 400.0), 5, "3-7 min + 5 stages")]
    fn stages_without_timings_are_shown_separately(
        #[case] eta: (f64, f64),
        #[case] unmeasured: usize,
        #[case] text: &str,
    ) {
        assert_eq!(to_go(eta, unmeasured), text);
    }
}
