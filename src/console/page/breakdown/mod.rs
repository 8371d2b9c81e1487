//! The page of the breakdown of a check: its keys; `draw` draws it.

mod draw;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::calendar::steps;
use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::breakdown_page::{ABOVE_GROUPS, BreakdownPage};
use crate::console::model::list::Scroll;
use crate::console::model::overlay::{Overlay, page};
use crate::console::model::page::{Handled, Page};
use crate::console::theme::Theme;
use crate::engine::{Breakdown, BreakdownState, BreakdownView, Command, Snapshot, Tally};

/// Opens the breakdown of the selected check, else the plan's first.
pub fn open(model: &mut Model) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let marked = (model.focus == Pane::Checks).then(|| model.check()).flatten();
    let of_marked = |view: &&BreakdownView| marked.is_some_and(|check| check.name == view.check);
    let mut views = snapshot.breakdowns.iter();
    let found = views.clone().find(of_marked).or_else(|| views.next());
    match found.map(|view| view.check.clone()) {
        Some(check) => model.overlay = Some(Overlay::BreakdownPage(BreakdownPage::of(check))),
        None => model.notice(false, "no check of this run has a breakdown"),
    }
}

/// The page of the check after this one.
fn next(page: &BreakdownPage, snapshot: &Snapshot) -> BreakdownPage {
    let views = &snapshot.breakdowns;
    let at = views.iter().position(|view| view.check == page.check);
    let next = at.map_or(0, |at| (at + 1) % views.len());
    BreakdownPage::of(views[next].check.clone())
}

impl Page for BreakdownPage {
    fn place(&self) -> KeyContext {
        KeyContext::Breakdown
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(snapshot) = model.snapshot.clone() else {
            return Handled::Close(Vec::new());
        };
        let Some(view) = self.shown(&snapshot) else {
            return Handled::Close(Vec::new());
        };
        match (action, &view.found) {
            (Action::RunBreakdown, _) if view.state == BreakdownState::Running => {}
            (Action::RunBreakdown, _) => {
                let check = self.check.clone();
                return Handled::Stay(vec![Effect::Send(Command::Breakdown { check })]);
            }
            (Action::Breakdown, _) => *self = next(self, &snapshot),
            (Action::Open, Some(found)) if self.view == 0 => {
                if let Some(date) = self.cursor(found) {
                    let check = snapshot.checks.iter().find(|check| check.name == self.check);
                    let stage = check.map_or("", |check| &check.stage);
                    model.dates.show(&snapshot, stage);
                    model.dates.go(&snapshot, date);
                    model.focus_on(Pane::Dates);
                }
                return Handled::Close(Vec::new());
            }
            (Action::NextAttention | Action::PreviousAttention, Some(found)) => {
                match self.next_lacking(found, action == Action::NextAttention) {
                    Some(date) => (self.view, self.date) = (0, Some(date)),
                    None => model.notice(false, "no values are missing on any date"),
                }
            }
            (_, Some(found)) => return look(self, found, action),
            (_, None) => return Handled::No,
        }
        Handled::Stay(Vec::new())
    }

    /// The groups of a dimension.
    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let found = self.shown(model.snapshot.as_deref()?)?.found.as_ref()?;
        let len = self.dimension(found)?.groups.len();
        Some(Scroll::top(&mut self.top, page(body, ABOVE_GROUPS), len))
    }

    fn clamp(&mut self, model: &Model, body: Rect) {
        let snapshot = model.snapshot.as_deref();
        let shown = snapshot.and_then(|snapshot| self.shown(snapshot));
        let Some(found) = shown.and_then(|view| view.found.as_ref()) else {
            return;
        };
        self.view = self.view.min(found.by.len());
        if self.date.is_some() {
            self.move_by(found, 0);
        }
        if let Some(scroll) = self.scroll(model, body) {
            scroll.clamp();
        }
    }

    /// A line per group or date.
    fn copied(&self, model: &Model) -> Option<String> {
        let snapshot = model.snapshot.as_ref()?;
        let found = self.shown(snapshot)?.found.as_ref()?;
        let line = |name: String, tally: &Tally| {
            let numbers = [tally.known, tally.counted()].into_iter();
            let all = numbers
                .chain(tally.missing.iter().copied())
                .chain(tally.not_counted.iter().copied());
            let numbers: Vec<String> = all.map(|number| number.to_string()).collect();
            format!("{name}\t{}", numbers.join("\t"))
        };
        let causes: Vec<&str> = (found.causes.iter().chain(&found.not_counted))
            .map(String::as_str)
            .collect();
        let by = self.dimension(found);
        let name = by.map_or("date", |by| &by.name);
        let mut lines = vec![format!("{name}\tknown\tcounted\t{}", causes.join("\t"))];
        match by {
            Some(by) => lines.extend(by.groups.iter().map(|(name, tally)| line(name.clone(), tally))),
            None => lines.extend(
                found
                    .dates
                    .iter()
                    .map(|(date, tally)| line(date.to_string(), tally)),
            ),
        }
        Some(lines.join("\n"))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        draw::draw(model, self, theme, body, buf);
    }
}

/// Switches the view or moves the cursor.
fn look(page: &mut BreakdownPage, found: &Breakdown, action: Action) -> Handled {
    let [down, right, page_by] = page.cursor(found).map_or([0; 3], |date| steps(date.grain()));
    match action {
        Action::NextView => page.next_view(found, true),
        Action::PreviousView => page.next_view(found, false),
        Action::Left if page.view > 0 => page.left = page.left.saturating_sub(1),
        Action::Right if page.view > 0 => {
            let causes = found.causes.len() + found.not_counted.len();
            page.left = (page.left + 1).min(causes.saturating_sub(1));
        }
        _ if page.view > 0 => return Handled::No,
        Action::Up => page.move_by(found, -down),
        Action::Down => page.move_by(found, down),
        Action::Left => page.move_by(found, -right),
        Action::Right => page.move_by(found, right),
        Action::PageUp => page.move_by(found, -page_by),
        Action::PageDown => page.move_by(found, page_by),
        Action::First => page.date = found.dates.first().map(|(date, _)| *date),
        Action::Last => page.date = found.dates.last().map(|(date, _)| *date),
        _ => return Handled::No,
    }
    Handled::Stay(Vec::new())
}
