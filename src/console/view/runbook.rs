//! Draws the runbook: every item with its state and evidence, and the selected item in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::list::first_in_view;
use crate::console::model::overlay::RunbookPage;
use crate::console::text::{sanitised, width, wrapped};
use crate::console::theme::{SELECTED, Theme};
use crate::runbook::{Item, ItemState};

const NUMBER: usize = 4;
const STATE: usize = 18;
const AT: usize = 13;

/// Minimum columns for the evidence beside the titles; if there are fewer, only the selected item's is shown.
const FACT: usize = 24;

pub fn draw(model: &Model, page: RunbookPage, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let items = snapshot.runbook.as_slice();
    clear(buf, body);
    frame(buf, theme, body, &title(items), true, &[]);
    let area = framed(body);
    let room = RunbookPage::page(body);
    let top = first_in_view(0, page.cursor, room, items.len());
    let list = Rect {
        height: u16::try_from(room).unwrap_or(area.height),
        ..area
    };
    thumb(buf, theme, list, top, room, items.len());
    let titles = items.iter().map(|item| width(&item.title) + 1).max().unwrap_or(0);
    let beside = usize::from(area.width).saturating_sub(NUMBER + STATE + titles + AT);
    for (at, item) in items.iter().enumerate().skip(top).take(room) {
        let line = row(area, at - top);
        let mut pen = Pen::on(buf, theme, line);
        let state = format!("{} {}", theme.glyphs.item(item.state), item.state);
        pen.number(NUMBER, item.item.as_str(), BOLD)
            .column(STATE, &state, theme.item(item.state));
        if beside >= FACT {
            let when = item.at.map(|at| at.format("%m-%d %H:%M").to_string());
            pen.column(titles, &item.title, PLAIN)
                .column(AT, when.as_deref().unwrap_or_default(), PLAIN)
                .write(&sanitised(&item.fact), PLAIN);
        } else {
            pen.write(&item.title, PLAIN);
        }
        if at == page.cursor {
            buf.set_style(line, SELECTED);
        }
    }
    if let Some(item) = items.get(page.cursor) {
        about(item, RunbookPage::about(body), theme, area, room, buf);
    }
}

fn title(items: &[Item]) -> String {
    let of = |state| items.iter().filter(|item| item.state == state).count();
    let mut title = format!("Runbook: {} of {} done", of(ItemState::Done), items.len());
    for state in [ItemState::NeedsYou, ItemState::Undone, ItemState::UnderWay] {
        match of(state) {
            0 => {}
            number => title = format!("{title}, {number} {state}"),
        }
    }
    title
}

/// The evidence in full, who ticked the item, and the plan's remark.
fn about(item: &Item, rows: usize, theme: Theme, area: Rect, below: usize, buf: &mut Buffer) {
    let mut fact = format!("{}: {}", item.state, sanitised(&item.fact));
    if let Some(by) = &item.by {
        fact = format!("{fact}, {}", sanitised(by));
    }
    if let Some(at) = item.at {
        fact = format!("{fact}, {}", at.format("%Y-%m-%d %H:%M UTC"));
    }
    let columns = usize::from(area.width);
    let facts = wrapped(&fact, columns);
    let remark = sanitised(item.remark.as_deref().unwrap_or_default());
    let remarks = wrapped(&remark, columns);
    let shown = facts
        .len()
        .min(rows.saturating_sub(usize::from(!remark.is_empty())));
    for (at, piece) in facts.iter().take(shown).enumerate() {
        Pen::on(buf, theme, row(area, below + at)).write(piece, theme.item(item.state));
    }
    for (at, piece) in remarks.iter().take(rows - shown).enumerate() {
        Pen::on(buf, theme, row(area, below + shown + at)).write(piece, PLAIN);
    }
}
