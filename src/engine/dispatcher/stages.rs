//! The stages of a run: prepare raw data, read each date's expected rows, run the units, run the checks, next stage.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use futures_util::future::{try_join, try_join_all};

use crate::figures::counted;
use crate::ledger::{CheckState, GateCheck, Intent, Purpose, UnitRecord, UnitState, gate_is_open};
use crate::warehouse::{Ensured, Warehouse};

use super::super::stored::stored_rows;
use super::super::worklist::{Facts, WorkList};
use super::super::writer;
use super::super::{Event, Scope, Selection, Stage, StageError, StageState, Topic, Work};
use super::batches::given_up;
use super::{Dispatcher, Fatal, Mode, Refresh, ScopeState, Scoped, StageRun, TaskKind, TaskOutcome};

impl Dispatcher {
    pub(super) fn begin(&mut self) -> Result<(), Fatal> {
        self.emit(Event::RunStarted {
            plan: self.plan.name.clone(),
            warehouse: self.run.warehouse.clone(),
            source: self.run.source.clone(),
            workers: self.workers,
            pid: self.run.pid,
            control: self.options.control.clone(),
        });
        if let Some(message) = self.continued.take() {
            tracing::info!("{message}");
            self.emit(Event::Continued { message });
        }
        self.time.start();
        self.request_refresh(Refresh::Now);
        self.continue_preflight()
    }

    /// Starts the preparation that precedes all stages. Returns whether there is anything to wait for.
    pub(super) fn start_preparation(&mut self) -> bool {
        let Some(prepare) = self.prepare.take() else {
            if !self.preflight.is_prepared {
                self.preflight.is_prepared = true;
                self.ask_open_sources();
            }
            return false;
        };
        let meter = Arc::default();
        self.preparing = Some((prepare.what(), Arc::clone(&meter)));
        let warehouse = self.charging(&Purpose::default());
        self.spawn(TaskKind::Preparation, async move {
            TaskOutcome::Prepared(prepare.prepare(warehouse.as_ref(), &meter).await)
        });
        true
    }

