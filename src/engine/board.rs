//! The visible state of a run: units, workers and checks, and the views in its snapshots.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::checks::Measured;
use crate::ledger::{
    CheckRecord, CheckState, Counts, Coverage, Gap, Ledger, LedgerError, PastAnswer, Target, UnitRecord,
    UnitState, Waiver,
};
use crate::partition::Partition;
use crate::plan::{CheckSpec, Plan};
use crate::reason::bounded;

use super::Cost;
use super::gaps::StageGaps;
use super::{CheckView, Event, Phase, StageState, StageView, TaskView, UnitView, WorkerView};

/// A clock of working time; it stops while the run is paused or has ended.
#[derive(Debug, Default)]
pub(super) struct ActiveTime {
    before: Duration,
    since: Option<Instant>,
}

impl ActiveTime {
    pub(super) fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    pub(super) fn stop(&mut self) {
        if let Some(since) = self.since.take() {
            self.before += since.elapsed();
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        (self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())).as_secs_f64()
    }
}

#[derive(Debug)]
pub(super) struct StageBoard {
    pub(super) name: String,
    /// `dataset.table`; `None` if the stage has no table.
    pub(super) table: Option<String>,
    pub(super) state: StageState,
    pub(super) time: ActiveTime,
    /// Billed for the stage and its checks, if anything was.
    pub(super) cost: Option<Cost>,
    gaps: StageGaps,
    units: Arc<Vec<UnitView>>,
}

impl StageBoard {
    pub(super) fn new(name: &str, table: Option<String>, dates: &[Partition]) -> Self {
        let units = dates
            .iter()
            .map(|&date| UnitView {
                date,
                state: UnitState::Pending,
                rows: 0,
                expected: 0,
                attempts: 0,
                reason: None,
            })
            .collect();
        Self {
            name: name.to_owned(),
            table,
            state: StageState::Waiting,
            time: ActiveTime::default(),
            cost: None,
            gaps: StageGaps::default(),
            units: Arc::new(units),
        }
    }

    pub(super) fn units(&self) -> &[UnitView] {
        &self.units
    }

    /// The dates of the stage in this run, in order.
    pub(super) fn dates(&self) -> Vec<Partition> {
        self.units.iter().map(|unit| unit.date).collect()
    }

    pub(super) fn unit(&self, date: Partition) -> Option<&UnitView> {
        let at = self.units.binary_search_by_key(&date, |unit| unit.date).ok()?;
        Some(&self.units[at])
    }

    /// Changes one unit; ignores dates outside the run.
    pub(super) fn change(&mut self, date: Partition, change: impl FnOnce(&mut UnitView)) {
        if let Ok(at) = self.units.binary_search_by_key(&date, |unit| unit.date) {
            change(&mut Arc::make_mut(&mut self.units)[at]);
        }
    }

    /// Shows a unit as recorded in the ledger. Units with the same reason share its text.
    pub(super) fn show(&mut self, record: &UnitRecord) {
        let shared = record.reason.as_deref().map(|reason| {
            self.units
                .iter()
                .filter_map(|unit| unit.reason.as_ref())
                .next_back()
                .filter(|known| known.as_ref() == reason)
                .map_or_else(|| Arc::from(reason), Arc::clone)
        });
        self.change(record.date, |unit| {
            unit.state = record.state;
            unit.rows = record.rows;
            unit.expected = record.expected;
            unit.attempts = record.attempts;
            unit.reason = shared;
        });
    }

    /// Sets the NULLs and data issues in a date's rows; ignores dates outside the run.
    pub(super) fn show_gaps(&mut self, date: Partition, gaps: &[Gap]) {
        if self.unit(date).is_some() {
            self.gaps.put(date, gaps);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.units.iter().map(|unit| unit.state).collect()
    }

    pub(super) fn rows(&self) -> u64 {
        self.units.iter().map(|unit| u64::from(unit.rows)).sum()
    }

    pub(super) fn view(&self) -> StageView {
        StageView {
            name: self.name.clone(),
            table: self.table.clone(),
            state: self.state,
            counts: self.counts(),
            rows: self.rows(),
            seconds: self.time.seconds(),
            // The run estimates it over all stages.
            eta: None,
            cost: self.cost,
            gaps: self.gaps.view(),
            units: Arc::clone(&self.units),
        }
    }
}

#[derive(Debug)]
pub(super) struct WorkerSlot {
    pub(super) task: Option<TaskView>,
    busy: ActiveTime,
    units_done: u64,
}

impl WorkerSlot {
    pub(super) const fn idle() -> Self {
        Self {
            task: None,
            busy: ActiveTime {
                before: Duration::ZERO,
                since: None,
            },
            units_done: 0,
        }
    }

    pub(super) fn begin(&mut self, stage: &str, dates: &[Partition], now: DateTime<Utc>) {
        if let (Some(&first), Some(&last)) = (dates.first(), dates.last()) {
            self.busy.start();
            let stage = stage.to_owned();
            self.task = Some(TaskView {
                stage,
                first,
                last,
                dates: dates.len(),
                phase: Phase::Queue,
                since: now,
            });
        }
    }

