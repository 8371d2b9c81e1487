//! Which units depend on which others. Pure: computed from the inputs that stages declare and from the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::ledger::KnownDigests;
use crate::partition::{Grain, Partition};
use crate::warehouse::SourceState;

use super::{Input, Reach, Stage};

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
    grain: Grain,
    depends_on_past: bool,
}

impl Node {
    /// What its rows are known by: its table, or its own name if it has none.
    fn output(&self) -> &str {
        self.table.as_deref().unwrap_or(&self.stage)
    }
}

impl Lineage {
    /// Builds the lineage of these stages. They must be in dependency order.
    #[must_use]
    pub fn of(stages: &[Arc<dyn Stage>]) -> Self {
        let node = |stage: &Arc<dyn Stage>| Node {
            stage: stage.name().to_owned(),
            table: stage.fills().path(),
            inputs: stage.inputs(),
            grain: stage.grain(),
            depends_on_past: stage.depends_on_past(),
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

    pub(super) fn depends_on_past(&self, stage: &str) -> bool {
        let node = self.nodes.iter().find(|node| node.stage == stage);
        node.is_some_and(|node| node.depends_on_past)
    }

    pub(super) fn stages(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.stage.as_str())
    }

    /// Every stage with what its rows are known by: its table, or its own name if it has none.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.nodes.iter().map(|node| (node.stage.as_str(), node.output()))
    }

    /// What a stage reads.
    pub(super) fn inputs(&self, stage: &str) -> &[Input] {
        let node = self.nodes.iter().find(|node| node.stage == stage);
        node.map(|node| node.inputs.as_slice()).unwrap_or_default()
    }

    /// The length of the dates in which a source is looked at: the shortest of the stages that read it; `None` if none does.
    pub(super) fn grain_of_source(&self, table: &str) -> Option<Grain> {
        let reads = |node: &&Node| node.inputs.iter().any(|input| input.table == table);
        self.nodes.iter().filter(reads).map(|node| node.grain).min()
    }

    /// The length of the dates of what a stage fills.
    pub(super) fn grain_of_output(&self, output: &str) -> Option<Grain> {
        let node = self.nodes.iter().find(|node| node.output() == output);
        node.map(|node| node.grain)
    }

    /// The first and last date of a source, in dates of this length, that units from a first to a last date may read.
    pub(super) fn reached(
        &self,
        table: &str,
        grain: Grain,
        first: Partition,
        last: Partition,
    ) -> Option<(Partition, Partition)> {
        let of_node = |node: &Node| {
            let (first, last) = (first.at_start(node.grain), last.at_end(node.grain));
            let inputs = node.inputs.iter().filter(|input| input.table == table);
            let reaches: Vec<Reach> = inputs.map(|input| input.reach).collect();
            reaches
                .into_iter()
                .map(move |reach| (reach.ends(first, grain).0, reach.ends(last, grain).1))
        };
        let ends = self.nodes.iter().flat_map(of_node);
        ends.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }

    /// Digest of what a unit reads of a source in this state, in dates of this length; `None` if its stage doesn't read it.
    pub(super) fn source_digest(
        &self,
        stage: &str,
        date: Partition,
        (table, grain): (&str, Grain),
        state: &SourceState,
    ) -> Option<u64> {
        let inputs = self.inputs(stage).iter();
        let mut inputs = inputs.filter(|input| input.table == table).peekable();
        inputs.peek()?;
        let mut digest = InputDigest::default();
        for input in inputs {
            digest.next_input();
            let (first, last) = input.reach.ends(date, grain);
            if first <= last {
                let reached = state.range(first..=last);
                reached.for_each(|(date, held)| digest.add(*date, held.mark));
            }
        }
        Some(digest.0)
    }

