//! The registry of in-flight jobs: which of them a task waits for. An aborted task leaves its job running on the server,
//! where it still costs money and may still write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::charge::{JobKind, cost};
use super::wire::JobInfo;
use crate::warehouse::{Bill, Charge, Cost};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Waiting,
    /// The outcome is unknown, and the job is looked up again under the same id.
    InDoubt,
    Abandoned,
}

#[derive(Debug)]
struct RunningJob {
    wait: Wait,
    kind: JobKind,
    bill: Option<Arc<Bill>>,
}

/// The jobs of a warehouse that may be running. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashMap<String, RunningJob>>>);

impl InFlight {
    /// Registers a job before it is sent or looked up. It is charged to `bill`.
    pub(super) fn await_job(&self, id: &str, kind: JobKind, bill: Option<&Arc<Bill>>) -> Awaited<'_> {
        let flight = RunningJob {
            wait: Wait::Waiting,
            kind,
            bill: bill.cloned(),
        };
        self.jobs().insert(id.to_owned(), flight);
        Awaited {
            jobs: self,
            id: id.to_owned(),
            left: Some(Wait::Abandoned),
        }
    }

    /// Charges a job that ended after its task had stopped waiting for it.
    pub(super) fn end(&self, id: &str, ended: &JobInfo) {
        let flight = self.jobs().remove(id);
        if let Some(RunningJob {
            kind,
            bill: Some(bill),
            ..
        }) = flight
        {
            let cost = cost(ended, kind).unwrap_or_else(Cost::unreported);
            bill.charge(Charge {
                job: id.to_owned(),
                cost,
            });
        }
    }

    /// Forgets a job that the server never accepted.
    pub(super) fn forget(&self, id: &str) {
        self.jobs().remove(id);
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<String, RunningJob>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ids_where(&self, is_meant: impl Fn(Wait) -> bool) -> Vec<String> {
        let jobs = self.jobs();
        let meant = jobs.iter().filter(|(_, flight)| is_meant(flight.wait));
        meant.map(|(id, _)| id.clone()).collect()
    }

    /// Jobs that no task waits for any more.
    pub(super) fn abandoned(&self) -> Vec<String> {
        self.ids_where(|wait| wait == Wait::Abandoned)
    }

    /// Jobs that may be running without a task waiting for them.
    pub(super) fn unawaited(&self) -> Vec<String> {
        self.ids_where(|wait| wait != Wait::Waiting)
    }
}

/// A job that a task waits for. Dropping this marks the job as abandoned.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    jobs: &'a InFlight,
    id: String,
    /// The state to record when the wait ends; `None` once the job is known to have ended.
    left: Option<Wait>,
}

impl Awaited<'_> {
    /// Marks the job as ended or never accepted.
    pub(super) fn ended(mut self) {
        self.left = None;
    }

    /// Marks the outcome of the job as unknown for now.
    pub(super) fn unknown(mut self) {
        self.left = Some(Wait::InDoubt);
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut jobs = self.jobs.jobs();
        match (self.left, jobs.get_mut(&self.id)) {
            (Some(wait), Some(flight)) => flight.wait = wait,
            (Some(_), None) => {}
            (None, _) => drop(jobs.remove(&self.id)),
        }
    }
}
