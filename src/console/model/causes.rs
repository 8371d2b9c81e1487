//! The dates of a stage that need attention or are outdated, grouped by cause.

use ratatui::layout::Rect;

use crate::console::layout::framed;
use crate::engine::{StageView, UnitView};
use crate::ledger::{SameReason, UnitState, by_reason};
use crate::partition::Partition;

/// The causes in a stage, and the selected one.
#[derive(Debug, Clone)]
pub struct Causes {
    pub stage: String,
    pub cursor: usize,
}

/// Dates with the same state and reason.
pub type DateCause<'s> = SameReason<UnitState, &'s UnitView>;

/// Rows above the list: the totals and the column headings.
pub const ABOVE: u16 = 2;

/// Rows about the selected cause: two for its reason, one for its dates.
pub const ABOUT: u16 = 3;

/// The causes in a stage, the one with the most dates first.
pub fn causes(stage: &StageView) -> Vec<DateCause<'_>> {
    let is_meant = |unit: &&UnitView| unit.state.needs_attention() || unit.state == UnitState::Outdated;
    by_reason(stage.units.iter().filter(is_meant), |unit| {
        (unit.state, reason_of(unit).to_owned())
    })
}

pub fn reason_of(unit: &UnitView) -> &str {
    unit.reason.as_deref().unwrap_or("no reason recorded")
}

pub fn dates(cause: &DateCause<'_>) -> Vec<Partition> {
    cause.things.iter().map(|unit| unit.date).collect()
}

impl Causes {
    pub fn page(body: Rect) -> usize {
        usize::from(framed(body).height.saturating_sub(ABOVE + ABOUT))
    }
}
