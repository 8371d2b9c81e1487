//! Every command of the table with the keys it has now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::keymap::Keymap;
use crate::console::layout::framed;
use crate::console::model::overlay::Help;
use crate::console::text::{counted, width};
use crate::console::theme::Theme;

const KEYS: usize = 16;
const WHERE: usize = 26;

/// From this width on there is room to say where a key works.
const WHERE_FROM: usize = 110;

pub fn draw(help: &Help, keymap: &Keymap, socket: Option<&str>, theme: Theme, body: Rect, buf: &mut Buffer) {
    let bindings = help.bindings(keymap);
    clear(buf, body);
    let title = if help.query.is_empty() {
        socket.map_or_else(|| "Keys".to_owned(), |path| format!("Keys; from outside: {path}"))
    } else {
        format!(
            "Keys: {} with '{}'",
            counted(bindings.len(), "command"),
            help.query
        )
    };
    frame(buf, theme, body, &title, true, &[]);
    let area = framed(body);
    let page = usize::from(area.height);
    thumb(buf, theme, area, help.top, page, bindings.len());
    let with_where = usize::from(area.width) >= WHERE_FROM;
    for (at, binding) in bindings.iter().skip(help.top).take(page).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        let keys = keymap.spelt(binding, theme.glyphs.utf8);
        pen.column(KEYS.max(width(&keys) + 1), &keys, BOLD);
        if with_where {
            pen.column(WHERE, &binding.where_it_works(), PLAIN);
        }
        pen.write(binding.help, PLAIN);
        if !with_where {
            pen.write(&format!("  ({})", binding.where_it_works()), PLAIN);
        }
    }
}
