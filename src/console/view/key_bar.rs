//! Draws the key hints of the current place, as many as fit. Pause, help, leaving and the answers to a question always
//! fit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::keymap::{Action, Binding, KeyContext, at};
use crate::console::model::Model;
use crate::console::model::detail::{Detail, RowsLayout};
use crate::console::model::orders::CommandDenied;
use crate::console::model::overlay::Overlay;
use crate::console::text::width;
use crate::console::theme::Theme;
use crate::engine::{RunView, Topic};
use crate::ledger::RunState;

/// Columns between two keys.
const GAP: usize = 2;

pub fn draw(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let run = model.snapshot.as_ref().map(|snapshot| &snapshot.run);
    let own_keys = model.own_place().into_iter().flat_map(at);
    let counts = |binding: &&Binding| model.refusal(model.place(), binding.action).is_none();
    let hints = own_keys
        .chain(at(model.place()).filter(counts))
        .filter_map(|binding| hint(binding, model, run, theme));
    let (always, others): (Vec<_>, Vec<_>) = hints.partition(|hint| hint.always);
    for (line, hints) in fit(others, always, usize::from(area.width), usize::from(area.height))
        .iter()
        .enumerate()
    {
        let mut pen = Pen::on(buf, theme, row(area, line));
        for hint in hints {
            pen.write(&hint.key, BOLD)
                .skip(1)
                .write(hint.label, PLAIN)
                .skip(GAP);
        }
    }
}

struct Hint {
    key: String,
    label: &'static str,
    always: bool,
}

impl Hint {
    fn columns(&self) -> usize {
        width(&self.key) + 1 + width(self.label) + GAP
    }
}

/// The hint of a binding; `None` if it has no effect now, which leaves room for others.
fn hint(binding: &Binding, model: &Model, run: Option<&RunView>, theme: Theme) -> Option<Hint> {
    let has_ended = run.is_some_and(|run| run.state.has_ended());
    let is_held = run.is_some_and(|run| run.pausing || run.state == RunState::Paused);
    let label = match binding.action {
        Action::PauseResume | Action::MoreWorkers | Action::FewerWorkers if has_ended => return None,
        Action::PauseResume if is_held && binding.label == Some("pause") => "resume",
        Action::Back if model.place() == KeyContext::Log && model.return_to.is_some() => "back to the date",
        // Without control no other command is accepted.
        Action::TakeControl if matches!(model.denied(), Some(CommandDenied::NoControl(_))) => "take control",
        action if model.folds(model.place(), action) => "fold",
        // Its other effects are commands, which are denied.
        Action::Open if model.place() == KeyContext::Runbook && model.denied().is_some() => "show",
        // While the mouse is captured, the terminal can't select text; the hint says why.
        Action::Mouse if model.mouse => "mouse off",
        Action::Accept
            if binding.label == Some("start") && !run.is_some_and(|run| run.waits_for(Topic::Cost)) =>
        {
            return None;
        }
        _ => match &model.overlay {
            Some(Overlay::Detail(detail)) => of_date(binding, detail)?,
            _ => binding.label?,
        },
    };
    Some(Hint {
        key: model.keymap.keys(binding).first()?.spelt(theme.glyphs.utf8),
        label,
        always: matches!(
            binding.action,
            Action::PauseResume
                | Action::PlayOrPause
                | Action::ReadAgain
                | Action::Help
                | Action::TakeControl
                | Action::Quit
                | Action::Back
                | Action::Accept
                | Action::Cancel
                | Action::Drain
                | Action::Abort
                | Action::Mouse
        ),
    })
}

/// The label of a binding on the page of one date.
fn of_date(binding: &Binding, detail: &Detail) -> Option<&'static str> {
    let face = detail.face();
    match binding.action {
        Action::Open if face != RowsLayout::List => None,
        Action::Right if face != RowsLayout::List && face != RowsLayout::Table => None,
        Action::Table if !detail.has_levels() => None,
        Action::Table if detail.flat => Some("line by line"),
        Action::Back if detail.is_opened() => Some("back"),
        _ => binding.label,
    }
}

/// Fills the lines from the left; the hints in `always` are at the end of the last line, whatever else is left out.
fn fit(others: Vec<Hint>, always: Vec<Hint>, width: usize, lines: usize) -> Vec<Vec<Hint>> {
    let mut filled = Vec::new();
    let mut line = Vec::new();
    let mut used = 0;
    let reserved: usize = always.iter().map(Hint::columns).sum();
    let mut others = others.into_iter().peekable();
    while let Some(hint) = others.peek() {
        let is_last = filled.len() + 1 >= lines;
        let kept = if is_last { reserved } else { 0 };
        if used + hint.columns() + kept <= width + GAP {
            used += hint.columns();
            line.extend(others.next());
        } else if is_last {
            break;
        } else {
            filled.push(std::mem::take(&mut line));
            used = 0;
        }
    }
    if used + reserved > width + GAP && filled.len() + 1 < lines {
        filled.push(std::mem::take(&mut line));
    }
    line.extend(always);
    filled.push(line);
    filled
}
