//! What is known about the gate after a stage: one status from the stage and its blocking checks.

use crate::engine::{CheckView, StageState, StageView};
use crate::ledger::CheckState;
use crate::plan::Severity;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateStatus {
    /// The stage has not finished.
    NotYet,
    /// Its units have finished; checks are running.
    Checking,
    Passed,
    /// Passed, because a failing check was waived.
    Waived,
    Failed,
}

impl GateStatus {
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotYet => "not yet",
            Self::Checking => "checking",
            Self::Passed => "passed",
            Self::Waived => "waived",
            Self::Failed => "failed",
        }
    }

    /// The state of a check that is drawn in the same way.
    pub const fn drawn_as(self) -> CheckState {
        match self {
            Self::NotYet => CheckState::Pending,
            Self::Checking => CheckState::Running,
            Self::Passed => CheckState::Pass,
            Self::Waived => CheckState::Waived,
            Self::Failed => CheckState::Fail,
        }
    }
}

/// A gate with the numbers behind its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageGate {
    pub status: GateStatus,
    /// Blocking checks of the stage.
    pub blocking: usize,
    /// Those that keep the gate closed.
    pub failing: usize,
    pub waived: usize,
}

impl StageGate {
    pub fn of(stage: &StageView, checks: &[CheckView]) -> Self {
        let blocking = || {
            let mut of_stage = checks.iter().filter(|check| check.stage == stage.name);
            std::iter::from_fn(move || of_stage.find(|check| check.severity == Severity::Blocking))
        };
        let closes = |check: &&CheckView| {
            matches!(
                check.state,
                CheckState::Fail | CheckState::Error | CheckState::Outdated
            )
        };
        let waived = blocking()
            .filter(|check| check.state == CheckState::Waived)
            .count();
        Self {
            status: match stage.state {
                StageState::Waiting | StageState::Running => GateStatus::NotYet,
                StageState::Checking => GateStatus::Checking,
                StageState::Passed if waived > 0 => GateStatus::Waived,
                StageState::Passed => GateStatus::Passed,
                StageState::Failed => GateStatus::Failed,
            },
            blocking: blocking().count(),
            failing: blocking().filter(closes).count(),
            waived,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::console::fixture::three_stages;

    #[rstest]
    #[case(StageState::Waiting, CheckState::Pending, GateStatus::NotYet, 0)]
    #[case(StageState::Running, CheckState::Fail, GateStatus::NotYet, 1)]
    #[case(StageState::Checking, CheckState::Running, GateStatus::Checking, 0)]
    #[case(StageState::Passed, CheckState::Pass, GateStatus::Passed, 0)]
    #[case(StageState::Passed, CheckState::Waived, GateStatus::Waived, 0)]
    #[case(StageState::Failed, CheckState::Error, GateStatus::Failed, 1)]
    #[case(StageState::Failed, CheckState::Pass, GateStatus::Failed, 0)]
    fn the_status_of_a_gate(
        #[case] state: StageState,
        #[case] check: CheckState,
        #[case] status: GateStatus,
        #[case] failing: usize,
    ) {
        let mut snapshot = three_stages(1);
        let stage = &mut snapshot.stages[0];
        stage.state = state;
        for of_stage in &mut snapshot.checks {
            of_stage.state = CheckState::Pass;
        }
        let at = (snapshot.checks.iter())
            .position(|check| check.stage == stage.name && check.severity == Severity::Blocking);
        snapshot.checks[at.unwrap()].state = check;
        let gate = StageGate::of(&snapshot.stages[0], &snapshot.checks);
        assert_eq!((gate.status, gate.failing), (status, failing));
        assert!(gate.blocking > 0);
    }

    #[test]
    fn advisory_checks_dont_count() {
        let mut snapshot = three_stages(1);
        snapshot.stages[0].state = StageState::Passed;
        for check in &mut snapshot.checks {
            check.severity = Severity::Advisory;
        }
        let gate = StageGate::of(&snapshot.stages[0], &snapshot.checks);
        assert_eq!((gate.status, gate.blocking), (GateStatus::Passed, 0));
    }
}
