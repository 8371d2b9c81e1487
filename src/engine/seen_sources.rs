//! The declared sources as a run sees them, and what each unit has read of them. A unit whose source has changed since it
//! began is stale; what is compared is read before the unit reads, so that a row that comes meanwhile is not lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::Utc;

use crate::figures::{counted, is_or_are};
use crate::ledger::{
    Invalidated, KnownSourceDigests, Ledger, LedgerError, SourceBaseline, SourceMarks, SourceRecord, Target,
    UnitSources,
};
use crate::partition::{Grain, Partition};
use crate::plan::{Plan, SourceSpec};
use crate::table::SourceMark;
use crate::warehouse::{SourceLook, SourceState, Warehouse, WarehouseError};

use super::{Lineage, Provenance, Units};

/// A source and its partitions.
#[derive(Debug, Clone)]
pub struct SeenSource {
    spec: SourceSpec,
    /// The length of its dates here.
    grain: Grain,
    state: SourceState,
}

impl SeenSource {
    /// `dataset.table`, as declared.
    pub(super) fn table(&self) -> &str {
        &self.spec.table
    }

    /// Whether units wait for its rows, and it has none in this date.
    pub(super) fn is_awaited(&self, date: Partition) -> bool {
        let (first, last) = (date.at_start(self.grain), date.at_end(self.grain));
        let mut held = self.state.range(first..=last);
        self.spec.must_be_ready && held.all(|(_, held)| held.rows == 0)
    }

    fn digest(&self, lineage: &Lineage, stage: &str, date: Partition) -> Option<u64> {
        lineage.source_digest(stage, date, (self.table(), self.grain), &self.state)
    }

    /// The name under which digests of it are recorded; `None` if changes don't matter. Digests of something else than
    /// is looked at now can't be compared with it.
    fn watched(&self) -> Option<String> {
        let SourceSpec {
            table, date, watch, ..
        } = &self.spec;
        let (word, date) = (watch.as_ref()?.word(), date.as_ref()?);
        Some(format!("{table} {word} by {date} per {}", self.grain))
    }

    fn marks(&self) -> SourceMarks {
        self.state.iter().map(|(date, held)| (*date, held.mark)).collect()
    }
}

/// Looks at the sources of a plan as far as units of these dates may read them, with one query for each.
pub async fn look_at_sources(
    plan: &Plan,
    lineage: &Lineage,
    (first, last): (Partition, Partition),
    warehouse: &dyn Warehouse,
) -> Result<Vec<SeenSource>, WarehouseError> {
    let mut seen = Vec::new();
    for spec in plan.declared_sources.iter().filter(|spec| spec.is_looked_at()) {
        let grain = lineage.grain_of_source(&spec.table);
        let (Some(grain), Some(date)) = (grain, &spec.date) else {
            continue;
        };
        let Some((first, last)) = lineage.reached(&spec.table, grain, first, last) else {
            continue;
        };
        let look = SourceLook {
            table: &spec.table,
            date,
            mark: spec.watch.unwrap_or(SourceMark::Rows),
            first,
            last,
            zone: plan.timezone,
        };
        let state = warehouse.look_at(look).await?;
        seen.push(SeenSource {
            spec: spec.clone(),
            grain,
            state,
        });
    }
    Ok(seen)
}

/// The first and last date of a plan, of a run and of what is recorded: a unit's sources are compared in all of its reach.
pub fn dates_of_sources(
    plan: &Plan,
    dates: &[Partition],
    ledger: Option<(&Ledger, Target)>,
) -> Result<(Partition, Partition), LedgerError> {
    let recorded = match ledger {
        Some((ledger, target)) => ledger.recorded_dates(target)?,
        None => BTreeSet::new(),
    };
    let ends = [plan.range.from(), plan.range.to()];
    let all = || recorded.iter().chain(dates).chain(&ends).copied();
    let (first, last) = (all().min(), all().max());
    Ok((first.unwrap_or(ends[0]), last.unwrap_or(ends[1])))
}

