//! One date of one stage: how it stands, why, and the rows stored for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dates::in_words;
use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::overlay::{ABOVE_ROWS, Detail, Stored};
use crate::console::text::{sanitised, width, wrapped};
use crate::console::theme::{Role, Theme};
use crate::engine::StoredRows;

/// The widest a column of stored rows gets.
const WIDEST: usize = 28;

pub fn draw(detail: &Detail, theme: Theme, body: Rect, buf: &mut Buffer) {
    clear(buf, body);
    let title = format!("{} {} {}", detail.stage, detail.date.format("%a"), detail.date);
    frame(buf, theme, body, &title, true, &[]);
    let area = framed(body);
    if let Some(unit) = &detail.seen {
        in_words(unit, theme, &mut Pen::on(buf, theme, row(area, 0)));
        let reason = unit.reason.as_deref().unwrap_or_default();
        for (at, piece) in wrapped(reason, usize::from(area.width))
            .into_iter()
            .take(2)
            .enumerate()
        {
            Pen::on(buf, theme, row(area, 1 + at)).write(piece, PLAIN);
        }
    }
    let names_at = usize::from(ABOVE_ROWS) - 1;
    match &detail.stored {
        Stored::Asked => {
            Pen::on(buf, theme, row(area, names_at)).write("asking for its rows", PLAIN);
        }
        Stored::Refused(why) => {
            Pen::on(buf, theme, row(area, names_at)).write(&sanitised(why), theme.style(Role::Bad));
        }
        Stored::Rows(rows) if rows.rows.is_empty() => {
            Pen::on(buf, theme, row(area, names_at)).write("no row is stored for this date", PLAIN);
        }
        Stored::Rows(rows) => table(detail, rows, theme, area, buf),
    }
}

fn table(detail: &Detail, stored: &StoredRows, theme: Theme, area: Rect, buf: &mut Buffer) {
    let names_at = usize::from(ABOVE_ROWS) - 1;
    let room = usize::from(area.height).saturating_sub(names_at + 1);
    thumb(buf, theme, area, detail.top, room, stored.rows.len());
    let shown = || stored.rows.iter().skip(detail.top).take(room);
    let mut x = 0;
    for (column, name) in stored.columns.iter().enumerate().skip(detail.left) {
        if x >= usize::from(area.width) {
            break;
        }
        let cell = |cells: &[String]| {
            cells
                .get(column)
                .map_or_else(String::new, |text| sanitised(text).into_owned())
        };
        let is_number = shown().all(|cells| cell(cells).parse::<f64>().is_ok());
        let widest = shown().map(|cells| width(&cell(cells))).max().unwrap_or(0);
        let columns = widest.max(width(name)).min(WIDEST) + 2;
        let mut put = |at: usize, text: &str, style| {
            let mut pen = Pen::on(buf, theme, row(area, at));
            pen.skip(x);
            if is_number {
                pen.number(columns - 1, text, style);
            } else {
                pen.column(columns - 1, text, style);
            }
        };
        put(names_at, name, BOLD);
        for (at, cells) in shown().enumerate() {
            put(names_at + 1 + at, &cell(cells), PLAIN);
        }
        x += columns;
    }
    let (first, all) = (detail.top + 1, stored.rows.len());
    let last = (detail.top + room).min(all);
    let columns = stored.columns.len();
    let place = format!(
        "rows {first}-{last} of {all}, from column {} of {columns}",
        detail.left + 1
    );
    Pen::on(buf, theme, row(area, names_at - 1)).write(&place, PLAIN);
}
