//! Draws the sample before a run: its result by date, and the columns that are NULL.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::overlay::SamplePage;
use crate::console::model::sample::{STATE_COLUMNS, lines};
use crate::console::theme::Theme;
use crate::engine::Topic;

pub fn draw(model: &Model, page: SamplePage, theme: Theme, body: Rect, buf: &mut Buffer) {
    clear(buf, body);
    let run = model.snapshot.as_ref().map(|snapshot| &snapshot.run);
    let title = if run.is_some_and(|run| run.waits_for(Topic::Sample)) {
        "Sample: nothing written yet"
    } else {
        "Sample"
    };
    frame(buf, theme, body, title, true, &[]);
    let area = framed(body);
    let lines = lines(model, usize::from(area.width));
    let room = usize::from(area.height);
    thumb(buf, theme, area, page.top, room, lines.len());
    for (at, line) in lines.iter().skip(page.top).take(room).enumerate() {
        let mut pen = Pen::on(buf, theme, row(area, at));
        match line.state {
            Some(state) => {
                let text = format!("{} {}", theme.glyphs.sample(state), state.word());
                pen.column(STATE_COLUMNS, &text, theme.sample(state));
            }
            None => {
                pen.skip(line.indent);
            }
        }
        pen.write(&line.text, if line.bold { BOLD } else { PLAIN });
    }
}