/// What a source changed since its last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceChange {
    /// `dataset.table`, as declared.
    pub table: String,
    /// Its changed dates that stale units read; empty if its earlier state isn't known here.
    pub dates: Vec<Partition>,
    /// The units that became stale.
    pub stale: Vec<Invalidated>,
}

impl SourceChange {
    /// The change and what follows from it, in one sentence.
    pub fn message(&self) -> String {
        let dates: BTreeSet<Partition> = (self.stale.iter())
            .flat_map(|stale| stale.dates.iter().copied())
            .collect();
        let on = match self.dates.len() {
            0 => String::new(),
            changed => format!(" on {}", counted(changed, "date")),
        };
        format!(
            "{} changed{on}; {} of {} {} stale",
            self.table,
            counted(dates.len(), "date"),
            counted(self.stale.len(), "stage"),
            is_or_are(dates.len())
        )
    }
}

/// Records a look in a ledger without a run, as a run would. Returns the changes, with the units that are stale now.
pub fn record_look(
    seen: Vec<SeenSource>,
    lineage: Lineage,
    ledger: &mut Ledger,
    target: Target,
) -> Result<Vec<SourceChange>, LedgerError> {
    let mut provenance = Provenance::read(lineage, ledger, target)?;
    let (changes, mut record) = provenance.see(seen, ledger, target)?;
    record.invalidated = changes.iter().flat_map(|change| change.stale.clone()).collect();
    ledger.record_sources(target, &record, Utc::now())?;
    Ok(changes)
}

/// What the units of a plan have read of its sources.
#[derive(Debug, Default)]
pub(super) struct SourceDigests {
    seen: Vec<SeenSource>,
    recorded: KnownSourceDigests,
    /// Of units in flight: what was there before they began to read.
    begun: HashMap<String, BTreeMap<Partition, UnitSources>>,
}

impl SourceDigests {
    pub(super) fn read(ledger: &Ledger, target: Target) -> Result<Self, LedgerError> {
        Ok(Self {
            recorded: ledger.source_digests(target)?,
            ..Self::default()
        })
    }

    /// Remembers what is there before these units read it.
    pub(super) fn begin(&mut self, lineage: &Lineage, stage: &str, dates: &[Partition]) {
        let watched: Vec<(String, &SeenSource)> = (self.seen.iter())
            .filter_map(|source| Some((source.watched()?, source)))
            .collect();
        if watched.is_empty() {
            return;
        }
        let begun = self.begun.entry(stage.to_owned()).or_default();
        for &date in dates {
            let digest = |(name, source): &(String, &SeenSource)| {
                Some((name.clone(), source.digest(lineage, stage, date)?))
            };
            begun.insert(date, watched.iter().filter_map(digest).collect());
        }
    }

    /// What a unit in flight reads.
    pub(super) fn of_begun(&self, stage: &str, date: Partition) -> UnitSources {
        let begun = self.begun.get(stage).and_then(|units| units.get(&date));
        begun.cloned().unwrap_or_default()
    }

    /// What a unit has read that is now recorded.
    pub(super) fn end(&mut self, stage: &str, date: Partition) -> UnitSources {
        let ended = self.begun.get_mut(stage).and_then(|units| units.remove(&date));
        let ended = ended.unwrap_or_default();
        let recorded = self.recorded.entry(stage.to_owned()).or_default();
        for digests in recorded.values_mut() {
            digests.remove(&date);
        }
        for (source, digest) in &ended {
            recorded.entry(source.clone()).or_default().insert(date, *digest);
        }
        ended
    }

