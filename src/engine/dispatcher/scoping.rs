//! The scope of a stage: the rows expected of each date, read before its first unit. From it follows what the run does
//! there: decided first, then shown, then recorded.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};

use crate::figures::counted;
use crate::ledger::{Intent, UnitRecord, UnitState};
use crate::partition::Partition;
use crate::warehouse::{Ensured, Warehouse};

use super::super::stored::stored_rows;
use super::super::worklist::{StageFacts, WorkList};
use super::super::writer;
use super::super::{Event, Scope, Selection, Stage, StageError, StageState, Work};
use super::unit::RecordedBy;
use super::{Dispatcher, Fatal, Refresh, ScopeState};

pub(super) struct Scoped {
    scopes: Vec<Scope>,
    stored: HashMap<Partition, u32>,
}

struct StagePlan {
    scopes: Vec<Scope>,
    list: WorkList,
    /// Open intents of a crashed process that this run settles.
    intents: Vec<i64>,
    /// Their dates; whether they were written is unknown.
    unsettled: BTreeSet<Partition>,
}

impl Dispatcher {
    pub(super) fn on_scoped(&mut self, at: usize, result: Result<Scoped, StageError>) -> Result<(), Fatal> {
        let scoped = match result {
            Ok(scoped) => scoped,
            Err(error) => {
                self.on_scope_failed(at, error);
                return Ok(());
            }
        };
        let plan = self.plan_stage(at, scoped)?;
        let skipped = self.apply_plan(at, &plan)?;
        self.record_plan(at, &plan, &skipped)?;
        self.report_plan(at, plan);
        Ok(())
    }

    /// After a quota error, reads the scope again later; after any other error, stops the run.
    fn on_scope_failed(&mut self, at: usize, error: StageError) {
        match self.backoff_after(&error) {
            Some(rest) => {
                self.throttle_table(at, rest, &error);
                self.stages[at].scope = ScopeState::Unknown;
            }
            None => self.stop(error.message),
        }
    }

    /// Decides what the run does in a stage; changes nothing.
    fn plan_stage(&self, at: usize, scoped: Scoped) -> Result<StagePlan, Fatal> {
        let name = &self.stages[at].board.name;
        let intents = if self.options.demand().settles_intents() {
            self.ledger.open_intents(self.target, name)?
        } else {
            Vec::new()
        };
        let dates = intents.iter().flat_map(|intent| intent.dates.iter().copied());
        let unsettled = dates.collect();
        let Scoped { scopes, stored } = scoped;
        Ok(StagePlan {
            list: self.work_list(at, &scopes, &stored, &unsettled)?,
            intents: intents.iter().map(|intent| intent.id).collect(),
            scopes,
            unsettled,
        })
    }

    /// What this run does in a stage, decided from the ledger, the table and the schedule.
    fn work_list(
        &self,
        at: usize,
        scopes: &[Scope],
        stored: &HashMap<Partition, u32>,
        unsettled: &BTreeSet<Partition>,
    ) -> Result<WorkList, Fatal> {
        let board = &self.stages[at].board;
        let (name, dates) = (&board.name, board.dates());
        let facts = StageFacts {
            dates: &dates,
            scopes,
            current: self.current_units(name)?,
            stored,
            unsettled,
            invalidated: &self.provenance.invalidated_before(name),
            waiting: &self.waiting.among(self.provenance.lineage(), name, &dates),
            depends_on_past: self.stages[at].stage.depends_on_past(),
            failing: self.failing_dates(name),
        };
        let list = WorkList::of(self.options.demand(), facts);
        for (dates, what) in [
            (list.contradicted, "whose table differs from the ledger"),
            (list.invalidated, "whose inputs have changed"),
        ] {
            if dates > 0 {
                tracing::warn!(stage = name, "{} {what}: stale", counted(dates, "date"));
            }
        }
        Ok(list)
    }

