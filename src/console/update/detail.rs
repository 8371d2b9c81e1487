//! Keys of the page of one date: drills into its stored rows, down to every column of a row.

use chrono::NaiveDate;
use ratatui::layout::Rect;

use super::dates::{self, Short};
use super::keys::moved;
use super::log;
use super::overlay::last_top;
use crate::console::effect::Effect;
use crate::console::keymap::Action;
use crate::console::model::Model;
use crate::console::model::dates::unit;
use crate::console::model::detail::{Detail, Face};
use crate::console::model::overlay::Overlay;
use crate::console::text::sanitised;
use crate::engine::{Command, StageView};
use crate::ledger::UnitState;

/// Opens the date under the cursor.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let (Some(stage), Some(date)) = (model.stage(), model.dates.cursor) else {
        return Vec::new();
    };
    let detail = Detail::of(&stage.name, date, unit(stage, date).cloned());
    show(model, detail)
}

/// Opens a date at its drill-down path and queries its current rows.
pub(super) fn show(model: &mut Model, detail: Detail) -> Vec<Effect> {
    let effects = ask(&detail.stage, detail.date);
    model.overlay = Some(Overlay::Detail(detail));
    effects
}

fn ask(stage: &str, date: NaiveDate) -> Vec<Effect> {
    vec![Effect::Send(Command::Inspect {
        stage: stage.to_owned(),
        date,
    })]
}

pub(super) fn act(model: &mut Model, mut detail: Detail, action: Action) {
    match action {
        Action::Close => return,
        Action::Back if !detail.is_opened() => return,
        Action::Back if detail.flat => flip(&mut detail),
        Action::Back => leave(&mut detail),
        Action::Open => {
            if let Some(name) = enter(&mut detail) {
                model.notice(false, format!("no rows stored for {}", sanitised(&name)));
            }
        }
        Action::Table if detail.has_levels() => flip(&mut detail),
        Action::Reload => return dates::reload(model, vec![detail.date]),
        Action::Rerun | Action::RerunShort => {
            let short = match action {
                Action::RerunShort => Short::Accepted,
                _ => Short::Kept,
            };
            let (stage, date) = (detail.stage.clone(), detail.date);
            // The page stays open if the rerun is refused.
            model.overlay = Some(Overlay::Detail(detail));
            return dates::confirm(model, &stage, &[date], short, None, "");
        }
        Action::DateLog => return log::only_of(model, detail),
        _ => {}
    }
    if let Some(layout) = model.layout() {
        scroll(&mut detail, action, layout.body);
    }
    model.overlay = Some(Overlay::Detail(detail));
}

/// Toggles between one table of all columns and the drill-down.
fn flip(detail: &mut Detail) {
    detail.flat = !detail.flat;
    (detail.top, detail.left) = (0, 0);
}

/// Opens the selected value; returns its name if it has no rows.
fn enter(detail: &mut Detail) -> Option<String> {
    let name = (detail.face() == Face::List)
        .then(|| marked(detail)?.into_iter().next())
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

/// The cells of the selected line.
fn marked(detail: &Detail) -> Option<Vec<String>> {
    let list = detail.drill()?.list()?;
    list.lines.into_iter().nth(detail.cursor)
}

/// Scrolls the page; closes levels that no longer exist.
pub(super) fn scroll(detail: &mut Detail, action: Action, body: Rect) {
    let lines = detail.lines(body);
    let (page, wide) = (usize::from(lines.height), usize::from(lines.width));
    let face = detail.face();
    let Some(drill) = detail.drill() else {
        return;
    };
    let depth = drill.depth();
    let (len, columns) = match face {
        Face::List => drill.list().map_or((0, 0), |list| {
            // The first column names the value and doesn't scroll.
            (list.lines.len(), list.heads.len() - 1)
        }),
        Face::Row => (drill.lines(wide).len(), 0),
        Face::Table => (drill.rows.len(), drill.columns()),
        Face::Nothing => (0, 0),
    };
    if depth < detail.path.len() {
        detail.path.truncate(depth);
        return scroll(detail, Action::Redraw, body);
    }
    if face == Face::List {
        detail.cursor = moved(detail.cursor, action, page, len);
    } else {
        detail.top = moved(detail.top, action, page, last_top(len, page));
    }
    let left = match action {
        Action::Left => detail.left.saturating_sub(1),
        Action::Right => detail.left + 1,
        _ => detail.left,
    };
    detail.left = left.min(columns.saturating_sub(1));
}

/// Queries the rows again if the unit has changed.
pub(super) fn ask_again(detail: &mut Detail, stage: Option<&StageView>) -> Vec<Effect> {
    let now = stage.and_then(|stage| unit(stage, detail.date));
    if now == detail.seen.as_ref() {
        return Vec::new();
    }
    detail.seen = now.cloned();
    if now.is_none_or(|unit| unit.state == UnitState::Running) {
        return Vec::new();
    }
    ask(&detail.stage, detail.date)
}

/// The text to copy: the selected line, every column of the row, or the whole table.
pub(super) fn copied(detail: &Detail) -> Option<String> {
    match detail.face() {
        Face::Nothing => None,
        Face::List => Some(marked(detail)?.join("\t")),
        Face::Row => Some(detail.drill()?.in_lines()),
        Face::Table => Some(detail.drill()?.in_tabs()),
    }
}