    /// The units in `among` that depend on these dates of a table, or of a stage without one, directly or through other
    /// units.
    #[must_use]
    pub fn dependants(&self, output: &str, dates: &BTreeSet<Partition>, among: &Units) -> Units {
        let mut changed: HashMap<&str, BTreeSet<Partition>> = HashMap::from([(output, dates.clone())]);
        let mut found = Units::new();
        for node in &self.nodes {
            let Some(units) = among.get(&node.stage) else {
                continue;
            };
            let depends = |date: &Partition| {
                node.inputs.iter().any(|input| {
                    let known = changed.get(input.table.as_str());
                    known.is_some_and(|dates| {
                        let grain = self.grain_in(node, input);
                        input.reach.depends_on_any(*date, dates, grain)
                    })
                })
            };
            let mut dependent: BTreeSet<Partition> = units.iter().copied().filter(depends).collect();
            if node.depends_on_past {
                let own = changed.get(node.output()).and_then(BTreeSet::first);
                if let Some(first) = own.into_iter().chain(dependent.first()).min().copied() {
                    dependent.extend(units.range((Bound::Excluded(first), Bound::Unbounded)));
                }
            }
            if !dependent.is_empty() {
                let changed = changed.entry(node.output()).or_default();
                changed.extend(dependent.iter().copied());
                found.insert(node.stage.clone(), dependent);
            }
        }
        found
    }

    /// The length of the dates of an input: those of the stage that fills it, else those of the stage that reads it.
    fn grain_in(&self, reader: &Node, input: &Input) -> Grain {
        self.filler(&input.table).unwrap_or(reader).grain
    }

    fn filler(&self, table: &str) -> Option<&Node> {
        self.nodes
            .iter()
            .find(|node| node.table.as_deref() == Some(table))
    }

    /// Dates per table that these stages read for their dates and don't compute themselves. `dates` returns the dates of a
    /// length.
    #[must_use]
    pub fn needs(&self, dates: impl Fn(Grain) -> BTreeSet<Partition>) -> Units {
        let mut needs = Units::new();
        for node in &self.nodes {
            for input in &node.inputs {
                let grain = self.grain_in(node, input);
                let needed = needs.entry(input.table.clone()).or_default();
                for date in dates(node.grain) {
                    let (first, last) = input.reach.ends(date, grain);
                    needed.extend(first.up_to(last));
                }
            }
        }
        for (table, needed) in &mut needs {
            if let Some(filler) = self.filler(table) {
                let made = dates(filler.grain);
                needed.retain(|date| !made.contains(date));
            }
        }
        needs.retain(|_, needed| !needed.is_empty());
        needs
    }

    /// Digest of everything that is stored now for a unit to read: by upstream stages, and by its own before it.
    #[must_use]
    pub fn input_digest(&self, stage: &str, date: Partition, known: &KnownDigests) -> u64 {
        let Some(node) = self.nodes.iter().find(|node| node.stage == stage) else {
            return 0;
        };
        let mut past = InputDigest::default();
        if let Some(units) = known.get(stage).filter(|_| node.depends_on_past) {
            units
                .range(..date)
                .for_each(|(date, unit)| past.add(*date, unit.output));
        }
        self.digest_of(node, date, past, known)
    }

    /// The recorded dates of a stage whose inputs have another digest now than when they were computed.
    #[must_use]
    pub fn outrun(&self, stage: &str, known: &KnownDigests) -> BTreeSet<Partition> {
        let node = self.nodes.iter().find(|node| node.stage == stage);
        let Some((node, units)) = node.zip(known.get(stage)) else {
            return BTreeSet::new();
        };
        let mut past = InputDigest::default();
        let mut found = BTreeSet::new();
        for (date, unit) in units {
            if self.digest_of(node, *date, past, known) != unit.input {
                found.insert(*date);
            }
            if node.depends_on_past {
                past.add(*date, unit.output);
            }
        }
        found
    }

    /// `past` is the digest of the stage's own dates before this one.
    fn digest_of(&self, node: &Node, date: Partition, past: InputDigest, known: &KnownDigests) -> u64 {
        let mut digest = InputDigest::default();
        for input in &node.inputs {
            let filler = self.filler(&input.table);
            let Some((filler, units)) = filler.and_then(|node| Some((node, known.get(&node.stage)?))) else {
                continue;
            };
            digest.next_input();
            let (first, last) = input.reach.ends(date, filler.grain);
            if first <= last {
                let reached = units.range(first..=last);
                reached.for_each(|(date, unit)| digest.add(*date, unit.output));
            }
        }
        if node.depends_on_past {
            digest.word(past.0);
        }
        digest.0
    }
}

/// Combines digests in order. The inputs are digests already, so spreading the bits is enough.
#[derive(Default, Clone, Copy)]
struct InputDigest(u64);

