//! Shown instead of the screen if the terminal is too small: its size and the minimum.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::{BOLD, PLAIN, Pen, row};
use crate::console::layout::MIN_SIZE;
use crate::console::theme::Theme;

pub fn draw(theme: Theme, area: Rect, buf: &mut Buffer) {
    let (columns, rows) = MIN_SIZE;
    let lines = [
        ("Too small".to_owned(), BOLD),
        (format!("needed {columns}x{rows}"), PLAIN),
        (format!("here   {}x{}", area.width, area.height), PLAIN),
        ("the run continues".to_owned(), PLAIN),
    ];
    let above = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (at, (text, style)) in lines.iter().enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, above + at));
        let indent = pen.left().saturating_sub(text.len()) / 2;
        pen.skip(indent).write(text, *style);
    }
}
