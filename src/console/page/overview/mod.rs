//! The Overview page: a row a stage, a cell a month or another period, and the throughput of the run. Its keys; `draw`
//! and `chart` draw it.

mod chart;
mod draw;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::{Pane, framed};
use crate::console::model::Model;
use crate::console::model::list::Scroll;
use crate::console::model::overlay::Overlay;
use crate::console::model::overview::{
    OverviewColumns, OverviewPage, OverviewRows, states_of, units_in, worst_unit,
};
use crate::console::model::page::{Handled, Page};
use crate::console::text::count;
use crate::console::theme::Theme;
use crate::engine::Snapshot;
use crate::partition::Partition;

/// Opens the page at the stage and date of the Dates pane.
pub fn open(model: &mut Model) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let shown = model.stage().map(|stage| stage.name.as_str());
    let stage = snapshot
        .stages
        .iter()
        .position(|stage| Some(stage.name.as_str()) == shown);
    let day = model.dates.cursor.map(Partition::first_day);
    model.overlay = Some(Overlay::Overview(OverviewPage::at(stage.unwrap_or(0), day)));
    model.clamp_page();
}

/// The columns of the page on the screen.
fn columns(model: &Model, snapshot: &Snapshot) -> Option<OverviewColumns> {
    let area = framed(model.layout()?.body);
    Some(OverviewColumns::of(snapshot, usize::from(area.width)))
}

/// Goes to the first date in the worst state of the selected cell.
fn go_to_dates(page: &OverviewPage, model: &mut Model, snapshot: &Snapshot) -> Handled {
    let Some(stage) = snapshot.stages.get(page.stage) else {
        return Handled::No;
    };
    let scale = columns(model, snapshot).and_then(|columns| columns.scale);
    let cell = scale.map(|scale| (scale, page.cell(scale)));
    let date = cell.and_then(|(scale, cell)| worst_unit(units_in(stage, scale, cell)));
    if let (None, Some((scale, cell))) = (date, cell)
        && !stage.units.is_empty()
    {
        model.notice(
            false,
            format!("{} has no dates in {}", stage.name, scale.title(cell)),
        );
        return Handled::Stay(Vec::new());
    }
    model.dates.show(snapshot, &stage.name);
    // The filter could hide the date, and a selection would grow to it.
    (model.dates.filter, model.dates.anchor) = (None, None);
    if let Some(unit) = date {
        model.dates.go(snapshot, unit.date);
    }
    model.focus_on(Pane::Dates);
    Handled::Close(Vec::new())
}

#[cfg(test)]
mod tests;

impl Page for OverviewPage {
    fn place(&self) -> KeyContext {
        KeyContext::Overview
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(snapshot) = model.snapshot.clone() else {
            return Handled::No;
        };
        if action == Action::Open {
            return go_to_dates(self, model, &snapshot);
        }
        let Some(scale) = columns(model, &snapshot).and_then(|columns| columns.scale) else {
            return Handled::No;
        };
        match action {
            Action::Left => self.select(scale, self.cell(scale).saturating_sub(1)),
            Action::Right => self.select(scale, self.cell(scale) + 1),
            Action::NextAttention | Action::PreviousAttention => {
                if !self.select_problem(scale, action == Action::NextAttention) {
                    model.notice(false, "no date needs attention");
                }
            }
            _ => return Handled::No,
        }
        Handled::Stay(Vec::new())
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let stages = model.snapshot.as_ref()?.stages.len();
        let rows = OverviewRows::of(usize::from(framed(body).height), stages);
        Some(Scroll::cursor(&mut self.stage, rows.stages, stages))
    }

    fn clamp(&mut self, model: &Model, body: Rect) {
        if let Some(snapshot) = &model.snapshot {
            let columns = OverviewColumns::of(snapshot, usize::from(framed(body).width));
            self.refresh(snapshot, &columns);
        }
    }

    fn click(&mut self, model: &Model, body: Rect, point: Position) {
        let (area, Some(snapshot)) = (framed(body), &model.snapshot) else {
            return;
        };
        if !area.contains(point) {
            return;
        }
        let stages = snapshot.stages.len();
        let rows = OverviewRows::of(usize::from(area.height), stages);
        let line = usize::from(point.y - area.y).checked_sub(1);
        let line = line.filter(|line| *line < rows.stages);
        let stage = line.map(|line| self.first_stage(rows.stages, stages) + line);
        let Some(stage) = stage.filter(|stage| *stage < stages) else {
            return;
        };
        self.stage = stage;
        let columns = OverviewColumns::of(snapshot, usize::from(area.width));
        if let Some(scale) = columns.scale
            && let Some(cell) = columns.cell_at(usize::from(point.x - area.x))
        {
            self.select(scale, self.first_cell(&columns, scale) + cell);
        }
    }

    /// The stage, the period and the number of dates in each state of the selected cell.
    fn copied(&self, model: &Model) -> Option<String> {
        let snapshot = model.snapshot.as_ref()?;
        let stage = snapshot.stages.get(self.stage)?;
        let scale = columns(model, snapshot)?.scale?;
        let cell = self.cell(scale);
        let states = states_of(units_in(stage, scale, cell)).into_iter();
        let states: Vec<String> = states
            .map(|(state, number)| format!("{} {state}", count(number)))
            .collect();
        let title = scale.title(cell);
        Some(format!("{}\t{title}\t{}", stage.name, states.join(", ")))
    }

    fn covers_panes(&self) -> bool {
        true
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        draw::draw(model, self, theme, body, buf);
    }
}
