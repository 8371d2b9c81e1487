//! Frames of panes and overlays with their titles, and the row of tabs that replaces them on a small screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::badge::{Badge, badges};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::{Layout, Pane, framed};
use crate::console::model::Model;
use crate::console::text::width;
use crate::console::theme::{SELECTED, Theme, Tone};

fn frame(buf: &mut Buffer, theme: Theme, area: Rect, title: &str, focused: bool, badges: &[Badge]) {
    let glyphs = theme.glyphs;
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let inner = usize::from(area.width.saturating_sub(2));
    let last = usize::from(area.height.saturating_sub(1));
    for (at, left, right) in [(last, bottom_left, bottom_right), (0, top_left, top_right)] {
        Pen::on(buf, theme, row(area, at))
            .write(left, PLAIN)
            .fill(glyphs.line, inner, PLAIN)
            .write(right, PLAIN);
    }
    for at in 1..last {
        Pen::on(buf, theme, row(area, at)).write(glyphs.bar, PLAIN);
        Pen::on(buf, theme, row(area, at)).at_the_end(glyphs.bar, PLAIN);
    }
    let head = Rect {
        x: area.x.saturating_add(2),
        width: area.width.saturating_sub(4),
        ..area
    };
    let mut pen = Pen::on(buf, theme, head);
    pen.write(&format!(" {title} "), name_style(focused));
    for badge in badges {
        pen.write(" ", PLAIN)
            .write(&badge.text, theme.style(badge.role))
            .write(" ", PLAIN);
    }
}

/// Clears an area and frames it as a page. Returns the area inside.
pub fn page_frame(buf: &mut Buffer, theme: Theme, area: Rect, title: &str, badges: &[Badge]) -> Rect {
    clear(buf, area);
    frame(buf, theme, area, title, true, badges);
    framed(area)
}

/// Clears an area and frames it as a dialog. Returns the area of its text.
pub fn dialog_frame(buf: &mut Buffer, theme: Theme, area: Rect, title: &str) -> Rect {
    let inside = page_frame(buf, theme, area, title, &[]);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

/// Draws a scroll thumb on the right side of a frame; nothing if the whole list is in view or there is no frame.
pub fn thumb(buf: &mut Buffer, theme: Theme, framed: Rect, top: usize, page: usize, len: usize) {
    let height = usize::from(framed.height);
    if len <= page || height == 0 || page == 0 {
        return;
    }
    let rows = (height * page / len).max(1);
    let above = ((height - rows) * top).div_ceil(len - page).min(height - rows);
    for at in above..above + rows {
        let line = row(framed, at);
        if let Some(cell) = buf.cell_mut((line.right(), line.y))
            && cell.symbol() == theme.glyphs.bar
        {
            cell.set_symbol(theme.glyphs.thumb).set_style(BOLD);
        }
    }
}

fn name_style(focused: bool) -> Style {
    if focused {
        BOLD.add_modifier(SELECTED)
    } else {
        BOLD
    }
}

/// The row of tabs: the pane shown with its badges, the others with a mark if they need attention.
pub fn tabs(model: &Model, theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    let line = theme.glyphs.line;
    for pane in Pane::ALL {
        pen.write(line, PLAIN);
        pen.write(&tab(pane), name_style(pane == model.focus));
        if calls(model, pane) {
            pen.write(CALL, theme.style(Tone::Bad));
        }
    }
    pen.write(line, PLAIN);
    for badge in badges(model, model.focus) {
        pen.write(" ", PLAIN)
            .write(&badge.text, theme.style(badge.role))
            .write(" ", PLAIN);
    }
    let rest = pen.left();
    pen.fill(line, rest, PLAIN);
}

/// Marks the tab of a hidden pane that needs attention.
const CALL: &str = "! ";

fn tab(pane: Pane) -> String {
    format!(" {} {} ", pane as usize + 1, pane.title())
}

fn calls(model: &Model, pane: Pane) -> bool {
    pane != model.focus && badges(model, pane).iter().any(|badge| badge.role == Tone::Bad)
}

/// The pane whose tab is at this column of the row of tabs.
pub fn tab_at(model: &Model, column: usize) -> Option<Pane> {
    let mut end = 0;
    Pane::ALL.into_iter().find(|pane| {
        let call = if calls(model, *pane) { CALL.len() } else { 0 };
        end += 1 + width(&tab(*pane)) + call;
        column < end
    })
}

/// Draws the frames of all panes shown side by side.
pub fn around_panes(model: &Model, theme: Theme, layout: &Layout, buf: &mut Buffer) {
    for pane in Pane::ALL {
        if let Some(area) = layout.pane(pane) {
            frame(
                buf,
                theme,
                area,
                pane.title(),
                pane == model.focus,
                &badges(model, pane),
            );
        }
    }
}
