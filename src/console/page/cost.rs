//! The cost page: estimated and billed cost per stage. It also shows the question about the cost.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::console::command::run;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::framed;
use crate::console::model::Model;
use crate::console::model::cost::{CostLine, lines};
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{CostPage, Overlay, page};
use crate::console::model::page::{Handled, Page};
use crate::console::theme::Theme;
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Topic;

/// Columns of expected bytes, billed bytes, slot time and job count; the names get the rest.
const NUMBERS: [usize; 4] = [12, 11, 11, 8];

/// Opens the page if the warehouse bills.
pub fn open(model: &mut Model) {
    let bills = (model.snapshot.iter()).any(|snapshot| snapshot.run.billed.is_some());
    if bills {
        model.overlay = Some(Overlay::Cost(CostPage::default()));
    } else {
        model.notice(false, "this warehouse bills nothing");
    }
}

impl Page for CostPage {
    fn place(&self) -> KeyContext {
        KeyContext::Cost
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let waits = (model.snapshot.iter()).any(|snapshot| snapshot.run.waits_for(Topic::Cost));
        if action == Action::Accept && waits {
            return Handled::Close(run::pause_or_resume(model));
        }
        Handled::No
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let columns = usize::from(framed(body).width);
        let len = lines(model.snapshot.as_deref()?, columns).len();
        Some(Scroll::top(&mut self.top, page(body, 0), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        let snapshot = model.snapshot.as_ref()?;
        let line = |line: CostLine| match line {
            CostLine::Columns => Some("for\texpected\tbilled\tslot time\tjobs".to_owned()),
            CostLine::Row(row) => {
                Some([row.name, row.expected, row.billed, row.slot_time, row.jobs].join("\t"))
            }
            CostLine::Text(text) => Some(text),
            CostLine::Gap => None,
        };
        let lines = lines(snapshot, usize::MAX).into_iter().filter_map(line);
        Some(lines.collect::<Vec<_>>().join("\n"))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(snapshot) = &model.snapshot else {
            return;
        };
        let title = if snapshot.run.waits_for(Topic::Cost) {
            "Cost: not started yet"
        } else {
            "Cost"
        };
        let area = page_frame(buf, theme, body, title, &[]);
        let lines = lines(snapshot, usize::from(area.width));
        let room = usize::from(area.height);
        thumb(buf, theme, area, self.top, room, lines.len());
        for (at, line) in lines.iter().skip(self.top).take(room).enumerate() {
            let mut pen = Pen::on(buf, theme, row(area, at));
            match line {
                CostLine::Columns => cells(&mut pen, "", ["expected", "billed", "slot time", "jobs"], BOLD),
                CostLine::Row(row) => {
                    pen.skip(2 * usize::from(row.is_part));
                    cells(
                        &mut pen,
                        &row.name,
                        [&row.expected, &row.billed, &row.slot_time, &row.jobs],
                        PLAIN,
                    );
                }
                CostLine::Text(text) => {
                    pen.write(text, PLAIN);
                }
                CostLine::Gap => {}
            }
        }
    }
}

fn cells(pen: &mut Pen<'_>, name: &str, numbers: [&str; 4], style: Style) {
    let name_columns = pen.left().saturating_sub(NUMBERS.iter().sum());
    pen.column(name_columns, name, style);
    for (columns, number) in NUMBERS.into_iter().zip(numbers) {
        pen.number(columns, number, style);
    }
}
