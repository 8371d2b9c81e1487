//! The sample before a run: its result by date, and the columns that are NULL. The page opens when the run pauses for
//! review and accepts both answers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::command::{leave, run};
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{Overlay, SamplePage, page};
use crate::console::model::page::{Handled, Page};
use crate::console::model::sample::{STATE_COLUMNS, SampleLine, lines};
use crate::console::theme::Theme;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Topic;

/// Opens the page if this run has a sample.
pub fn open(model: &mut Model) {
    let sample = model
        .snapshot
        .as_ref()
        .and_then(|snapshot| snapshot.sample.as_ref());
    if sample.is_some_and(|sample| sample.message.is_some()) {
        model.overlay = Some(Overlay::Sample(SamplePage::default()));
    } else {
        model.notice(
            true,
            "this run has no sample; take one with 'backcourt run --sample'",
        );
    }
}

impl Page for SamplePage {
    fn place(&self) -> KeyContext {
        KeyContext::Sample
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        match action {
            Action::PauseResume => Handled::Close(run::pause_or_resume(model)),
            Action::Quit => Handled::Close(leave::quit(model)),
            _ => Handled::No,
        }
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let len = lines(model, usize::from(framed(body).width)).len();
        Some(Scroll::top(&mut self.top, page(body, 0), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        let lines = lines(model, usize::MAX);
        let line = |line: &SampleLine| match line.state {
            Some(state) => format!("{state} {}", line.text),
            None => line.text.clone(),
        };
        Some(lines.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let run = model.snapshot.as_ref().map(|snapshot| &snapshot.run);
        let title = if run.is_some_and(|run| run.waits_for(Topic::Sample)) {
            "Sample: nothing written yet"
        } else {
            "Sample"
        };
        let area = page_frame(buf, theme, body, title, &[]);
        let lines = lines(model, usize::from(area.width));
        let room = usize::from(area.height);
        thumb(buf, theme, area, self.top, room, lines.len());
        for (at, line) in lines.iter().skip(self.top).take(room).enumerate() {
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
}
