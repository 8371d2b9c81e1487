//! The gate of a stage: one rule for the run, the runbook and the replay.

use super::CheckState;
use crate::partition::Partition;
use crate::plan::Severity;

/// The part of a check that decides about a gate.
#[derive(Debug, Clone, Copy)]
pub struct GateCheck<'a> {
    /// Only a blocking check can close the gate.
    pub severity: Severity,
    /// State of the newest result.
    pub state: CheckState,
    /// The check's failing dates.
    pub failing_dates: &'a [Partition],
}

impl GateCheck<'_> {
    /// Whether it keeps the gate closed. A result of another definition is outdated and blocks too.
    #[must_use]
    pub const fn blocks(self) -> bool {
        matches!(self.severity, Severity::Blocking)
            && matches!(
                self.state,
                CheckState::Fail | CheckState::Error | CheckState::Outdated
            )
    }
}

/// The dates that keep the gate closed: those that need attention and aren't failing dates of a waived check.
pub fn unwaived<'a>(
    attention: impl IntoIterator<Item = Partition>,
    checks: impl Iterator<Item = GateCheck<'a>>,
) -> Vec<Partition> {
    let waived: Vec<_> = checks.filter(|check| check.state == CheckState::Waived).collect();
    let is_waived = |date: &Partition| waived.iter().any(|check| check.failing_dates.contains(date));
    attention.into_iter().filter(|date| !is_waived(date)).collect()
}

/// Whether the gate is open: no check blocks, and no unwaived date needs attention.
pub fn gate_is_open<'a>(
    attention: impl IntoIterator<Item = Partition>,
    checks: impl Iterator<Item = GateCheck<'a>> + Clone,
) -> bool {
    !checks.clone().any(GateCheck::blocks) && unwaived(attention, checks).is_empty()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(day: u32) -> Partition {
        Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, day).unwrap())
    }

    fn check(severity: Severity, state: CheckState, failing_dates: &[Partition]) -> GateCheck<'_> {
        GateCheck {
            severity,
            state,
            failing_dates,
        }
    }

    #[rstest]
    #[case(CheckState::Pass, true)]
    #[case(CheckState::Waived, true)]
    #[case(CheckState::Pending, true)]
    #[case(CheckState::Fail, false)]
    #[case(CheckState::Error, false)]
    #[case(CheckState::Outdated, false)]
    fn only_a_current_result_of_a_blocking_check_opens_the_gate(
        #[case] state: CheckState,
        #[case] open: bool,
    ) {
        let blocking = check(Severity::Blocking, state, &[]);
        assert_eq!(gate_is_open([], [blocking].into_iter()), open);
        let advisory = check(Severity::Advisory, state, &[]);
        assert!(gate_is_open([], [advisory].into_iter()));
    }

    #[test]
    fn a_failed_date_closes_the_gate_unless_a_waived_check_names_it() {
        let dates = [day(1), day(2)];
        let waived = check(Severity::Blocking, CheckState::Waived, &dates[..1]);
        assert!(gate_is_open([day(1)], [waived].into_iter()));
        assert!(!gate_is_open([day(1), day(2)], [waived].into_iter()));
        let passed = check(Severity::Blocking, CheckState::Pass, &dates);
        assert!(!gate_is_open([day(1)], [passed].into_iter()));
    }
}
