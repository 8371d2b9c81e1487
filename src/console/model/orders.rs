//! Whether the run accepts commands from this console, and if not, why. A command that would be denied is neither
//! offered nor confirmed: it is refused at once.

use super::Model;
use super::checklist::ChecklistRow;
use super::control::ControlAccess;
use super::observation::Observation;
use super::overlay::Overlay;
use crate::console::keymap::{Action, KeyContext, is_order};
use crate::console::text::sanitised;

/// Why commands from this console are denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandDenied {
    Recording,
    /// The view is read from a warehouse.
    Observation,
    Over,
    /// This console is read-only.
    ReadOnly,
    /// This console isn't in control. The name of the console that is; `None` if no console is.
    NoControl(Option<String>),
}

impl Model {
    /// Why commands are denied; `None` if they are accepted.
    pub(in crate::console) fn denied(&self) -> Option<CommandDenied> {
        match self.control.reach {
            _ if self.recording.is_some() => Some(CommandDenied::Recording),
            _ if self.observation.is_some() => Some(CommandDenied::Observation),
            _ if self.is_over() => Some(CommandDenied::Over),
            ControlAccess::InControl => None,
            ControlAccess::CanTake => Some(CommandDenied::NoControl(self.control.holder.clone())),
            ControlAccess::ReadOnly => Some(CommandDenied::ReadOnly),
        }
    }

    /// Why an action at a place is refused; `None` if it isn't a command or is accepted.
    pub(in crate::console) fn refusal(&self, place: KeyContext, action: Action) -> Option<CommandDenied> {
        let denied = self.denied().filter(|_| is_order(place, action))?;
        let leaves = place == KeyContext::Leave || action == Action::Detach;
        let takes_control =
            action == Action::TakeControl || matches!(self.overlay, Some(Overlay::TakeControl(_)));
        let stays_open = match denied {
            CommandDenied::Recording => false,
            CommandDenied::Observation | CommandDenied::Over | CommandDenied::ReadOnly => leaves,
            CommandDenied::NoControl(_) => leaves || takes_control,
        };
        (!stays_open && !self.folds(place, action)).then_some(denied)
    }

    /// Whether the action only folds a stage: the key that runs a check, pressed on a heading.
    pub(in crate::console) fn folds(&self, place: KeyContext, action: Action) -> bool {
        let marked = || self.checks.marked(self.snapshot.as_deref()?);
        place == KeyContext::Checks
            && action == Action::CheckOne
            && matches!(marked(), Some(ChecklistRow::Heading { .. }))
    }

    pub(in crate::console) fn refused_because(&self, denied: &CommandDenied) -> String {
        let key = |action| self.key_of(KeyContext::Dates, action, false);
        match denied {
            CommandDenied::Recording => format!(
                "this is a recording and can't be changed; {} quits",
                key(Action::Quit)
            ),
            CommandDenied::Observation => {
                let observation = self.observation.as_ref();
                let instead = observation.map_or_else(String::new, Observation::where_to_order);
                format!("refused: this console is read-only; {}", sanitised(&instead))
            }
            CommandDenied::Over => "the run has ended; start it again with 'backcourt run'".to_owned(),
            CommandDenied::ReadOnly => "refused: this console is read-only".to_owned(),
            CommandDenied::NoControl(holder) => format!(
                "refused: {} has control; {} takes it",
                sanitised(holder.as_deref().unwrap_or("no console")),
                key(Action::TakeControl)
            ),
        }
    }
}