    pub(super) const fn enter(&mut self, phase: Phase) {
        if let Some(task) = &mut self.task {
            task.phase = phase;
        }
    }

    pub(super) fn end(&mut self) {
        self.busy.stop();
        self.task = None;
    }

    /// Counts stored units, even if the worker has moved on to another batch.
    pub(super) const fn count(&mut self, units: u64) {
        self.units_done += units;
    }

    pub(super) fn view(&self, slot: usize, active_seconds: f64) -> WorkerView {
        let busy = if active_seconds > 0.0 {
            (self.busy.seconds() / active_seconds).min(1.0)
        } else {
            0.0
        };
        WorkerView {
            slot: slot + 1,
            task: self.task.clone(),
            units_done: self.units_done,
            busy,
        }
    }
}

pub(super) fn check_views<'a>(
    plan: &Plan,
    checks: impl Iterator<Item = &'a CheckSpec>,
    ledger: &Ledger,
    target: Target,
) -> Result<Vec<CheckView>, LedgerError> {
    let newest = ledger.newest_checks(target, plan)?;
    let waivers = ledger.newest_waivers(target)?;
    let mut past = ledger.past_answers(target)?;
    Ok(checks
        .map(|check| {
            let history = past.remove(&check.name).unwrap_or_default();
            check_view(check, newest.get(&check.name), waivers.get(&check.name), history)
        })
        .collect())
}

fn check_view(
    spec: &CheckSpec,
    last: Option<&CheckRecord>,
    waiver: Option<&Waiver>,
    history: Vec<PastAnswer>,
) -> CheckView {
    // A query in flight when its process crashed has no result.
    let state = match last.map(|record| record.state) {
        None | Some(CheckState::Running) => CheckState::Pending,
        Some(state) => state,
    };
    CheckView {
        title: spec.title.clone(),
        severity: spec.severity,
        state,
        value: last.and_then(|record| record.value.clone()),
        target: spec.target(),
        before: spec.before.clone(),
        failing_dates: Arc::new(
            last.map(|record| record.failing_dates.clone())
                .unwrap_or_default(),
        ),
        note: last.and_then(|record| record.note.clone()),
        run_at: last.map(|record| record.at),
        seconds: last.map(|record| record.seconds),
        waiver: waiver.cloned(),
        remark: last.and_then(|last| last.remark(spec, waiver)),
        history: Arc::new(history),
        ..CheckView::blank(&spec.name, &spec.stage)
    }
}

#[derive(Debug, Clone)]
pub(super) struct CheckOutcome {
    pub(super) state: CheckState,
    pub(super) value: String,
    pub(super) failing_dates: Vec<Partition>,
    pub(super) note: Option<String>,
    pub(super) seconds: f64,
}

impl CheckOutcome {
    /// The result of a query that could not run.
    pub(super) fn error(message: &str, seconds: f64) -> Self {
        Self {
            state: CheckState::Error,
            value: bounded(message),
            failing_dates: Vec::new(),
            note: None,
            seconds,
        }
    }

    pub(super) fn of(state: CheckState, measured: Measured, seconds: f64) -> Self {
        Self {
            state,
            note: measured.note().as_deref().map(bounded),
            value: bounded(&measured.value),
            failing_dates: measured.failing_dates,
            seconds,
        }
    }

    /// The event about the result of a stage's check.
    pub(super) fn event(self, view: &CheckView, coverage: Option<Coverage>) -> Event {
        Event::CheckFinished {
            check: view.name.clone(),
            stage: view.stage.clone(),
            severity: view.severity,
            state: self.state,
            value: self.value,
            target: view.target.clone(),
            failing_dates: self.failing_dates,
            coverage,
            note: self.note,
        }
    }

    /// The event about the result of a raw-data check.
    pub(super) fn source_event(self, view: &CheckView) -> Event {
        Event::SourceChecked {
            check: view.name.clone(),
            feed: view.stage.clone(),
            state: self.state,
            value: self.value,
            target: view.target.clone(),
            failing_dates: self.failing_dates,
        }
    }
}

/// Shows a check's new result. Returns the record for the ledger.
pub(super) fn show_outcome(
    view: &mut CheckView,
    spec: &CheckSpec,
    run: &str,
    outcome: &CheckOutcome,
) -> CheckRecord {
    let record = CheckRecord {
        name: view.name.clone(),
        state: outcome.state,
        value: Some(outcome.value.clone()),
        failing_dates: outcome.failing_dates.clone(),
        note: outcome.note.clone(),
        seconds: outcome.seconds,
        at: Utc::now(),
        fingerprint: Some(spec.fingerprint),
    };
    view.remark = record.remark(spec, view.waiver.as_ref());
    view.state = record.state;
    view.value.clone_from(&record.value);
    view.failing_dates = Arc::new(record.failing_dates.clone());
    view.note.clone_from(&record.note);
    view.run_at = Some(record.at);
    view.seconds = Some(record.seconds);
    view.remember(PastAnswer::of(run, &record));
    record
}

/// Whether a check has no current result.
pub(super) const fn is_open(check: &CheckView) -> bool {
    matches!(
        check.state,
        CheckState::Pending | CheckState::Outdated | CheckState::Error
    )
}