    pub(super) fn on_prepared(&mut self, result: Result<Option<String>, StageError>) -> Result<(), Fatal> {
        self.preparing = None;
        if self.mode != Mode::Preparing {
            return Ok(());
        }
        match result {
            Ok(message) => {
                if let Some(message) = message {
                    tracing::info!("{message}");
                    let seconds = self.time.seconds();
                    self.emit(Event::Prepared { message, seconds });
                    self.outdate_sources()?;
                }
                self.continue_preflight()?;
            }
            Err(error) => self.stop(error.message),
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    /// Starts the run proper: units may be handed out.
    pub(super) fn go(&mut self) {
        self.mode = Mode::Going;
        self.begin_syncing();
        if self.options.paused {
            self.hold();
        }
        self.request_refresh(Refresh::Now);
    }

    /// Starts everything that can start now. A stage that advances may unblock others, so this loops until none does.
    pub(super) fn advance(&mut self) -> Result<(), Fatal> {
        self.unpark();
        loop {
            match self.mode {
                Mode::Preparing => {
                    self.request_refresh(Refresh::Soon);
                    return Ok(());
                }
                Mode::Over => {
                    self.start_checks();
                    self.start_sources();
                    return Ok(());
                }
                // A commit frees the workers waiting for it; they get new batches at once.
                Mode::Going => {
                    self.open_stages()?;
                    self.start_commits();
                    self.start_batches()?;
                }
                // Raw-data checks run on: their results help to judge the sample.
                Mode::Holding if self.waits_for(Topic::Sample) => {}
                Mode::Holding if self.question.is_some() => return self.settle_mode(),
                Mode::Holding => {
                    self.open_stages()?;
                    self.start_commits();
                }
                Mode::Draining => self.start_commits(),
            }
            self.start_checks();
            self.start_sources();
            if self.mode != Mode::Going || !self.turn_stages()? {
                return self.settle_mode();
            }
        }
    }

    /// Starts to read the expected rows of every stage whose upstream gates have passed.
    fn open_stages(&mut self) -> Result<(), Fatal> {
        for at in 0..self.stage_runs.len() {
            let stage_run = &self.stage_runs[at];
            if stage_run.scope != ScopeState::Unknown || stage_run.trouble.is_parked() || !self.may_open(at) {
                continue;
            }
            let is_first = self
                .stage_runs
                .iter()
                .all(|stage_run| stage_run.scope == ScopeState::Unknown);
            if is_first && self.options.work == Work::Afresh {
                self.requeue_all()?;
            }
            let stage_run = &mut self.stage_runs[at];
            let promised = self.ledger.open_intents(self.target, &stage_run.board.name)?;
            stage_run.scope = ScopeState::Requested;
            let stage = Arc::clone(&stage_run.stage);
            let warehouse = self.charging(&Purpose::dates(stage.name()));
            let dates = self.options.dates.clone();
            let makes = !self.only_checks();
            self.spawn(TaskKind::Scope, async move {
                let scoped = scoped(stage.as_ref(), warehouse.as_ref(), &dates, &promised, makes).await;
                TaskOutcome::Scoped(at, scoped)
            });
        }
        Ok(())
    }

    fn may_open(&self, at: usize) -> bool {
        self.stage_runs[at].released && self.has_what_it_needs(at)
    }

    /// Whether every stage that this one needs has passed.
    fn has_what_it_needs(&self, at: usize) -> bool {
        self.stage_runs[at]
            .needs
            .iter()
            .all(|&need| self.stage_runs[need].board.state == StageState::Passed)
    }

    /// Whether a stage could start and only awaits approval.
    pub(super) fn waits_for_word(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Waiting && !stage_run.released && self.has_what_it_needs(at)
    }

    /// Whether a waiting stage can't start: it awaits approval, or a stage it needs has failed or is blocked itself.
    pub(super) fn is_stuck(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        let stands_still = |need: usize| self.is_stuck(need) || self.is_held(need);
        stage_run.board.state == StageState::Waiting
            && (self.waits_for_word(at)
                || self.is_barred(at)
                || stage_run.needs.iter().any(|&need| stands_still(need)))
    }

    /// Whether a stage may hand out units now. It may not while a stage it needs is rerunning or has not passed: its
    /// units would be computed from rows about to change.
    pub(super) fn may_hand_out(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Running && !stage_run.trouble.is_parked() && self.may_open(at)
    }

    /// Whether a running stage is blocked by a closed gate, with nothing in flight.
    pub(super) fn is_held(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.board.state == StageState::Running
            && self.is_barred(at)
            && stage_run.writer.is_idle()
            && !self.is_worked_on(at)
    }

    /// Whether a stage that this one depends on, directly or not, has failed.
    pub(super) fn is_barred(&self, at: usize) -> bool {
        self.stage_runs[at]
            .needs
            .iter()
            .any(|&need| self.stage_runs[need].board.state == StageState::Failed || self.is_barred(need))
    }

    /// After a quota error, reads the scope again later; after any other error, stops the run.
    fn on_scope_failed(&mut self, at: usize, error: StageError) {
        match self.rest_after(&error) {
            Some(rest) => {
                self.park(at, rest, &error);
                self.stage_runs[at].scope = ScopeState::Unknown;
            }
            None => self.stop(error.message),
        }
    }

    pub(super) fn on_scoped(&mut self, at: usize, result: Result<Scoped, StageError>) -> Result<(), Fatal> {
        let Scoped { scopes, stored } = match result {
            Ok(scoped) => scoped,
            Err(error) => {
                self.on_scope_failed(at, error);
                return Ok(());
            }
        };
        let name = self.stage_runs[at].board.name.clone();
        let promised = if self.options.demand().takes_up_promises() {
            self.ledger.open_intents(self.target, &name)?
        } else {
            Vec::new()
        };
        let unsettled: BTreeSet<NaiveDate> = promised
            .iter()
            .flat_map(|intent| intent.dates.iter().copied())
            .collect();
        let list = self.work_list(&name, &scopes, &stored, &unsettled)?;
        self.show_recorded(at, &list.recorded)?;
        let skipped = self.show_skipped(at, &list);
        self.show_work(at, &scopes, &list, &unsettled);
        let due = list.to_do.len() as u64;
        let stage_run = &mut self.stage_runs[at];
        stage_run.changed = list.changed;
        stage_run.scope = ScopeState::Known;
        stage_run.to_do = due;
        stage_run.board.state = StageState::Running;
        self.start_clock(at);
        let now = Utc::now();
        self.ledger
            .record_units(self.target, &name, &self.run.id, &skipped, now)?;
        self.record_reopened(at, &list.recorded, &list.to_do, &unsettled)?;
        let ids: Vec<i64> = promised.iter().map(|intent| intent.id).collect();
        self.ledger
            .settle(self.target, &name, &self.run.id, given_up(&ids), now)?;
        self.eta.add(at, due);
        tracing::info!(
            stage = name,
            "{}, {due} to do{}",
            counted(scopes.len(), "date"),
            list.replaces.clause()
        );
        self.emit(Event::StageStarted {
            stage: name.clone(),
            dates: scopes.len() as u64,
            to_do: due,
            replaces: list.replaces,
        });
        if matches!(self.options.work, Work::Only(_)) && due > 0 {
            self.emit(Event::RerunQueued {
                stage: name,
                dates: list.to_do,
            });
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    /// What this run does in a stage, decided from the ledger, the table and the schedule.
    fn work_list(
        &self,
        name: &str,
        scopes: &[Scope],
        stored: &HashMap<NaiveDate, u32>,
        promised: &BTreeSet<NaiveDate>,
    ) -> Result<WorkList, Fatal> {
        let facts = Facts {
            dates: &self.options.dates,
            scopes,
            current: self.current_units(name)?,
            stored,
            promised,
            invalidated: &self.provenance.invalidated_before(name, &self.options.dates),
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
    pub(super) fn failing_dates(&self, stage: &str) -> &[NaiveDate] {
        match &self.options.work {
            Work::Only(Selection::Offending(check)) => self.offending(stage, check),
            Work::Only(_) | Work::Missing | Work::Afresh => &[],
        }
    }

    fn offending(&self, stage: &str, check: &str) -> &[NaiveDate] {
        let named = (self.checks.iter()).find(|known| known.name == *check && known.stage == stage);
        named.map_or(&[], |check| check.offending.as_slice())
    }

    /// Shows what the ledger has on the run's dates, before any of them starts.
    fn show_recorded(&mut self, at: usize, recorded: &HashMap<NaiveDate, UnitRecord>) -> Result<(), Fatal> {
        let gaps = self.ledger.gaps(self.target, &self.stage_runs[at].board.name)?;
        let stage_run = &mut self.stage_runs[at];
        for (date, gaps) in gaps {
            stage_run.board.show_gaps(date, &gaps);
        }
        let ended = recorded.values().filter(|unit| !unit.state.is_open());
        stage_run.recorded = ended.map(|unit| unit.date).collect();
        let other_source =
            |unit: &&UnitRecord| unit.state != UnitState::Skipped && unit.source != self.options.source;
        stage_run.made_from = (recorded.values().filter(other_source))
            .map(|unit| (unit.date, unit.source.clone()))
            .collect();
        Ok(())
    }

    /// Shows skipped dates and returns those not yet recorded as skipped. Rows stored for them are kept.
    fn show_skipped(&mut self, at: usize, list: &WorkList) -> Vec<UnitRecord> {
        let stage_run = &mut self.stage_runs[at];
        let mut fresh = Vec::new();
        for (date, reason) in &list.skipped {
            let unit = skipped_unit(*date, reason, &self.options.source);
            if list.recorded.get(date) != Some(&unit) {
                fresh.push(unit.clone());
            }
            stage_run.recorded.insert(*date);
            stage_run.board.show(&unit);
        }
        fresh
    }

    /// Shows the other dates and queues those to do.
    fn show_work(&mut self, at: usize, scopes: &[Scope], list: &WorkList, unsettled: &BTreeSet<NaiveDate>) {
        let stage_run = &mut self.stage_runs[at];
        let to_do: BTreeSet<NaiveDate> = list.to_do.iter().copied().collect();
        for (&date, scope) in self.options.dates.iter().zip(scopes) {
            if matches!(scope, Scope::Skip(_)) {
                continue;
            }
            let record = list.recorded.get(&date);
            if let Some(record) = record {
                stage_run.board.show(record);
            }
            if let Scope::Rows(expected) = scope {
                stage_run.board.change(date, |unit| unit.expected = *expected);
            }
            if !to_do.contains(&date) {
                continue;
            }
            let is_stale = record.is_some_and(|record| record.state == UnitState::Stale);
            if (is_stale || list.changed.contains(&date)) && !self.options.source_is_explicit {
                keep_source(stage_run, date);
            }
            if self.options.accept_short {
                stage_run.accepts_short.insert(date);
            }
            let state = if unsettled.contains(&date) {
                UnitState::Unknown
            } else {
                UnitState::Pending
            };
            requeue(stage_run, date, state);
        }
    }

    /// Records dates to be rerun as pending before any of them starts, so that the next start reruns them if this
    /// process crashes. The open intents of a crashed process are kept the same way, also for dates outside this run.
    fn record_reopened(
        &mut self,
        at: usize,
        known: &HashMap<NaiveDate, UnitRecord>,
        to_do: &[NaiveDate],
        unsettled: &BTreeSet<NaiveDate>,
    ) -> Result<(), Fatal> {
        let stage_run = &self.stage_runs[at];
        let board = &stage_run.board;
        let here = to_do.iter().filter(|date| {
            let record = known.get(date);
            unsettled.contains(date) || record.is_some_and(|record| record.state != UnitState::Pending)
        });
        let elsewhere = unsettled.iter().filter(|date| board.unit(**date).is_none());
        let records: Vec<UnitRecord> = here
            .filter_map(|date| board.unit(*date))
            .map(|unit| reopened(unit, stage_run, &self.options.source))
            .chain(
                elsewhere
                    .filter_map(|date| known.get(date))
                    .map(|record| UnitRecord {
                        state: UnitState::Pending,
                        ..record.clone()
                    }),
            )
            .collect();
        let name = board.name.clone();
        if !unsettled.is_empty() {
            // The crashed process may have committed after the checks last ran.
            self.outdate_checks(at)?;
        }
        self.ledger
            .record_units(self.target, &name, &self.run.id, &records, Utc::now())?;
        Ok(())
    }

    /// Records every date of every stage as pending before the first one starts. However this run ends, the next start
    /// then also reruns stages it did not reach.
    fn requeue_all(&mut self) -> Result<(), Fatal> {
        for stage_run in &self.stage_runs {
            let name = &stage_run.board.name;
            let mut records = self.ledger.units(self.target, name)?;
            records.retain(|record| {
                !matches!(record.state, UnitState::Skipped | UnitState::Pending)
                    && stage_run.board.unit(record.date).is_some()
            });
            for record in &mut records {
                record.state = UnitState::Pending;
                record.attempts = 0;
                record.class = None;
                record.reason = None;
            }
            self.ledger
                .record_units(self.target, name, &self.run.id, &records, Utc::now())?;
        }
        Ok(())
    }

    /// Advances a stage whose units or checks have finished, or ends the run. Returns whether a stage advanced.
    fn turn_stages(&mut self) -> Result<bool, Fatal> {
        for at in 0..self.stage_runs.len() {
            match self.stage_runs[at].board.state {
                StageState::Running if self.has_no_work(at) => self.units_are_through(at)?,
                StageState::Checking if !self.is_checking(at) => self.checks_are_through(at),
                _ => continue,
            }
            return Ok(true);
        }
        let is_through = |at: usize| match self.stage_runs[at].board.state {
            StageState::Passed | StageState::Failed => true,
            StageState::Waiting => self.is_stuck(at),
            StageState::Running => self.is_held(at),
            StageState::Checking => false,
        };
        if !(0..self.stage_runs.len()).all(is_through) || self.sources.are_awaited() {
            return Ok(false);
        }
        self.finish()?;
        Ok(true)
    }

    fn units_are_through(&mut self, at: usize) -> Result<(), Fatal> {
        self.stage_runs[at].board.time.stop();
        // Recorded here because the process may be killed before the run ends.
        self.record_time(at)?;
        let stage_run = &mut self.stage_runs[at];
        stage_run.board.state = StageState::Checking;
        let counts = stage_run.board.counts();
        let event = Event::StageFinished {
            stage: stage_run.board.name.clone(),
            ok: counts.ok,
            failed: counts.failed + counts.partial + counts.empty,
            rows: stage_run.board.rows(),
            seconds: stage_run.board.time.seconds(),
        };
        tracing::info!(
            stage = stage_run.board.name,
            "units done: {} ok, {} skipped, {} failed, {}",
            counts.ok,
            counts.skipped,
            counts.failed,
            counted(stage_run.board.rows(), "row")
        );
        self.emit(event);
        if let Some(checks) = self.options.ask.take() {
            if let Err(refusal) = self.check(&checks) {
                tracing::warn!("{refusal}");
            }
            self.ask_outdated_checks(at);
        } else {
            self.ask_open_checks(at);
            self.ask_open_breakdowns(at);
        }
        self.request_refresh(Refresh::Now);
        Ok(())
    }

    fn checks_are_through(&mut self, at: usize) {
        self.stage_runs[at].board.state = self.verdict(at);
        self.request_refresh(Refresh::Now);
    }

    /// The gate of a stage. It is closed by a failing blocking check, and by a date that needs attention unless a
    /// waived check covers it.
    pub(super) fn verdict(&self, at: usize) -> StageState {
        let board = &self.stage_runs[at].board;
        let units = board.units().iter();
        let attention = units
            .filter(|unit| unit.state.needs_attention())
            .map(|unit| unit.date);
        if gate_is_open(attention, self.checks_at_gate(at)) {
            StageState::Passed
        } else {
            StageState::Failed
        }
    }

    /// The checks of a stage, as its gate sees them. A check that needs a date not run yet counts as not run, even if
    /// another definition of it has a result.
    fn checks_at_gate(&self, at: usize) -> impl Iterator<Item = GateCheck<'_>> + Clone {
        let name = &self.stage_runs[at].board.name;
        let of_it = self.checks.iter().enumerate();
        let of_it = of_it.filter(move |(_, check)| check.stage == *name);
        of_it.map(|(place, check)| match check.state {
            CheckState::Outdated if self.not_run_yet(place).is_some() => GateCheck {
                state: CheckState::Pending,
                ..check.at_gate()
            },
            _ => check.at_gate(),
        })
    }

    /// Whether a stage has nothing queued and nothing in flight.
    pub(super) fn has_no_work(&self, at: usize) -> bool {
        let stage_run = &self.stage_runs[at];
        stage_run.queue.is_empty() && stage_run.writer.is_idle() && !self.is_worked_on(at)
    }

    pub(super) fn is_worked_on(&self, at: usize) -> bool {
        let name = &self.stage_runs[at].board.name;
        self.slots
            .iter()
            .any(|slot| slot.task.as_ref().is_some_and(|task| task.stage == *name))
    }

    /// Requeues units at the operator's request.
    pub(super) fn rerun(
        &mut self,
        selection: &Selection,
        stage: Option<&str>,
        source: Option<&str>,
        accept_short: bool,
    ) -> Result<Result<String, String>, Fatal> {
        if let Some(why) = &self.preflight.writes_nothing {
            return Ok(Err(format!("{why}; rerun with 'backcourt rerun'")));
        }
        let mut queued = Vec::new();
        for at in 0..self.stage_runs.len() {
            if stage.is_some_and(|stage| stage != self.stage_runs[at].board.name) {
                continue;
            }
            let dates = self.selected(at, selection);
            if dates.is_empty() {
                continue;
            }
            let stage_run = &mut self.stage_runs[at];
            stage_run.queue.open();
            stage_run.trouble.forget();
            for &date in &dates {
                requeue(stage_run, date, UnitState::Pending);
                stage_run.attempts.remove(&date);
                if accept_short {
                    stage_run.accepts_short.insert(date);
                } else {
                    stage_run.accepts_short.remove(&date);
                }
                match source {
                    Some(source) => {
                        stage_run.sources.insert(date, source.to_owned());
                    }
                    None if matches!(selection, Selection::Stale | Selection::Outdated) => {
                        keep_source(stage_run, date);
                    }
                    None => {
                        stage_run.sources.remove(&date);
                    }
                }
            }
            stage_run.board.state = StageState::Running;
            let records: Vec<UnitRecord> = dates
                .iter()
                .filter_map(|date| stage_run.board.unit(*date))
                .map(|unit| reopened(unit, stage_run, &self.options.source))
                .collect();
            let name = stage_run.board.name.clone();
            self.ledger
                .record_units(self.target, &name, &self.run.id, &records, Utc::now())?;
            self.start_clock(at);
            self.eta.add(at, dates.len() as u64);
            queued.push((name, dates));
        }
        let left_out = self.left_out(selection, stage);
        if queued.is_empty() {
            return Ok(Err(format!(
                "{} matches no dates to rerun now{left_out}",
                describe(selection)
            )));
        }
        let count: usize = queued.iter().map(|(_, dates)| dates.len()).sum();
        for (stage, dates) in queued {
            tracing::info!(stage, "{} requeued by the operator", counted(dates.len(), "date"));
            self.emit(Event::RerunQueued { stage, dates });
        }
        if self.mode == Mode::Over {
            self.reopen()?;
        }
        let held = if self.mode == Mode::Holding {
            "; they start when you resume the run"
        } else {
            ""
        };
        Ok(Ok(format!("{} queued{held}{left_out}", counted(count, "date"))))
    }

    /// Which part of a selection this run can't rerun because the dates are outside it, and the command that can.
    fn left_out(&self, selection: &Selection, stage: Option<&str>) -> String {
        let (is_meant, flag): (fn(UnitState) -> bool, &str) = match selection {
            Selection::Failed => (UnitState::needs_attention, "--failed"),
            Selection::Stale => (|state| state == UnitState::Stale, "--stale"),
            Selection::Outdated => (|state| state == UnitState::Outdated, "--outdated"),
            Selection::Dates(_) | Selection::Offending(_) => return String::new(),
        };
        let stages = self.plan.stages.iter().map(|spec| spec.name.as_str());
        let stages = stages.filter(|name| stage.is_none_or(|stage| stage == *name));
        let states = stages.flat_map(|name| self.elsewhere.of(name).map(|(_, state)| state));
        match states.filter(|state| is_meant(*state)).count() {
            0 => String::new(),
            left => format!(
                "; {} outside this run: use 'backcourt rerun {flag}' when it has ended",
                counted(left, "more date")
            ),
        }
    }

    /// The dates of a selection that are not in flight.
    fn selected(&self, at: usize, selection: &Selection) -> Vec<NaiveDate> {
        let stage_run = &self.stage_runs[at];
        if stage_run.scope != ScopeState::Known {
            return Vec::new();
        }
        let failing = match selection {
            Selection::Offending(check) => self.offending(&stage_run.board.name, check),
            _ => &[],
        };
        let is_free = |state: UnitState| !(state.is_open() || state == UnitState::Skipped);
        let is_changed = |date: &NaiveDate| stage_run.changed.contains(date);
        let selected = (stage_run.board.units().iter()).filter(|unit| {
            is_free(unit.state) && selection.takes(unit.date, unit.state, is_changed(&unit.date), failing)
        });
        selected.map(|unit| unit.date).collect()
    }
}

/// Reads everything a stage needs before it starts. First waits for writes that a crashed process may have left running
/// in the warehouse.
async fn scoped(
    stage: &dyn Stage,
    warehouse: &dyn Warehouse,
    dates: &[NaiveDate],
    promised: &[Intent],
    makes: bool,
) -> Result<Scoped, StageError> {
    let table = async {
        match stage.fills().definition().filter(|_| makes) {
            Some(table) => warehouse.ensure(table).await,
            None => Ok(Ensured::Existed),
        }
    };
    let writes_are_over = try_join_all(promised.iter().map(|Intent { id, run, .. }| async move {
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
            (Ensured::Created, _) if promised.is_empty() => Ok(HashMap::new()),
            _ => stored_rows(warehouse, stage.fills(), dates).await,
        }
    };
    // The scope is read from other tables, so the two reads can run side by side.
    let stored = async { stored.await.map_err(StageError::from) };
    let (stored, scopes) = try_join(stored, stage.scope(warehouse, dates)).await?;
    Ok(Scoped { scopes, stored })
}

/// Describes a selection in the sentence that refuses it.
fn describe(selection: &Selection) -> String {
    match selection {
        Selection::Dates(dates) => format!("the selection of {}", counted(dates.len(), "date")),
        Selection::Failed => "'failed'".to_owned(),
        Selection::Stale => "'stale'".to_owned(),
        Selection::Outdated => "'outdated'".to_owned(),
        Selection::Offending(check) => format!("check '{check}'"),
    }
}

/// A date rerun only because its inputs changed keeps the source of its stored rows.
fn keep_source(stage_run: &mut StageRun, date: NaiveDate) {
    match stage_run.made_from.get(&date) {
        Some(source) => stage_run.sources.insert(date, source.clone()),
        None => stage_run.sources.remove(&date),
    };
}

fn requeue(stage_run: &mut StageRun, date: NaiveDate, state: UnitState) {
    stage_run.queue.add(date);
    stage_run.board.change(date, |unit| {
        unit.state = state;
        unit.attempts = 0;
        unit.reason = None;
    });
}

/// The record of a requeued unit. Its stored rows stay until they are replaced.
fn reopened(unit: &super::super::UnitView, stage_run: &StageRun, usual: &str) -> UnitRecord {
    UnitRecord {
        date: unit.date,
        state: UnitState::Pending,
        expected: unit.expected,
        rows: unit.rows,
        attempts: 0,
        class: None,
        reason: None,
        source: stage_run
            .sources
            .get(&unit.date)
            .map_or(usual, String::as_str)
            .to_owned(),
        seconds: 0.0,
    }
}

fn skipped_unit(date: NaiveDate, reason: &str, source: &str) -> UnitRecord {
    UnitRecord {
        date,
        state: UnitState::Skipped,
        expected: 0,
        rows: 0,
        attempts: 0,
        class: None,
        reason: Some(reason.to_owned()),
        source: source.to_owned(),
        seconds: 0.0,
    }
}
