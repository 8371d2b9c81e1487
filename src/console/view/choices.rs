//! Draws the choices of a question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::{BOLD, PLAIN, Pen};
use crate::console::theme::{SELECTED, Theme};

/// Choices in a row, the selected one reversed and in brackets.
pub fn choices(labels: &[(&str, bool)], theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    for (label, marked) in labels {
        if *marked {
            pen.write(&format!("[ {label} ]"), BOLD.add_modifier(SELECTED));
        } else {
            pen.write(&format!("  {label}  "), PLAIN);
        }
        pen.write("  ", PLAIN);
    }
}
