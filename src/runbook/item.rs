//! Runbook items and the function that derives their state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::condition::{ConditionState, evaluate, joined};
use super::{ItemState, RunbookFacts};
use crate::plan::{Condition, DoneWhen, ItemId, ItemSpec, Plan};

/// A runbook item with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its number.
    pub item: ItemId,
    /// What to do.
    pub title: String,
    /// Whether the operator ticks it; other items are completed by conditions.
    pub manual: bool,
    /// State of the item.
    pub state: ItemState,
    /// The fact that completes it, or what is missing; the note of a manual item.
    pub fact: String,
    /// When that fact was recorded, if there is one.
    pub at: Option<DateTime<Utc>>,
    /// Who ticked it, or withdrew the tick.
    pub by: Option<String>,
    /// The plan's remark.
    pub remark: Option<String>,
    /// The checks that complete it.
    pub checks: Vec<String>,
    /// The stage whose dates complete it.
    pub stage: Option<String>,
}

/// The state of every item of a plan, in order.
#[must_use]
pub fn derive(plan: &Plan, facts: &RunbookFacts) -> Vec<Item> {
    let mut items = Vec::with_capacity(plan.runbook.len());
    let mut all_done = true;
    for spec in &plan.runbook {
        let item = match &spec.done_when {
            DoneWhen::Manual => by_hand(spec, facts, all_done),
            DoneWhen::Facts(conditions) => by_facts(spec, conditions, plan, facts),
        };
        all_done &= item.state == ItemState::Done;
        items.push(item);
    }
    items
}

/// A manual item needs the operator once all earlier items are done.
fn by_hand(spec: &ItemSpec, facts: &RunbookFacts, its_turn: bool) -> Item {
    let tick = facts.ticks.get(spec.item.as_str());
    let state = match tick {
        Some(tick) if tick.done => ItemState::Done,
        Some(_) => ItemState::Reopened,
        None if its_turn => ItemState::ActionRequired,
        None => ItemState::Open,
    };
    let fact = match tick {
        Some(tick) if tick.done => tick.note.clone(),
        Some(tick) => format!("withdrawn: {}", tick.note),
        None => "ticked by hand, with a note".to_owned(),
    };
    Item {
        item: spec.item.clone(),
        title: spec.title.clone(),
        manual: true,
        state,
        fact,
        at: tick.map(|tick| tick.at),
        by: tick.map(|tick| tick.by.clone()),
        remark: spec.remark.clone(),
        checks: Vec::new(),
        stage: None,
    }
}

fn by_facts(spec: &ItemSpec, conditions: &[Condition], plan: &Plan, facts: &RunbookFacts) -> Item {
    let evaluated: Vec<ConditionState> = conditions
        .iter()
        .map(|condition| evaluate(condition, plan, facts))
        .collect();
    let has = |state| evaluated.iter().any(|each| each.state == state);
    let state = [
        ItemState::ActionRequired,
        ItemState::Reopened,
        ItemState::InProgress,
    ]
    .into_iter()
    .find(|state| has(*state))
    .unwrap_or_else(|| match (has(ItemState::Done), has(ItemState::Open)) {
        (true, false) => ItemState::Done,
        (true, true) => ItemState::InProgress,
        (false, _) => ItemState::Open,
    });
    // Unless the item is done, only the conditions that aren't are shown.
    let deciding: Vec<&ConditionState> = evaluated
        .iter()
        .filter(|each| state == ItemState::Done || each.state != ItemState::Done)
        .collect();
    Item {
        item: spec.item.clone(),
        title: spec.title.clone(),
        manual: false,
        state,
        fact: joined(&deciding),
        at: deciding.iter().filter_map(|each| each.at).max(),
        by: None,
        remark: spec.remark.clone(),
        checks: conditions
            .iter()
            .flat_map(|condition| checks_of(condition, plan))
            .collect(),
        stage: conditions.iter().find_map(stage_of),
    }
}

fn checks_of(condition: &Condition, plan: &Plan) -> Vec<String> {
    match condition {
        Condition::CheckPassed(check) | Condition::Ran(check) | Condition::Rerun { check, .. } => {
            vec![check.clone()]
        }
        Condition::ChecksOf(stage) => plan.checks_of(stage).map(|check| check.name.clone()).collect(),
        _ => Vec::new(),
    }
}

fn stage_of(condition: &Condition) -> Option<String> {
    match condition {
        Condition::Started(stage)
        | Condition::Finished(stage)
        | Condition::Passed(stage)
        | Condition::Dates { stage, .. } => Some(stage.clone()),
        _ => None,
    }
}
