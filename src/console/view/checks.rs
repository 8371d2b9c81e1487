//! Draws the checklist: each check with its result and target.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::thumb;
use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::checklist::{Checklist, ChecklistRow, counts};
use crate::console::text::{self, counted, sanitised};
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::engine::{CheckView, Snapshot};
use crate::ledger::CheckState;
use crate::plan::Severity;

const STATE: usize = 11;
const TITLE: usize = 26;
const VALUE: usize = 17;
const SEVERITY: usize = 9;
const TARGET: usize = 18;
const BEFORE: usize = 10;
const DATES: usize = 9;

/// Of the rows about a heading, the one with the fold hint.
const ABOUT_FOLD: usize = 2;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let items = model.checks.items(snapshot);
    let Some(marked) = items.get(model.checks.cursor) else {
        Pen::on(buf, theme, row(area, 0)).write("This plan has no checks.", PLAIN);
        return;
    };
    let about = Checklist::about(area);
    let room = Checklist::page(area);
    let top = model.checks.first_in_view(room, items.len());
    thumb(buf, theme, area, top, room, items.len());
    let columns = CheckColumns::of(usize::from(area.width), &snapshot.checks);
    for (at, item) in items.iter().enumerate().skip(top).take(room) {
        let line = row(area, at - top);
        match item {
            ChecklistRow::Heading { stage, folded } => {
                heading(snapshot, stage, *folded, theme, line, buf);
            }
            ChecklistRow::Check(check) => columns.check(check, theme, line, buf),
        }
        if at == model.checks.cursor && model.focus == Pane::Checks {
            buf.set_style(line, SELECTED);
        }
    }
    for at in 0..about {
        let line = row(area, room + at);
        match marked {
            ChecklistRow::Check(check) => about_marked(check, at, theme, line, buf),
            ChecklistRow::Heading { stage, .. } if at < ABOUT_FOLD => {
                about_stage(snapshot, stage, at, theme, line, buf);
            }
            ChecklistRow::Heading { folded, .. } => about_fold(model, *folded, theme, line, buf),
        }
    }
}

/// Index of the checklist item drawn in a line of the pane.
pub fn item_at(model: &Model, area: Rect, line: usize) -> Option<usize> {
    let len = model.checks.items(model.snapshot.as_ref()?).len();
    let room = Checklist::page(area);
    let at = model.checks.first_in_view(room, len) + line;
    (line < room && at < len).then_some(at)
}

fn heading(snapshot: &Snapshot, stage: &str, folded: bool, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    pen.write(theme.glyphs.folds[usize::from(folded)], BOLD)
        .write(" ", PLAIN)
        .write(stage, BOLD)
        .write(" ", PLAIN);
    stage_counts(snapshot, stage, theme, &mut pen);
}

/// The number of checks of a stage in each state: `1 FAIL 12 PASS`.
fn stage_counts(snapshot: &Snapshot, stage: &str, theme: Theme, pen: &mut Pen<'_>) {
    let checks = snapshot.checks.iter().filter(|check| check.stage == stage);
    for (state, number) in counts(checks) {
        pen.write(&format!(" {number} {state}"), theme.check(state));
    }
}

fn about_stage(snapshot: &Snapshot, stage: &str, at: usize, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    if at > 0 {
        pen.write("checks:", PLAIN);
        stage_counts(snapshot, stage, theme, &mut pen);
        return;
    }
    pen.write(stage, BOLD);
    let view = snapshot.stages.iter().find(|view| view.name == stage);
    if let Some(view) = view {
        let table = view.table.as_deref().unwrap_or("no table");
        pen.write(&format!("  fills {table}"), PLAIN);
    }
}

fn about_fold(model: &Model, folded: bool, theme: Theme, area: Rect, buf: &mut Buffer) {
    let key = model.key_of(KeyContext::Checks, Action::CheckOne, theme.glyphs.utf8);
    let does = if folded { "shows" } else { "hides" };
    Pen::on(buf, theme, area).write(&format!("{key} {does} them"), PLAIN);
}

/// Width of each column; 0 for columns that don't fit.
struct CheckColumns {
    title: usize,
    value: usize,
    severity: usize,
    target: usize,
    before: usize,
    dates: usize,
}

