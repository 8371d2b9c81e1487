//! The results of reading the files so far: games, people and rejected rows.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::feeds::league::fixtures::{Fixtures, GameSide};
use crate::feeds::league::{NbaGameId, Person};
use crate::nba::ids::{GameId, PlayerLookup};

/// A rejected row or file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Path of the file.
    pub file: PathBuf,
    /// The line, counted from 1; `None` if the whole file is rejected.
    pub line: Option<u64>,
    /// The reason for the rejection.
    pub reason: String,
}

#[derive(Debug, Default)]
pub(super) struct ImportFindings {
    pub(super) people: Vec<Person>,
    pub(super) rejected: Vec<Rejected>,
    places: HashMap<(Option<u32>, String), u32>,
    fixtures: Fixtures,
    origins: HashMap<NbaGameId, (PathBuf, u64)>,
}

impl ImportFindings {
    pub(super) fn reject(&mut self, file: &Path, line: Option<u64>, reason: impl Into<String>) {
        self.rejected.push(Rejected {
            file: file.to_owned(),
            line,
            reason: reason.into(),
        });
    }

    /// Adds what a row states about its game.
    pub(super) fn note(&mut self, file: &Path, line: u64, side: GameSide) -> Result<(), String> {
        self.origins
            .entry(side.game)
            .or_insert_with(|| (file.to_owned(), line));
        self.fixtures.note(side)
    }

    /// The index of this person, who is added if new.
    pub(super) fn person(&mut self, number: Option<u32>, name: &str) -> Result<u32, String> {
        let key = (number, name.to_owned());
        if let Some(&place) = self.places.get(&key) {
            return Ok(place);
        }
        let lookup = PlayerLookup::parse(name)
            .map_err(|reason| reason.to_string())?
            .to_string();
        let place = u32::try_from(self.people.len()).map_err(|_| "is one person too many".to_owned())?;
        self.people.push(Person {
            number,
            name: name.to_owned(),
            lookup,
        });
        self.places.insert(key, place);
        Ok(place)
    }

    /// The games, after all files that define games were read. For an inconsistent game, its first row is rejected.
    pub(super) fn games(&mut self) -> Option<BTreeMap<NbaGameId, GameId>> {
        let refused = match std::mem::take(&mut self.fixtures).finish() {
            Ok(games) => return Some(games),
            Err(refused) => refused,
        };
        for (game, reason) in refused {
            if let Some((file, line)) = self.origins.remove(&game) {
                self.reject(&file, Some(line), reason);
            }
        }
        None
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}
