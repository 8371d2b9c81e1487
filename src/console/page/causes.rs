//! The page of the causes of dates that need attention: a line per cause, and the selected one in full. Reruns all dates
//! with the same cause at once.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::command::confirm::{self, ShortRows};
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::causes::{ABOUT, ABOVE, Causes, DateCause, causes, dates};
use crate::console::model::command_line::command_line;
use crate::console::model::filter::Filter;
use crate::console::model::list::{Scroll, first_in_view};
use crate::console::model::overlay::Overlay;
use crate::console::model::page::{Handled, Page};
use crate::console::text::{count, counted, sanitised, wrapped};
use crate::console::theme::{SELECTED, Theme};
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::StageView;
use crate::partition::{Partition, compact};

const STATE: usize = 11;
const DATES: usize = 7;
const ROWS: usize = 17;

/// Opens the causes for which dates of the stage in view need attention or are outdated.
pub fn open(model: &mut Model) {
    let Some(stage) = model.stage() else {
        return;
    };
    let name = stage.name.clone();
    if causes(stage).is_empty() {
        model.notice(false, format!("no date of {name} needs attention"));
        return;
    }
    model.overlay = Some(Overlay::Causes(Causes {
        stage: name,
        cursor: 0,
    }));
}

fn stage<'a>(model: &'a Model, page: &Causes) -> Option<&'a StageView> {
    let mut stages = model.snapshot.iter().flat_map(|snapshot| &snapshot.stages);
    stages.find(|stage| stage.name == page.stage)
}

fn selected(model: &Model, page: &Causes) -> Option<Vec<Partition>> {
    causes(stage(model, page)?).get(page.cursor).map(dates)
}

impl Page for Causes {
    fn place(&self) -> KeyContext {
        KeyContext::Causes
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(snapshot) = model.snapshot.clone() else {
            return Handled::No;
        };
        match (action, selected(model, self)) {
            (Action::Open, Some(dates)) => {
                model.dates.show(&snapshot, &self.stage);
                // The filter could hide the date.
                model.dates.filter = None;
                if let Some(first) = dates.first() {
                    model.dates.go(&snapshot, *first);
                }
            }
            (Action::Filter, _) => {
                model.dates.show(&snapshot, &self.stage);
                let filter = model.stage().and_then(|stage| {
                    let causes = causes(stage);
                    causes.get(self.cursor).map(Filter::of_cause)
                });
                model.dates.show_only(&snapshot, filter);
            }
            (Action::Rerun, Some(dates)) => {
                confirm::rerun(model, &self.stage, &dates, ShortRows::Kept, None, "");
                // The page stays open if the rerun is refused.
                return Handled::Stay(Vec::new());
            }
            _ => return Handled::No,
        }
        model.focus_on(Pane::Dates);
        Handled::Close(Vec::new())
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let len = stage(model, self).map_or(0, |stage| causes(stage).len());
        Some(Scroll::cursor(&mut self.cursor, Self::page(body), len))
    }

    /// The shell command that reruns the dates of the selected cause.
    fn copied(&self, model: &Model) -> Option<String> {
        let dates = selected(model, self)?;
        command_line(&confirm::rerun_command(&self.stage, &dates, ShortRows::Kept))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(stage) = stage(model, self) else {
            return;
        };
        let title = format!("{}: failures by cause", stage.name);
        let area = page_frame(buf, theme, body, &title, &[]);
        let causes = causes(stage);
        let all: usize = causes.iter().map(|cause| cause.things.len()).sum();
        let about = format!("{}, {}", counted(all, "date"), counted(causes.len(), "cause"));
        Pen::on(buf, theme, row(area, 0)).write(&about, PLAIN);
        let mut head = Pen::on(buf, theme, row(area, 1));
        head.column(STATE, "", BOLD)
            .number(DATES, "dates", BOLD)
            .number(ROWS, "rows", BOLD)
            .skip(2);
        head.write("cause", BOLD);
        let room = Causes::page(body);
        let top = first_in_view(0, self.cursor, room, causes.len());
        let rows = Rect {
            y: area.y + ABOVE,
            height: u16::try_from(room).unwrap_or(0),
            ..area
        };
        thumb(buf, theme, rows, top, room, causes.len());
        for (at, cause) in causes.iter().enumerate().skip(top).take(room) {
            let line = row(rows, at - top);
            let mut pen = Pen::on(buf, theme, line);
            let state = format!("{} {}", theme.glyphs.unit(cause.kind), cause.kind);
            pen.column(STATE, &state, theme.unit(cause.kind))
                .number(DATES, &count(cause.things.len() as u64), PLAIN)
                .number(ROWS, &stored(cause), PLAIN)
                .skip(2);
            pen.write(&sanitised(&cause.reason), PLAIN);
            if at == self.cursor {
                buf.set_style(line, SELECTED);
            }
        }
        if let Some(cause) = causes.get(self.cursor) {
            in_full(cause, theme, area, buf);
        }
    }
}

/// Stored and expected rows of the dates of a cause.
fn stored(cause: &DateCause<'_>) -> String {
    let sum = |of: fn(&crate::engine::UnitView) -> u32| {
        cause.things.iter().map(|unit| u64::from(of(unit))).sum::<u64>()
    };
    format!(
        "{} of {}",
        count(sum(|unit| unit.rows)),
        count(sum(|unit| unit.expected))
    )
}

/// The reason in up to two lines, and the dates in one.
fn in_full(cause: &DateCause<'_>, theme: Theme, area: Rect, buf: &mut Buffer) {
    let foot = usize::from(area.height.saturating_sub(ABOUT));
    let reason = sanitised(&cause.reason);
    for (at, piece) in wrapped(&reason, usize::from(area.width))
        .into_iter()
        .take(2)
        .enumerate()
    {
        Pen::on(buf, theme, row(area, foot + at)).write(piece, theme.unit(cause.kind));
    }
    Pen::on(buf, theme, row(area, foot + 2)).write(&compact(&dates(cause)), PLAIN);
}
