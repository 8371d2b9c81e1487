//! The lines of the page about one check. `update` needs their number, the view draws them.

use chrono::NaiveDate;

use super::overlay::DATE_COLUMNS;
use crate::console::text::{counted, measured, sanitised, wrapped};
use crate::engine::CheckView;
use crate::ledger::{CheckState, PastAnswer};
use crate::plan::Severity;

/// Columns of the name before each text.
pub const NAME: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AboutLine<'a> {
    /// A name and its text. A continuation line has an empty name.
    Fact(&'static str, String),
    Heading(String),
    Dates(&'a [NaiveDate]),
    /// A recorded result of the check.
    Answer(&'a PastAnswer),
    Gap,
}

/// The lines about a check, wrapped to `columns`.
pub fn lines(check: &CheckView, columns: usize) -> Vec<AboutLine<'_>> {
    let mut lines = Vec::new();
    let mut fact = |name: &'static str, text: &str| {
        let text = sanitised(text);
        let pieces = wrapped(&text, columns.saturating_sub(NAME)).into_iter();
        for (at, piece) in pieces.enumerate() {
            lines.push(AboutLine::Fact(if at == 0 { name } else { "" }, piece.to_owned()));
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
    if let Some(coverage) = check.coverage {
        fact("covers", &format!("{coverage} of its table"));
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
    lines.push(AboutLine::Gap);
    lines.push(AboutLine::Heading(match check.history.len() {
        0 => "No results yet".to_owned(),
        answers => format!("{}, oldest first", counted(answers, "result")),
    }));
    lines.extend(check.history.iter().map(AboutLine::Answer));
    if !check.failing_dates.is_empty() {
        lines.push(AboutLine::Gap);
        lines.push(AboutLine::Heading(counted(
            check.failing_dates.len(),
            "failing date",
        )));
        let on_a_line = (columns / usize::from(DATE_COLUMNS)).max(1);
        lines.extend(check.failing_dates.chunks(on_a_line).map(AboutLine::Dates));
    }
    lines
}
