//! Raw-data checks: they run one at a time once the raw tables are filled, concurrently with the stages. A
//! failing one stops nothing; only the end of the run waits for results.

use tokio::time::Instant;

use crate::checks::ask;
use crate::ledger::{CheckState, Purpose};

use super::super::Work;
use super::super::board::is_open;
use super::{CheckGroup, CheckTicket, Dispatcher, Fatal, Refresh, TaskKind, TaskOutcome};
use crate::figures::counted;

/// Maximum number of their queries in flight: one, to leave read slots for the work.
pub(super) const MAX_IN_FLIGHT: usize = 1;

impl Dispatcher {
    /// Queues raw-data checks that have no current result. A run of chosen units queues none.
    pub(super) fn queue_open_sources(&mut self) {
        if !matches!(self.options.work, Work::Only(_)) {
            let open = |at: &usize| is_open(&self.sources.views[*at]);
            for at in (0..self.sources.views.len()).filter(open).collect::<Vec<_>>() {
                self.sources.enqueue(at);
            }
        }
    }

    pub(super) fn queue_sources(&mut self, asked: Vec<usize>) -> Result<String, String> {
        match asked.into_iter().filter(|at| self.sources.enqueue(*at)).count() {
            0 => Err("already running".to_owned()),
            count => Ok(format!("started {}", counted(count, "raw-data check"))),
        }
    }

    pub(super) fn start_sources(&mut self) {
        let Some(at) = self.sources.take_next(false) else {
            return;
        };
        let Some(spec) = self.plan.source(&self.sources.views[at].name).cloned() else {
            return;
        };
        self.sources.views[at].state = CheckState::Running;
        self.request_refresh(Refresh::Soon);
        let changes = self.raw_changes;
        let warehouse = self.charging(&Purpose::check(&spec.stage, &spec.name));
        let grain = self.plan.range.grain();
        self.spawn(TaskKind::Check(CheckGroup::Sources, at), async move {
            let began = Instant::now();
            // Raw rows don't depend on what has run, so every date counts.
            let result = ask(&spec, grain, warehouse.as_ref()).await;
            let ticket = CheckTicket { at, changes };
            TaskOutcome::Checked(CheckGroup::Sources, ticket, result, began.elapsed().as_secs_f64())
        });
    }

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
