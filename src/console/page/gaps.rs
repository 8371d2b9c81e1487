//! The page of NULLs and data issues in the rows of a stage, sorted by affected rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::keymap::KeyContext;
use crate::console::model::Model;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{ABOVE_GAPS, GapsPage, Overlay, page};
use crate::console::model::page::Page;
use crate::console::text::{count, counted};
use crate::console::theme::Theme;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::StageView;

/// Columns of a count, a percentage and a number of dates.
const COUNT: usize = 11;
const PERCENT: usize = 8;
const DATES: usize = 8;

/// Opens the page for the stage in view.
pub fn open(model: &mut Model) {
    if let Some(stage) = model.stage() {
        model.overlay = Some(Overlay::Gaps(GapsPage {
            stage: stage.name.clone(),
            top: 0,
        }));
    }
}

fn stage<'a>(model: &'a Model, page: &GapsPage) -> Option<&'a StageView> {
    let mut stages = model.snapshot.iter().flat_map(|snapshot| &snapshot.stages);
    stages.find(|stage| stage.name == page.stage)
}

impl Page for GapsPage {
    fn place(&self) -> KeyContext {
        KeyContext::Gaps
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let len = stage(model, self).map_or(0, |stage| stage.gaps.len());
        Some(Scroll::top(&mut self.top, page(body, ABOVE_GAPS), len))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(stage) = stage(model, self) else {
            return;
        };
        let title = format!("{}: NULLs and data issues", stage.name);
        let area = page_frame(buf, theme, body, &title, &[]);
        let about = match stage.gaps.len() {
            0 => "no rows stored yet, or nothing missing".to_owned(),
            gaps => format!(
                "{} in {}; a gap is not a failure, the checks decide",
                counted(gaps, "gap"),
                counted(stage.rows, "row")
            ),
        };
        Pen::on(buf, theme, row(area, 0)).write(&about, PLAIN);
        let above = usize::from(ABOVE_GAPS);
        let room = usize::from(area.height).saturating_sub(above);
        thumb(buf, theme, area, self.top, room, stage.gaps.len());
        let mut line = |at: usize, [rows, share, dates, what]: [&str; 4], style| {
            let mut pen = Pen::on(buf, theme, row(area, at));
            pen.number(COUNT, rows, style);
            pen.number(PERCENT, share, style);
            pen.number(DATES, dates, style);
            pen.skip(2);
            pen.write(what, style);
        };
        line(above - 1, ["rows", "%", "dates", "column or issue"], BOLD);
        for (at, gap) in stage.gaps.iter().skip(self.top).take(room).enumerate() {
            let cells = [
                &count(gap.rows),
                &percent(gap.rows, stage.rows),
                &count(gap.dates),
                gap.what.as_ref(),
            ];
            line(above + at, cells, PLAIN);
        }
    }
}

/// Percentage of rows with a gap; 100.0 only if every row has one.
#[allow(clippy::cast_precision_loss, reason = "a table has far fewer than 2^53 rows")]
fn percent(part: u64, all: u64) -> String {
    match part {
        part if part == all => "100.0".to_owned(),
        part => format!("{:.1}", (100.0 * part as f64 / all.max(1) as f64).min(99.9)),
    }
}
