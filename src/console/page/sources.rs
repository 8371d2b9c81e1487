//! The Sources page: the checks of the raw tables and their results.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::model::Model;
use crate::console::model::checklist::as_text;
use crate::console::model::list::{Scroll, first_in_view};
use crate::console::model::overlay::{ABOUT_SOURCE, FailingDates, Overlay, Sources, page};
use crate::console::model::page::{Handled, Page};
use crate::console::text;
use crate::console::theme::{SELECTED, Theme};
use crate::console::view::badge::of_sources;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::{CheckView, Checks, Command};
use crate::ledger::CheckState;

/// Columns of a state, wide enough for any, if there is room.
const STATE: usize = 11;

/// Maximum width of a value in the list; the foot shows all of it.
const VALUE: usize = 24;

/// Dates listed at the foot of the page.
const DATES: usize = 4;

/// Opens the page and dismisses the hint about failing source checks.
pub fn open(model: &mut Model) {
    model.sources_seen = true;
    model.overlay = Some(Overlay::Sources(Sources::default()));
}

impl Page for Sources {
    fn place(&self) -> KeyContext {
        KeyContext::Sources
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let snapshot = model.snapshot.clone();
        let sources = snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.sources);
        let Some(source) = sources.get(self.cursor) else {
            return Handled::No;
        };
        let run = |names| Handled::Stay(vec![Effect::Send(Command::Check(Checks::Named(names)))]);
        match action {
            Action::CheckAll => run(sources.iter().map(|source| source.name.clone()).collect()),
            Action::CheckOne => run(vec![source.name.clone()]),
            Action::FailingDates if source.failing_dates.is_empty() => {
                model.notice(false, format!("{} has no failing dates", source.name));
                Handled::Stay(Vec::new())
            }
            Action::FailingDates => {
                model.overlay = Some(Overlay::FailingDates(FailingDates::of(source)));
                Handled::Close(Vec::new())
            }
            _ => Handled::No,
        }
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let len = model.snapshot.as_ref()?.sources.len();
        Some(Scroll::cursor(&mut self.cursor, page(body, ABOUT_SOURCE), len))
    }

    /// The selected check with its dates.
    fn copied(&self, model: &Model) -> Option<String> {
        let sources = &model.snapshot.as_ref()?.sources;
        sources.get(self.cursor).map(as_text)
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(snapshot) = &model.snapshot else {
            return;
        };
        let area = page_frame(buf, theme, body, "Sources", &of_sources(snapshot));
        let Some(marked) = snapshot.sources.get(self.cursor) else {
            Pen::on(buf, theme, row(area, 0)).write("This plan has no raw-data checks.", PLAIN);
            return;
        };
        let room = usize::from(area.height.saturating_sub(ABOUT_SOURCE));
        let len = snapshot.sources.len();
        let top = first_in_view(0, self.cursor, room, len);
        thumb(buf, theme, area, top, room, len);
        let columns = SourceColumns::of(&snapshot.sources, usize::from(area.width));
        for (at, source) in snapshot.sources.iter().enumerate().skip(top).take(room) {
            let line = row(area, at - top);
            let style = theme.check(source.state);
            let state = format!("{} {}", theme.glyphs.check(source.state), source.state);
            Pen::on(buf, theme, line)
                .column(columns.state, &state, style)
                .column(columns.feed, &source.stage, PLAIN)
                .column(columns.title, &source.title, PLAIN)
                .write(&value(source), style);
            if at == self.cursor {
                buf.set_style(line, SELECTED);
            }
        }
        draw_source(marked, theme, area, room, buf);
    }
}

fn value(source: &CheckView) -> Cow<'_, str> {
    text::measured(source.value.as_deref().unwrap_or("-"))
}

/// Columns as wide as their content; if that is too wide, the title is cut, since the foot shows it too.
struct SourceColumns {
    state: usize,
    feed: usize,
    title: usize,
}

impl SourceColumns {
    fn of(sources: &[CheckView], width: usize) -> Self {
        let widest = |of: &dyn Fn(&CheckView) -> usize| sources.iter().map(of).max().unwrap_or(0);
        let feed = widest(&|source| text::width(&source.stage)) + 1;
        let found = widest(&|source| text::width(&value(source)).min(VALUE));
        let title = widest(&|source| text::width(&source.title)) + 1;
        let state = match STATE {
            roomy if roomy + feed + title + found <= width => roomy,
            _ => widest(&|source| 2 + source.state.word().len()) + 1,
        };
        Self {
            state,
            feed,
            title: title.min(width.saturating_sub(state + feed + found)),
        }
    }
}

/// The selected check in full, at the foot of the page.
fn draw_source(source: &CheckView, theme: Theme, area: Rect, from: usize, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, row(area, from));
    pen.write(&source.name, BOLD)
        .write(&format!("  {}", source.title), PLAIN);
    if let (Some(asked), Some(seconds)) = (source.run_at, source.seconds) {
        let took = format!(", took {:.0} ms", 1000.0 * seconds);
        let texts = [
            format!("  ran {}{took}", asked.format("%Y-%m-%d %H:%M")),
            format!("  ran {}", asked.format("%m-%d %H:%M")),
        ];
        if let Some(text) = texts.iter().find(|text| text::width(text) <= pen.left()) {
            pen.write(text, PLAIN);
        }
    }
    Pen::on(buf, theme, row(area, from + 1))
        .write(&value(source), theme.check(source.state))
        .write(&format!("  target {}", source.target), PLAIN);
    let mut pen = Pen::on(buf, theme, row(area, from + 2));
    let standing = match source.state {
        CheckState::Pending => "not run yet",
        CheckState::Running => "running",
        CheckState::Outdated => "raw rows have changed since; run it again",
        _ if source.failing_dates.is_empty() => "no failing dates",
        _ => "",
    };
    pen.write(standing, PLAIN);
    if !standing.is_empty() {
        return;
    }
    for date in source.failing_dates.iter().take(DATES) {
        pen.write(&format!("{date} "), theme.check(source.state));
    }
    if source.failing_dates.len() > DATES {
        pen.write(&format!("and {} more", source.failing_dates.len() - DATES), PLAIN);
    }
}
