//! The runbook page: every item with its state and evidence, and the selected item in full. What Enter does depends on how
//! the item gets done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::effect::Effect;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::Pane;
use crate::console::model::list::{Scroll, first_in_view};
use crate::console::model::overlay::{Overlay, RunbookPage};
use crate::console::model::page::{Handled, Page};
use crate::console::model::{Model, Prompt, PromptPurpose};
use crate::console::text::{sanitised, width, wrapped};
use crate::console::theme::{SELECTED, Theme};
use crate::console::view::frame::{page_frame, thumb};
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::{Checks, Command};
use crate::runbook::{Item, ItemState};

const NUMBER: usize = 4;
const STATE: usize = 18;
const AT: usize = 13;

/// Minimum columns for the evidence beside the titles; if there are fewer, only the selected item's is shown.
const FACT: usize = 24;

/// Opens the runbook at the first item that isn't done.
pub fn open(model: &mut Model) {
    let items = model
        .snapshot
        .as_ref()
        .map(|snapshot| snapshot.runbook.as_slice());
    match items {
        None | Some([]) => model.notice(false, "this plan has no runbook"),
        Some(items) => {
            let cursor = items.iter().position(|item| item.state != ItemState::Done);
            model.overlay = Some(Overlay::Runbook(RunbookPage {
                cursor: cursor.unwrap_or(0),
            }));
        }
    }
}

/// Ticks the selected item with this note, or withdraws its tick. The note is required.
pub fn tick(model: &mut Model, done: bool, note: &str) -> Vec<Effect> {
    let Some(Overlay::Runbook(page)) = model.overlay else {
        return Vec::new();
    };
    let Some(item) = selected(model, page).map(|item| item.item.to_string()) else {
        return Vec::new();
    };
    if note.is_empty() {
        model.notice(false, "not recorded: enter a note");
        return Vec::new();
    }
    vec![Effect::Send(Command::Tick {
        item,
        done,
        note: note.to_owned(),
    })]
}

fn selected(model: &Model, page: RunbookPage) -> Option<&Item> {
    model.snapshot.as_ref()?.runbook.get(page.cursor)
}

impl Page for RunbookPage {
    fn place(&self) -> KeyContext {
        KeyContext::Runbook
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let Some(item) = selected(model, *self).cloned() else {
            return Handled::No;
        };
        match action {
            Action::Open => return open_item(model, &item),
            Action::Withdraw if item.manual && item.state == ItemState::Done => {
                ask(model, PromptPurpose::Withdraw);
            }
            Action::Withdraw => {
                let sentence = format!("item {} has no manual tick to withdraw", item.item);
                model.notice(false, sentence);
            }
            Action::NextAttention => next(model, self, true),
            Action::PreviousAttention => next(model, self, false),
            _ => return Handled::No,
        }
        Handled::Stay(Vec::new())
    }

    fn scroll(&mut self, model: &Model, body: Rect) -> Option<Scroll<'_>> {
        let len = model.snapshot.as_ref()?.runbook.len();
        Some(Scroll::cursor(&mut self.cursor, Self::page(body), len))
    }

    fn copied(&self, model: &Model) -> Option<String> {
        let item = selected(model, *self)?;
        Some(format!(
            "{} {} {}: {}",
            item.item, item.state, item.title, item.fact
        ))
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(snapshot) = &model.snapshot else {
            return;
        };
        let items = snapshot.runbook.as_slice();
        let area = page_frame(buf, theme, body, &title(items), &[]);
        let room = RunbookPage::page(body);
        let top = first_in_view(0, self.cursor, room, items.len());
        let list = Rect {
            height: u16::try_from(room).unwrap_or(area.height),
            ..area
        };
        thumb(buf, theme, list, top, room, items.len());
        let titles = items.iter().map(|item| width(&item.title) + 1).max().unwrap_or(0);
        let beside = usize::from(area.width).saturating_sub(NUMBER + STATE + titles + AT);
        for (at, item) in items.iter().enumerate().skip(top).take(room) {
            let line = row(area, at - top);
            let mut pen = Pen::on(buf, theme, line);
            let state = format!("{} {}", theme.glyphs.item(item.state), item.state);
            pen.number(NUMBER, item.item.as_str(), BOLD)
                .column(STATE, &state, theme.item(item.state));
            if beside >= FACT {
                let when = item.at.map(|at| at.format("%m-%d %H:%M").to_string());
                pen.column(titles, &item.title, PLAIN)
                    .column(AT, when.as_deref().unwrap_or_default(), PLAIN)
                    .write(&sanitised(&item.fact), PLAIN);
            } else {
                pen.write(&item.title, PLAIN);
            }
            if at == self.cursor {
                buf.set_style(line, SELECTED);
            }
        }
        if let Some(item) = items.get(self.cursor) {
            draw_item(item, RunbookPage::about(body), theme, area, room, buf);
        }
    }
}

