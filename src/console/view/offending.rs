//! Draws the failing dates of a check, each with its state.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dates::in_words;
use super::frame::{frame, thumb};
use super::pen::{PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::checklist::{is_of_sources, named};
use crate::console::model::dates::unit;
use crate::console::model::list::first_in_view;
use crate::console::model::overlay::Offending;
use crate::console::theme::{SELECTED, Theme};

pub fn draw(model: &Model, list: &Offending, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let Some(check) = named(snapshot, &list.check) else {
        return;
    };
    clear(buf, body);
    let title = format!("Failing dates of {}", check.name);
    frame(buf, theme, body, &title, true, &[]);
    let area = framed(body);
    let room = usize::from(area.height);
    let top = first_in_view(0, list.cursor, room, check.offending.len());
    thumb(buf, theme, area, top, room, check.offending.len());
    // Raw-data checks belong to no stage; they show the states of the stage in view.
    let stage = if is_of_sources(snapshot, &check.name) {
        model.stage()
    } else {
        snapshot.stages.iter().find(|stage| stage.name == check.stage)
    };
    for (at, date) in check.offending.iter().enumerate().skip(top).take(room) {
        let line = row(area, at - top);
        let mut pen = Pen::on(buf, theme, line);
        pen.write(&format!("{} {date}  ", date.format("%a")), PLAIN);
        match stage.and_then(|stage| unit(stage, *date)) {
            Some(unit) => in_words(unit, theme, &mut pen),
            None => {
                pen.write("outside this run", PLAIN);
            }
        }
        if at == list.cursor {
            buf.set_style(line, SELECTED);
        }
    }
}
