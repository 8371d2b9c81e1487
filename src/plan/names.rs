//! The names of a plan's stages or checks, for those that refer to them. They are known even if the rest of an entry
//! can't be read.

use std::collections::HashSet;

use super::hint::with_hint;
use super::mistakes::PlanMistakes;

/// Names with the places of their entries, in the order of the file.
pub(super) struct EntryNames(Vec<(usize, String)>);

impl EntryNames {
    /// The names of all entries of this kind.
    pub(super) fn of(kind: &str, mistakes: &PlanMistakes<'_>) -> Self {
        Self(mistakes.names(kind))
    }

    /// Returns the name if it exists; `what` is the kind of thing it should name.
    pub(super) fn known(&self, what: &str, name: String) -> Result<String, String> {
        if self.iter().any(|known| known == name) {
            return Ok(name);
        }
        Err(with_hint(what, &name, self.iter()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|(_, name)| name.as_str())
    }
}

/// Notes every name that was used before, by an earlier entry of any of these lists.
pub(super) fn refuse_duplicates(what: &str, lists: &[&EntryNames], mistakes: &mut PlanMistakes<'_>) {
    let mut seen = HashSet::new();
    for (place, name) in lists.iter().flat_map(|names| &names.0) {
        if !seen.insert(name) {
            let problem = format!("{what} '{name}' is duplicated; names must be unique");
            mistakes.of(*place, String::new()).note("name", &problem);
        }
    }
}
