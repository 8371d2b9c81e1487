//! Draws the model. One file per part of the screen, each a pure function of the model.

pub(super) mod badge;
mod checks;
pub(super) mod choices;
pub(super) mod dates;
pub(super) mod frame;
mod header;
pub(super) mod heat;
mod hit;
mod hour_rows;
mod key_bar;
mod log;
mod message;
pub(super) mod pen;
mod too_small;
mod workers;
mod year_rows;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{Layout, Pane};
use super::model::Model;
use super::theme::Theme;
pub use hit::{HitItem, hit};

/// Draws the whole screen into an area of the buffer, which must be empty.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let theme = *theme;
    let area = area.intersection(buf.area);
    let Some(layout) = Layout::of(area, model.focus, model.zoomed) else {
        too_small::draw(theme, area, buf);
        return;
    };
    header::draw(model, theme, layout.header, buf);
    let covered = (model.overlay.iter()).any(|overlay| overlay.page().covers_panes());
    match layout.tabs {
        Some(tabs) => frame::tabs(model, theme, tabs, buf),
        None if covered => {}
        None => frame::around_panes(model, theme, &layout, buf),
    }
    for pane in Pane::ALL.into_iter().filter(|_| !covered) {
        let Some(inside) = layout.inside(pane) else {
            continue;
        };
        match pane {
            Pane::Dates => dates::draw(model, theme, inside, buf),
            Pane::Workers => workers::draw(model, theme, inside, buf),
            Pane::Log => log::draw(model, theme, inside, buf),
            Pane::Checks => checks::draw(model, theme, inside, buf),
        }
    }
    if let Some(overlay) = &model.overlay {
        overlay.page().draw(model, theme, layout.body, buf);
    }
    key_bar::draw(model, theme, layout.keys, buf);
    message::draw(model, theme, &layout, buf);
}

#[cfg(test)]
mod tests;
