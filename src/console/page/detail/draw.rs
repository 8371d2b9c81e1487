//! Draws one date of one stage: its state, the reason, and its stored rows at the drill-down path.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::console::calendar::titled;
use crate::console::model::detail::{Detail, RowsLayout, StoredReply};
use crate::console::model::drill::{Drill, DrillLine};
use crate::console::model::list::first_in_view;
use crate::console::text::{sanitised, width, wrapped};
use crate::console::theme::{SELECTED, Theme, Tone};
use crate::console::view::dates::in_words;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Part;

/// Maximum width of a column of stored rows.
const MAX_WIDTH: usize = 32;

/// Maximum width a list column gets because of its name.
const MAX_NAME_WIDTH: usize = 13;

pub fn draw(detail: &Detail, theme: Theme, body: Rect, buf: &mut Buffer) {
    let room = usize::from(body.width.saturating_sub(6));
    let area = page_frame(buf, theme, body, &title(detail, theme, room), &[]);
    let lines = detail.lines(body);
    let below = Rect {
        y: lines.bottom(),
        height: area.bottom().saturating_sub(lines.bottom()),
        ..area
    };
    let place = contents(detail, theme, lines, below, buf);
    let mut pen = Pen::on(buf, theme, row(area, 0));
    pen.at_the_end(&place, PLAIN).at_the_end("  ", PLAIN);
    if let Some(unit) = &detail.seen {
        in_words(unit, theme, &mut pen);
    }
    let why = Rect {
        y: area.y + 1,
        height: detail.reason_rows(body),
        ..area
    };
    paragraph(detail.reason(), PLAIN, theme, why, buf);
}

/// A text wrapped to the rows of the area; a cut is marked.
fn paragraph(text: &str, style: Style, theme: Theme, area: Rect, buf: &mut Buffer) {
    let text = sanitised(text);
    let pieces = wrapped(&text, usize::from(area.width));
    let last = usize::from(area.height).saturating_sub(1);
    for (at, piece) in pieces.iter().enumerate().take(last) {
        Pen::on(buf, theme, row(area, at)).write(piece, style);
    }
    let rest = pieces.get(last..).unwrap_or_default().concat();
    Pen::on(buf, theme, row(area, last)).write(&rest, style);
}

/// Stage and date, then the drill-down path; if too long, only the end of it.
fn title(detail: &Detail, theme: Theme, room: usize) -> String {
    let date = format!("{} {}", detail.stage, titled(detail.date));
    let opened = detail.path.iter().map(|name| sanitised(name).into_owned());
    let steps: Vec<String> = std::iter::once(date).chain(opened).collect();
    let whole = steps.join(" > ");
    let ends = (1..steps.len()).map(|from| format!("{} > {}", theme.glyphs.cut, steps[from..].join(" > ")));
    let mut titles = std::iter::once(whole).chain(ends);
    let last = steps.last().cloned().unwrap_or_default();
    titles.find(|title| width(title) <= room).unwrap_or(last)
}

/// Draws the rows and returns which of them are in view.
fn contents(detail: &Detail, theme: Theme, lines: Rect, below: Rect, buf: &mut Buffer) -> String {
    if let Some(drill) = detail.drill() {
        return match detail.face() {
            RowsLayout::List => list(detail, &drill, theme, lines, below, buf),
            RowsLayout::Row => columns_of_row(detail, &drill, theme, lines, buf),
            RowsLayout::Table | RowsLayout::Nothing => table(detail, &drill, theme, lines, buf),
        };
    }
    let (notice, style) = match &detail.stored {
        StoredReply::Asked => ("loading rows", PLAIN),
        StoredReply::Refused(why) => (why.as_str(), theme.style(Tone::Bad)),
        StoredReply::Rows(_) => ("no rows stored for this date", PLAIN),
    };
    paragraph(notice, style, theme, lines, buf);
    String::new()
}

fn list(
    detail: &Detail,
    drill: &Drill<'_>,
    theme: Theme,
    lines: Rect,
    below: Rect,
    buf: &mut Buffer,
) -> String {
    let Some(list) = drill.list() else {
        return String::new();
    };
    let room = usize::from(lines.height);
    let top = first_in_view(0, detail.cursor, room, list.lines.len());
    thumb(buf, theme, lines, top, room, list.lines.len());
    let shown: Vec<&[String]> = (list.lines.iter().skip(top).take(room))
        .map(Vec::as_slice)
        .collect();
    let grid = Grid {
        heads: &list.heads,
        lines: &shown,
        columns: std::iter::once(0)
            .chain(1 + detail.left..list.heads.len())
            .collect(),
        widest_name: MAX_NAME_WIDTH,
    };
    grid.draw(theme, lines, buf);
    if let Some(thing) = list.lines.get(detail.cursor).and_then(|line| line.first()) {
        buf.set_style(row(lines, detail.cursor - top), SELECTED);
        paragraph(&drill.origin(thing), PLAIN, theme, below, buf);
    }
    position_text(top, room, list.lines.len())
}