    /// Takes a new look as the present state. Returns which of these units it makes stale, through any number of stages,
    /// and what to record of it, still without the stale units. `before` is the state recorded of a source.
    pub(super) fn see(
        &mut self,
        seen: Vec<SeenSource>,
        lineage: &Lineage,
        units: &Units,
        before: impl Fn(&str) -> Result<SourceMarks, LedgerError>,
    ) -> Result<(Vec<SourceChange>, SourceRecord), LedgerError> {
        let (mut changes, mut record) = (Vec::new(), SourceRecord::default());
        for source in &seen {
            let Some(name) = source.watched() else { continue };
            let mut direct = Units::new();
            for (stage, dates) in units {
                let mut baseline = SourceMarks::new();
                for &date in dates {
                    let Some(now) = source.digest(lineage, stage, date) else {
                        break;
                    };
                    match self.known(stage, date, &name) {
                        None => drop(baseline.insert(date, now)),
                        Some(known) if known != now => {
                            direct.entry(stage.clone()).or_default().insert(date);
                        }
                        Some(_) => {}
                    }
                }
                if !baseline.is_empty() {
                    let of_stage = self.recorded.entry(stage.clone()).or_default();
                    of_stage.entry(name.clone()).or_default().extend(&baseline);
                    record.baselines.push(SourceBaseline {
                        stage: stage.clone(),
                        source: name.clone(),
                        digests: baseline,
                    });
                }
            }
            record.states.push((name.clone(), source.marks()));
            if !direct.is_empty() {
                let dates = changed_dates(&before(&name)?, source, &direct, lineage);
                changes.push(SourceChange {
                    table: source.table().to_owned(),
                    dates,
                    stale: stale(source.table(), &direct, lineage, units),
                });
            }
        }
        self.seen = seen;
        Ok((changes, record))
    }

    /// What a unit has read, or is reading.
    fn known(&self, stage: &str, date: Partition, source: &str) -> Option<u64> {
        let begun = self.begun.get(stage).and_then(|units| units.get(&date));
        match begun {
            Some(begun) => begun.get(source).copied(),
            None => self.recorded.get(stage)?.get(source)?.get(&date).copied(),
        }
    }
}

/// The dates of a source that differ from an earlier look and that these units read; none if there was no earlier one.
fn changed_dates(
    before: &SourceMarks,
    source: &SeenSource,
    units: &Units,
    lineage: &Lineage,
) -> Vec<Partition> {
    if before.is_empty() {
        return Vec::new();
    }
    let now = source.marks();
    let all = before.keys().chain(now.keys()).copied();
    let changed: BTreeSet<Partition> = all.filter(|date| before.get(date) != now.get(date)).collect();
    let mut read = BTreeSet::new();
    for (stage, dates) in units {
        let inputs = lineage.inputs(stage).iter();
        for input in inputs.filter(|input| input.table == source.table()) {
            for date in dates {
                let (first, last) = input.reach.ends(*date, source.grain);
                if first <= last {
                    read.extend(changed.range(first..=last));
                }
            }
        }
    }
    read.into_iter().collect()
}

