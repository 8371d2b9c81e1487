//! Everything there is to be known of one check, line by line: update needs their number, the view draws them.

use chrono::NaiveDate;

use super::overlay::DATE_COLUMNS;
use crate::console::text::{counted, measured, sanitised, wrapped};
use crate::engine::CheckView;
use crate::ledger::{CheckState, PastAnswer};
use crate::plan::Severity;

/// Columns before what is said.
pub const NAME: usize = 10;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// A name and what is so; no name goes on with what the line before says.
    Fact(&'static str, String),
    /// What follows.
    Heading(String),
    /// Some of the dates that offend.
    Dates(&'a [NaiveDate]),
    /// One answer.
    Answer(&'a PastAnswer),
    /// Nothing.
    Gap,
}

/// The lines about a check, for a width.
pub fn lines(check: &CheckView, columns: usize) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut fact = |name: &'static str, text: &str| {
        let text = sanitised(text);
        let pieces = wrapped(&text, columns.saturating_sub(NAME)).into_iter();
        for (at, piece) in pieces.enumerate() {
            lines.push(Line::Fact(if at == 0 { name } else { "" }, piece.to_owned()));
        }
    };
    fact("check", &check.title);
    fact("stage", &check.stage);
    fact(
        "severity",
        match check.severity {
            Severity::Blocking => "blocking: a failure stops the downstream stages",
            Severity::Advisory => "advisory: a failure is shown but stops nothing",
        },
    );
    fact("value", &measured(check.value.as_deref().unwrap_or("-")));
    if let Some(over) = check.over {
        fact("covers", &format!("{over} of its table"));
    }
    if let Some(note) = &check.note {
        fact("", note);
    }
    fact("target", &check.target);
    fact("before", check.before.as_deref().unwrap_or("-"));
    if let Some(waiver) = &check.waiver {
        let when = waiver.at.format("%Y-%m-%d %H:%M");
        let holds = if check.state == CheckState::Waived {
            "valid for this definition and value"
        } else {
            "no longer valid"
        };
        fact(
            "waiver",
            &format!("by {} on {when} UTC at {}; {holds}", waiver.by, waiver.value),
        );
        fact("", &waiver.reason);
    }
    if let Some(remark) = &check.remark {
        fact("note", remark);
    }
    lines.push(Line::Gap);
    lines.push(Line::Heading(match check.history.len() {
        0 => "No results yet".to_owned(),
        answers => format!("{}, oldest first", counted(answers, "result")),
    }));
    lines.extend(check.history.iter().map(Line::Answer));
    if !check.offending.is_empty() {
        lines.push(Line::Gap);
        lines.push(Line::Heading(counted(check.offending.len(), "failing date")));
        let on_a_line = (columns / usize::from(DATE_COLUMNS)).max(1);
        lines.extend(check.offending.chunks(on_a_line).map(Line::Dates));
    }
    lines
}
