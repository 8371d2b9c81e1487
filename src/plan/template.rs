//! Texts with placeholders for the dates of a program's call: `{date}`, and for several days also `{start}`, `{end}` and
//! `{end_exclusive}`, each with an optional format such as `{date:%Y%m%d}`. Scripts and JSON have braces of their own, so
//! all others are left as they are, `${start}` among them.

use std::fmt::{self, Write};

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};

use crate::partition::{Grain, Partition, Timezone};

/// A word of a command, or the value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// As written in the plan.
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Date(CallDate, Option<String>),
}

/// The date that a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallDate {
    /// The only date of the call.
    Only,
    /// The first date.
    Start,
    /// The last date.
    End,
    /// The day after the last date.
    EndExclusive,
}

/// Placeholders by name.
const NAMES: [(&str, CallDate); 4] = [
    ("date", CallDate::Only),
    ("start", CallDate::Start),
    ("end", CallDate::End),
    ("end_exclusive", CallDate::EndExclusive),
];

impl Template {
    /// Parses a text of a stage that gives `batch` or doesn't, of a plan with partitions of this length.
    ///
    /// # Errors
    /// When a placeholder has a format that is not one of dates.
    pub(super) fn parse(text: &str, gives_batch: bool, grain: Grain) -> Result<Self, String> {
        // A call for anything longer than a day is one for a range.
        let gives_batch = gives_batch || grain > Grain::Day;
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(next) = Placeholder::next_in(rest, gives_batch) {
            if let Some(format) = next.format {
                refuse_format(format, grain)?;
            }
            pieces.push(Piece::Text(next.before.to_owned()));
            pieces.push(Piece::Date(next.which, next.format.map(ToOwned::to_owned)));
            rest = next.after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self {
            text: text.to_owned(),
            pieces,
        })
    }

    /// The text as written in the plan.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.text
    }

    pub(super) fn names(&self, which: CallDate) -> bool {
        let is_it = |piece: &Piece| matches!(piece, Piece::Date(named, _) if *named == which);
        self.pieces.iter().any(is_it)
    }

    /// Whether it contains a placeholder that is one only with `batch`.
    pub(super) fn takes_range(&self) -> bool {
        let is_of_range = |piece: &Piece| matches!(piece, Piece::Date(which, _) if *which != CallDate::Only);
        self.pieces.iter().any(is_of_range)
    }

    /// Whether it contains `{date}` without a format.
    pub(super) fn has_whole_date(&self) -> bool {
        self.pieces.contains(&Piece::Date(CallDate::Only, None))
    }

    pub(super) fn has_placeholder(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Date(..)))
    }

    /// The text for a call from the first to the last date: days, or hours in a plan of hours.
    pub(super) fn filled(&self, first: Partition, last: Partition) -> String {
        let (start, end) = if first.grain() == Grain::Hour {
            (first, last)
        } else {
            (Partition::day(first.first_day()), Partition::day(last.last_day()))
        };
        let mut filled = String::with_capacity(self.text.len());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Date(which, format) => {
                    let date = match which {
                        CallDate::Only | CallDate::Start => start,
                        CallDate::End => end,
                        CallDate::EndExclusive => end.next().unwrap_or(end),
                    };
                    // Writing to a String fails only with a format of no date, which was refused.
                    let _ = written(&mut filled, date, format.as_deref());
                }
            }
        }
        filled
    }
}

/// A placeholder with the text before and after it.
struct Placeholder<'t> {
    before: &'t str,
    which: CallDate,
    format: Option<&'t str>,
    after: &'t str,
}

impl<'t> Placeholder<'t> {
    fn next_in(text: &'t str, gives_batch: bool) -> Option<Self> {
        text.match_indices('{').find_map(|(at, _)| {
            let (inside, after) = text[at + 1..].split_once('}')?;
            let (name, format) = match inside.split_once(':') {
                Some((name, format)) => (name, Some(format)),
                None => (inside, None),
            };
            let (_, which) = NAMES.into_iter().find(|(known, _)| *known == name)?;
            let is_shell_variable = text[..at].ends_with('$');
            let is_placeholder = match (which, format) {
                (CallDate::Only, None) => true,
                (CallDate::Only, Some(format)) if !gives_batch => {
                    format.starts_with('%') && has_specifier(format)
                }
                (_, format) => gives_batch && format.is_none_or(has_specifier),
            };
            let is_whole_date = (which, format) == (CallDate::Only, None);
            (is_placeholder && (is_whole_date || !is_shell_variable)).then_some(Self {
                before: &text[..at],
                which,
                format,
                after,
            })
        })
    }
}

