//! Whether an item may be ticked by hand: one rule for console and command line.

use crate::ledger::Tick;
use crate::plan::{DoneWhen, Plan, with_hint};
use crate::reason::refused;

/// Whether this item may be ticked, or its tick withdrawn, with this note; `last` is its newest tick.
///
/// # Errors
/// Returns why not, and what to do instead.
pub fn may_tick(plan: &Plan, last: Option<&Tick>, item: &str, done: bool, note: &str) -> Result<(), String> {
    if plan.runbook.is_empty() {
        return Err(format!(
            "plan {} has no runbook; add [[runbook]] items",
            plan.name
        ));
    }
    let Some(spec) = plan.item(item) else {
        let known = plan.runbook.iter().map(|spec| spec.item.as_str());
        return Err(with_hint("runbook item", item, known));
    };
    if let DoneWhen::Facts(_) = spec.done_when {
        return Err(format!(
            "item {item} is ticked automatically ({}); see the runbook for its condition",
            spec.title
        ));
    }
    if note.is_empty() {
        return Err("a tick needs a note; it is permanently recorded".to_owned());
    }
    if let Some(refusal) = refused("the note", note) {
        return Err(refusal);
    }
    match (last.filter(|tick| tick.done), done) {
        (Some(tick), true) => Err(format!(
            "item {item} is already ticked by {}; withdraw that tick first",
            tick.by
        )),
        (None, false) => Err(format!("item {item} is not ticked; nothing to withdraw")),
        _ => Ok(()),
    }
}