/// Starts whatever completes this item.
fn open_item(model: &mut Model, item: &Item) -> Handled {
    if item.manual && item.state == ItemState::Done {
        let withdraw = model.key_of(KeyContext::Runbook, Action::Withdraw, false);
        model.notice(
            false,
            format!("item {} is ticked; {withdraw} withdraws the tick", item.item),
        );
    } else if item.manual {
        ask(model, PromptPurpose::Tick);
    } else if !item.checks.is_empty() {
        let check = Command::Check(Checks::Named(item.checks.clone()));
        return Handled::Stay(vec![Effect::Send(check)]);
    } else if let (Some(stage), Some(snapshot)) = (&item.stage, model.snapshot.clone()) {
        model.dates.show(&snapshot, stage);
        model.focus_on(Pane::Dates);
        return Handled::Close(Vec::new());
    } else {
        model.notice(false, item.remark.clone().unwrap_or_else(|| item.fact.clone()));
    }
    Handled::Stay(Vec::new())
}

fn ask(model: &mut Model, purpose: PromptPurpose) {
    model.prompt = Some(Prompt {
        purpose,
        text: String::new(),
    });
}

/// Selects the next or previous item that isn't done, wrapping around.
fn next(model: &mut Model, page: &mut RunbookPage, forward: bool) {
    let Some(snapshot) = model.snapshot.clone() else {
        return;
    };
    let len = snapshot.runbook.len();
    let by = |steps: usize| (page.cursor + if forward { steps } else { len - steps }) % len;
    let found = (1..=len)
        .map(by)
        .find(|at| snapshot.runbook[*at].state != ItemState::Done);
    match found {
        Some(cursor) => page.cursor = cursor,
        None => model.notice(false, "every item is done"),
    }
}

fn title(items: &[Item]) -> String {
    let of = |state| items.iter().filter(|item| item.state == state).count();
    let mut title = format!("Runbook: {} of {} done", of(ItemState::Done), items.len());
    for state in [
        ItemState::ActionRequired,
        ItemState::Reopened,
        ItemState::InProgress,
    ] {
        match of(state) {
            0 => {}
            number => title = format!("{title}, {number} {state}"),
        }
    }
    title
}

/// The evidence in full, who ticked the item, and the plan's remark.
fn draw_item(item: &Item, rows: usize, theme: Theme, area: Rect, below: usize, buf: &mut Buffer) {
    let mut fact = format!("{}: {}", item.state, sanitised(&item.fact));
    if let Some(by) = &item.by {
        fact = format!("{fact}, {}", sanitised(by));
    }
    if let Some(at) = item.at {
        fact = format!("{fact}, {}", at.format("%Y-%m-%d %H:%M UTC"));
    }
    let columns = usize::from(area.width);
    let facts = wrapped(&fact, columns);
    let remark = sanitised(item.remark.as_deref().unwrap_or_default());
    let remarks = wrapped(&remark, columns);
    let shown = facts
        .len()
        .min(rows.saturating_sub(usize::from(!remark.is_empty())));
    for (at, piece) in facts.iter().take(shown).enumerate() {
        Pen::on(buf, theme, row(area, below + at)).write(piece, theme.item(item.state));
    }
    for (at, piece) in remarks.iter().take(rows - shown).enumerate() {
        Pen::on(buf, theme, row(area, below + shown + at)).write(piece, PLAIN);
    }
}
