//! Writes text into a row of the buffer, never outside of it. Text that doesn't fit ends with a mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;

use crate::console::glyphs::Glyphs;
use crate::console::text::{in_ascii, signs, width};
use crate::console::theme::Theme;

pub const PLAIN: Style = Style::new();

/// Emphasised text.
pub const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// A position in a row of the buffer that moves right while writing.
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    glyphs: &'static Glyphs,
    x: u16,
    y: u16,
    end: u16,
}

/// Row `at` of an area, counted from its top; empty if the area has fewer rows.
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

/// Content of a cell covered by the wide character before it. It looks empty but differs from a space, so the cell
/// counts as changed and is redrawn when the wide character goes; some terminals would leave half of it on screen.
const COVERED: &str = "\u{a0}";

/// Clears an area for an overlay. A wide character that reaches into it is removed whole.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    Clear.render(area, buf);
    let Some(before) = area.x.checked_sub(1).filter(|x| *x >= buf.area.x) else {
        return;
    };
    for y in area.top()..area.bottom() {
        let cell = &mut buf[(before, y)];
        if width(cell.symbol()) > 1 {
            cell.set_symbol(" ");
        }
    }
}

impl<'a> Pen<'a> {
    /// A pen at the left end of the first row of the area.
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

    /// Columns left in the row.
    pub fn left(&self) -> usize {
        usize::from(self.end - self.x)
    }

    /// Writes as much of a text as fits.
    pub fn write(&mut self, text: &str, style: Style) -> &mut Self {
        let used = self.put(text, self.left(), style);
        self.skip(used)
    }

    /// Writes a text into a column of this width and moves past the column.
    pub fn column(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        self.put(text, columns.saturating_sub(1), style);
        self.skip(columns)
    }

    /// Writes a text right-aligned into a column of this width, with a gap after it.
    pub fn number(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        let room = columns.saturating_sub(1);
        let indent = room.saturating_sub(width(text));
        self.skip(indent);
        self.put(text, room, style);
        self.skip(columns - indent)
    }

    /// Writes a text at the right end of the row and reserves its columns.
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

    /// Moves right by up to this many columns.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        self.x += u16::try_from(columns.min(self.left())).unwrap_or(0);
        self
    }

    /// Repeats a character of one column.
    pub fn fill(&mut self, sign: &str, columns: usize, style: Style) -> &mut Self {
        for _ in 0..columns.min(self.left()) {
            self.buf[(self.x, self.y)].set_symbol(sign).set_style(style);
            self.x += 1;
        }
        self
    }

    /// Writes a text without moving; returns the columns used.
    fn put(&mut self, text: &str, room: usize, style: Style) -> usize {
        let ascii = (!self.glyphs.utf8).then(|| in_ascii(text));
        let text = ascii.as_deref().unwrap_or(text);
        let room = room.min(self.left());
        let takes = width(text);
        if room == 0 {
            return 0;
        }
        if takes <= room {
            self.set(text, room, style);
            return takes;
        }
        let used = self.set(text, room - 1, style);
        self.set_sign(used, self.glyphs.cut, 1, style);
        room
    }

    /// Sets the characters of a text that fit; returns the columns used.
    fn set(&mut self, text: &str, room: usize, style: Style) -> usize {
        let mut used = 0;
        for (sign, columns) in signs(text) {
            if used + columns > room {
                break;
            }
            self.set_sign(used, &sign, columns, style);
            used += columns;
        }
        used
    }

    /// Sets a character at an offset, and marks the cells it covers.
    fn set_sign(&mut self, at: usize, sign: &str, columns: usize, style: Style) {
        let Ok(at) = u16::try_from(at) else { return };
        let x = self.x + at;
        let end = x
            .saturating_add(u16::try_from(columns).unwrap_or(u16::MAX))
            .min(self.end);
        // Characters of one column each may form one cluster.
        let mut letters = sign.graphemes(true);
        for x in x..end {
            let cell = &mut self.buf[(x, self.y)];
            if let Some(letter) = letters.next() {
                cell.set_symbol(letter).set_style(style);
            } else {
                cell.reset();
                cell.set_symbol(COVERED);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use rstest::rstest;

    use super::*;
    use crate::console::theme::Palette;

    const AREA: Rect = Rect::new(0, 0, 12, 1);

    fn terminal() -> vt100::Parser {
        let cells = |count| NonZeroU16::new(count).unwrap();
        vt100::Parser::new(cells(AREA.height), cells(AREA.width), 0)
    }

    fn written(text: &str) -> Buffer {
        let mut buf = Buffer::empty(AREA);
        Pen::on(&mut buf, Theme::new(Palette::Auto, true, true), AREA).write(text, PLAIN);
        buf
    }

    /// Feeds a terminal the difference of two screens and returns what it shows.
    fn shown(terminal: &mut vt100::Parser, before: &Buffer, after: &Buffer) -> String {
        for (x, y, cell) in before.diff(after) {
            terminal.process(format!("\x1b[{};{}H{}", y + 1, x + 1, cell.symbol()).as_bytes());
        }
        terminal.screen().contents()
    }

    #[rstest]
    #[case("日本語", "日本語")]
    #[case("🇯🇵/🇫🇷 ☹ x", "JP/FR ☹ x")]
    #[case("👨‍👩‍👧 x", "👨 x")]
    #[case("e\u{301}\u{200b}x", "e\u{301}x")]
    #[case("a\u{202e}b\u{1b}c", "ab c")]
    fn wide_characters_leave_no_remains(#[case] text: &str, #[case] seen: &str) {
        let mut terminal = terminal();
        let (empty, full) = (Buffer::empty(AREA), written(text));
        assert_eq!(shown(&mut terminal, &empty, &full).trim_end(), seen);
        // Every cell a wide character covered is sent again, even if its new content is a space too.
        let cleared: Vec<u16> = full.diff(&empty).into_iter().map(|(x, ..)| x).collect();
        let inked = (0..AREA.width).filter(|x| full[(*x, 0)].symbol() != " ");
        assert_eq!(cleared, inked.collect::<Vec<_>>());
        assert_eq!(
            shown(&mut terminal, &full, &empty).replace('\u{a0}', " ").trim(),
            ""
        );
    }

    #[test]
    fn covering_half_a_wide_character_clears_all_of_it() {
        let mut buf = written("a日本語b");
        clear(&mut buf, Rect::new(2, 0, 2, 1));
        let row: String = (0..8).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(row.replace('\u{a0}', "~"), "a   ~語~b");
        let mut terminal = terminal();
        let seen = shown(&mut terminal, &Buffer::empty(AREA), &buf);
        assert_eq!(seen.replace('\u{a0}', " ").trim_end(), "a    語b");
    }

    #[test]
    fn truncated_text_ends_with_a_marker_and_no_half_character() {
        let mut buf = Buffer::empty(AREA);
        let narrow = Rect { width: 4, ..AREA };
        Pen::on(&mut buf, Theme::new(Palette::Auto, true, true), narrow).write("日本語", PLAIN);
        let row: Vec<&str> = (0..5).map(|x| buf[(x, 0)].symbol()).collect();
        assert_eq!(row, ["日", COVERED, "›", " ", " "]);
    }
}
