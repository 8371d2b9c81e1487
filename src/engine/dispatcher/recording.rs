//! The progress record in the warehouse, from which another host can continue. The dates of a commit are recorded in
//! its transaction; all other ledger changes follow in batches.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::fence::host_name;
use crate::figures::counted;
use crate::ledger::{Ledger, LedgerError, Purpose, RunState, Synced, Target};
use crate::warehouse::{ErrorClass, Recording, WarehouseError};

use super::super::Fills;
use super::super::writer::{Commit, CommitRecord};
use super::{Dispatcher, Fatal, TaskKind, TaskOutcome};

/// How long changes are batched before they are sent.
const GAP: Duration = Duration::from_secs(15);

const MAX_ENTRIES: usize = 500;

/// Failures in a row after which an ended run leaves unsent changes to the next start.
const MAX_FINAL_FAILURES: u32 = 3;

/// State of sending ledger changes to the warehouse.
#[derive(Debug)]
pub(super) struct Recorder {
    host: String,
    next: i64,
    /// Whether the run has begun. A run that is refused or left before that changes nothing in the warehouse.
    has_begun: bool,
    /// The ledger's write count when nothing was left to send.
    synced_at: Option<u64>,
    is_sending: bool,
    /// No batch is sent before this time, unless the run has ended.
    due: Option<Instant>,
    failures: u32,
    /// Whether replaced entries have been pruned; done once per run.
    has_pruned: bool,
}

impl Recorder {
    /// Starts after the newest entry known to the ledger. Entries that a crashed process had sent are sent again.
    pub(super) fn begin(ledger: &mut Ledger, target: Target) -> Result<Self, LedgerError> {
        ledger.set_synced(target, Synced::No, 0)?;
        Ok(Self {
            host: host_name(),
            next: ledger.known_entry(target)? + 1,
            has_begun: false,
            synced_at: None,
            is_sending: false,
            due: None,
            failures: 0,
            has_pruned: false,
        })
    }

    fn is_behind(&self, writes: u64) -> bool {
        self.is_sending || self.has_begun && self.synced_at != Some(writes)
    }
}

impl Dispatcher {
    /// The record to write with a commit; `None` if the warehouse doesn't write this stage's rows.
    pub(super) fn record_of(&mut self, at: usize, commit: &Commit) -> Option<CommitRecord> {
        let recorder = self.recorder.as_mut()?;
        let work = &self.stages[at];
        let fills = work.stage.fills();
        if !matches!(fills, Fills::Computed(_) | Fills::Query(..)) {
            return None;
        }
        let stage = &work.board.name;
        let mut inputs = BTreeMap::new();
        let mut dates = Vec::new();
        for result in commit.results() {
            let date = result.date();
            let input = self.provenance.input(stage, date);
            let of_stages = input.stages;
            if let Some(draft) = result.draft(recorder.next, fills, input) {
                recorder.next += 1;
                inputs.insert(date, of_stages);
                dates.push(draft);
            }
        }
        let recording = Recording {
            plan: self.plan.name.clone(),
            stage: stage.clone(),
            run: self.run.id.clone(),
            host: recorder.host.clone(),
            fingerprint: self.plan.stage(stage).map(|stage| stage.fingerprint.to_string()),
            dates,
        };
        Some(CommitRecord { recording, inputs })
    }

    pub(super) const fn begin_syncing(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.has_begun = true;
        }
    }

    pub(super) fn sync_progress(&mut self) -> Result<(), Fatal> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        let has_ended = self.mode.has_ended();
        let waits = recorder.due.is_some_and(|due| due > Instant::now());
        let is_late = has_ended && recorder.failures == 0;
        if recorder.is_sending {
            return Ok(());
        }
        if !recorder.is_behind(self.ledger.writes()) {
            self.prune_progress();
            return Ok(());
        }
        if waits && !is_late {
            return Ok(());
        }
        let first = recorder.next;
        let entries = (self.ledger).unsynced(self.target, &recorder.host, first, MAX_ENTRIES)?;
        recorder.due = Some(Instant::now() + GAP);
        let Some(last) = entries.last().map(|entry| entry.number) else {
            recorder.synced_at = Some(self.ledger.writes());
            self.prune_progress();
            return Ok(());
        };
        recorder.next = last + 1;
        recorder.is_sending = true;
        let (warehouse, plan) = (self.charging(&Purpose::default()), self.plan.name.clone());
        self.spawn(TaskKind::Recorder, async move {
            let result = match warehouse.records() {
                Some(records) => records.append(&plan, &entries).await,
                None => Ok(()),
            };
            TaskOutcome::Recorded(last, result)
        });
        Ok(())
    }

    pub(super) fn on_recorded(&mut self, last: i64, result: Result<(), WarehouseError>) -> Result<(), Fatal> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        recorder.is_sending = false;
        let Err(error) = result else {
            recorder.failures = 0;
            self.ledger.set_synced(self.target, Synced::Yes, last)?;
            return Ok(());
        };
        recorder.failures += 1;
        let failures = recorder.failures;
        self.ledger.set_synced(self.target, Synced::No, last)?;
        if error.class == ErrorClass::Auth {
            self.recorder = None;
            tracing::warn!("cannot record the progress in the warehouse: {error}");
        } else {
            tracing::warn!(
                "cannot record the progress in the warehouse, retrying ({}): {error}",
                counted(failures, "failure")
            );
        }
        Ok(())
    }

    /// Removes entries that newer ones have replaced, once a run has finished and nothing else is written.
    fn prune_progress(&mut self) {
        let dates = self.stages.iter().map(|work| work.board.units().len()).sum();
        let has_finished = self.mode.has_ended() && self.run.state == RunState::Finished;
        let Some(recorder) = self.recorder.as_mut().filter(|_| has_finished) else {
            return;
        };
        if !recorder.has_begun || std::mem::replace(&mut recorder.has_pruned, true) {
            return;
        }
        recorder.is_sending = true;
        let (warehouse, plan) = (self.charging(&Purpose::default()), self.plan.name.clone());
        self.spawn(TaskKind::Recorder, async move {
            let pruned = match warehouse.records() {
                Some(records) => records.prune(&plan, dates).await,
                None => Ok(()),
            };
            // The next run tries again.
            if let Err(error) = pruned {
                tracing::debug!("{error}");
            }
            TaskOutcome::Pruned
        });
    }

    pub(super) const fn on_pruned(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.is_sending = false;
        }
    }

    /// Whether there are changes left to send and sending is still worth a try.
    pub(super) fn has_to_sync(&self) -> bool {
        (self.recorder.as_ref()).is_some_and(|recorder| {
            recorder.is_behind(self.ledger.writes()) && recorder.failures < MAX_FINAL_FAILURES
        })
    }

    /// When the next batch is due; `None` if there is nothing to send.
    pub(super) fn next_sync(&self) -> Option<Instant> {
        let recorder = self.recorder.as_ref()?;
        let waits = !recorder.is_sending && recorder.is_behind(self.ledger.writes());
        recorder.due.filter(|_| waits)
    }

    /// Leaves unsent changes to the next start.
    pub(super) fn stop_syncing(&mut self) {
        self.recorder = None;
    }
}
