//! The sample as shown: what the events about it add up to. It must not know who shows it.

use serde::{Deserialize, Serialize};

use super::super::Event;
use super::{StageNulls, UnitSample};

/// The sample before the first unit, as far as it has been taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// Sampled units, in plan order.
    pub units: Vec<UnitSample>,
    /// The result in one sentence, once the sample has finished.
    pub message: Option<String>,
    /// NULLs per column, for every stage with sampled rows.
    pub nulls: Vec<StageNulls>,
}

impl SampleView {
    /// Adds what the event says; ignores events about anything else.
    pub(in crate::engine) fn apply(&mut self, event: &Event) {
        match event {
            Event::UnitSampled(unit) => self.units.push(unit.clone()),
            Event::SampleFinished { message, nulls, .. } => {
                self.message = Some(message.clone());
                self.nulls.clone_from(nulls);
            }
            _ => {}
        }
    }
}