    /// The failing dates of the check that this run reruns, if it belongs to the stage.
    pub(super) fn failing_dates(&self, stage: &str) -> &[Partition] {
        match &self.options.work {
            Work::Only(Selection::FailingDates(check)) => self.checks.failing_dates(stage, check),
            Work::Only(_) | Work::Missing | Work::All => &[],
        }
    }

    /// Shows the stage as planned and queues its work. Returns the skipped dates that are not recorded yet.
    fn apply_plan(&mut self, at: usize, plan: &StagePlan) -> Result<Vec<UnitRecord>, Fatal> {
        self.show_recorded(at, &plan.list)?;
        let skipped = self.show_skipped(at, &plan.list);
        self.show_work(at, plan);
        let due = plan.list.to_do.len() as u64;
        let work = &mut self.stages[at];
        work.scope = ScopeState::Known;
        work.to_do = due;
        work.board.state = StageState::Running;
        if due > 0 {
            self.start_clock(at);
        }
        self.eta.add(at, due);
        Ok(skipped)
    }

    /// Shows what the ledger has on the stage, before any of its dates starts.
    fn show_recorded(&mut self, at: usize, list: &WorkList) -> Result<(), Fatal> {
        let gaps = self.ledger.gaps(self.target, &self.stages[at].board.name)?;
        let work = &mut self.stages[at];
        for (date, gaps) in gaps {
            work.board.show_gaps(date, &gaps);
        }
        for record in list.recorded.values() {
            work.units.remember(record);
            let unit = work.units.get_mut(record.date);
            let is_other = record.state != UnitState::Skipped && record.source != self.options.source;
            unit.stored_source = is_other.then(|| record.source.clone());
        }
        for &date in &list.changed {
            work.units.get_mut(date).is_outdated = true;
        }
        Ok(())
    }

    /// Shows skipped dates and returns those not yet recorded as skipped. Rows stored for them are kept.
    fn show_skipped(&mut self, at: usize, list: &WorkList) -> Vec<UnitRecord> {
        let work = &mut self.stages[at];
        let mut fresh = Vec::new();
        for (date, reason) in &list.skipped {
            let unit = UnitRecord {
                reason: Some(reason.clone()),
                ..UnitRecord::new(*date, UnitState::Skipped, &self.options.source)
            };
            work.units.get_mut(*date).recorded = Some(RecordedBy::Earlier);
            work.board.show(&unit);
            if list.recorded.get(date) != Some(&unit) {
                fresh.push(unit);
            }
        }
        fresh
    }

    /// Shows the other dates and queues those to do.
    fn show_work(&mut self, at: usize, plan: &StagePlan) {
        let StagePlan { list, unsettled, .. } = plan;
        let work = &mut self.stages[at];
        let to_do: BTreeSet<Partition> = list.to_do.iter().copied().collect();
        for (date, scope) in work.board.dates().into_iter().zip(&plan.scopes) {
            if matches!(scope, Scope::Skip(_)) {
                continue;
            }
            let record = list.recorded.get(&date);
            if let Some(record) = record {
                work.board.show(record);
            }
            if let Scope::Rows(expected) = scope {
                work.board.change(date, |unit| unit.expected = *expected);
            }
            if let Some(reason) = list.waiting.get(&date) {
                work.board
                    .change(date, |unit| unit.reason = Some(Arc::from(reason.as_str())));
            }
            if !to_do.contains(&date) {
                continue;
            }
            let unit = work.units.get_mut(date);
            let is_stale = record.is_some_and(|record| record.state == UnitState::Stale);
            if (is_stale || unit.is_outdated) && !self.options.source_is_explicit {
                unit.source.clone_from(&unit.stored_source);
            }
            unit.accepts_short = self.options.accept_short;
            work.requeue(
                date,
                if unsettled.contains(&date) {
                    UnitState::Unknown
                } else {
                    UnitState::Pending
                },
            );
        }
        self.show_order(at);
    }

