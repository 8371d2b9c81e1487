//! The Dates pane: which stage is shown, where the cursor is, what is selected and what is left out.

use std::ops::RangeInclusive;

use chrono::{Duration, NaiveDate};

use super::filter::Filter;
use crate::console::text::{count, sanitised};
use crate::engine::{Snapshot, StageState, StageView, UnitView};
use crate::ledger::UnitState;

/// Cursor, selection and stage. The cursor is a date of the shown stage as soon as there is one.
#[derive(Debug, Clone, Default)]
pub struct Dates {
    /// The date under the cursor.
    pub cursor: Option<NaiveDate>,
    /// The other end of the selected range.
    pub anchor: Option<NaiveDate>,
    /// What a date must have to be shown; none shows all.
    pub filter: Option<Filter>,
    chosen: Option<String>,
}

/// The unit of a date.
pub fn unit(stage: &StageView, date: NaiveDate) -> Option<&UnitView> {
    let at = stage.units.binary_search_by_key(&date, |unit| unit.date).ok()?;
    stage.units.get(at)
}

impl Dates {
    /// The stage that is shown: the one the operator chose, else the one at work, else the last that was.
    pub fn stage<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a StageView> {
        let at_work = |stage: &&StageView| matches!(stage.state, StageState::Running | StageState::Checking);
        let chosen = self.chosen.as_ref();
        snapshot
            .stages
            .iter()
            .find(|stage| chosen == Some(&stage.name))
            .or_else(|| snapshot.stages.iter().find(at_work))
            .or_else(|| {
                let mut begun = snapshot.stages.iter().rev();
                begun.find(|stage| stage.state != StageState::Waiting)
            })
            .or_else(|| snapshot.stages.first())
    }

    /// Shows the stage before or after the one shown.
    pub fn choose(&mut self, snapshot: &Snapshot, forward: bool) {
        let names: Vec<&str> = snapshot.stages.iter().map(|stage| stage.name.as_str()).collect();
        let shown = self.stage(snapshot).map(|stage| stage.name.as_str());
        let Some(at) = names.iter().position(|name| Some(*name) == shown) else {
            return;
        };
        let next = if forward {
            (at + 1).min(names.len() - 1)
        } else {
            at.saturating_sub(1)
        };
        self.show(snapshot, names[next]);
    }

    /// Shows the stage of this name, if there is one.
    pub fn show(&mut self, snapshot: &Snapshot, name: &str) {
        if snapshot.stages.iter().any(|stage| stage.name == name) {
            self.chosen = Some(name.to_owned());
            self.keep_in(snapshot);
        }
    }

    /// Puts cursor and anchor back on dates that exist.
    pub fn keep_in(&mut self, snapshot: &Snapshot) {
        let ends = self
            .stage(snapshot)
            .and_then(|stage| Some((stage.units.first()?.date, stage.units.last()?.date)));
        let Some((first, last)) = ends else {
            (self.cursor, self.anchor) = (None, None);
            return;
        };
        self.cursor = Some(self.cursor.unwrap_or(first).clamp(first, last));
        self.anchor = self.anchor.map(|date| date.clamp(first, last));
    }

    /// Moves the cursor by days, as far as there are dates.
    pub fn move_by(&mut self, snapshot: &Snapshot, days: i64) {
        self.cursor = self.cursor.map(|date| {
            date.checked_add_signed(Duration::days(days))
                .unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
        });
        self.keep_in(snapshot);
    }

    /// Puts the cursor on a date.
    pub fn go(&mut self, snapshot: &Snapshot, date: NaiveDate) {
        self.cursor = Some(date);
        self.keep_in(snapshot);
    }

    /// The next date after the cursor that passes the test, or the one before; goes round at the ends.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        forward: bool,
        test: impl Fn(&UnitView) -> bool,
    ) -> Option<NaiveDate> {
        let units = &self.stage(snapshot)?.units;
        let cursor = self.cursor?;
        let dates: Vec<_> = units
            .iter()
            .filter(|unit| test(unit))
            .map(|unit| unit.date)
            .collect();
        let found = if forward {
            dates.iter().find(|date| **date > cursor).or(dates.first())
        } else {
            dates.iter().rev().find(|date| **date < cursor).or(dates.last())
        };
        found.copied()
    }

    /// Begins a selection at the cursor, or ends the one there is.
    pub fn toggle_selection(&mut self) {
        self.anchor = if self.anchor.is_some() { None } else { self.cursor };
    }

    /// First and last date of the selection, in order; the cursor alone when nothing is selected.
    pub fn selected(&self) -> Option<RangeInclusive<NaiveDate>> {
        let cursor = self.cursor?;
        let anchor = self.anchor.unwrap_or(cursor);
        Some(cursor.min(anchor)..=cursor.max(anchor))
    }

    /// Whether a date is shown.
    pub fn shows(&self, unit: &UnitView) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.passes(unit))
    }

    /// What is marked: the date under the cursor, or every date of the selection that is shown.
    pub fn marked<'s>(&self, stage: &'s StageView) -> Vec<&'s UnitView> {
        let Some(range) = self.selected() else {
            return Vec::new();
        };
        let single = self.anchor.is_none();
        let is_marked = |unit: &&UnitView| range.contains(&unit.date) && (single || self.shows(unit));
        stage.units.iter().filter(is_marked).collect()
    }
}

/// Dates that are to be done again: those that can be, and how many cannot, by why not. The run has the same rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Those that can be.
    pub dates: Vec<NaiveDate>,
    /// Those on which there is nothing to do.
    skipped: usize,
    /// Those that are not done for the first time yet.
    open: usize,
    /// Those that are none of this run.
    outside: usize,
}

impl Again {
    /// Sorts dates of a stage.
    pub fn of(stage: &StageView, dates: &[NaiveDate]) -> Self {
        let mut again = Self::default();
        for date in dates {
            match unit(stage, *date).map(|unit| unit.state) {
                None => again.outside += 1,
                Some(UnitState::Skipped) => again.skipped += 1,
                Some(state) if state.is_open() => again.open += 1,
                Some(_) => again.dates.push(*date),
            }
        }
        again
    }

    /// What is left out, by why; none if nothing is.
    pub fn left_out(&self) -> Option<String> {
        let kinds = [
            (self.skipped, "skipped"),
            (self.open, "open"),
            (self.outside, "outside this run"),
        ];
        let told: Vec<String> = (kinds.into_iter())
            .filter(|(number, _)| *number > 0)
            .map(|(number, kind)| format!("{} {kind}", count(number as u64)))
            .collect();
        (!told.is_empty()).then(|| format!("left out: {}", told.join(", ")))
    }
}

/// Why one date cannot be done again, though it is asked for.
pub fn why_not_again(stage: &StageView, date: NaiveDate) -> String {
    let name = &stage.name;
    match unit(stage, date) {
        None => format!("{date} is outside this run"),
        Some(unit) if unit.state.is_open() => {
            format!("{date} of {name} is {}: nothing to rerun yet", unit.state)
        }
        Some(unit) => {
            let reason = unit.reason.as_deref().unwrap_or("no rows expected");
            format!(
                "{date} of {name} is {} ({}): nothing to rerun",
                unit.state,
                sanitised(reason)
            )
        }
    }
}

/// Every date of a stage that ended otherwise than it should.
pub fn troubled(stage: &StageView) -> Vec<&UnitView> {
    let units = stage.units.iter();
    units.filter(|unit| unit.state.needs_attention()).collect()
}