impl InputDigest {
    fn next_input(&mut self) {
        self.word(1);
    }

    fn add(&mut self, date: Partition, rows: u64) {
        self.word(u64::from(date.first_day().to_epoch_days().cast_unsigned()));
        if date.grain() == Grain::Hour {
            self.word(date.hour().into());
        }
        self.word(rows);
    }

    /// Multiplies by an odd constant (golden ratio), which is invertible and loses no information.
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
impl Lineage {
    /// Stages, each with its table and the only one that it reads.
    pub(super) fn of_inputs(stages: &[(&str, &str, &str, Reach)]) -> Self {
        let node = |(stage, fills, reads, reach): &(&str, &str, &str, Reach)| Node {
            stage: (*stage).to_owned(),
            table: Some((*fills).to_owned()),
            inputs: vec![Input {
                table: (*reads).to_owned(),
                reach: *reach,
            }],
            grain: Grain::Day,
            depends_on_past: false,
        };
        Self {
            nodes: stages.iter().map(node).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;
    use crate::ledger::Digests;

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
            grain: Grain::Day,
            depends_on_past: false,
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

    /// `games`, then a `balance` from date to date without a table, which nothing reads.
    fn running() -> Lineage {
        let in_order = |stage, table: Option<&str>, input: &str| Node {
            depends_on_past: true,
            table: table.map(str::to_owned),
            ..node(stage, &[(input, Reach::SameDate)])
        };
        Lineage {
            nodes: vec![
                node("games", &[]),
                in_order("sums", Some("made.sums"), "made.games"),
                in_order("sent", None, "made.sums"),
                node("cards", &[("made.sums", Reach::SameDate)]),
            ],
        }
    }

    #[test]
    fn a_changed_date_reaches_every_later_one_that_depends_on_its_past() {
        let among: Units = ["games", "sums", "sent", "cards"]
            .map(|stage| (stage.to_owned(), days(1..=5)))
            .into();
        let found =
            |output: &str, dates: &[u32]| running().dependants(output, &days(dates.iter().copied()), &among);
        let of = |stage: &str, numbers: &[u32]| (stage.to_owned(), days(numbers.iter().copied()));
        // Not the date itself: it was just computed.
        let later = [
            of("sums", &[4, 5]),
            of("sent", &[3, 4, 5]),
            of("cards", &[3, 4, 5]),
        ];
        assert_eq!(found("made.sums", &[3]), Units::from(later));
        let with_it = [
            of("sums", &[3, 4, 5]),
            of("sent", &[3, 4, 5]),
            of("cards", &[3, 4, 5]),
        ];
        assert_eq!(found("made.games", &[3]), Units::from(with_it));
        assert_eq!(found("sent", &[2, 4]), Units::from([of("sent", &[3, 4, 5])]));
        assert_eq!(found("sent", &[5]), Units::new());
    }

    #[test]
    fn the_input_digest_of_a_date_includes_all_its_past_and_nothing_later() {
        let known = |sums: &[(u32, u64)]| -> KnownDigests {
            let unit = |&(number, output): &(u32, u64)| (day(number), Digests { input: 0, output });
            [("sums".to_owned(), sums.iter().map(unit).collect())].into()
        };
        let of = |date, sums: &[(u32, u64)]| running().input_digest("sums", day(date), &known(sums));
        let sums = [(1, 7), (2, 8), (3, 9)];
        assert_eq!(of(3, &sums), of(3, &[(1, 7), (2, 8), (3, 99), (4, 1)]));
        assert_ne!(of(3, &sums), of(3, &[(1, 77), (2, 8)]));
        assert_ne!(of(3, &sums), of(3, &[(2, 8)]));
        assert_ne!(of(1, &sums), of(2, &sums));
        let mut all = known(&sums);
        for (date, unit) in all.get_mut("sums").unwrap() {
            unit.input = running().input_digest("sums", *date, &known(&sums));
        }
        assert_eq!(running().outrun("sums", &all), BTreeSet::new());
        all.get_mut("sums").unwrap().get_mut(&day(2)).unwrap().output = 0;
        assert_eq!(running().outrun("sums", &all), days([3]));
    }

    #[test]
    fn only_inputs_computed_outside_the_run_are_needed() {
        let needs = |dates: &[u32]| lineage().needs(|_| days(dates.iter().copied()));
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
