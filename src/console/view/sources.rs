//! The Sources page: what the raw tables were asked, and what was found in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use super::workers::first_in_view;
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::overlay::{ABOUT_SOURCE, Sources};
use crate::console::text;
use crate::console::theme::{SELECTED, Theme};
use crate::engine::CheckView;
use crate::ledger::CheckState;

const STATE: usize = 11;
const FEED: usize = 13;
const VALUE: usize = 22;

/// Dates named at the foot of the page.
const DATES: usize = 4;

pub fn draw(model: &Model, page: Sources, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    clear(buf, body);
    frame(
        buf,
        theme,
        body,
        "Sources",
        true,
        &super::badge::of_sources(snapshot),
    );
    let area = framed(body);
    let Some(marked) = snapshot.sources.get(page.cursor) else {
        Pen::on(buf, theme, row(area, 0)).write("This plan has no checks of the sources.", PLAIN);
        return;
    };
    let room = usize::from(area.height.saturating_sub(ABOUT_SOURCE));
    let len = snapshot.sources.len();
    let top = first_in_view(page.cursor, room, len);
    thumb(buf, theme, area, top, room, len);
    let longest = snapshot
        .sources
        .iter()
        .map(|source| text::width(&source.title) + 1)
        .max();
    let left = usize::from(area.width).saturating_sub(STATE + FEED + VALUE);
    let title = longest.unwrap_or(0).min(left);
    for (at, source) in snapshot.sources.iter().enumerate().skip(top).take(room) {
        let line = row(area, at - top);
        let style = theme.check(source.state);
        let state = format!("{} {}", theme.glyphs.check(source.state), source.state);
        Pen::on(buf, theme, line)
            .column(STATE, &state, style)
            .column(FEED, &source.stage, PLAIN)
            .column(title, &source.title, PLAIN)
            .write(source.value.as_deref().unwrap_or("-"), style);
        if at == page.cursor {
            buf.set_style(line, SELECTED);
        }
    }
    about(marked, theme, area, room, buf);
}

/// The marked check in full, at the foot of the page.
fn about(source: &CheckView, theme: Theme, area: Rect, from: usize, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, row(area, from));
    pen.write(&source.name, BOLD)
        .write(&format!("  {}", source.title), PLAIN);
    if let (Some(asked), Some(seconds)) = (source.asked_at, source.seconds) {
        let asked = asked.format("%Y-%m-%d %H:%M");
        pen.write(
            &format!("  asked {asked}, took {:.0} ms", 1000.0 * seconds),
            PLAIN,
        );
    }
    Pen::on(buf, theme, row(area, from + 1))
        .write(source.value.as_deref().unwrap_or("-"), theme.check(source.state))
        .write(&format!("  target {}", source.target), PLAIN);
    let mut pen = Pen::on(buf, theme, row(area, from + 2));
    let standing = match source.state {
        CheckState::Pending => "not asked yet",
        CheckState::Running => "being asked",
        CheckState::Outdated => "raw rows have changed since; ask again",
        _ if source.offending.is_empty() => "no date is named",
        _ => "",
    };
    pen.write(standing, PLAIN);
    if !standing.is_empty() {
        return;
    }
    for date in source.offending.iter().take(DATES) {
        pen.write(&format!("{date} "), theme.check(source.state));
    }
    if source.offending.len() > DATES {
        pen.write(&format!("and {} more", source.offending.len() - DATES), PLAIN);
    }
}
