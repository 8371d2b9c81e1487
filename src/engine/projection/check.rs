//! Applies events about checks.

use std::sync::Arc;

use super::stage::judged;
use crate::engine::{CheckView, Event, Fact, Snapshot};
use crate::ledger::{CheckState, PastAnswer, Waiver};
use crate::partition::Partition;

pub(super) fn fold(snapshot: &mut Snapshot, fact: &Fact) {
    match &fact.event {
        Event::CheckStarted { check } => {
            if let Some(view) = snapshot.checks.iter_mut().find(|view| view.name == *check) {
                view.state = CheckState::Running;
            }
        }
        Event::CheckFinished {
            check,
            stage,
            severity,
            state,
            value,
            target,
            failing_dates,
            coverage,
            note,
        } => {
            let view = of_name(&mut snapshot.checks, check, stage, target);
            view.severity = *severity;
            view.coverage = *coverage;
            view.note.clone_from(note);
            answer(view, fact, *state, value, failing_dates);
            judged(snapshot, stage);
        }
        Event::SourceChecked {
            check,
            feed,
            state,
            value,
            target,
            failing_dates,
        } => {
            let view = of_name(&mut snapshot.sources, check, feed, target);
            answer(view, fact, *state, value, failing_dates);
        }
        Event::CheckWaived { .. } => waive(snapshot, fact),
        _ => {}
    }
}

fn waive(snapshot: &mut Snapshot, fact: &Fact) {
    let Event::CheckWaived {
        check,
        reason,
        by,
        value,
        target,
        fingerprint,
    } = &fact.event
    else {
        return;
    };
    let Some(view) = snapshot.checks.iter_mut().find(|view| view.name == *check) else {
        return;
    };
    view.state = CheckState::Waived;
    view.waiver = Some(Waiver {
        check: check.clone(),
        reason: reason.clone(),
        by: by.clone(),
        at: fact.at,
        value: value.clone(),
        target: target.clone(),
        fingerprint: *fingerprint,
    });
    view.remark = None;
    let stage = view.stage.clone();
    judged(snapshot, &stage);
}

fn of_name<'a>(checks: &'a mut Vec<CheckView>, name: &str, stage: &str, target: &str) -> &'a mut CheckView {
    let known = checks.iter().position(|view| view.name == name);
    let at = known.unwrap_or_else(|| {
        let target = target.to_owned();
        checks.push(CheckView {
            target,
            ..CheckView::blank(name, stage)
        });
        checks.len() - 1
    });
    &mut checks[at]
}

fn answer(view: &mut CheckView, fact: &Fact, state: CheckState, value: &str, failing_dates: &[Partition]) {
    view.state = state;
    view.remark = None;
    view.value = Some(value.to_owned());
    view.failing_dates = Arc::new(failing_dates.to_vec());
    view.run_at = Some(fact.at);
    view.remember(PastAnswer {
        at: fact.at,
        run: fact.run.clone(),
        state,
        value: view.value.clone(),
        failing_dates: failing_dates.len(),
    });
}
