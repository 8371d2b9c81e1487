//! Samples one unit: reads and computes it as a run does, judges the result and writes nothing.

use super::super::stored::rows_of;
use super::super::unit_result::{ComputedUnit, judge_unit};
use super::super::{BatchDates, Fills, Outcome, RetryPolicy, Scope, Stage, StageError};
use super::difference::Difference;
use super::nulls::Nulls;
use super::view::{SampleState, UnitSample};
use crate::ledger::UnitState;
use crate::partition::Partition;
use crate::reason::bounded;
use crate::table::{Row, TableDef};
use crate::warehouse::Warehouse;

#[derive(Debug)]
pub(super) struct SampledUnit {
    pub(super) unit: UnitSample,
    pub(super) sampled: Nulls,
    pub(super) stored: Nulls,
}

impl SampledUnit {
    pub(super) fn nothing(unit: UnitSample) -> Self {
        Self {
            unit,
            sampled: Nulls::default(),
            stored: Nulls::default(),
        }
    }
}

/// Samples one unit, with retries after transient errors.
pub(super) async fn sample_unit(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    date: Partition,
    why: &str,
    source: &str,
    retry: RetryPolicy,
) -> SampledUnit {
    let mut attempt = 1;
    loop {
        let error = match read_and_judge(stage, warehouse, date, why, source).await {
            Ok(found) => return found,
            Err(error) => error,
        };
        let Some(pause) = retry.pause_after(attempt, error.class, fastrand::f64()) else {
            let state = SampleState::Failed;
            return SampledUnit::nothing(UnitSample::bare(stage.name(), date, why, state, &error.message));
        };
        attempt += 1;
        tokio::time::sleep(pause).await;
    }
}

async fn read_and_judge(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    date: Partition,
    why: &str,
    source: &str,
) -> Result<SampledUnit, StageError> {
    let table = match stage.fills() {
        Fills::Computed(table) if !stage.depends_on_past() => table,
        fills => return Ok(SampledUnit::nothing(not_computed(stage, date, why, fills))),
    };
    let stored = if warehouse.holds_rows(table).await? {
        rows_of(warehouse, table, date).await?
    } else {
        Vec::new()
    };
    let scope = stage.scope(warehouse, &[date]).await?.pop();
    let outcome = if let Some(Scope::Skip(reason)) = &scope {
        Outcome {
            skip: Some(reason.clone()),
            ..Outcome::default()
        }
    } else {
        let reader = stage.reader();
        let inputs = reader.read(warehouse, BatchDates::alone(&[date]), source).await?;
        inputs.compute(date)?
    };
    Ok(compared(stage, table, date, why, scope, outcome, &stored))
}

/// A unit that can't be sampled, because only writing its rows would compute them.
fn not_computed(stage: &dyn Stage, date: Partition, why: &str, fills: Fills<'_>) -> UnitSample {
    let reason = match fills {
        _ if stage.depends_on_past() => {
            "it depends on the dates before it; only a run computes them in order"
        }
        Fills::Query(..) => "a query in the warehouse computes its rows; only a run shows them",
        _ => "it runs a program; only a run starts it",
    };
    UnitSample::bare(stage.name(), date, why, SampleState::Unsampled, reason)
}

fn compared(
    stage: &dyn Stage,
    table: &TableDef,
    date: Partition,
    why: &str,
    scope: Option<Scope>,
    outcome: Outcome,
    stored: &[Row],
) -> SampledUnit {
    let notes = outcome.notes.clone();
    let computed = ComputedUnit {
        outcome,
        digest: 0,
        seconds: 0.0,
    };
    let unit_result = judge_unit(stage.fills(), date, computed, "");
    let (rows, unit) = (unit_result.rows, unit_result.settled.unit);
    let difference = Difference::between(table, &rows, stored);
    let expected = match &scope {
        Some(Scope::Rows(expected)) => *expected,
        Some(Scope::Skip(_)) => 0,
        Some(Scope::SomeRows | Scope::Unknown) | None => unit.expected,
    };
    let is_whole = matches!(unit.state, UnitState::Ok | UnitState::Skipped) && unit.rows == expected;
    let reason = match scope {
        Some(Scope::Skip(reason)) => Some(bounded(&reason)),
        _ if is_whole => None,
        _ => unit
            .reason
            .or_else(|| Some(format!("the schedule expects {expected}"))),
    };
    SampledUnit {
        unit: UnitSample {
            stage: stage.name().to_owned(),
            date,
            why: why.to_owned(),
            state: state_of(is_whole, &difference, stored.is_empty()),
            rows: rows.len(),
            expected,
            stored: stored.len(),
            difference,
            reason,
            notes,
        },
        sampled: Nulls::of_rows(&rows),
        stored: Nulls::of_rows(stored),
    }
}

const fn state_of(is_whole: bool, difference: &Difference, is_first: bool) -> SampleState {
    match (is_whole, is_first) {
        (false, _) => SampleState::Short,
        (true, _) if difference.is_none() => SampleState::Same,
        (true, true) => SampleState::New,
        (true, false) => SampleState::Differs,
    }
}
