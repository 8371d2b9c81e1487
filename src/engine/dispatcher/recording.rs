//! The warehouse's record of the progress, by which another host can continue: the dates of a commit are recorded in its
//! transaction, all other changes of the ledger follow in batches.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use tokio::time::Instant;

use crate::fence::host_name;
use crate::figures::counted;
use crate::ledger::{Ledger, LedgerError, Purpose, RunState, Settled, Synced, Target, UnitState};
use crate::warehouse::{ErrorClass, Recording, WarehouseError};

use super::super::Fills;
use super::super::writer::Commit;
use super::{Dispatcher, Fatal, Mode, TaskKind, TaskOutcome};

/// How long changes are collected before they are sent.
const GAP: Duration = Duration::from_secs(15);

/// The most changes that are sent at once.
const MOST: usize = 500;

/// How often in a row a run that has ended tries to send the rest; otherwise the next start sends it.
const LAST_TRIES: u32 = 3;

/// What is recorded with a commit, and the digests of what its dates are computed from.
#[derive(Debug, Clone)]
pub(in super::super) struct CommitRecord {
    pub(in super::super) recording: Recording,
    inputs: BTreeMap<NaiveDate, u64>,
}

impl CommitRecord {
    /// The dates of which the commit's entry is complete, given what became of them.
    pub(super) fn complete(&self, settled: &[Settled]) -> Vec<NaiveDate> {
        let is_complete = |settled: &&Settled| {
            let input = self.inputs.get(&settled.unit.date);
            settled.unit.state == UnitState::Ok
                && input.is_some()
                && settled.digests.map(|digests| digests.input).as_ref() == input
        };
        let complete = settled.iter().filter(is_complete);
        complete.map(|settled| settled.unit.date).collect()
    }

    /// The number of its newest entry.
    pub(super) fn last(&self) -> i64 {
        let numbers = self.recording.dates.iter().map(|draft| draft.number);
        numbers.max().unwrap_or(0)
    }
}

/// Sends changes of the ledger to the warehouse.
#[derive(Debug)]
pub(super) struct Recorder {
    host: String,
    /// The number of the next entry.
    next: i64,
    /// Whether the run has begun: one that is refused, or left before, changes nothing in the warehouse.
    has_begun: bool,
    /// How often the ledger had been written to when nothing was left to send.
    synced_at: Option<u64>,
    is_sending: bool,
    /// Not before this moment again.
    due: Option<Instant>,
    /// How often in a row it failed.
    failures: u32,
    /// Whether replaced entries were looked for, once a run.
    has_pruned: bool,
}

impl Recorder {
    /// One that begins after the newest entry the ledger knows. What a process that died had sent is sent again.
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

    fn owes(&self, writes: u64) -> bool {
        self.is_sending || self.has_begun && self.synced_at != Some(writes)
    }
}

impl Dispatcher {
    /// What is recorded with a commit of a stage; nothing where the warehouse does not write what the stage makes.
    pub(super) fn record_of(&mut self, at: usize, commit: &Commit) -> Option<CommitRecord> {
        let recorder = self.recorder.as_mut()?;
        let stage_run = &self.stage_runs[at];
        let fills = stage_run.stage.fills();
        if !matches!(fills, Fills::Computed(_) | Fills::Query(..)) {
            return None;
        }
        let stage = &stage_run.board.name;
        let mut inputs = BTreeMap::new();
        let mut dates = Vec::new();
        for landing in commit.landings() {
            let date = landing.settled.unit.date;
            let input = self.provenance.input(stage, date);
            if let Some(draft) = landing.draft(recorder.next, fills, input) {
                recorder.next += 1;
                inputs.insert(date, input);
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

    /// Sends changes from now on.
    pub(super) const fn begin_syncing(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.has_begun = true;
        }
    }

    /// Sends what has changed, if it is time to.
    pub(super) fn sync_progress(&mut self) -> Result<(), Fatal> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        let has_ended = self.mode == Mode::Over;
        let waits = recorder.due.is_some_and(|due| due > Instant::now());
        let is_late = has_ended && recorder.failures == 0;
        if recorder.is_sending {
            return Ok(());
        }
        if !recorder.owes(self.ledger.writes()) {
            self.prune_progress();
            return Ok(());
        }
        if waits && !is_late {
            return Ok(());
        }
        let first = recorder.next;
        let entries = (self.ledger).unsynced(self.target, &recorder.host, first, MOST)?;
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

    /// Has entries removed that newer ones have replaced, when a run has finished: nothing else is written then.
    fn prune_progress(&mut self) {
        let dates = self
            .stage_runs
            .iter()
            .map(|stage_run| stage_run.board.units().len())
            .sum();
        let has_finished = self.mode == Mode::Over && self.run.state == RunState::Finished;
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

    /// Whether changes are left to send, and sending them may succeed.
    pub(super) fn has_to_sync(&self) -> bool {
        (self.recorder.as_ref())
            .is_some_and(|recorder| recorder.owes(self.ledger.writes()) && recorder.failures < LAST_TRIES)
    }

    /// When changes are sent next; none while there are none.
    pub(super) fn next_sync(&self) -> Option<Instant> {
        let recorder = self.recorder.as_ref()?;
        let waits = !recorder.is_sending && recorder.owes(self.ledger.writes());
        recorder.due.filter(|_| waits)
    }

    /// Leaves the rest to the next start.
    pub(super) fn stop_syncing(&mut self) {
        self.recorder = None;
    }
}
