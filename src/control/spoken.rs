//! Messages to a client as readable text.

use std::sync::Arc;

use crate::engine::{CheckView, ElsewhereView, Question, Reply, Snapshot, StageView};
use crate::escape::EscapedText;
use crate::figures::counted;
use crate::ledger::{CheckState, UnitState};
use crate::plan::source_clause;

use super::wire::Payload;

/// The text of a message.
#[must_use]
pub fn text(payload: &Payload) -> EscapedText {
    match payload {
        Payload::Reply(Reply::Accepted(sentence)) => EscapedText::of(format_args!("ok: {sentence}")),
        Payload::Reply(Reply::Refused(sentence)) => EscapedText::of(format_args!("refused: {sentence}")),
        Payload::Reply(Reply::Rows(rows)) => {
            let mut text = EscapedText::default();
            text.row(&rows.columns);
            rows.rows.iter().for_each(|row| text.row(row));
            text
        }
        Payload::Help(text) => text.lines().collect(),
        Payload::Status(snapshot) => state_line(snapshot),
        // Consoles attach in JSON only.
        Payload::Snapshot(_)
        | Payload::Event(_)
        | Payload::Log(_)
        | Payload::ProcessMetrics(_)
        | Payload::Control(_) => EscapedText::default(),
    }
}

/// The question the run is paused for, with the commands that answer it.
fn question_lines(question: &Question) -> Vec<String> {
    let choices: Vec<String> = (question.choices.iter())
        .map(|choice| format!("'answer {}'", choice.word))
        .collect();
    let mut lines = vec![format!("question: {} ({})", question.title, choices.join(" or "))];
    lines.extend(question.lines.iter().map(|line| format!("  {line}")));
    lines
}

fn state_line(snapshot: &Snapshot) -> EscapedText {
    let run = &snapshot.run;
    let state = if run.pausing { "pausing" } else { run.state.word() };
    let done = match run.progress.total {
        0 => String::new(),
        _ => format!(", {:.1} % done", run.progress.percent()),
    };
    let plan = match run.plan.as_str() {
        // A run of an older version doesn't send it.
        "" => String::new(),
        plan => format!(" of plan {plan}"),
    };
    let mut lines = vec![format!(
        "run {}{plan} on {}: {state}{done} (process {}{}, {})",
        run.id,
        run.warehouse,
        run.pid,
        source_clause(run.source.as_deref()),
        counted(snapshot.workers.len(), "worker")
    )];
    lines.push(match &run.ending {
        Some(ending) => ending.clone(),
        None => format!("bottleneck: {}", run.bottleneck),
    });
    lines.extend(run.missing.iter().map(|missing| format!("incomplete: {missing}")));
    let elsewhere = run.elsewhere;
    if elsewhere != ElsewhereView::default() {
        lines.push(format!(
            "outside this run: {} need attention, {} stale, {} outdated, {} failing",
            counted(elsewhere.attention, "date"),
            elsewhere.stale,
            elsewhere.outdated,
            counted(elsewhere.checks, "check")
        ));
    }
    lines.extend(run.question.iter().flat_map(|question| question_lines(question)));
    lines.extend(snapshot.stages.iter().map(stage));
    lines.push(checks_line(&snapshot.checks));
    lines.into_iter().collect()
}

fn checks_line(checks: &[CheckView]) -> String {
    let with = |state: CheckState| {
        let number = checks.iter().filter(|check| check.state == state).count();
        (number > 0).then(|| format!("{number} {state}"))
    };
    let counts: Vec<String> = CheckState::ALL.into_iter().filter_map(with).collect();
    format!("checks: {}", counts.join(", "))
}

fn stage(stage: &StageView) -> String {
    let counts: Vec<String> = UnitState::ALL
        .into_iter()
        .filter(|state| stage.counts.of(*state) > 0)
        .map(|state| format!("{} {state}", stage.counts.of(state)))
        .collect();
    let counts = if counts.is_empty() {
        "waiting".to_owned()
    } else {
        counts.join(", ")
    };
    format!("{}: {counts}, {}", stage.name, counted(stage.rows, "row"))
}

/// A snapshot without its units, for JSON clients.
pub(super) fn without_units(snapshot: &Snapshot) -> Snapshot {
    let mut snapshot = snapshot.clone();
    for stage in &mut snapshot.stages {
        stage.units = Arc::default();
    }
    snapshot
}
