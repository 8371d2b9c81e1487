//! The lines of the page about one check. `update` needs their number, the view draws them.

use std::borrow::Cow;

use super::overlay::date_columns;
use crate::console::text::{counted, measured, sanitised, wrapped};
use crate::engine::CheckView;
use crate::ledger::{CheckState, PastAnswer};
use crate::partition::Partition;
use crate::plan::Severity;

/// Columns of the name before each text.
pub const NAME: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AboutLine<'a> {
    /// A name and its text. A continuation line has an empty name.
    Fact(&'static str, String),
    Heading(String),
    Dates(&'a [Partition]),
    /// A recorded result of the check.
    Answer(&'a PastAnswer),
    Gap,
}

/// The lines about a check, wrapped to `columns`.
pub fn lines(check: &CheckView, columns: usize) -> Vec<AboutLine<'_>> {
    let mut lines = Vec::new();
    for (name, text) in facts(check) {
        let text = sanitised(&text);
        let pieces = wrapped(&text, columns.saturating_sub(NAME)).into_iter();
        for (at, piece) in pieces.enumerate() {
            lines.push(AboutLine::Fact(if at == 0 { name } else { "" }, piece.to_owned()));
        }
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
        let on_a_line = (columns / date_columns(&check.failing_dates)).max(1);
        lines.extend(check.failing_dates.chunks(on_a_line).map(AboutLine::Dates));
    }
    lines
}

/// What is known about a check, each with its label; a second line about the same has none.
fn facts(check: &CheckView) -> Vec<(&'static str, Cow<'_, str>)> {
    let severity = match check.severity {
        Severity::Blocking => "blocking: a failure stops the downstream stages",
        Severity::Advisory => "advisory: a failure is shown but stops nothing",
    };
    let mut facts: Vec<(_, Cow<'_, str>)> = vec![
        ("check", Cow::from(&check.title)),
        ("stage", Cow::from(&check.stage)),
        ("severity", Cow::from(severity)),
        ("value", measured(check.value.as_deref().unwrap_or("-"))),
    ];
    if let Some(coverage) = check.coverage {
        facts.push(("covers", format!("{coverage} of its table").into()));
    }
    facts.extend(check.note.iter().map(|note| ("", Cow::from(note))));
    facts.push(("target", Cow::from(&check.target)));
    facts.push(("before", Cow::from(check.before.as_deref().unwrap_or("-"))));
    if let Some(waiver) = &check.waiver {
        let when = waiver.at.format("%Y-%m-%d %H:%M");
        let holds = if check.state == CheckState::Waived {
            "valid for this definition and value"
        } else {
            "no longer valid"
        };
        let (by, value) = (&waiver.by, &waiver.value);
        facts.push((
            "waiver",
            format!("by {by} on {when} UTC at {value}; {holds}").into(),
        ));
        facts.push(("", Cow::from(&waiver.reason)));
    }
    facts.extend(check.remark.iter().map(|remark| ("note", Cow::from(remark))));
    facts
}