fn columns_of_row(detail: &Detail, drill: &Drill<'_>, theme: Theme, lines: Rect, buf: &mut Buffer) -> String {
    let room = usize::from(lines.height);
    let wide = usize::from(lines.width);
    let names = drill.name_columns(wide);
    let drill_lines = drill.lines(wide);
    thumb(buf, theme, lines, detail.top, room, drill_lines.len());
    for (at, line) in drill_lines.iter().skip(detail.top).take(room).enumerate() {
        let mut pen = Pen::on(buf, theme, row(lines, at));
        match line {
            DrillLine::Row(number) => {
                pen.write(&format!("row {number} of {}", drill.rows.len()), BOLD);
            }
            DrillLine::Value(name, value, part) => {
                let is_empty = matches!(*value, "" | "NULL" | "[]");
                let style = match part {
                    Some(Part::Issues) if !is_empty => theme.style(Tone::Warn),
                    Some(Part::Source) => BOLD,
                    _ => PLAIN,
                };
                pen.column(names, name, PLAIN).write(&sanitised(value), style);
            }
            DrillLine::Gap => {}
        }
    }
    position_text(detail.top, room, drill_lines.len())
}

fn table(detail: &Detail, drill: &Drill<'_>, theme: Theme, lines: Rect, buf: &mut Buffer) -> String {
    let room = usize::from(lines.height);
    let all = drill.rows.len();
    thumb(buf, theme, lines, detail.top, room, all);
    let shown: Vec<&[String]> = (drill.rows.iter().copied()).skip(detail.top).take(room).collect();
    let grid = Grid {
        heads: &drill.heads(),
        lines: &shown,
        columns: (detail.left..drill.columns()).collect(),
        widest_name: usize::MAX,
    };
    grid.draw(theme, lines, buf);
    format!(
        "{}, column {} of {}",
        position_text(detail.top, room, all),
        detail.left + 1,
        drill.columns()
    )
}

/// The lines of a list in view, as text.
fn position_text(top: usize, room: usize, all: usize) -> String {
    format!("{}-{} of {all}", top + 1, (top + room).min(all))
}

/// A table of cells. The column names are in the row above its area.
struct Grid<'g> {
    heads: &'g [&'g str],
    lines: &'g [&'g [String]],
    columns: Vec<usize>,
    widest_name: usize,
}

impl Grid<'_> {
    fn draw(&self, theme: Theme, area: Rect, buf: &mut Buffer) {
        let names = Rect {
            y: area.y.saturating_sub(1),
            height: 1,
            ..area
        };
        let mut x = 0;
        for column in &self.columns {
            if x >= usize::from(area.width) {
                break;
            }
            let cell = |line: &[String]| {
                line.get(*column)
                    .map_or_else(String::new, |text| sanitised(text).into_owned())
            };
            let cells: Vec<String> = self.lines.iter().map(|line| cell(line)).collect();
            let is_number = are_numbers(&cells);
            let name = self.heads[*column];
            let widest = cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
            let columns = widest.max(width(name).min(self.widest_name)).min(MAX_WIDTH) + 2;
            let mut put = |at: Rect, text: &str, style| {
                let mut pen = Pen::on(buf, theme, at);
                pen.skip(x);
                if is_number {
                    pen.number(columns - 1, text, style);
                } else {
                    pen.column(columns - 1, text, style);
                }
            };
            put(names, name, BOLD);
            for (at, cell) in cells.iter().enumerate() {
                put(row(area, at), cell, PLAIN);
            }
            x += columns;
        }
    }
}

/// Whether a column is right-aligned: numbers and NULLs, with at least one number.
fn are_numbers(cells: &[String]) -> bool {
    let is_number = |cell: &&String| cell.parse::<f64>().is_ok();
    let known: Vec<&String> = cells.iter().filter(|cell| *cell != "NULL").collect();
    !known.is_empty() && known.iter().all(is_number)
}