    /// Records the plan of a stage before its first unit: new skipped dates, dates to rerun as pending, so that the next
    /// start reruns them if this process crashes, and the open intents of a crashed process as settled.
    fn record_plan(&mut self, at: usize, plan: &StagePlan, skipped: &[UnitRecord]) -> Result<(), Fatal> {
        self.record_units(at, skipped)?;
        if !plan.unsettled.is_empty() {
            // The crashed process may have committed after the checks last ran.
            self.outdate_checks(at)?;
        }
        self.record_units(at, &self.reopened(at, plan))?;
        self.close_intents(at, &plan.intents)
    }

    /// The records of dates to rerun, also of those outside this run that a crashed process left open.
    fn reopened(&self, at: usize, plan: &StagePlan) -> Vec<UnitRecord> {
        let work = &self.stages[at];
        let StagePlan { list, unsettled, .. } = plan;
        let interrupted = list.waiting.keys().filter(|date| unsettled.contains(date));
        let here = list.to_do.iter().chain(interrupted).filter(|date| {
            let record = list.recorded.get(date);
            unsettled.contains(date) || record.is_some_and(|record| record.state != UnitState::Pending)
        });
        let here = here.filter_map(|date| work.reopened(*date, &self.options.source));
        let elsewhere = unsettled
            .iter()
            .filter(|date| work.board.unit(**date).is_none())
            .filter_map(|date| list.recorded.get(date))
            .map(|record| UnitRecord {
                state: UnitState::Pending,
                ..record.clone()
            });
        here.chain(elsewhere).collect()
    }

    fn report_plan(&mut self, at: usize, plan: StagePlan) {
        let StagePlan { scopes, list, .. } = plan;
        let (stage, due) = (self.stages[at].board.name.clone(), list.to_do.len());
        if let Some((date, reason)) = list.waiting.first_key_value() {
            tracing::info!(stage, %date, "{} waiting: {reason}", counted(list.waiting.len(), "date"));
        }
        self.waiting.keep(&stage, list.waiting);
        tracing::info!(
            stage,
            "{}, {due} to do{}",
            counted(scopes.len(), "date"),
            list.replaces.clause()
        );
        self.emit(Event::StageStarted {
            stage: stage.clone(),
            dates: scopes.len() as u64,
            to_do: due as u64,
            replaces: list.replaces,
        });
        if matches!(self.options.work, Work::Only(_)) && due > 0 {
            self.emit(Event::RerunQueued {
                stage,
                dates: list.to_do,
            });
        }
        self.request_refresh(Refresh::Now);
    }
}

/// Reads what a stage needs before it starts. First waits for writes that a crashed process may have left running.
pub(super) async fn scoped(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    dates: &[Partition],
    intents: &[Intent],
    creates: bool,
) -> Result<Scoped, StageError> {
    let table = async {
        match stage.fills().definition().filter(|_| creates) {
            Some(table) => warehouse.ensure(table).await,
            None => Ok(Ensured::Existed),
        }
    };
    let writes_are_over = try_join_all(intents.iter().map(|Intent { id, run, .. }| async move {
        let mut sends = 0;
        while warehouse
            .await_orphaned_write(&writer::name(run, *id, sends))
            .await?
        {
            sends += 1;
        }
        Ok(())
    }));
    let stored = async {
        match try_join(table, writes_are_over).await? {
            // An orphaned write may have finished after the table was created.
            (Ensured::Created, _) if intents.is_empty() => Ok(HashMap::new()),
            _ => stored_rows(warehouse, stage.fills(), dates).await,
        }
    };
    // The scope is read from other tables, so the two reads can run side by side.
    let stored = async { stored.await.map_err(StageError::from) };
    let (stored, scopes) = try_join(stored, stage.scope(warehouse, dates)).await?;
    Ok(Scoped { scopes, stored })
}
