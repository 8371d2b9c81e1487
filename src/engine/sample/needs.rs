//! Whether the inputs of a unit are complete. Sampling without them would compare meaningless rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::super::stored::stored_rows_if_any;
use super::super::{Scope, Stage, StageError};
use crate::figures::counted;
use crate::ledger::{Ledger, LedgerError, Target, UnitState};
use crate::partition::{Partition, PartitionRange};
use crate::warehouse::Warehouse;

/// The units of a plan that are done, from the ledger.
#[derive(Debug, Clone, Default)]
pub struct KnownUnits {
    units: HashMap<String, HashMap<Partition, DoneUnit>>,
}

#[derive(Debug, Clone)]
struct DoneUnit {
    rows: u32,
    source: String,
}

impl KnownUnits {
    /// Reads the units of these stages.
    pub fn read(ledger: &Ledger, target: Target, stages: &[Arc<dyn Stage>]) -> Result<Self, LedgerError> {
        let mut units = HashMap::new();
        for stage in stages {
            let known = ledger.units(target, stage.name())?;
            let done = known.into_iter().filter(|unit| is_done(unit.state));
            let done = done.map(|unit| {
                let (rows, source) = (unit.rows, unit.source);
                (unit.date, DoneUnit { rows, source })
            });
            units.insert(stage.name().to_owned(), done.collect());
        }
        Ok(Self { units })
    }

    /// The source of a unit's rows; `None` if it has none.
    pub(super) fn source(&self, stage: &str, date: Partition) -> Option<&str> {
        let unit = self.units.get(stage)?.get(&date)?;
        (unit.rows > 0).then_some(unit.source.as_str())
    }
}

/// Stale and failed units don't count: the run is about to replace their rows.
const fn is_done(state: UnitState) -> bool {
    matches!(
        state,
        UnitState::Ok | UnitState::Partial | UnitState::Empty | UnitState::Skipped
    )
}

/// The stages that fill inputs of others, with the dates that have their rows.
#[derive(Debug)]
pub(super) struct Fillers {
    fillers: Vec<Filler>,
    range: PartitionRange,
}

#[derive(Debug)]
struct Filler {
    stage: Arc<dyn Stage>,
    table: Option<String>,
    done: BTreeSet<Partition>,
}

impl Fillers {
    /// Compares every stage with its table: a date counts as done only if the table has the recorded number of rows.
    pub(super) async fn read(
        every: &[Arc<dyn Stage>],
        known: &KnownUnits,
        range: PartitionRange,
        warehouse: &dyn Warehouse,
    ) -> Result<Self, StageError> {
        let mut fillers = Vec::with_capacity(every.len());
        for stage in every {
            let mut done = BTreeSet::new();
            if let Some(units) = known.units.get(stage.name()).filter(|units| !units.is_empty()) {
                let dates: Vec<Partition> = units.keys().copied().collect();
                let stored = stored_rows_if_any(warehouse, stage.fills(), &dates).await?;
                let holds = |date| stored.get(date).copied().unwrap_or_default();
                let there = units.iter().filter(|(date, unit)| holds(date) == unit.rows);
                done.extend(there.map(|(date, _)| *date));
            }
            fillers.push(Filler {
                stage: Arc::clone(stage),
                table: stage.fills().path(),
                done,
            });
        }
        Ok(Self { fillers, range })
    }

    /// The missing inputs of a unit, in words; `None` if it can be computed.
    pub(super) async fn missing(
        &self,
        stage: &dyn Stage,
        date: Partition,
        warehouse: &dyn Warehouse,
    ) -> Option<String> {
        let mut missing = Vec::new();
        for input in stage.inputs() {
            let fills = |filler: &&Filler| filler.table.as_ref() == Some(&input.table);
            let Some(filler) = self.fillers.iter().find(fills) else {
                continue;
            };
            let (first, last) = input.reach.ends(date, filler.stage.grain());
            let days = first.up_to(last);
            // The date itself is always needed, earlier ones only within the plan's dates.
            let dates = days
                .filter(|day| *day == date || self.range.contains(*day))
                .collect();
            let open = filler.expecting_rows(dates, warehouse).await;
            let name = filler.stage.name();
            missing.extend(match open.as_slice() {
                [] => None,
                [only] if *only == date => Some(format!("{name} of this date")),
                [only] => Some(format!("{name} of {only}")),
                dates if dates.contains(&date) => {
                    let earlier = counted(dates.len() - 1, "earlier date");
                    Some(format!("{name} of this date and {earlier}"))
                }
                dates => Some(format!("{name} of {}", counted(dates.len(), "earlier date"))),
            });
        }
        (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")))
    }
}

impl Filler {
    /// The dates that are not done although rows are expected.
    async fn expecting_rows(&self, dates: Vec<Partition>, warehouse: &dyn Warehouse) -> Vec<Partition> {
        let open: Vec<Partition> = (dates.into_iter())
            .filter(|date| !self.done.contains(date))
            .collect();
        if open.is_empty() {
            return open;
        }
        // If the scope can't be read, the stage's own inputs are missing: assume that all dates expect rows.
        let Ok(scopes) = self.stage.scope(warehouse, &open).await else {
            return open;
        };
        let expects_rows = |(_, scope): &(Partition, Scope)| !matches!(scope, Scope::Skip(_));
        let expecting_rows = open.into_iter().zip(scopes).filter(expects_rows);
        expecting_rows.map(|(date, _)| date).collect()
    }
}
