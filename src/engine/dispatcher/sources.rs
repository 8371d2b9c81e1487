//! Raw-data checks: they run one at a time once the raw tables are filled, concurrently with the stages. A
//! failing one stops nothing; only the end of the run waits for results.

use tokio::time::Instant;

use crate::checks::{Measured, ask};
use crate::ledger::{CheckState, Purpose};
use crate::plan::value_and_target;
use crate::warehouse::WarehouseError;

use super::super::board::{Answered, is_open, take_answer};
use super::super::{Event, Work};
use super::{CheckTicket, Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::figures::counted;

/// Maximum number of their queries in flight: one, to leave read slots for the work.
pub(super) const ABREAST: usize = 1;

impl Dispatcher {
    /// Queues raw-data checks that have no current result. A run of chosen units queues none.
    pub(super) fn ask_open_sources(&mut self) {
        if !matches!(self.options.work, Work::Only(_)) {
            let open = |at: &usize| is_open(&self.sources.views[*at]);
            for at in (0..self.sources.views.len()).filter(open).collect::<Vec<_>>() {
                self.sources.enqueue(at);
            }
        }
    }

    /// Queues checks at the operator's request.
    pub(super) fn ask_sources(&mut self, asked: Vec<usize>) -> Result<String, String> {
        match asked.into_iter().filter(|at| self.sources.enqueue(*at)).count() {
            0 => Err("already running".to_owned()),
            count => Ok(format!("started {}", counted(count, "raw-data check"))),
        }
    }

    pub(super) fn start_sources(&mut self) {
        let Some(at) = self.sources.take_next() else {
            return;
        };
        let Some(spec) = self.plan.source(&self.sources.views[at].name).cloned() else {
            return;
        };
        self.sources.views[at].state = CheckState::Running;
        self.request_refresh(Refresh::Soon);
        let changes = self.raw_changes;
        let warehouse = self.charging(&Purpose::check(&spec.stage, &spec.name));
        self.spawn(TaskKind::Source(at), async move {
            let began = Instant::now();
            // Raw rows don't depend on what has run, so every date counts.
            let result = ask(&spec, warehouse.as_ref()).await;
            let ticket = CheckTicket { at, changes };
            TaskOutcome::SourceChecked(ticket, result, began.elapsed().as_secs_f64())
        });
    }

    pub(super) fn on_source_checked(
        &mut self,
        asked: CheckTicket,
        result: Result<Measured, WarehouseError>,
        seconds: f64,
    ) -> Result<(), Fatal> {
        let answered = match result {
            Err(error) => Answered::error(error.message, seconds),
            Ok(measured) => {
                let state = match measured.met {
                    _ if asked.changes != self.raw_changes => CheckState::Outdated,
                    true => CheckState::Pass,
                    false => CheckState::Warn,
                };
                Answered::of(state, measured, seconds)
            }
        };
        self.answer_source(asked.at, answered)
    }

    pub(super) fn on_source_died(&mut self, at: usize, message: &str) -> Result<(), Fatal> {
        self.answer_source(at, Answered::error(format!("the check panicked: {message}"), 0.0))
    }

    fn answer_source(&mut self, at: usize, answered: Answered) -> Result<(), Fatal> {
        let view = &mut self.sources.views[at];
        let Some(spec) = self.plan.source(&view.name) else {
            return Ok(());
        };
        let record = take_answer(view, spec, &self.run.id, &answered);
        let Answered {
            state,
            value,
            failing_dates,
            ..
        } = answered;
        let (feed, name, target) = (view.stage.clone(), view.name.clone(), view.target.clone());
        let found = value_and_target(&value, &target);
        match state {
            CheckState::Error => tracing::error!("source {feed}: {name} could not run: {value}"),
            CheckState::Warn => tracing::warn!("source {feed}: {state} {name}: {found}"),
            _ => tracing::info!("source {feed}: {state} {name}: {found}"),
        }
        self.ledger.record_check(self.target, &self.run.id, &record)?;
        self.emit(Event::SourceChecked {
            check: name,
            feed,
            state,
            value,
            target,
            failing_dates,
        });
        self.request_refresh(Refresh::Soon);
        Ok(())
    }

    /// Marks raw-data checks outdated after raw rows have changed.
    pub(super) fn outdate_sources(&mut self) -> Result<(), Fatal> {
        self.raw_changes += 1;
        let names = self.sources.outdate(|_| true);
        if !names.is_empty() {
            self.ledger.outdate_checks(self.target, &names)?;
            self.request_refresh(Refresh::Now);
        }
        Ok(())
    }
}
