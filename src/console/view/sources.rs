//! Draws the Sources page: the checks of the raw tables and their results.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::list::first_in_view;
use crate::console::model::overlay::{ABOUT_SOURCE, Sources};
use crate::console::text;
use crate::console::theme::{SELECTED, Theme};
use crate::engine::CheckView;
use crate::ledger::CheckState;

/// Columns of a state, wide enough for any, if there is room.
const STATE: usize = 11;

/// Maximum width of a value in the list; the foot shows all of it.
const VALUE: usize = 24;

/// Dates listed at the foot of the page.
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
        Pen::on(buf, theme, row(area, 0)).write("This plan has no raw-data checks.", PLAIN);
        return;
    };
    let room = usize::from(area.height.saturating_sub(ABOUT_SOURCE));
    let len = snapshot.sources.len();
    let top = first_in_view(0, page.cursor, room, len);
    thumb(buf, theme, area, top, room, len);
    let columns = Columns::of(&snapshot.sources, usize::from(area.width));
    for (at, source) in snapshot.sources.iter().enumerate().skip(top).take(room) {
        let line = row(area, at - top);
        let style = theme.check(source.state);
        let state = format!("{} {}", theme.glyphs.check(source.state), source.state);
        Pen::on(buf, theme, line)
            .column(columns.state, &state, style)
            .column(columns.feed, &source.stage, PLAIN)
            .column(columns.title, &source.title, PLAIN)
            .write(&value(source), style);
        if at == page.cursor {
            buf.set_style(line, SELECTED);
        }
    }
    about(marked, theme, area, room, buf);
}

/// The result of a check.
fn value(source: &CheckView) -> Cow<'_, str> {
    text::measured(source.value.as_deref().unwrap_or("-"))
}

/// Columns as wide as their content; if that is too wide, the title is cut, since the foot shows it too.
struct Columns {
    state: usize,
    feed: usize,
    title: usize,
}

impl Columns {
    fn of(sources: &[CheckView], width: usize) -> Self {
        let widest = |of: &dyn Fn(&CheckView) -> usize| sources.iter().map(of).max().unwrap_or(0);
        let feed = widest(&|source| text::width(&source.stage)) + 1;
        let found = widest(&|source| text::width(&value(source)).min(VALUE));
        let title = widest(&|source| text::width(&source.title)) + 1;
        let state = match STATE {
            roomy if roomy + feed + title + found <= width => roomy,
            _ => widest(&|source| 2 + source.state.word().len()) + 1,
        };
        Self {
            state,
            feed,
            title: title.min(width.saturating_sub(state + feed + found)),
        }
    }
}

/// The selected check in full, at the foot of the page.
fn about(source: &CheckView, theme: Theme, area: Rect, from: usize, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, row(area, from));
    pen.write(&source.name, BOLD)
        .write(&format!("  {}", source.title), PLAIN);
    if let (Some(asked), Some(seconds)) = (source.asked_at, source.seconds) {
        let took = format!(", took {:.0} ms", 1000.0 * seconds);
        let texts = [
            format!("  ran {}{took}", asked.format("%Y-%m-%d %H:%M")),
            format!("  ran {}", asked.format("%m-%d %H:%M")),
        ];
        if let Some(text) = texts.iter().find(|text| text::width(text) <= pen.left()) {
            pen.write(text, PLAIN);
        }
    }
    Pen::on(buf, theme, row(area, from + 1))
        .write(&value(source), theme.check(source.state))
        .write(&format!("  target {}", source.target), PLAIN);
    let mut pen = Pen::on(buf, theme, row(area, from + 2));
    let standing = match source.state {
        CheckState::Pending => "not run yet",
        CheckState::Running => "running",
        CheckState::Outdated => "raw rows have changed since; run it again",
        _ if source.offending.is_empty() => "no failing dates",
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
