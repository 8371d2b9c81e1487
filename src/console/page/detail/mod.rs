//! The page of one date: drills into its stored rows, down to every column of a row. `draw` draws it.

mod draw;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::command::confirm::{self, ShortRows};
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::Model;
use crate::console::model::dates::unit;
use crate::console::model::detail::{Detail, RowsLayout};
use crate::console::model::list::Scroll;
use crate::console::model::overlay::Overlay;
use crate::console::model::page::{Handled, Page};
use crate::console::text::sanitised;
use crate::console::theme::Theme;
use crate::engine::Command;
use crate::ledger::UnitState;
use crate::partition::Partition;

/// Opens the date under the cursor.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let (Some(stage), Some(date)) = (model.stage(), model.dates.cursor) else {
        return Vec::new();
    };
    let detail = Detail::of(&stage.name, date, unit(stage, date).cloned());
    show(model, detail)
}

/// Opens a date at its drill-down path and queries its current rows.
pub fn show(model: &mut Model, detail: Detail) -> Vec<Effect> {
    let effects = inspect(&detail.stage, detail.date);
    model.overlay = Some(Overlay::Detail(detail));
    effects
}

fn inspect(stage: &str, date: Partition) -> Vec<Effect> {
    vec![Effect::Send(Command::Inspect {
        stage: stage.to_owned(),
        date,
    })]
}

/// Queries the rows of the open date again if its unit has changed.
pub fn reload_changed_rows(model: &mut Model) -> Vec<Effect> {
    let (Some(Overlay::Detail(detail)), Some(snapshot)) = (&mut model.overlay, &model.snapshot) else {
        return Vec::new();
    };
    let stage = snapshot.stages.iter().find(|stage| stage.name == detail.stage);
    let now = stage.and_then(|stage| unit(stage, detail.date));
    if now == detail.seen.as_ref() {
        return Vec::new();
    }
    detail.seen = now.cloned();
    if now.is_none_or(|unit| unit.state == UnitState::Running) {
        return Vec::new();
    }
    inspect(&detail.stage, detail.date)
}

impl Page for Detail {
    fn place(&self) -> KeyContext {
        KeyContext::Detail
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        match action {
            Action::Close => return Handled::Close(Vec::new()),
            Action::Back if self.is_opened() && self.flat => flip(self),
            // Esc closes one level at a time.
            Action::Back if self.is_opened() => leave(self),
            Action::Open => {
                if let Some(name) = enter(self) {
                    model.notice(false, format!("no rows stored for {}", sanitised(&name)));
                }
            }
            Action::Table if self.has_levels() => flip(self),
            Action::Left => self.left = self.left.saturating_sub(1),
            Action::Right => self.left = (self.left + 1).min(last_column(self)),
            Action::Reload => {
                confirm::reload(model, vec![self.date]);
                return Handled::Close(Vec::new());
            }
            // The page stays open if the rerun is refused.
            Action::Rerun => confirm::rerun(model, &self.stage, &[self.date], ShortRows::Kept, None, ""),
            Action::RerunShort => {
                confirm::rerun(model, &self.stage, &[self.date], ShortRows::Accepted, None, "");
            }
            Action::DateLog => {
                model.show_log_of(self.date, Some(self.clone()));
                return Handled::Close(Vec::new());
            }
            _ => return Handled::No,
        }
        Handled::Stay(Vec::new())
    }

    fn scroll(&mut self, _model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let lines = self.lines(body);
        let (page, wide) = (usize::from(lines.height), usize::from(lines.width));
        let face = self.face();
        let drill = self.drill()?;
        let len = match face {
            RowsLayout::List => drill.list().map_or(0, |list| list.lines.len()),
            RowsLayout::Row => drill.lines(wide).len(),
            RowsLayout::Table => drill.rows.len(),
            RowsLayout::Nothing => 0,
        };
        Some(if face == RowsLayout::List {
            Scroll::cursor(&mut self.cursor, page, len)
        } else {
            Scroll::top(&mut self.top, page, len)
        })
    }

    /// Also closes levels that no longer exist.
    fn clamp(&mut self, model: &Model, body: Rect) {
        if let Some(depth) = self.drill().map(|drill| drill.depth()) {
            self.path.truncate(depth);
        }
        self.left = self.left.min(last_column(self));
        if let Some(scroll) = self.scroll(model, body) {
            scroll.clamp();
        }
    }

    /// The selected line, every column of the row, or the whole table.
    fn copied(&self, _model: &Model) -> Option<String> {
        match self.face() {
            RowsLayout::Nothing => None,
            RowsLayout::List => Some(selected(self)?.join("\t")),
            RowsLayout::Row => Some(self.drill()?.in_lines()),
            RowsLayout::Table => Some(self.drill()?.in_tabs()),
        }
    }

    fn draw(&self, _model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        draw::draw(self, theme, body, buf);
    }
}

/// The last column that can be the first in view.
fn last_column(detail: &Detail) -> usize {
    let columns = match (detail.face(), detail.drill()) {
        // The first column names the value and doesn't scroll.
        (RowsLayout::List, Some(drill)) => drill.list().map_or(0, |list| list.heads.len() - 1),
        (RowsLayout::Table, Some(drill)) => drill.columns(),
        _ => 0,
    };
    columns.saturating_sub(1)
}

/// Toggles between one table of all columns and the drill-down.
fn flip(detail: &mut Detail) {
    detail.flat = !detail.flat;
    (detail.top, detail.left) = (0, 0);
}

/// Opens the selected value; returns its name if it has no rows.
fn enter(detail: &mut Detail) -> Option<String> {
    let name = (detail.face() == RowsLayout::List)
        .then(|| selected(detail)?.into_iter().next())
        .flatten()?;
    if !detail.drill().is_some_and(|drill| drill.has_rows(&name)) {
        return Some(name);
    }
    detail.path.push(name);
    (detail.cursor, detail.top, detail.left) = (0, 0, 0);
    None
}

/// Closes the innermost level and selects the value it was opened from.
fn leave(detail: &mut Detail) {
    let Some(name) = detail.path.pop() else {
        return;
    };
    let list = detail.drill().and_then(|drill| drill.list());
    let at = list.and_then(|list| {
        let names = list.lines.iter().map(|line| line.first());
        names.into_iter().position(|first| first == Some(&name))
    });
    (detail.cursor, detail.top, detail.left) = (at.unwrap_or(0), 0, 0);
}

fn selected(detail: &Detail) -> Option<Vec<String>> {
    let list = detail.drill()?.list()?;
    list.lines.into_iter().nth(detail.cursor)
}
