//! The page of the failing dates of a check, each with its state.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::calendar::titled;
use crate::console::command::confirm;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::checklist::{is_of_sources, named};
use crate::console::model::dates::unit;
use crate::console::model::list::{Scroll, first_in_view};
use crate::console::model::overlay::{FailingDates, Overlay, Sources, page};
use crate::console::model::page::{Handled, Page};
use crate::console::theme::{SELECTED, Theme};
use crate::console::view::dates::in_words;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{PLAIN, Pen, row};

impl Page for FailingDates {
    fn place(&self) -> KeyContext {
        KeyContext::FailingDates
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(snapshot) = model.snapshot.clone() else {
            return Handled::Close(Vec::new());
        };
        let Some(check) = named(&snapshot, &self.check) else {
            return Handled::Close(Vec::new());
        };
        let of_sources = is_of_sources(&snapshot, &self.check);
        match action {
            Action::Open => {
                if let Some(date) = check.failing_dates.get(self.cursor) {
                    model.dates.go(&snapshot, *date);
                    model.focus_on(Pane::Dates);
                }
            }
            Action::Reload => confirm::reload(model, check.failing_dates.to_vec()),
            Action::Back if of_sources => {
                let sources = Sources::at(&snapshot.sources, &self.check);
                model.overlay = Some(Overlay::Sources(sources));
            }
            Action::RerunFailing => {
                if of_sources {
                    let reload = model.key_of(KeyContext::FailingDates, Action::Reload, false);
                    let sentence = format!("these are dates of raw rows: {reload} reloads them");
                    model.notice(false, sentence);
                } else {
                    confirm::rerun_failing(model, check);
                }
                // The list stays open if the rerun is refused.
                return Handled::Stay(Vec::new());
            }
            _ => return Handled::No,
        }
        Handled::Close(Vec::new())
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let check = named(model.snapshot.as_deref()?, &self.check);
        let len = check.map_or(0, |check| check.failing_dates.len());
        Some(Scroll::cursor(&mut self.cursor, page(body, 0), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        let check = named(model.snapshot.as_ref()?, &self.check)?;
        let dates: Vec<_> = check.failing_dates.iter().map(ToString::to_string).collect();
        Some(dates.join("\n"))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(snapshot) = &model.snapshot else {
            return;
        };
        let Some(check) = named(snapshot, &self.check) else {
            return;
        };
        let title = format!("Failing dates of {}", check.name);
        let area = page_frame(buf, theme, body, &title, &[]);
        let room = usize::from(area.height);
        let top = first_in_view(0, self.cursor, room, check.failing_dates.len());
        thumb(buf, theme, area, top, room, check.failing_dates.len());
        // Raw-data checks belong to no stage; they show the states of the stage in view.
        let stage = if is_of_sources(snapshot, &check.name) {
            model.stage()
        } else {
            snapshot.stages.iter().find(|stage| stage.name == check.stage)
        };
        for (at, date) in check.failing_dates.iter().enumerate().skip(top).take(room) {
            let line = row(area, at - top);
            let mut pen = Pen::on(buf, theme, line);
            pen.write(&format!("{}  ", titled(*date)), PLAIN);
            match stage.and_then(|stage| unit(stage, *date)) {
                Some(unit) => in_words(unit, theme, &mut pen),
                None => {
                    pen.write("outside this run", PLAIN);
                }
            }
            if at == self.cursor {
                buf.set_style(line, SELECTED);
            }
        }
    }
}
