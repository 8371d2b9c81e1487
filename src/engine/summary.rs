//! How a run ended, and its result in one sentence. Problems come first, because a narrow screen truncates the end.

use crate::ledger::{CheckState, Counts, RunState, UnitState};

use super::CheckView;
use crate::figures::counted;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `Finished` or `Stopped`.
    pub state: RunState,
    /// What happened, for the operator.
    pub message: String,
    /// A clause for each incomplete output.
    pub incomplete: Vec<String>,
    /// 0: all ok; 1: a unit or blocking check failed; 2: refused before the start; 3: ended early, can be resumed; 4:
    /// another run is at work.
    pub exit_code: u8,
}

impl Ending {
    /// The closing sentence: what happened, and what is missing of the outputs.
    #[must_use]
    pub fn sentence(&self) -> String {
        let clauses = std::iter::once(&self.message).chain(&self.incomplete);
        clauses.map(String::as_str).collect::<Vec<_>>().join("; ")
    }
}

/// Check states in the order of the sentence.
const STATE_ORDER: [CheckState; 8] = [
    CheckState::Fail,
    CheckState::Error,
    CheckState::Outdated,
    CheckState::Pending,
    CheckState::Running,
    CheckState::Warn,
    CheckState::Waived,
    CheckState::Pass,
];

/// Summarises a run that ended `ended` units: all units by state, then the checks.
pub fn summary(ended: usize, units: &Counts, checks: &[CheckView]) -> String {
    let count = |is_meant: fn(UnitState) -> bool| -> usize {
        let states = UnitState::ALL.into_iter().filter(|state| is_meant(*state));
        states
            .map(|state| usize::try_from(units.of(state)).unwrap_or(usize::MAX))
            .sum()
    };
    let open = count(UnitState::is_open);
    let done = match (ended, open) {
        (0, 0) => format!(
            "nothing to do: all {} already done",
            counted(count(|_| true), "unit")
        ),
        (ended, 0) => format!("{} done", counted(ended, "unit")),
        (ended, open) => format!("{} done, {open} still to do", counted(ended, "unit")),
    };
    let short = count(UnitState::needs_attention);
    let answers: Vec<String> = STATE_ORDER
        .into_iter()
        .map(|state| (checks.iter().filter(|check| check.state == state).count(), state))
        .filter(|(number, _)| *number > 0)
        .map(|(number, state)| format!("{number} {state}"))
        .collect();
    let checks = if answers.is_empty() {
        "no checks".to_owned()
    } else {
        format!("checks: {}", answers.join(", "))
    };
    let (ok, skipped) = (units.ok, units.skipped);
    let stale = match units.stale {
        0 => String::new(),
        stale => format!("{stale} stale (refresh with 'rerun --stale'), "),
    };
    let outdated = match units.outdated {
        0 => String::new(),
        outdated => format!("{outdated} outdated (rerun with 'rerun --outdated'), "),
    };
    format!("{done}; {stale}{outdated}{short} failed or short, {ok} ok, {skipped} skipped; {checks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: CheckState) -> CheckView {
        CheckView {
            state,
            ..CheckView::blank("", "")
        }
    }

    #[test]
    fn failures_come_first_and_zero_counts_are_omitted() {
        let units: Counts = [
            UnitState::Ok,
            UnitState::Failed,
            UnitState::Ok,
            UnitState::Skipped,
        ]
        .into_iter()
        .collect();
        let checks = [
            CheckState::Pass,
            CheckState::Warn,
            CheckState::Fail,
            CheckState::Pass,
        ]
        .map(check);
        assert_eq!(
            summary(3, &units, &checks),
            "3 units done; 1 failed or short, 2 ok, 1 skipped; checks: 1 FAIL, 1 WARN, 2 PASS"
        );
        let open: Counts = [UnitState::Ok, UnitState::Pending].into_iter().collect();
        assert_eq!(
            summary(1, &open, &[]),
            "1 unit done, 1 still to do; 0 failed or short, 1 ok, 0 skipped; no checks"
        );
        let failed: Counts = [UnitState::Failed].into_iter().collect();
        assert!(
            summary(0, &failed, &[]).starts_with("nothing to do: all 1 unit already done; 1 failed"),
            "ended is not done"
        );
    }
}
