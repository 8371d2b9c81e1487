//! Applies events about the run as a whole.

use std::sync::Arc;

use super::stage::all_judged;
use crate::engine::{Event, Question, Snapshot, WorkerView};
use crate::ledger::RunState;
use crate::plan::MAX_WORKERS;

pub(super) fn fold(snapshot: &mut Snapshot, event: &Event) {
    let run = &mut snapshot.run;
    match event {
        Event::RunStarted {
            plan,
            warehouse,
            source,
            workers,
            pid,
            control,
            version: _,
        } => {
            (run.title, run.warehouse) = (plan.clone(), warehouse.clone());
            (run.source, run.control) = (source.clone(), control.clone());
            run.pid = *pid;
            staff(&mut snapshot.workers, *workers);
        }
        Event::Prepared { .. } => run.preparing = None,
        Event::Estimated {
            awaiting_approval,
            estimate,
            ..
        } => {
            // Runs recorded before questions existed have no other event for this one.
            run.question = awaiting_approval.then(|| Arc::new(Question::cost()));
            snapshot.estimate = Some(Arc::new(estimate.clone()));
        }
        Event::QuestionAsked(question) => run.question = Some(Arc::new(question.clone())),
        Event::QuestionAnswered { .. } => run.question = None,
        Event::WorkersChanged { to, .. } => staff(&mut snapshot.workers, *to),
        Event::Paused => (run.pausing, run.state) = (false, RunState::Paused),
        Event::Resumed => {
            (run.question, run.ending) = (None, None);
            run.state = RunState::Running;
        }
        Event::RunFinished { state, message, .. } => {
            (run.state, run.ending) = (*state, Some(message.clone()));
            snapshot.workers.iter_mut().for_each(|worker| worker.task = None);
            all_judged(snapshot);
        }
        _ => {}
    }
}

/// Adjusts the list to `number` workers; new ones are idle. A damaged event log may name any number.
fn staff(workers: &mut Vec<WorkerView>, number: usize) {
    let number = number.min(MAX_WORKERS);
    workers.truncate(number);
    for slot in workers.len() + 1..=number {
        workers.push(WorkerView {
            slot,
            task: None,
            units_done: 0,
            busy: 0.0,
        });
    }
}
