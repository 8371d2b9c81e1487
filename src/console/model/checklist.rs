//! The Checks pane: checks grouped by stage, the selected row, and the folded stages.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::list::first_in_view;
use crate::engine::{CheckView, Snapshot};
use crate::ledger::CheckState;

/// The order in which check states are counted: states that need attention come first.
pub const ATTENTION_FIRST: [CheckState; 8] = [
    CheckState::Fail,
    CheckState::Error,
    CheckState::Waived,
    CheckState::Outdated,
    CheckState::Running,
    CheckState::Pending,
    CheckState::Warn,
    CheckState::Pass,
];

/// The number of checks in each state, in the order of [`ATTENTION_FIRST`]; states without checks are left out.
pub fn counts<'a>(
    checks: impl IntoIterator<Item = &'a CheckView> + Clone,
) -> impl Iterator<Item = (CheckState, usize)> {
    let number = move |state| {
        let checks = checks.clone().into_iter();
        checks.filter(|check| check.state == state).count()
    };
    ATTENTION_FIRST
        .into_iter()
        .map(move |state| (state, number(state)))
        .filter(|(_, number)| *number > 0)
}

/// The selected row, and the folded stages.
#[derive(Debug, Clone, Default)]
pub struct Checklist {
    pub cursor: usize,
    /// First row in view when it was last drawn.
    pub top: usize,
    folded: BTreeSet<String>,
}

/// Rows about the selected check, and the pane height from which they are shown.
const ABOUT: usize = 3;
const ABOUT_FROM: u16 = 9;

#[derive(Debug, Clone, Copy)]
pub enum ChecklistRow<'a> {
    /// A stage, above its checks.
    Heading {
        stage: &'a str,
        folded: bool,
    },
    Check(&'a CheckView),
}

/// The checks grouped by stage in plan order; checks of an unknown stage come last.
fn by_stage(snapshot: &Snapshot) -> Vec<&CheckView> {
    let place = |check: &CheckView| {
        let stages = snapshot.stages.iter();
        stages.take_while(|stage| stage.name != check.stage).count()
    };
    let mut checks: Vec<_> = snapshot.checks.iter().collect();
    checks.sort_by_key(|check| place(check));
    checks
}

/// A check in one line, then its failing dates, as copied.
pub fn as_text(check: &CheckView) -> String {
    let value = check.value.as_deref().unwrap_or("-");
    let line = format!(
        "{} {} value {value} target {}",
        check.name, check.state, check.target
    );
    let dates = check.failing_dates.iter().map(|date| format!("\n{date}"));
    line + &dates.collect::<String>()
}

/// The check with this name, of a stage or of the raw tables.
pub fn named<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a CheckView> {
    let mut checks = snapshot.checks.iter().chain(&snapshot.sources);
    checks.find(|check| check.name == name)
}

/// Whether the check is one of the raw tables.
pub fn is_of_sources(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.sources.iter().any(|source| source.name == name)
}

/// Number of raw-data checks that failed or couldn't run.
pub fn unmet_sources(snapshot: &Snapshot) -> usize {
    let unmet = |source: &&CheckView| matches!(source.state, CheckState::Warn | CheckState::Error);
    snapshot.sources.iter().filter(unmet).count()
}

impl Checklist {
    /// Rows about the selected check in a pane of this size.
    pub const fn about(area: Rect) -> usize {
        if area.height >= ABOUT_FROM { ABOUT } else { 0 }
    }

    /// Rows of the list in view in a pane of this size.
    pub fn page(area: Rect) -> usize {
        usize::from(area.height).saturating_sub(Self::about(area))
    }

    /// Index of the first of `len` rows in view.
    pub fn first_in_view(&self, page: usize, len: usize) -> usize {
        first_in_view(self.top, self.cursor, page, len)
    }

    /// Every row. A single stage gets no heading.
    pub fn items<'a>(&self, snapshot: &'a Snapshot) -> Vec<ChecklistRow<'a>> {
        let checks = by_stage(snapshot);
        if snapshot.stages.len() < 2 {
            return checks.into_iter().map(ChecklistRow::Check).collect();
        }
        let mut items = Vec::with_capacity(checks.len() + snapshot.stages.len());
        for group in checks.chunk_by(|one, other| one.stage == other.stage) {
            let stage = group[0].stage.as_str();
            let folded = self.folded.contains(stage);
            items.push(ChecklistRow::Heading { stage, folded });
            if !folded {
                items.extend(group.iter().map(|check| ChecklistRow::Check(check)));
            }
        }
        items
    }

    pub fn marked<'a>(&self, snapshot: &'a Snapshot) -> Option<ChecklistRow<'a>> {
        self.items(snapshot).get(self.cursor).copied()
    }

    /// Folds or unfolds the stage of the selected row and selects its heading.
    pub fn fold(&mut self, snapshot: &Snapshot, fold: bool) {
        let Some(marked) = self.marked(snapshot) else {
            return;
        };
        let stage = marked.stage().to_owned();
        let heading =
            |item: &ChecklistRow| matches!(item, ChecklistRow::Heading { stage: name, .. } if *name == stage);
        let Some(at) = self.items(snapshot).iter().position(heading) else {
            return;
        };
        self.cursor = at;
        if fold {
            self.folded.insert(stage);
        } else {
            self.folded.remove(&stage);
        }
    }

    /// Selects a check, and unfolds its stage.
    pub fn mark(&mut self, snapshot: &Snapshot, check: &CheckView) {
        self.folded.remove(&check.stage);
        let is_meant = |item: &ChecklistRow| item.check().is_some_and(|other| other.name == check.name);
        if let Some(at) = self.items(snapshot).iter().position(is_meant) {
            self.cursor = at;
        }
    }

    /// The next or previous check that passes the test, folded ones included, wrapping around.
    pub fn find<'a>(
        &self,
        snapshot: &'a Snapshot,
        forward: bool,
        test: impl Fn(&CheckView) -> bool,
    ) -> Option<&'a CheckView> {
        let checks = by_stage(snapshot);
        // The position of the cursor among all checks; a heading comes just before the first check of its stage.
        let (before, here) = match self.marked(snapshot)? {
            ChecklistRow::Check(marked) => {
                let at = checks.iter().position(|check| check.name == marked.name)?;
                (at, at + 1)
            }
            ChecklistRow::Heading { stage, .. } => {
                let at = checks.iter().position(|check| check.stage == stage)?;
                (at, at)
            }
        };
        let found = if forward {
            (here..checks.len()).chain(0..here).find(|at| test(checks[*at]))
        } else {
            let round = (before..checks.len()).rev();
            (0..before).rev().chain(round).find(|at| test(checks[*at]))
        };
        found.map(|at| checks[at])
    }

    /// Clamps the cursor to the rows.
    pub fn clamp_to(&mut self, snapshot: &Snapshot) {
        let rows = self.items(snapshot).len();
        self.cursor = self.cursor.min(rows.saturating_sub(1));
    }
}

impl<'a> ChecklistRow<'a> {
    pub const fn check(self) -> Option<&'a CheckView> {
        match self {
            Self::Check(check) => Some(check),
            Self::Heading { .. } => None,
        }
    }

    pub const fn stage(self) -> &'a str {
        match self {
            Self::Check(check) => check.stage.as_str(),
            Self::Heading { stage, .. } => stage,
        }
    }
}
