//! Which units depend on which others. Pure: computed from the inputs that stages declare and from the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::ledger::{Digests, KnownDigests};
use crate::partition::{Grain, Partition};

use super::{Input, Stage};

/// Dates by stage, or by table.
pub type Units = BTreeMap<String, BTreeSet<Partition>>;

/// Every stage of a plan with its inputs and its table.
#[derive(Debug, Clone, Default)]
pub struct Lineage {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    stage: String,
    table: Option<String>,
    inputs: Vec<Input>,
}

impl Lineage {
    /// Builds the lineage of these stages. They must be in dependency order.
    #[must_use]
    pub fn of(stages: &[Arc<dyn Stage>]) -> Self {
        let node = |stage: &Arc<dyn Stage>| Node {
            stage: stage.name().to_owned(),
            table: stage.fills().path(),
            inputs: stage.inputs(),
        };
        Self {
            nodes: stages.iter().map(node).collect(),
        }
    }

    /// Every stage with a table, as `(stage, dataset.table)`.
    pub(super) fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.stage.as_str(), node.table.as_deref()?)))
    }

    pub(super) fn stages(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.stage.as_str())
    }

    /// The units in `among` that depend on these dates of a table, directly or through other units.
    #[must_use]
    pub fn dependants(&self, table: &str, dates: &BTreeSet<Partition>, among: &Units) -> Units {
        let mut changed: HashMap<&str, BTreeSet<Partition>> = HashMap::from([(table, dates.clone())]);
        let mut found = Units::new();
        for node in &self.nodes {
            let Some(units) = among.get(&node.stage) else {
                continue;
            };
            let depends = |date: &Partition| {
                node.inputs.iter().any(|input| {
                    let known = changed.get(input.table.as_str());
                    known.is_some_and(|dates| input.reach.depends_on_any(*date, dates))
                })
            };
            let dependent: BTreeSet<Partition> = units.iter().copied().filter(depends).collect();
            if !dependent.is_empty() {
                if let Some(table) = &node.table {
                    let changed = changed.entry(table).or_default();
                    changed.extend(dependent.iter().copied());
                }
                found.insert(node.stage.clone(), dependent);
            }
        }
        found
    }

    /// Dates per table that these stages read for `dates` and don't compute themselves.
    #[must_use]
    pub fn needs(&self, dates: &BTreeSet<Partition>) -> Units {
        let makes = |table: &str| self.nodes.iter().any(|node| node.table.as_deref() == Some(table));
        let mut needs = Units::new();
        for input in self.nodes.iter().flat_map(|node| &node.inputs) {
            let needed = needs.entry(input.table.clone()).or_default();
            for date in dates {
                let (first, last) = input.reach.ends(*date);
                needed.extend(first.up_to(last));
            }
        }
        for (_, needed) in needs.iter_mut().filter(|(table, _)| makes(table)) {
            needed.retain(|date| !dates.contains(date));
        }
        needs.retain(|_, needed| !needed.is_empty());
        needs
    }

    /// Digest of everything that upstream stages store now for a unit.
    #[must_use]
    pub fn input_digest(&self, stage: &str, date: Partition, known: &KnownDigests) -> u64 {
        let inputs = self.nodes.iter().find(|node| node.stage == stage);
        let mut digest = InputDigest::default();
        for input in inputs.map(|node| node.inputs.as_slice()).unwrap_or_default() {
            let fills = |node: &&Node| node.table.as_ref() == Some(&input.table);
            let filler = self.nodes.iter().find(fills);
            let Some(units) = filler.and_then(|node| known.get(&node.stage)) else {
                continue;
            };
            digest.next_input();
            let (first, last) = input.reach.ends(date);
            if first <= last {
                let reached = units.range(first..=last);
                reached.for_each(|(date, unit)| digest.add(*date, *unit));
            }
        }
        digest.0
    }
}

/// Combines digests in order. The inputs are digests already, so spreading the bits is enough.
#[derive(Default)]
struct InputDigest(u64);

impl InputDigest {
    fn next_input(&mut self) {
        self.word(1);
    }

    fn add(&mut self, date: Partition, unit: Digests) {
        self.word(u64::from(date.first_day().to_epoch_days().cast_unsigned()));
        if date.grain() == Grain::Hour {
            self.word(date.hour().into());
        }
        self.word(unit.output);
    }

    /// Multiplies by an odd constant (golden ratio), which is invertible and loses no information.
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::super::Reach;
    use super::*;

