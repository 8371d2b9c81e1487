//! The question before leaving while there is work.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::frame;
use super::pen::{BOLD, PLAIN, Pen, clear, row};
use crate::console::layout::{framed, popup};
use crate::console::model::overlay::LeaveChoice;
use crate::console::model::{Model, open_dates};
use crate::console::text::count;
use crate::console::theme::{SELECTED, Theme};
use crate::ledger::RunState;

const SIZE: (u16, u16) = (64, 8);

pub fn draw(model: &Model, choice: LeaveChoice, theme: Theme, body: Rect, buf: &mut Buffer) {
    let Some(snapshot) = &model.snapshot else {
        return;
    };
    let area = popup(body, SIZE.0, SIZE.1);
    clear(buf, area);
    frame(buf, theme, area, "Quit", true, &[]);
    let inside = framed(area);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let paused = snapshot.run.state == RunState::Paused;
    let state = if paused { "paused" } else { "at work" };
    let lines = [
        (
            format!(
                "The run is {state}; {} dates are still open.",
                count(open_dates(snapshot))
            ),
            BOLD,
        ),
        (
            "What is committed is kept: the next run goes on from there.".to_owned(),
            PLAIN,
        ),
        (String::new(), PLAIN),
        (consequence(choice, paused).to_owned(), PLAIN),
    ];
    for (at, (text, style)) in lines.iter().enumerate() {
        Pen::on(buf, theme, row(inside, at)).write(text, *style);
    }
    let labels: Vec<_> = (LeaveChoice::all(model.helm.can_detach).iter())
        .map(|each| (each.label(paused), *each == choice))
        .collect();
    choices(&labels, theme, row(inside, 5), buf);
}

const fn consequence(choice: LeaveChoice, paused: bool) -> &'static str {
    match choice {
        LeaveChoice::Keep => "Nothing changes.",
        LeaveChoice::Detach => "The run goes on; 'backcourt attach' shows it again.",
        LeaveChoice::Drain if paused => "Nothing is in flight: it ends at once.",
        LeaveChoice::Drain => "What is in flight lands first; nothing new begins.",
        LeaveChoice::Abort => "What is in flight is cut off before its commit.",
    }
}

/// Choices in a row, the marked one reversed and in brackets.
pub(super) fn choices(labels: &[(&str, bool)], theme: Theme, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::on(buf, theme, area);
    for (label, marked) in labels {
        if *marked {
            pen.write(&format!("[ {label} ]"), BOLD.add_modifier(SELECTED));
        } else {
            pen.write(&format!("  {label}  "), PLAIN);
        }
        pen.write("  ", PLAIN);
    }
}
