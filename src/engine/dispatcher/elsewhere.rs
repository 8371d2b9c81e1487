//! The plan's dates and checks outside this run, which may change with events of the run.

use crate::ledger::{CheckState, Counts, Coverage, LedgerError, UnitState};
use crate::partition::Partition;

use super::super::elsewhere::Elsewhere;
use super::super::{CheckView, Event};
use super::{Dispatcher, Fatal, Refresh, ScopeState, StageWorkload};
use crate::figures::counted;

impl Dispatcher {
    /// Rereads it if an emitted event may have changed it.
    pub(super) fn renew_elsewhere(&mut self) -> Result<(), Fatal> {
        let may_change = |event: &Event| {
            matches!(
                event,
                Event::UnitsInvalidated { .. } | Event::CheckFinished { .. } | Event::CheckWaived { .. }
            )
        };
        if self.elsewhere.is_nothing() || !self.events.pending().iter().any(may_change) {
            return Ok(());
        }
        let before = self.elsewhere.view();
        self.elsewhere = self.read_elsewhere()?;
        if self.elsewhere.view() != before {
            self.request_refresh(Refresh::Now);
        }
        Ok(())
    }

    /// Remembers the dates of earlier runs: they count in checks that run before their stage opens.
    pub(super) fn remember_earlier_runs(&mut self) -> Result<(), LedgerError> {
        for work in &mut self.stages {
            for record in self.ledger.units(self.target, &work.board.name)? {
                work.units.remember(&record);
            }
        }
        Ok(())
    }

    pub(super) fn read_elsewhere(&self) -> Result<Elsewhere, LedgerError> {
        let is_here = |stage: &str, date: Partition| {
            self.stage(stage)
                .is_some_and(|work| work.board.unit(date).is_some())
        };
        Elsewhere::read(
            &self.ledger,
            self.target,
            &self.plan,
            &|stage| self.stage(stage).is_some(),
            &is_here,
        )
    }

    /// The plan's dates covered by a check's result; `None` if it has no result or is limited to named dates.
    pub(super) fn coverage(&self, check: &CheckView, state: CheckState) -> Option<Coverage> {
        let spec = self.plan.check(&check.name)?;
        let work = self.stage(&check.stage)?;
        Coverage::is_known(spec, state).then(|| self.plan_coverage(work))
    }

    fn plan_coverage(&self, work: &StageWorkload) -> Coverage {
        // Until the scope is known, the board doesn't show what earlier runs did.
        if work.scope != ScopeState::Known {
            return work.covered_before;
        }
        let range = work.range;
        let here = work.board.units().iter().map(|unit| (unit.date, unit.state));
        let mut counts: Counts = (here.chain(self.elsewhere.of(&work.board.name)))
            .filter(|(date, _)| range.contains(*date))
            .map(|(_, state)| state)
            .collect();
        let never_run = range.count().saturating_sub(counts.total);
        counts.add_many(UnitState::Pending, never_run);
        counts.coverage()
    }

    pub(super) fn checks_shown(&self) -> Vec<CheckView> {
        let shown = |check: &CheckView| CheckView {
            coverage: self.coverage(check, check.state),
            ..check.clone()
        };
        self.checks.views.iter().map(shown).collect()
    }

    /// A message about dates or checks outside this run that need attention.
    pub(super) fn attention_elsewhere(&self) -> Option<String> {
        let view = self.elsewhere.view();
        let needs = |number: u64| if number == 1 { "needs" } else { "need" };
        match (view.attention, view.checks) {
            (0, 0) => None,
            (0, checks) => Some(format!(
                "{} outside this run {} attention, see 'backcourt status'",
                counted(checks, "failing check"),
                needs(checks)
            )),
            (units, _) => Some(format!(
                "{} outside this run {} attention, rerun with 'backcourt rerun --failed'",
                counted(units, "date"),
                needs(units)
            )),
        }
    }
}