fn written(into: &mut String, date: Partition, format: Option<&str>) -> fmt::Result {
    match format {
        None => write!(into, "{date}"),
        Some(format) if date.grain() == Grain::Hour => {
            write!(into, "{}", date.start(Timezone::UTC).naive_utc().format(format))
        }
        Some(format) => write!(into, "{}", date.first_day().format(format)),
    }
}

/// Whether a format has a specifier, valid or not: anything but text, space and escaped percent signs.
fn has_specifier(format: &str) -> bool {
    let is_text = |item: &Item<'_>| {
        matches!(
            item,
            Item::Literal(_) | Item::OwnedLiteral(_) | Item::Space(_) | Item::OwnedSpace(_)
        )
    };
    !StrftimeItems::new(format).all(|item| is_text(&item))
}

/// Refuses a format that the dates of the plan don't have, such as hours in a plan of days.
fn refuse_format(format: &str, grain: Grain) -> Result<(), String> {
    let any = Partition::containing(NaiveDate::default(), grain);
    let is_valid = StrftimeItems::new(format).all(|item| item != Item::Error)
        && written(&mut String::new(), any, Some(format)).is_ok();
    if is_valid {
        return Ok(());
    }
    Err(format!(
        "'{format}' is not a valid date format; write it with %Y, %m, %d, %j, %G or %V, for example %Y%m%d"
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> Partition {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("{date}", "2024-02-28")]
    #[case("--day={date:%Y%m%d}", "--day=20240228")]
    #[case("{start}..{end}", "2024-02-28..2024-02-29")]
    #[case("[{start:%d.%m.%Y}, {end_exclusive})", "[28.02.2024, 2024-03-01)")]
    #[case("{end_exclusive:%j}/{end:%G-W%V}", "061/2024-W09")]
    #[case("{day} ${HOME} {} {{date}} {date", "{day} ${HOME} {} {2024-02-28} {date")]
    #[case(r#"{"from": "{start}"}"#, r#"{"from": "2024-02-28"}"#)]
    #[case("", "")]
    #[case(
        "${start} ${date} $${end} ${date:%Y}",
        "${start} $2024-02-28 $${end} ${date:%Y}"
    )]
    #[case(
        "{start:YYYYMMDD} {end:%%} {end:} {start:v%Y}",
        "{start:YYYYMMDD} {end:%%} {end:} v2024"
    )]
    fn only_placeholders_are_filled(#[case] text: &str, #[case] filled: &str) {
        let template = Template::parse(text, true, Grain::Day).unwrap();
        assert_eq!(template.filled(day("2024-02-28"), day("2024-02-29")), filled);
        assert_eq!(template.as_written(), text);
    }

    #[rstest]
    #[case("{date} ${date} {date:%Y%m%d}", "2024-02-28 $2024-02-28 20240228")]
    #[case::jq("{date:.day, n:.n}", "{date:.day, n:.n}")]
    #[case::shell("${start:-none} ${end} ${date:%Y}", "${start:-none} ${end} ${date:%Y}")]
    #[case::python(
        "f'{start} {end} {end_exclusive} {date:>12} {start:%Y}'",
        "f'{start} {end} {end_exclusive} {date:>12} {start:%Y}'"
    )]
    #[case(
        "{date:YYYYMMDD} {date:%%} {date:} {date:v%Y}",
        "{date:YYYYMMDD} {date:%%} {date:} {date:v%Y}"
    )]
    fn without_batch_only_the_date_is_filled(#[case] text: &str, #[case] filled: &str) {
        let template = Template::parse(text, false, Grain::Day).unwrap();
        assert_eq!(template.filled(day("2024-02-28"), day("2024-02-28")), filled);
    }

    #[rstest]
    #[case("{date} {date:%Y%m%d%H}", false, "2024-02-29T22 2024022922")]
    #[case(
        "{start}/{end}/{end_exclusive:%F %H:%M}",
        true,
        "2024-02-29T22/2024-02-29T23/2024-03-01 00:00"
    )]
    fn hours_are_filled_with_their_hour(#[case] text: &str, #[case] batch: bool, #[case] filled: &str) {
        let template = Template::parse(text, batch, Grain::Hour).unwrap();
        assert_eq!(
            template.filled(day("2024-02-29T22"), day("2024-02-29T23")),
            filled
        );
    }

    #[rstest]
    fn a_format_without_a_date_is_refused(#[values("%H", "%Q", "%Y-%m-%d %H:%M", "%")] format: &str) {
        assert_eq!(
            Template::parse(&format!("{{date:{format}}}"), false, Grain::Day).unwrap_err(),
            format!(
                "'{format}' is not a valid date format; write it with %Y, %m, %d, %j, %G or %V, for example %Y%m%d"
            )
        );
    }
}