    fn day(number: u32) -> Partition {
        Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, number).unwrap())
    }

    fn days(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<Partition> {
        numbers.into_iter().map(day).collect()
    }

    /// Two seasons: days 1 to 10, and day 11 on.
    fn season(date: Partition) -> Partition {
        if date.first_day().day() > 10 {
            day(11)
        } else {
            day(1)
        }
    }

    fn node(stage: &str, inputs: &[(&str, Reach)]) -> Node {
        let input = |(table, reach): &(&str, Reach)| Input {
            table: (*table).to_owned(),
            reach: *reach,
        };
        Node {
            stage: stage.to_owned(),
            table: Some(format!("made.{stage}")),
            inputs: inputs.iter().map(input).collect(),
        }
    }

    /// `games` are computed from raw rows, `form` looks back on games, `cards` read the form of their date.
    fn lineage() -> Lineage {
        Lineage {
            nodes: vec![
                node("games", &[("raw.feed", Reach::SameDate)]),
                node("form", &[("made.games", Reach::Before(season))]),
                node("cards", &[("made.form", Reach::SameDate)]),
                node("other", &[("raw.other", Reach::SameDate)]),
            ],
        }
    }

    fn everything() -> Units {
        ["games", "form", "cards", "other"]
            .map(|stage| (stage.to_owned(), days(1..=20)))
            .into()
    }

    #[test]
    fn a_changed_date_reaches_its_dependants_until_the_end_of_its_season() {
        let found = lineage().dependants("raw.feed", &days([8]), &everything());
        let expected: Units = [
            ("games".to_owned(), days([8])),
            ("form".to_owned(), days([9, 10])),
            ("cards".to_owned(), days([9, 10])),
        ]
        .into();
        assert_eq!(found, expected);
        let found = lineage().dependants("made.form", &days([3, 4]), &everything());
        assert_eq!(found, Units::from([("cards".to_owned(), days([3, 4]))]));
        let found = lineage().dependants("made.games", &days([20]), &everything());
        assert_eq!(found, Units::new(), "nobody looks back on the last day");
    }

    #[test]
    fn dates_never_computed_are_not_reached() {
        let mut among = everything();
        among.insert("form".to_owned(), days([10]));
        let found = lineage().dependants("made.games", &days([2]), &among);
        let expected: Units = [("form".to_owned(), days([10])), ("cards".to_owned(), days([10]))].into();
        assert_eq!(found, expected);
    }

    #[test]
    fn lookback_days_include_the_date_itself() {
        let lineage = Lineage {
            nodes: vec![
                node("games", &[]),
                node("week", &[("made.games", Reach::Days(2))]),
            ],
        };
        let among = Units::from([("week".to_owned(), days(1..=20))]);
        let found = lineage.dependants("made.games", &days([5]), &among);
        assert_eq!(found, Units::from([("week".to_owned(), days([5, 6, 7]))]));
        let of = |date, games: &[(u32, u64)]| lineage.input_digest("week", day(date), &known(games));
        let games = [(4, 1), (5, 2), (6, 3), (7, 4)];
        assert_eq!(of(6, &games), of(6, &[(3, 9), (4, 1), (5, 2), (6, 3), (7, 9)]));
        assert_ne!(of(6, &games), of(6, &[(4, 9), (5, 2), (6, 3)]));
        assert_ne!(of(6, &games), of(6, &[(4, 1), (5, 2), (6, 9)]));
    }

    #[test]
    fn only_inputs_computed_outside_the_run_are_needed() {
        let needs = |dates: &[u32]| lineage().needs(&days(dates.iter().copied()));
        let of = |table: &str, numbers: &[u32]| (table.to_owned(), days(numbers.iter().copied()));
        // The season up to day 6 without day 4, which is computed here; `cards` only read what `form` computes.
        let expected: Units = [
            of("raw.feed", &[4, 6]),
            of("made.games", &[1, 2, 3, 5]),
            of("raw.other", &[4, 6]),
        ]
        .into();
        assert_eq!(needs(&[4, 6]), expected);
        let first_day: Units = [of("raw.feed", &[1]), of("raw.other", &[1])].into();
        assert_eq!(needs(&[1]), first_day);
    }

    fn known(games: &[(u32, u64)]) -> KnownDigests {
        let unit = |&(number, output): &(u32, u64)| (day(number), Digests { input: 0, output });
        KnownDigests::from([("games".to_owned(), games.iter().map(unit).collect())])
    }

    #[test]
    fn the_input_digest_depends_only_on_the_inputs_of_the_unit() {
        let of = |date, games: &[(u32, u64)]| lineage().input_digest("form", day(date), &known(games));
        let games = [(1, 7), (5, 8), (6, 9), (11, 10)];
        assert_eq!(of(6, &games), of(6, &[(1, 7), (5, 8), (6, 99), (11, 10)]));
        assert_ne!(of(6, &games), of(6, &[(1, 7), (5, 88), (6, 9), (11, 10)]));
        assert_ne!(of(6, &games), of(6, &[(1, 7), (4, 8), (6, 9), (11, 10)]));
        assert_ne!(of(6, &games), of(6, &[(1, 7), (6, 9), (11, 10)]));
        assert_eq!(of(12, &games), of(12, &[(1, 77), (11, 10)]));
        assert_ne!(of(12, &games), of(12, &[(11, 11)]));
    }
}
