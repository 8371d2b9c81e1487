//! The Checks pane: checks under the headings of their stages, which row is marked, which stages are folded.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::list::first_in_view;
use crate::engine::{CheckView, Snapshot};
use crate::ledger::CheckState;

/// The states of checks in the order they are counted: what the operator must look at comes first.
pub const TROUBLE_FIRST: [CheckState; 8] = [
    CheckState::Fail,
    CheckState::Error,
    CheckState::Waived,
    CheckState::Outdated,
    CheckState::Running,
    CheckState::Pending,
    CheckState::Warn,
    CheckState::Pass,
];

/// How many of these checks are in each state, trouble first; states there is none in are left out.
pub fn counts<'a>(
    checks: impl IntoIterator<Item = &'a CheckView> + Clone,
) -> impl Iterator<Item = (CheckState, usize)> {
    let number = move |state| {
        let checks = checks.clone().into_iter();
        checks.filter(|check| check.state == state).count()
    };
    TROUBLE_FIRST
        .into_iter()
        .map(move |state| (state, number(state)))
        .filter(|(_, number)| *number > 0)
}

/// The marked row, and the stages whose checks are hidden.
#[derive(Debug, Clone, Default)]
pub struct Checklist {
    /// Counts in the order of [`Checklist::items`].
    pub cursor: usize,
    /// First row in view when it was last drawn.
    pub top: usize,
    folded: BTreeSet<String>,
}

/// Rows about the marked check, and the height from which there is room for them.
const ABOUT: usize = 3;
const ABOUT_FROM: u16 = 9;

/// One row of the list.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A stage, above its checks.
    Heading {
        /// Stage name.
        stage: &'a str,
        /// Whether its checks are hidden.
        folded: bool,
    },
    /// One of its checks.
    Check(&'a CheckView),
}

/// The checks, those of one stage together, stages in plan order; a check of no known stage comes last.
fn by_stage(snapshot: &Snapshot) -> Vec<&CheckView> {
    let place = |check: &CheckView| {
        let stages = snapshot.stages.iter();
        stages.take_while(|stage| stage.name != check.stage).count()
    };
    let mut checks: Vec<_> = snapshot.checks.iter().collect();
    checks.sort_by_key(|check| place(check));
    checks
}

/// The check of this name, be it of a stage or of the raw tables.
pub fn named<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a CheckView> {
    let mut checks = snapshot.checks.iter().chain(&snapshot.sources);
    checks.find(|check| check.name == name)
}

/// Whether this is a check of the raw tables.
pub fn is_of_sources(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.sources.iter().any(|source| source.name == name)
}

/// How many checks of the raw tables are not met or could not be asked.
pub fn unmet_sources(snapshot: &Snapshot) -> usize {
    let unmet = |source: &&CheckView| matches!(source.state, CheckState::Warn | CheckState::Error);
    snapshot.sources.iter().filter(unmet).count()
}

impl Checklist {
    /// Rows about the marked check in a pane of this size.
    pub const fn about(area: Rect) -> usize {
        if area.height >= ABOUT_FROM { ABOUT } else { 0 }
    }

    /// Rows of the list in view in a pane of this size.
    pub fn page(area: Rect) -> usize {
        usize::from(area.height).saturating_sub(Self::about(area))
    }

    /// The first of `len` rows in view.
    pub fn first_in_view(&self, page: usize, len: usize) -> usize {
        first_in_view(self.top, self.cursor, page, len)
    }

    /// Every row. A single stage needs no heading.
    pub fn items<'a>(&self, snapshot: &'a Snapshot) -> Vec<Item<'a>> {
        let checks = by_stage(snapshot);
        if snapshot.stages.len() < 2 {
            return checks.into_iter().map(Item::Check).collect();
        }
        let mut items = Vec::with_capacity(checks.len() + snapshot.stages.len());
        for group in checks.chunk_by(|one, other| one.stage == other.stage) {
            let stage = group[0].stage.as_str();
            let folded = self.folded.contains(stage);
            items.push(Item::Heading { stage, folded });
            if !folded {
                items.extend(group.iter().map(|check| Item::Check(check)));
            }
        }
        items
    }

    /// The marked row.
    pub fn marked<'a>(&self, snapshot: &'a Snapshot) -> Option<Item<'a>> {
        self.items(snapshot).get(self.cursor).copied()
    }

    /// Hides the checks of the stage the mark is in, or shows them; the mark goes to its heading.
    pub fn fold(&mut self, snapshot: &Snapshot, fold: bool) {
        let Some(marked) = self.marked(snapshot) else {
            return;
        };
        let stage = marked.stage().to_owned();
        let heading = |item: &Item| matches!(item, Item::Heading { stage: name, .. } if *name == stage);
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

    /// Marks a check, and shows the checks of its stage if they were hidden.
    pub fn mark(&mut self, snapshot: &Snapshot, check: &CheckView) {
        self.folded.remove(&check.stage);
        let is_meant = |item: &Item| item.check().is_some_and(|other| other.name == check.name);
        if let Some(at) = self.items(snapshot).iter().position(is_meant) {
            self.cursor = at;
        }
    }

    /// The next check after the mark that passes the test, or the one before, hidden ones included; goes round at the
    /// ends.
    pub fn find<'a>(
        &self,
        snapshot: &'a Snapshot,
        forward: bool,
        test: impl Fn(&CheckView) -> bool,
    ) -> Option<&'a CheckView> {
        let checks = by_stage(snapshot);
        // Where the mark is among all checks: a heading stands just before the first of its stage.
        let (before, here) = match self.marked(snapshot)? {
            Item::Check(marked) => {
                let at = checks.iter().position(|check| check.name == marked.name)?;
                (at, at + 1)
            }
            Item::Heading { stage, .. } => {
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

    /// Puts the mark back on a row that exists.
    pub fn keep_in(&mut self, snapshot: &Snapshot) {
        let rows = self.items(snapshot).len();
        self.cursor = self.cursor.min(rows.saturating_sub(1));
    }
}

impl<'a> Item<'a> {
    /// The check, if it is one.
    pub const fn check(self) -> Option<&'a CheckView> {
        match self {
            Self::Check(check) => Some(check),
            Self::Heading { .. } => None,
        }
    }

    /// The stage it is or belongs to.
    pub const fn stage(self) -> &'a str {
        match self {
            Self::Check(check) => check.stage.as_str(),
            Self::Heading { stage, .. } => stage,
        }
    }
}
