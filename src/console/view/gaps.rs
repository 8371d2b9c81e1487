//! Draws the NULLs and data issues in the rows of a stage, sorted by affected rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::{frame, thumb};
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::overlay::{ABOVE_GAPS, Gaps};
use crate::console::text::{count, counted};
use crate::console::theme::Theme;

/// Columns of a count, a percentage and a number of dates.
const COUNT: usize = 11;
const PERCENT: usize = 8;
const DATES: usize = 8;

pub fn draw(model: &Model, list: &Gaps, theme: Theme, body: Rect, buf: &mut Buffer) {
    let stages = model.snapshot.iter().flat_map(|snapshot| &snapshot.stages);
    let Some(stage) = stages.into_iter().find(|stage| stage.name == list.stage) else {
        return;
    };
    clear(buf, body);
    let title = format!("{}: NULLs and data issues", stage.name);
    frame(buf, theme, body, &title, true, &[]);
    let area = framed(body);
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
    thumb(buf, theme, area, list.top, room, stage.gaps.len());
    let mut line = |at: usize, [rows, share, dates, what]: [&str; 4], style| {
        let mut pen = Pen::on(buf, theme, row(area, at));
        pen.number(COUNT, rows, style);
        pen.number(PERCENT, share, style);
        pen.number(DATES, dates, style);
        pen.skip(2);
        pen.write(what, style);
    };
    line(above - 1, ["rows", "%", "dates", "column or issue"], BOLD);
    for (at, gap) in stage.gaps.iter().skip(list.top).take(room).enumerate() {
        let cells = [
            &count(gap.rows),
            &percent(gap.rows, stage.rows),
            &count(gap.dates),
            gap.what.as_ref(),
        ];
        line(above + at, cells, PLAIN);
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
