//! The question before leaving while work is left.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::command::leave::leave;
use crate::console::keymap::{Action, KeyContext};
use crate::console::layout::popup;
use crate::console::model::overlay::LeaveChoice;
use crate::console::model::page::{Handled, Page};
use crate::console::model::{Model, open_units};
use crate::console::text::{count, duration};
use crate::console::theme::Theme;
use crate::console::view::choices::choices;
use crate::console::view::frame::dialog_frame;
use crate::console::view::pen::{BOLD, PLAIN, Pen, row};
use crate::engine::Snapshot;
use crate::figures::counted;
use crate::ledger::RunState;

const SIZE: (u16, u16) = (64, 8);

impl Page for LeaveChoice {
    fn place(&self) -> KeyContext {
        KeyContext::Leave
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Handled {
        let chosen = if action == Action::Accept {
            Some(*self)
        } else {
            choice_of(action)
        };
        if let Some(choice) = chosen {
            return Handled::Close(leave(model, choice));
        }
        match action {
            Action::Left | Action::Right => {
                *self = self.step(action == Action::Right, model.control.can_detach);
                Handled::Stay(Vec::new())
            }
            _ => Handled::No,
        }
    }

    fn draw(&self, model: &Model, theme: Theme, body: Rect, buf: &mut Buffer) {
        let Some(snapshot) = &model.snapshot else {
            return;
        };
        let area = popup(body, SIZE.0, SIZE.1);
        let inside = dialog_frame(buf, theme, area, "Quit");
        let paused = snapshot.run.state == RunState::Paused;
        let state = if paused { "paused" } else { "active" };
        let ended = snapshot.run.state.has_ended();
        let stands = if ended {
            "The run has ended; no work in flight.".to_owned()
        } else {
            let open = open_units(snapshot);
            let units = if open == 1 { "unit" } else { "units" };
            format!("The run is {state}; {} {units} open.", count(open))
        };
        let then = if ended {
            outcome(*self).to_owned()
        } else {
            consequence(*self, paused, &InFlightWork::of(model, snapshot))
        };
        let lines = [
            (stands, BOLD),
            (
                "Committed rows are kept; the next run resumes there.".to_owned(),
                PLAIN,
            ),
            (String::new(), PLAIN),
            (then, PLAIN),
        ];
        for (at, (text, style)) in lines.iter().enumerate() {
            Pen::on(buf, theme, row(inside, at)).write(text, *style);
        }
        let all = LeaveChoice::all(model.control.can_detach);
        let stops = (all.iter().position(|each| *each == LeaveChoice::Cancel)).unwrap_or(all.len());
        for (at, some) in [&all[..stops], &all[stops..]].into_iter().enumerate() {
            let labels: Vec<_> = (some.iter())
                .map(|each| (each.label(paused), each == self))
                .collect();
            choices(&labels, theme, row(inside, 4 + at), buf);
        }
    }
}

const fn choice_of(action: Action) -> Option<LeaveChoice> {
    match action {
        Action::PauseResume => Some(LeaveChoice::Pause),
        Action::Cancel => Some(LeaveChoice::Cancel),
        Action::Detach => Some(LeaveChoice::Detach),
        Action::Drain => Some(LeaveChoice::Drain),
        Action::Abort => Some(LeaveChoice::Abort),
        _ => None,
    }
}

/// The effect of a choice once the run has ended.
const fn outcome(choice: LeaveChoice) -> &'static str {
    match choice {
        LeaveChoice::Keep | LeaveChoice::Pause | LeaveChoice::Cancel => "The screen stays open.",
        LeaveChoice::Detach | LeaveChoice::Drain | LeaveChoice::Abort => "The screen closes.",
    }
}

/// The effect of a choice, with the in-flight work it would lose.
fn consequence(choice: LeaveChoice, paused: bool, flight: &InFlightWork) -> String {
    let cost = || {
        format!(
            "{}, {}, about {}",
            counted(flight.batches, "batch"),
            counted(flight.dates, "date"),
            duration(flight.seconds)
        )
    };
    let idle = flight.batches == 0;
    match choice {
        LeaveChoice::Keep => "Nothing changes.".to_owned(),
        LeaveChoice::Detach => "The run continues; reattach with 'backcourt attach'.".to_owned(),
        LeaveChoice::Pause if paused => "The run resumes; the screen stays open.".to_owned(),
        LeaveChoice::Pause | LeaveChoice::Cancel if idle => "No work in flight: pauses at once.".to_owned(),
        LeaveChoice::Pause => format!(
            "Finishes {} ({}), then pauses.",
            counted(flight.batches, "batch"),
            counted(flight.dates, "date")
        ),
        LeaveChoice::Cancel => format!("Cancels {}; then pauses.", cost()),
        LeaveChoice::Drain | LeaveChoice::Abort if idle => "No work in flight: ends at once.".to_owned(),
        LeaveChoice::Drain => format!(
            "Finishes {} ({}), then ends.",
            counted(flight.batches, "batch"),
            counted(flight.dates, "date")
        ),
        LeaveChoice::Abort => format!("Aborts {} of work.", cost()),
    }
}

#[derive(Default)]
struct InFlightWork {
    batches: usize,
    dates: usize,
    /// Worker time spent on it so far.
    seconds: f64,
}

impl InFlightWork {
    fn of(model: &Model, snapshot: &Snapshot) -> Self {
        let now = model.clock().unwrap_or(snapshot.at);
        let tasks = snapshot.workers.iter().filter_map(|worker| worker.task.as_ref());
        tasks.fold(Self::default(), |flight, task| Self {
            batches: flight.batches + 1,
            dates: flight.dates + task.dates,
            seconds: flight.seconds + (now - task.since).as_seconds_f64().max(0.0),
        })
    }
}
