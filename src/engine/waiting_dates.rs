//! The dates that wait: those for which a source must have rows and has none yet, and those that depend on one. Pure.
//! Dry run and run share it, so that they agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::partition::Partition;

use super::Lineage;
use super::seen_sources::SeenSource;

/// Dates with the reason why they wait.
pub(super) type Waiting = BTreeMap<Partition, String>;

/// Why the dates after the first of these wait, in a stage that depends on its past.
pub(super) fn later_reason(waiting: &Waiting) -> Option<String> {
    let (first, _) = waiting.first_key_value()?;
    Some(format!("waits for {first}, which waits for a source"))
}

/// What the stages of a run wait for.
#[derive(Debug, Default)]
pub(super) struct WaitingDates {
    seen: Vec<SeenSource>,
    /// The dates that wait, by stage.
    by_stage: HashMap<String, Waiting>,
}

impl WaitingDates {
    pub(super) fn of(seen: Vec<SeenSource>) -> Self {
        Self {
            seen,
            ..Self::default()
        }
    }

    /// Takes a new look at the sources.
    pub(super) fn see(&mut self, seen: Vec<SeenSource>) {
        self.seen = seen;
    }

    /// Which of these dates of a stage can't be computed yet. Its upstream stages must have been kept.
    pub(super) fn among(&self, lineage: &Lineage, stage: &str, dates: &[Partition]) -> Waiting {
        let mut upstream: Vec<(&str, &str, BTreeSet<Partition>)> = Vec::new();
        for (filler, output) in lineage.outputs() {
            if let Some(waiting) = self.by_stage.get(filler).filter(|waiting| !waiting.is_empty()) {
                upstream.push((filler, output, waiting.keys().copied().collect()));
            }
        }
        let inputs = lineage.inputs(stage);
        let why = |date: Partition| {
            let awaits = |source: &&SeenSource| {
                source.is_awaited(date) && inputs.iter().any(|input| input.table == source.table())
            };
            if let Some(source) = self.seen.iter().find(awaits) {
                return Some(format!("source {} has no rows for {date} yet", source.table()));
            }
            let (filler, _, _) = upstream.iter().find(|(_, output, waiting)| {
                let mut inputs = inputs.iter().filter(|input| input.table == *output);
                let grain = lineage.grain_of_output(output);
                grain
                    .is_some_and(|grain| inputs.any(|input| input.reach.depends_on_any(date, waiting, grain)))
            })?;
            Some(format!(
                "stage {filler} waits for a source on a date that it depends on"
            ))
        };
        dates
            .iter()
            .filter_map(|date| Some((*date, why(*date)?)))
            .collect()
    }

    /// Remembers which dates of a stage wait.
    pub(super) fn keep(&mut self, stage: &str, waiting: Waiting) {
        self.by_stage.insert(stage.to_owned(), waiting);
    }

    /// The dates of a stage that wait.
    pub(super) fn of_stage(&self, stage: &str) -> Vec<Partition> {
        let waiting = self.by_stage.get(stage).into_iter().flatten();
        waiting.map(|(date, _)| *date).collect()
    }

    /// The number of units that wait.
    pub(super) fn count(&self) -> usize {
        self.by_stage.values().map(BTreeMap::len).sum()
    }

    /// The sources that units wait for.
    pub(super) fn sources(&self) -> Vec<&str> {
        let dates: BTreeSet<Partition> = self.by_stage.values().flatten().map(|(date, _)| *date).collect();
        let awaited = |source: &&SeenSource| dates.iter().any(|date| source.is_awaited(*date));
        self.seen.iter().filter(awaited).map(SeenSource::table).collect()
    }
}
