//! Units of a plan outside a run. A partial run shows which need attention, and counts them in check coverage.

use std::collections::{BTreeMap, HashMap};

use crate::ledger::{CheckState, Ledger, LedgerError, Target, UnitState, unwaived};
use crate::partition::Partition;
use crate::plan::{Plan, Severity};

use super::ElsewhereView;

#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    units: HashMap<String, BTreeMap<Partition, UnitState>>,
    view: ElsewhereView,
}

impl Elsewhere {
    /// Reads units that are not in the run (`is_here`) and checks of stages that take no part (`takes_part`).
    pub(super) fn read(
        ledger: &Ledger,
        target: Target,
        plan: &Plan,
        takes_part: &dyn Fn(&str) -> bool,
        is_here: &dyn Fn(&str, Partition) -> bool,
    ) -> Result<Self, LedgerError> {
        let answers = ledger.newest_checks(target, plan)?;
        let mut elsewhere = Self::default();
        for stage in &plan.stages {
            let unsettled = ledger.open_intents(target, &stage.name)?;
            let unsettled = unsettled.into_iter().flat_map(|intent| intent.dates);
            let recorded = ledger.current_units(target, stage)?.units;
            // Dates in open intents of a crashed process are unknown, whatever was recorded before.
            let units: BTreeMap<Partition, UnitState> = (recorded.into_iter())
                .map(|unit| (unit.date, unit.state))
                .chain(unsettled.map(|date| (date, UnitState::Unknown)))
                .filter(|(date, _)| !is_here(&stage.name, *date))
                .collect();
            let in_state = |is_meant: fn(UnitState) -> bool| {
                let meant = units.iter().filter(move |(_, state)| is_meant(**state));
                meant.map(|(date, _)| *date)
            };
            elsewhere.view.stale += in_state(|state| state == UnitState::Stale).count() as u64;
            elsewhere.view.outdated += in_state(|state| state == UnitState::Outdated).count() as u64;
            let at_gate = (plan.checks_of(&stage.name))
                .filter_map(|check| Some(answers.get(&check.name)?.at_gate(check.severity)));
            let attention = unwaived(in_state(UnitState::needs_attention), at_gate);
            elsewhere.view.attention += attention.len() as u64;
            elsewhere.units.insert(stage.name.clone(), units);
        }
        let fails = |name: &str| {
            let state = answers.get(name).map(|answer| answer.state);
            matches!(state, Some(CheckState::Fail | CheckState::Error))
        };
        let blocking = (plan.checks.iter()).filter(|check| check.severity == Severity::Blocking);
        let of_others = blocking.filter(|check| !takes_part(&check.stage) && fails(&check.name));
        elsewhere.view.checks = of_others.count() as u64;
        Ok(elsewhere)
    }

    pub(super) const fn view(&self) -> ElsewhereView {
        self.view
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.view == ElsewhereView::default() && self.units.values().all(BTreeMap::is_empty)
    }

    /// The state of a date outside the run; `None` if no run has recorded it.
    pub(super) fn state(&self, stage: &str, date: Partition) -> Option<UnitState> {
        self.units.get(stage)?.get(&date).copied()
    }

    pub(super) fn of(&self, stage: &str) -> impl Iterator<Item = (Partition, UnitState)> {
        let units = self.units.get(stage).into_iter().flatten();
        units.map(|(date, state)| (*date, *state))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::ledger::UnitRecord;
    use crate::plan::load;

    #[test]
    fn intents_of_a_dead_process_make_dates_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite")).unwrap();
        let plan = load("shop").unwrap();
        let target = ledger.target(&plan.name, "toy").unwrap();
        let (stage, day) = (plan.stages[0].name.as_str(), plan.range.from());
        let done = UnitRecord::new(day, UnitState::Ok, "auto");
        ledger
            .record_units(target, stage, "r1", &[done], Utc::now())
            .unwrap();
        let state = |ledger: &Ledger| {
            let read = Elsewhere::read(ledger, target, &plan, &|_| true, &|_, _| false).unwrap();
            read.of(stage).collect::<Vec<_>>()
        };
        assert_eq!(state(&ledger), [(day, UnitState::Ok)]);
        ledger
            .intend(target, stage, "r2", &[vec![day]], Utc::now())
            .unwrap();
        assert_eq!(state(&ledger), [(day, UnitState::Unknown)]);
    }
}
