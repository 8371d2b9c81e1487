//! Collects the mistakes of a plan file, each once and with the line of its key. A key whose value couldn't be read is
//! reported for that alone.

use std::collections::{BTreeSet, HashSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, line_of};

/// Maximum number of mistakes reported at once.
pub(super) const MAX_MISTAKES: usize = 100;

/// The byte offset of an entry, such as a `[[stage]]`; `None` for the keys above the first one.
pub(super) type EntryPlace = Option<usize>;

/// The mistakes found so far in one plan file.
pub(super) struct PlanMistakes<'t> {
    text: &'t str,
    document: DeTable<'t>,
    /// Keys whose value couldn't be read, which was reported.
    unread: HashSet<(EntryPlace, String)>,
    found: BTreeSet<Mistake>,
}

impl<'t> PlanMistakes<'t> {
    pub(super) fn new(text: &'t str, document: DeTable<'t>) -> Self {
        Self {
            text,
            document,
            unread: HashSet::new(),
            found: BTreeSet::new(),
        }
    }

    /// The parsed file, without the keys that couldn't be read.
    pub(super) const fn document(&mut self) -> &mut DeTable<'t> {
        &mut self.document
    }

    pub(super) fn note(&mut self, mistake: Mistake) {
        if !self.is_full() {
            self.found.insert(mistake);
        }
    }

    /// Notes a mistake of the key at this path of tables.
    pub(super) fn note_in(&mut self, path: &[&str], problem: String) {
        let mut table = Some(&self.document);
        let mut line = None;
        for key in path {
            let Some((key, value)) = table.and_then(|table| table.get_key_value(*key)) else {
                break;
            };
            line = Some(line_of(self.text, key.span().start));
            table = value.get_ref().as_table();
        }
        self.note(Mistake { line, problem });
    }

    /// Notes a key as reported: whatever follows from its missing value is not.
    pub(super) fn skip(&mut self, place: EntryPlace, key: String) {
        self.unread.insert((place, key));
    }

    /// Whether a key of the plan was reported and left out.
    pub(super) fn skips(&self, key: &str) -> bool {
        self.unread.contains(&(None, key.to_owned()))
    }

    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MAX_MISTAKES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All mistakes in the order of their lines.
    pub(super) fn into_sorted(self) -> Vec<Mistake> {
        self.found.into_iter().collect()
    }

    /// Mistakes of the plan's own keys.
    pub(super) const fn of_plan(&mut self) -> EntryMistakes<'_, 't> {
        EntryMistakes {
            all: self,
            place: None,
            subject: String::new(),
        }
    }

    /// Mistakes of an entry; `subject` begins each sentence about it.
    pub(super) const fn of(&mut self, place: usize, subject: String) -> EntryMistakes<'_, 't> {
        EntryMistakes {
            all: self,
            place: Some(place),
            subject,
        }
    }

    /// The names of all entries of a kind with their places, whether or not the rest of them can be read.
    pub(super) fn names(&self, kind: &str) -> Vec<(usize, String)> {
        let name = |entry: &Spanned<DeValue<'_>>| {
            let name = entry.get_ref().as_table()?.get("name")?.get_ref().as_str()?;
            Some((entry.span().start, name.to_owned()))
        };
        let entries = self.document.get(kind).map(|list| list.get_ref().as_array());
        entries.flatten().into_iter().flatten().filter_map(name).collect()
    }

    fn line(&self, place: EntryPlace, key: &str) -> Option<usize> {
        let offset = match place {
            None => self.document.get_key_value(key).map(|(key, _)| key.span().start),
            Some(at) => Some(
                self.entry(at)
                    .and_then(|entry| key_offset(entry, key))
                    .unwrap_or(at),
            ),
        };
        offset.map(|at| line_of(self.text, at))
    }

    fn entry(&self, at: usize) -> Option<&DeTable<'t>> {
        let lists = self
            .document
            .values()
            .filter_map(|value| value.get_ref().as_array());
        let entry = lists.flatten().find(|entry| entry.span().start == at)?;
        entry.get_ref().as_table()
    }
}

fn key_offset(entry: &DeTable<'_>, key: &str) -> Option<usize> {
    entry.get_key_value(key).map(|(key, _)| key.span().start)
}

/// The mistakes of one entry.
pub(super) struct EntryMistakes<'m, 't> {
    all: &'m mut PlanMistakes<'t>,
    place: EntryPlace,
    subject: String,
}

impl EntryMistakes<'_, '_> {
    /// Notes a mistake of a key.
    pub(super) fn note(&mut self, key: &str, problem: &str) {
        let is_reported = self.all.unread.contains(&(self.place, key.to_owned()));
        if is_reported || self.all.is_full() {
            return;
        }
        self.all.note(Mistake {
            line: self.all.line(self.place, key),
            problem: format!("{}{problem}", self.subject),
        });
    }

    /// Notes a mistake at a byte offset within a key.
    pub(super) fn note_at(&mut self, offset: usize, problem: &str) {
        self.all.note(Mistake {
            line: Some(line_of(self.all.text, offset)),
            problem: format!("{}{problem}", self.subject),
        });
    }

    /// The value of a key; `None` if it is wrong, which is noted.
    pub(super) fn take<T>(&mut self, key: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|problem| self.note(key, &problem)).ok()
    }

    /// The same for a value that may have several mistakes, or one that was reported elsewhere.
    pub(super) fn take_all<T>(&mut self, key: &str, value: Result<T, Vec<String>>) -> Option<T> {
        let note = |problems: Vec<String>| problems.iter().for_each(|problem| self.note(key, problem));
        value.map_err(note).ok()
    }

    /// The value of a required key; `None` if it is missing, which is noted.
    pub(super) fn require<T>(&mut self, key: &str, value: Option<T>) -> Option<T> {
        self.take(key, value.ok_or_else(|| format!("{key} is missing; add it")))
    }
}
