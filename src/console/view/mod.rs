//! Draws the model. One file per part of the screen, each a pure function of the model.

mod about;
mod badge;
mod breakdown_page;
mod causes;
mod checks;
mod confirm;
mod cost;
mod dates;
mod detail;
mod frame;
mod gaps;
mod header;
mod heat;
mod help;
mod hit;
mod key_bar;
mod leave;
mod log;
mod message;
mod offending;
mod pen;
mod question;
mod runbook;
mod sample;
mod sources;
mod take_control;
mod too_small;
mod workers;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::{Layout, Pane};
use super::model::Model;
use super::model::overlay::Overlay;
use super::theme::Theme;
pub use hit::{Spot, hit};

/// Draws the whole screen into an area of the buffer, which must be empty.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let theme = *theme;
    let area = area.intersection(buf.area);
    let Some(layout) = Layout::of(area, model.focus, model.zoomed) else {
        too_small::draw(theme, area, buf);
        return;
    };
    header::draw(model, theme, layout.header, buf);
    match layout.tabs {
        Some(tabs) => frame::tabs(model, theme, tabs, buf),
        None => frame::around_panes(model, theme, &layout, buf),
    }
    for pane in Pane::ALL {
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
    match &model.overlay {
        Some(Overlay::Detail(detail)) => detail::draw(detail, theme, layout.body, buf),
        Some(Overlay::Causes(list)) => causes::draw(model, list, theme, layout.body, buf),
        Some(Overlay::Gaps(list)) => gaps::draw(model, list, theme, layout.body, buf),
        Some(Overlay::Sources(page)) => sources::draw(model, *page, theme, layout.body, buf),
        Some(Overlay::Offending(list)) => offending::draw(model, list, theme, layout.body, buf),
        Some(Overlay::About(over)) => about::draw(model, over, theme, layout.body, buf),
        Some(Overlay::Runbook(page)) => runbook::draw(model, *page, theme, layout.body, buf),
        Some(Overlay::BreakdownPage(over)) => breakdown_page::draw(model, over, theme, layout.body, buf),
        Some(Overlay::Confirm(confirm)) => confirm::draw(confirm, theme, layout.body, buf),
        Some(Overlay::TakeControl(go)) => take_control::draw(model, *go, theme, layout.body, buf),
        Some(Overlay::Leave(choice)) => leave::draw(model, *choice, theme, layout.body, buf),
        Some(Overlay::Sample(page)) => sample::draw(model, *page, theme, layout.body, buf),
        Some(Overlay::Cost(page)) => cost::draw(model, *page, theme, layout.body, buf),
        Some(Overlay::Question(page)) => question::draw(model, *page, theme, layout.body, buf),
        Some(Overlay::Help(help)) => {
            help::draw(help, model, theme, layout.body, buf);
        }
        None => {}
    }
    key_bar::draw(model, theme, layout.keys, buf);
    message::draw(model, theme, &layout, buf);
}

#[cfg(test)]
mod tests;