impl CheckColumns {
    fn of(width: usize, checks: &[CheckView]) -> Self {
        let mut left = width.saturating_sub(STATE + TITLE);
        let mut take = |columns: usize| {
            let taken = if columns <= left { columns } else { 0 };
            left -= taken;
            taken
        };
        let names_dates = checks.iter().any(|check| !check.failing_dates.is_empty());
        let value = take(VALUE);
        let dates = take(if names_dates { DATES } else { 0 });
        let target = take(TARGET);
        let severity = take(SEVERITY);
        let before = take(BEFORE);
        // Spare columns go to the title, up to the longest one, then to the target.
        let longest = checks.iter().map(|check| text::width(&check.title) + 1).max();
        let more = longest.unwrap_or(0).saturating_sub(TITLE).min(left);
        left -= more;
        let rest = if target > 0 { left } else { 0 };
        Self {
            title: TITLE + more,
            value,
            severity,
            target: target + rest,
            before,
            dates,
        }
    }

    fn check(&self, check: &CheckView, theme: Theme, area: Rect, buf: &mut Buffer) {
        let style = theme.check(check.state);
        let mut pen = Pen::on(buf, theme, area);
        let state = format!("{} {}", theme.glyphs.check(check.state), check.state);
        pen.column(STATE, &state, style);
        if self.severity > 0 {
            pen.column(self.severity, severity(check), PLAIN);
        }
        pen.column(self.title, &check.title, PLAIN);
        if self.value > 0 {
            let value = text::measured(check.value.as_deref().unwrap_or("-"));
            // A result over part of the table must be distinguishable from one over all of it.
            let value = match check.coverage.filter(|coverage| !coverage.is_whole()) {
                Some(coverage) => format!(
                    "{}/{} {value}",
                    text::count(coverage.done),
                    text::count(coverage.total)
                ),
                None => value.into_owned(),
            };
            pen.column(self.value, &value, style);
        }
        if self.target > 0 {
            pen.column(self.target, &check.target, PLAIN);
        }
        if self.before > 0 {
            pen.column(self.before, check.before.as_deref().unwrap_or("-"), PLAIN);
        }
        if self.dates > 0 && !check.failing_dates.is_empty() {
            pen.column(self.dates, &counted(check.failing_dates.len(), "date"), style);
        }
    }
}

const fn severity(check: &CheckView) -> &'static str {
    match check.severity {
        Severity::Blocking => "blocking",
        Severity::Advisory => "advisory",
    }
}

fn name_line(check: &CheckView, pen: &mut Pen<'_>) {
    pen.write(&check.name, BOLD)
        .write(&format!("  {}", severity(check)), PLAIN);
    if let Some(asked) = check.run_at {
        pen.write(&format!("  ran {}", asked.format("%H:%M:%S")), PLAIN);
    }
    if let Some(seconds) = check.seconds {
        pen.write(&format!(", took {:.0} ms", 1000.0 * seconds), PLAIN);
    }
}

fn value_line(check: &CheckView, theme: Theme, pen: &mut Pen<'_>) {
    let value = text::measured(check.value.as_deref().unwrap_or("-"));
    pen.write("value ", PLAIN).write(&value, theme.check(check.state));
    if let Some(coverage) = check.coverage.filter(|coverage| !coverage.is_whole()) {
        pen.write(&format!(" on {coverage}"), theme.style(Tone::Warn));
    }
    pen.write(&format!("  target {}", check.target), PLAIN);
    if let Some(before) = &check.before {
        pen.write(&format!("  before {before}"), PLAIN);
    }
}

fn about_marked(check: &CheckView, at: usize, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    match at {
        0 => name_line(check, &mut pen),
        1 => value_line(check, theme, &mut pen),
        _ if check.state == CheckState::Waived => {
            let waiver = check.waiver.as_ref();
            let text = waiver.map(|waiver| format!("by {}: {}", waiver.by, sanitised(&waiver.reason)));
            pen.write("waived ", theme.check(check.state))
                .write(&text.unwrap_or_default(), PLAIN);
        }
        _ if check.remark.is_some() => {
            let remark = check.remark.as_deref().unwrap_or_default();
            pen.write(&sanitised(remark), theme.check(check.state));
        }
        _ if check.failing_dates.is_empty() => {
            let text = match check.state {
                CheckState::Outdated => "its data has changed since; run it again",
                CheckState::Pending => "not run yet",
                _ => "no failing dates",
            };
            pen.write(text, PLAIN);
        }
        _ => {
            let named = counted(check.failing_dates.len(), "failing date");
            pen.write(&format!("{named}:"), theme.check(check.state));
            for date in check.failing_dates.iter().take(8) {
                pen.write(&format!(" {date}"), PLAIN);
            }
        }
    }
}
