//! The dates of a stage that are not as they should be, by cause.

use chrono::NaiveDate;
use ratatui::layout::Rect;

use crate::console::layout::framed;
use crate::engine::{StageView, UnitView};
use crate::ledger::{SameReason, UnitState, by_reason};

/// The causes of a stage, one of them marked.
#[derive(Debug, Clone)]
pub struct Causes {
    /// Stage name.
    pub stage: String,
    /// The marked cause.
    pub cursor: usize,
}

/// Dates that stand alike for the same reason.
pub type Cause<'s> = SameReason<UnitState, &'s UnitView>;

/// Rows above the list: how much there is, what the columns are.
pub const ABOVE: u16 = 2;

/// Rows about the marked cause at the foot: its whole reason in two, its dates.
pub const ABOUT: u16 = 3;

/// The causes in a stage, the one with most dates first.
pub fn causes(stage: &StageView) -> Vec<Cause<'_>> {
    let is_meant = |unit: &&UnitView| unit.state.needs_attention() || unit.state == UnitState::Outdated;
    by_reason(stage.units.iter().filter(is_meant), |unit| {
        (unit.state, reason_of(unit).to_owned())
    })
}

/// Why a date is as it is.
pub fn reason_of(unit: &UnitView) -> &str {
    unit.reason.as_deref().unwrap_or("no reason recorded")
}

/// The dates of a cause, in order.
pub fn dates(cause: &Cause<'_>) -> Vec<NaiveDate> {
    cause.things.iter().map(|unit| unit.date).collect()
}

impl Causes {
    /// Causes in view.
    pub fn page(body: Rect) -> usize {
        usize::from(framed(body).height.saturating_sub(ABOVE + ABOUT))
    }
}
