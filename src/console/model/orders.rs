//! Whether the orders of this console reach a run, and if not, why. What cannot be ordered is neither offered nor asked
//! about: it is refused at once.

use super::Model;
use super::checklist::Item;
use super::helm::Reach;
use super::observation::Observation;
use super::overlay::Overlay;
use crate::console::keymap::{Action, Place, is_order};
use crate::console::text::sanitised;

/// Why no order of this console counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barred {
    /// What is shown is a recording.
    Recording,
    /// What is shown is read from a warehouse.
    Observation,
    /// The run is over and hears nothing any more.
    Over,
    /// This console only watches.
    Watches,
    /// It has not the helm; who has it, none if it is free.
    Helm(Option<String>),
}

impl Model {
    /// Why no order counts; none if they do.
    pub(in crate::console) fn barred(&self) -> Option<Barred> {
        match self.helm.reach {
            _ if self.recording.is_some() => Some(Barred::Recording),
            _ if self.observation.is_some() => Some(Barred::Observation),
            _ if self.is_over() => Some(Barred::Over),
            Reach::Mine => None,
            Reach::Within => Some(Barred::Helm(self.helm.holder.clone())),
            Reach::Beyond => Some(Barred::Watches),
        }
    }

    /// Why what is asked for at a place is refused; none if it is no order, or one that counts.
    pub(in crate::console) fn refusal(&self, place: Place, action: Action) -> Option<Barred> {
        let barred = self.barred().filter(|_| is_order(place, action))?;
        let leaves = place == Place::Leave || action == Action::Detach;
        let takes_helm = action == Action::Helm || matches!(self.overlay, Some(Overlay::Helm(_)));
        let stays_open = match barred {
            Barred::Recording => false,
            Barred::Observation | Barred::Over | Barred::Watches => leaves,
            Barred::Helm(_) => leaves || takes_helm,
        };
        (!stays_open && !self.folds(place, action)).then_some(barred)
    }

    /// Whether what is asked for only folds a stage: the key that asks a check, on a heading.
    pub(in crate::console) fn folds(&self, place: Place, action: Action) -> bool {
        let marked = || self.checks.marked(self.snapshot.as_deref()?);
        place == Place::Checks && action == Action::CheckOne && matches!(marked(), Some(Item::Heading { .. }))
    }

    /// The sentence an order is refused with.
    pub(in crate::console) fn refused_because(&self, barred: &Barred) -> String {
        let key = |action| self.key_of(Place::Dates, action, false);
        match barred {
            Barred::Recording => format!(
                "this is a recording and can't be changed; {} quits",
                key(Action::Quit)
            ),
            Barred::Observation => {
                let observation = self.observation.as_ref();
                let instead = observation.map_or_else(String::new, Observation::where_to_order);
                format!("refused: this console is read-only; {}", sanitised(&instead))
            }
            Barred::Over => "the run has ended; start it again with 'backcourt run'".to_owned(),
            Barred::Watches => "refused: this console is read-only".to_owned(),
            Barred::Helm(holder) => format!(
                "refused: {} has control; {} takes it",
                sanitised(holder.as_deref().unwrap_or("no console")),
                key(Action::Helm)
            ),
        }
    }
}
