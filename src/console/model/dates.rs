//! The Dates pane: the stage shown, the cursor, the selection and the filter.

use std::ops::RangeInclusive;

use super::filter::Filter;
use crate::console::text::{count, sanitised};
use crate::engine::{Snapshot, StageState, StageView, UnitView};
use crate::ledger::UnitState;
use crate::partition::Partition;

/// Cursor, selection and stage. The cursor is a date of the shown stage as soon as the stage has one.
#[derive(Debug, Clone, Default)]
pub struct DatesState {
    pub cursor: Option<Partition>,
    /// The other end of the selected range.
    pub anchor: Option<Partition>,
    /// The filter on dates; `None` shows all.
    pub filter: Option<Filter>,
    chosen: Option<String>,
}

pub fn unit(stage: &StageView, date: Partition) -> Option<&UnitView> {
    let at = stage.units.binary_search_by_key(&date, |unit| unit.date).ok()?;
    stage.units.get(at)
}

impl DatesState {
    /// The stage shown: the one the operator chose, else the active one, else the last active one.
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

    /// Shows the next or previous stage.
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

    pub fn show(&mut self, snapshot: &Snapshot, name: &str) {
        if snapshot.stages.iter().any(|stage| stage.name == name) {
            self.chosen = Some(name.to_owned());
            self.clamp_to(snapshot);
        }
    }

    /// Clamps cursor and anchor to the dates of the stage.
    pub fn clamp_to(&mut self, snapshot: &Snapshot) {
        let ends = self
            .stage(snapshot)
            .and_then(|stage| Some((stage.units.first()?.date, stage.units.last()?.date)));
        let Some((first, last)) = ends else {
            (self.cursor, self.anchor) = (None, None);
            return;
        };
        // The stage shown before may have dates of another length.
        let here = |date: Partition| date.at_start(first.grain()).clamp(first, last);
        self.cursor = Some(here(self.cursor.unwrap_or(first)));
        self.anchor = self.anchor.map(here);
    }

    /// Moves the cursor by this many dates, clamped to the first and last date.
    pub fn move_by(&mut self, snapshot: &Snapshot, by: i64) {
        let far = if by < 0 { Partition::MIN } else { Partition::MAX };
        self.cursor = self.cursor.map(|date| date.moved(by).unwrap_or(far));
        self.clamp_to(snapshot);
    }

    pub fn go(&mut self, snapshot: &Snapshot, date: Partition) {
        self.cursor = Some(date);
        self.clamp_to(snapshot);
    }

    /// Sets the filter. If it hides the date under the cursor, moves the cursor to the next visible one.
    pub fn show_only(&mut self, snapshot: &Snapshot, filter: Option<Filter>) {
        self.filter = filter;
        let stage = self.stage(snapshot);
        let here = stage.and_then(|stage| unit(stage, self.cursor?));
        if here.is_none_or(|unit| !self.shows(unit))
            && let Some(date) = self.find(snapshot, true, |unit| self.shows(unit))
        {
            self.go(snapshot, date);
        }
    }

    /// The next or previous date that passes the test, wrapping around.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        forward: bool,
        test: impl Fn(&UnitView) -> bool,
    ) -> Option<Partition> {
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

    /// Starts a selection at the cursor, or clears the current one.
    pub fn toggle_selection(&mut self) {
        self.anchor = if self.anchor.is_some() { None } else { self.cursor };
    }

    /// First and last date of the selection; only the cursor if nothing is selected.
    pub fn selected(&self) -> Option<RangeInclusive<Partition>> {
        let cursor = self.cursor?;
        let anchor = self.anchor.unwrap_or(cursor);
        Some(cursor.min(anchor)..=cursor.max(anchor))
    }

    /// Whether a date passes the filter.
    pub fn shows(&self, unit: &UnitView) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.passes(unit))
    }

    /// The date under the cursor, or every visible date of the selection.
    pub fn marked<'s>(&self, stage: &'s StageView) -> Vec<&'s UnitView> {
        let Some(range) = self.selected() else {
            return Vec::new();
        };
        let single = self.anchor.is_none();
        let is_marked = |unit: &&UnitView| range.contains(&unit.date) && (single || self.shows(unit));
        stage.units.iter().filter(is_marked).collect()
    }
}

/// Dates to rerun, and how many can't be, by reason. The engine applies the same rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RerunSelection {
    pub dates: Vec<Partition>,
    skipped: usize,
    /// Dates not finished yet.
    open: usize,
    outside: usize,
}

impl RerunSelection {
    /// Sorts dates of a stage into those that can be rerun and the rest.
    pub fn of(stage: &StageView, dates: &[Partition]) -> Self {
        let mut selection = Self::default();
        for date in dates {
            match unit(stage, *date).map(|unit| unit.state) {
                None => selection.outside += 1,
                Some(UnitState::Skipped) => selection.skipped += 1,
                Some(state) if state.is_open() => selection.open += 1,
                Some(_) => selection.dates.push(*date),
            }
        }
        selection
    }

    /// The dates left out, by reason; `None` if there are none.
    pub fn left_out(&self) -> Option<String> {
        let kinds = [
            (self.skipped, "skipped"),
            (self.open, "open"),
            (self.outside, "outside this run"),
        ];
        let texts: Vec<String> = (kinds.into_iter())
            .filter(|(number, _)| *number > 0)
            .map(|(number, kind)| format!("{} {kind}", count(number as u64)))
            .collect();
        (!texts.is_empty()).then(|| format!("left out: {}", texts.join(", ")))
    }
}

/// Why a single date can't be rerun.
pub fn why_no_rerun(stage: &StageView, date: Partition) -> String {
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

pub fn needing_attention(stage: &StageView) -> Vec<&UnitView> {
    let units = stage.units.iter();
    units.filter(|unit| unit.state.needs_attention()).collect()
}
