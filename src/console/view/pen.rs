//! Writes texts into one row of the buffer and never outside of it; what does not fit ends with a mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};

use crate::console::glyphs::Glyphs;
use crate::console::text::{in_ascii, width};
use crate::console::theme::Theme;

/// Plain text.
pub const PLAIN: Style = Style::new();

/// Text that is found at a glance.
pub const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// A place in a row of the buffer that moves right as it writes.
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    glyphs: &'static Glyphs,
    x: u16,
    y: u16,
    end: u16,
}

/// The row of an area that is this far below its top; empty when there is none.
pub fn row(area: Rect, at: usize) -> Rect {
    match u16::try_from(at) {
        Ok(at) if at < area.height => Rect {
            y: area.y + at,
            height: 1,
            ..area
        },
        _ => Rect { height: 0, ..area },
    }
}

/// Empties an area for what is to lie over it.
pub fn clear(buf: &mut Buffer, area: Rect) {
    Clear.render(area.intersection(buf.area), buf);
}

impl<'a> Pen<'a> {
    /// A pen at the left end of the area's first row.
    pub fn on(buf: &'a mut Buffer, theme: Theme, area: Rect) -> Self {
        let area = area.intersection(buf.area);
        let end = if area.height == 0 { area.x } else { area.right() };
        Self {
            buf,
            glyphs: theme.glyphs,
            x: area.x,
            y: area.y,
            end,
        }
    }

    /// Columns left.
    pub fn left(&self) -> usize {
        usize::from(self.end - self.x)
    }

    /// Writes a text, as much of it as fits.
    pub fn write(&mut self, text: &str, style: Style) -> &mut Self {
        let used = self.put(text, self.left(), style);
        self.skip(used)
    }

    /// Writes a text into a column of this width, then stands behind the column.
    pub fn column(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        self.put(text, columns.saturating_sub(1), style);
        self.skip(columns)
    }

    /// Writes a text at the right side of a column of this width, a gap behind it.
    pub fn number(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        let room = columns.saturating_sub(1);
        let indent = room.saturating_sub(width(text));
        self.skip(indent);
        self.put(text, room, style);
        self.skip(columns - indent)
    }

    /// Writes a text at the right end of the row and gives up the room it takes.
    pub fn at_the_end(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.left();
        let taken = width(text).min(room);
        let (x, end) = (self.x, self.end);
        self.skip(room - taken);
        self.put(text, taken, style);
        self.x = x;
        self.end = end - u16::try_from(taken).unwrap_or(0);
        self
    }

    /// Moves right.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        self.x += u16::try_from(columns.min(self.left())).unwrap_or(0);
        self
    }

    /// Fills the rest of the row with a sign.
    pub fn fill(&mut self, sign: &str, columns: usize, style: Style) -> &mut Self {
        for _ in 0..columns.min(self.left()) {
            self.buf[(self.x, self.y)].set_symbol(sign).set_style(style);
            self.x += 1;
        }
        self
    }

    /// Puts a text here without moving; says how many columns it took.
    fn put(&mut self, text: &str, room: usize, style: Style) -> usize {
        let ascii = (!self.glyphs.utf8).then(|| in_ascii(text));
        let text = ascii.as_deref().unwrap_or(text);
        let room = room.min(self.left());
        let takes = width(text);
        if room == 0 {
            return 0;
        }
        if takes <= room {
            self.buf.set_stringn(self.x, self.y, text, room, style);
            return takes;
        }
        let (mark_at, _) = self.buf.set_stringn(self.x, self.y, text, room - 1, style);
        self.buf.set_stringn(mark_at, self.y, self.glyphs.cut, 1, style);
        room
    }
}
