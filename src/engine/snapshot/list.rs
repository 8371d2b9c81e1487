//! The delta of a list with named entries: the changed entries, or the whole list if its entries are not the same ones.

use serde::{Deserialize, Serialize};

use super::{BreakdownView, CheckView, WorkerView};
use crate::runbook::Item;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListDelta<T> {
    /// Every entry, in order; replaces the list.
    All(Vec<T>),
    Changed(Vec<T>),
}

/// An entry identified by a name or number.
pub trait ListEntry {
    fn is_same_entry(&self, other: &Self) -> bool;
}

impl ListEntry for WorkerView {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.slot == other.slot
    }
}

impl ListEntry for CheckView {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl ListEntry for BreakdownView {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.check == other.check
    }
}

impl ListEntry for Item {
    fn is_same_entry(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl<T> Default for ListDelta<T> {
    fn default() -> Self {
        Self::Changed(Vec::new())
    }
}

impl<T> ListDelta<T> {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Changed(entries) if entries.is_empty())
    }
}

impl<T: ListEntry + Clone + PartialEq> ListDelta<T> {
    pub(super) fn between(before: &[T], now: &[T]) -> Self {
        let pairs = || before.iter().zip(now);
        if before.len() != now.len() || !pairs().all(|(old, new)| old.is_same_entry(new)) {
            return Self::All(now.to_vec());
        }
        let changed = pairs().filter(|(old, new)| old != new);
        Self::Changed(changed.map(|(_, new)| new.clone()).collect())
    }

    /// Applies the delta; ignores changed entries that the list doesn't have.
    pub(super) fn apply(&self, list: &mut Vec<T>) {
        match self {
            Self::All(all) => list.clone_from(all),
            Self::Changed(changed) => {
                for new in changed {
                    if let Some(old) = list.iter_mut().find(|old| old.is_same_entry(new)) {
                        old.clone_from(new);
                    }
                }
            }
        }
    }
}