/// The units that read a changed source, and those that depend on them.
fn stale(table: &str, direct: &Units, lineage: &Lineage, units: &Units) -> Vec<Invalidated> {
    let mut all = direct.clone();
    for (stage, output) in lineage.outputs() {
        if let Some(dates) = direct.get(stage) {
            for (dependent, dates) in lineage.dependants(output, dates, units) {
                all.entry(dependent).or_default().extend(dates);
            }
        }
    }
    let in_order = lineage
        .stages()
        .filter_map(|stage| Some((stage, all.get(stage)?)));
    in_order
        .map(|(stage, dates)| Invalidated {
            stage: stage.to_owned(),
            dates: dates.iter().copied().collect(),
            reason: format!("rows of {table} changed after it was computed"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Reach;
    use super::super::waiting_dates::WaitingDates;
    use super::*;
    use crate::warehouse::HeldPartition;

    fn day(number: u32) -> Partition {
        Partition::parse(&format!("2024-01-{number:02}")).unwrap()
    }

    fn days(numbers: &[u32]) -> Vec<Partition> {
        numbers.iter().copied().map(day).collect()
    }

    fn seen(rows: &[(u32, u64)]) -> Vec<SeenSource> {
        let held = |(number, rows): &(u32, u64)| {
            let held = HeldPartition {
                rows: *rows,
                mark: *rows,
            };
            (day(*number), held)
        };
        vec![SeenSource {
            spec: SourceSpec {
                table: "raw.events".to_owned(),
                date: Some("day".to_owned()),
                watch: Some(SourceMark::Rows),
                must_be_ready: true,
            },
            grain: Grain::Day,
            state: rows.iter().map(held).collect(),
        }]
    }

    /// Stage `one` reads the source of two days, `two` reads `one`.
    fn lineage() -> Lineage {
        Lineage::of_inputs(&[
            ("one", "d.one", "raw.events", Reach::Days(1)),
            ("two", "d.two", "d.one", Reach::SameDate),
        ])
    }

    fn units(one: &[u32], two: &[u32]) -> Units {
        [("one", one), ("two", two)]
            .map(|(stage, numbers)| (stage.to_owned(), days(numbers).into_iter().collect()))
            .into()
    }

    fn see(digests: &mut SourceDigests, rows: &[(u32, u64)], units: &Units) -> Vec<(String, Vec<Partition>)> {
        let before = |_: &str| Ok(SourceMarks::new());
        let (changes, _) = digests.see(seen(rows), &lineage(), units, before).unwrap();
        let stale = changes.into_iter().flat_map(|change| change.stale);
        stale.map(|stale| (stale.stage, stale.dates)).collect()
    }

    #[test]
    fn a_row_that_comes_while_a_unit_reads_makes_it_stale() {
        let (lineage, mut digests) = (lineage(), SourceDigests::default());
        let nothing = units(&[], &[]);
        assert_eq!(see(&mut digests, &[(1, 1), (2, 1)], &nothing), []);
        digests.begin(&lineage, "one", &days(&[1, 2, 3]));
        // Date 1 is in flight when the row of date 2 is seen, and 2 when the one of date 1 was computed.
        let one = ("one".to_owned(), days(&[2, 3]));
        let in_flight = units(&[1, 2, 3], &[]);
        assert_eq!(
            see(&mut digests, &[(1, 1), (2, 2)], &in_flight),
            std::slice::from_ref(&one)
        );
        for number in 1..=3 {
            digests.end("one", day(number));
        }
        // It was read before the unit began, so the unit is compared with that, whatever came later.
        let done = units(&[1, 2, 3], &[2, 3]);
        let two = ("two".to_owned(), days(&[2, 3]));
        assert_eq!(see(&mut digests, &[(1, 1), (2, 2)], &done), [one, two]);
        digests.begin(&lineage, "one", &days(&[2, 3]));
        digests.end("one", day(2));
        digests.end("one", day(3));
        assert_eq!(see(&mut digests, &[(1, 1), (2, 2)], &done), []);
        // A partition that is gone is a change of the units that read it.
        let gone = see(&mut digests, &[(1, 1)], &units(&[1, 2, 3], &[]));
        assert_eq!(gone, [("one".to_owned(), days(&[2, 3]))]);
    }

    #[test]
    fn a_unit_without_a_digest_gets_the_first_one() {
        let (mut digests, done) = (SourceDigests::default(), units(&[1, 2], &[1]));
        let before = |_: &str| Ok(SourceMarks::new());
        let (changes, record) = digests.see(seen(&[(1, 1)]), &lineage(), &done, before).unwrap();
        assert_eq!(changes, []);
        let [baseline] = record.baselines.as_slice() else {
            panic!("{record:?}");
        };
        assert_eq!((baseline.stage.as_str(), baseline.digests.len()), ("one", 2));
        assert_eq!(see(&mut digests, &[(1, 2)], &done).len(), 2);
    }

    #[test]
    fn a_date_waits_for_its_own_rows_and_for_a_stage_that_waits() {
        let lineage = lineage();
        let mut waiting = WaitingDates::of(seen(&[(1, 4), (2, 0)]));
        let of_one = waiting.among(&lineage, "one", &days(&[1, 2, 3]));
        let why: Vec<&str> = of_one.values().map(String::as_str).collect();
        assert_eq!(
            why,
            [
                "source raw.events has no rows for 2024-01-02 yet",
                "source raw.events has no rows for 2024-01-03 yet"
            ]
        );
        assert!(waiting.among(&lineage, "two", &days(&[1, 2])).is_empty());
        waiting.keep("one", of_one);
        let of_two = waiting.among(&lineage, "two", &days(&[1, 2]));
        assert_eq!(of_two.into_keys().collect::<Vec<_>>(), days(&[2]));
        assert_eq!((waiting.count(), waiting.sources()), (2, vec!["raw.events"]));
    }
}
