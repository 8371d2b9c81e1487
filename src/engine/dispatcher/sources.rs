//! Raw-data checks: they run one at a time once the raw tables are filled, concurrently with the stages. A
//! failing one stops nothing; only the end of the run waits for results.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::checks::{Measured, ask};
use crate::ledger::{CheckState, Purpose};
use crate::warehouse::WarehouseError;

use super::super::board::{Answered, is_open, take_answer};
use super::super::{CheckView, Event, Work};
use super::{Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::figures::counted;

/// The raw-data checks and their queue.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) views: Vec<CheckView>,
    to_ask: VecDeque<usize>,
    /// The check whose query is in flight. One at a time, to leave read slots for the work.
    asking: Option<usize>,
    /// How often raw rows have changed in this run.
    changes: u64,
}

impl Sources {
    /// Starts from the latest recorded results.
    pub(super) fn of(views: Vec<CheckView>) -> Self {
        Self {
            views,
            ..Self::default()
        }
    }

    /// Indexes of these checks; `None` unless all of them are raw-data checks.
    pub(super) fn places(&self, names: &[String]) -> Option<Vec<usize>> {
        let place = |name: &String| self.views.iter().position(|view| view.name == *name);
        let places: Vec<usize> = names.iter().map(place).collect::<Option<_>>()?;
        (!places.is_empty()).then_some(places)
    }

    /// Whether a result is still pending.
    pub(super) fn are_awaited(&self) -> bool {
        self.is_asking() || !self.to_ask.is_empty()
    }

    pub(super) const fn is_asking(&self) -> bool {
        self.asking.is_some()
    }

    /// Clears the queue; a query in flight continues.
    pub(super) fn ask_no_more(&mut self) {
        self.to_ask.clear();
    }

    /// Clears the queue and resets the check whose query was aborted.
    pub(super) fn cut_off(&mut self) {
        self.to_ask.clear();
        if let Some(asked) = self.asking.take() {
            self.views[asked].state = CheckState::Pending;
        }
    }
}

impl Dispatcher {
    /// Queues raw-data checks that have no current result. A run of chosen units queues none.
    pub(super) fn ask_open_sources(&mut self) {
        if matches!(self.options.work, Work::Only(_)) {
            return;
        }
        let open = (0..self.sources.views.len()).filter(|&at| is_open(&self.sources.views[at]));
        self.sources.to_ask = open.collect();
    }

    /// Queues checks at the operator's request.
    pub(super) fn ask_sources(&mut self, asked: Vec<usize>) -> Result<String, String> {
        let sources = &mut self.sources;
        let before = sources.to_ask.len();
        for at in asked {
            if !sources.to_ask.contains(&at) && sources.asking != Some(at) {
                sources.to_ask.push_back(at);
            }
        }
        match sources.to_ask.len() - before {
            0 => Err("already running".to_owned()),
            count => Ok(format!("started {}", counted(count, "raw-data check"))),
        }
    }

    pub(super) fn start_sources(&mut self) {
        if self.sources.is_asking() {
            return;
        }
        let Some(at) = self.sources.to_ask.pop_front() else {
            return;
        };
        let Some(spec) = self.plan.source(&self.sources.views[at].name).cloned() else {
            return;
        };
        self.sources.asking = Some(at);
        self.sources.views[at].state = CheckState::Running;
        self.request_refresh(Refresh::Soon);
        let changes = self.sources.changes;
        let warehouse = self.charging(&Purpose::check(&spec.stage, &spec.name));
        self.spawn(TaskKind::Source(at), async move {
            let began = Instant::now();
            // Raw rows don't depend on what has run, so every date counts.
            let result = ask(&spec, warehouse.as_ref()).await;
            TaskOutcome::SourceChecked(at, changes, result, began.elapsed().as_secs_f64())
        });
    }

    pub(super) fn on_source_checked(
        &mut self,
        at: usize,
        changes: u64,
        result: Result<Measured, WarehouseError>,
        seconds: f64,
    ) -> Result<(), Fatal> {
        let answered = match result {
            Err(error) => Answered::error(error.message, seconds),
            Ok(measured) => {
                let state = match measured.met {
                    _ if changes != self.sources.changes => CheckState::Outdated,
                    true => CheckState::Pass,
                    false => CheckState::Warn,
                };
                Answered::of(state, measured, seconds)
            }
        };
        self.answer_source(at, answered)
    }

    pub(super) fn on_source_died(&mut self, at: usize, message: &str) -> Result<(), Fatal> {
        self.answer_source(at, Answered::error(format!("the check panicked: {message}"), 0.0))
    }

    fn answer_source(&mut self, at: usize, answered: Answered) -> Result<(), Fatal> {
        self.sources.asking = None;
        let view = &mut self.sources.views[at];
        let Some(spec) = self.plan.source(&view.name) else {
            return Ok(());
        };
        let record = take_answer(view, spec, &self.run.id, &answered);
        let Answered {
            state,
            value,
            offending,
            ..
        } = answered;
        let (feed, name, target) = (view.stage.clone(), view.name.clone(), view.target.clone());
        match state {
            CheckState::Error => tracing::error!("source {feed}: {name} could not run: {value}"),
            CheckState::Warn => tracing::warn!("source {feed}: {state} {name}: {value} (target {target})"),
            _ => tracing::info!("source {feed}: {state} {name}: {value} (target {target})"),
        }
        self.ledger.record_check(self.target, &self.run.id, &record)?;
        self.emit(Event::SourceChecked {
            check: name,
            feed,
            state,
            value,
            target,
            offending,
        });
        self.request_refresh(Refresh::Soon);
        Ok(())
    }

    /// Marks raw-data checks outdated after raw rows have changed.
    pub(super) fn outdate_sources(&mut self) -> Result<(), Fatal> {
        self.sources.changes += 1;
        let mut names = Vec::new();
        for view in self
            .sources
            .views
            .iter_mut()
            .filter(|view| view.state.is_answer())
        {
            view.state = CheckState::Outdated;
            names.push(view.name.as_str());
        }
        if !names.is_empty() {
            self.ledger.outdate_checks(self.target, &names)?;
            self.request_refresh(Refresh::Now);
        }
        Ok(())
    }
}
