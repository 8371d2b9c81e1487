//! The runbook during a run: derived again from the ledger when something has happened; the operator can tick items.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use crate::ledger::Tick;
use crate::runbook::{Item, RunbookFacts, derive, may_tick};

use super::super::{Event, Reply};
use super::{Dispatcher, Fatal, Refresh};

/// Minimum time between derivations while units are handed out.
const GAP: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Runbook {
    items: Arc<Vec<Item>>,
    derived_at: Option<Instant>,
    is_behind: bool,
}

impl Runbook {
    pub(super) fn items(&self) -> Arc<Vec<Item>> {
        Arc::clone(&self.items)
    }

    /// When to derive the items again; `None` if nothing has happened since.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.derived_at.filter(|_| self.is_behind).map(|at| at + GAP)
    }
}

impl Dispatcher {
    /// Derives the runbook again if something has happened since: at most once per [`GAP`] while units are handed out,
    /// otherwise at once, so that an idle run needs no timer.
    pub(super) fn renew_runbook(&mut self) -> Result<(), Fatal> {
        let runbook = &mut self.runbook;
        runbook.is_behind |= !self.events.pending().is_empty() || runbook.derived_at.is_none();
        let backoffs = self.mode.is_running() && runbook.derived_at.is_some_and(|at| at.elapsed() < GAP);
        if self.plan.runbook.is_empty() || !runbook.is_behind || backoffs {
            runbook.is_behind &= !self.plan.runbook.is_empty();
            return Ok(());
        }
        let facts = RunbookFacts::gather(&self.ledger, self.target, &self.plan)?;
        let items = derive(&self.plan, &facts);
        runbook.is_behind = false;
        runbook.derived_at = Some(Instant::now());
        if *runbook.items != items {
            runbook.items = Arc::new(items);
            self.request_refresh(Refresh::Now);
        }
        Ok(())
    }

    pub(super) fn tick(&mut self, item: &str, done: bool, note: &str, by: &str) -> Result<Reply, Fatal> {
        let ticks = self.ledger.ticks(self.target)?;
        if let Err(why) = may_tick(&self.plan, ticks.get(item), item, done, note) {
            return Ok(Reply::Refused(why));
        }
        let tick = Tick {
            item: item.to_owned(),
            done,
            note: note.to_owned(),
            by: by.to_owned(),
            at: Utc::now(),
        };
        self.ledger.tick(self.target, &tick)?;
        tracing::info!("{}", tick.sentence());
        let sentence = tick.sentence();
        self.emit(Event::ItemTicked {
            item: tick.item,
            done,
            note: tick.note,
            by: tick.by,
        });
        // Show the tick at once.
        self.runbook.derived_at = None;
        Ok(Reply::Accepted(sentence))
    }
}
