//! Runbook items and the function that derives their state.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Facts;
use super::condition::{Shown, joined, shown};
use crate::plan::{Condition, DoneWhen, ItemId, ItemSpec, Plan};

/// State of a runbook item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not started.
    Open,
    /// Partly done.
    #[serde(alias = "under_way")]
    InProgress,
    /// Completed by its conditions, or ticked.
    Done,
    /// The operator must act: something failed, or it is a manual item whose turn has come.
    #[serde(alias = "needs_you")]
    ActionRequired,
    /// It was done and no longer is: its inputs changed, or its tick was withdrawn.
    #[serde(alias = "undone")]
    Reopened,
}

impl ItemState {
    /// Every state, done first, open last.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::ActionRequired,
        Self::Reopened,
        Self::InProgress,
        Self::Open,
    ];

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in progress",
            Self::Done => "done",
            Self::ActionRequired => "action required",
            Self::Reopened => "reopened",
        }
    }
}

impl fmt::Display for ItemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

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
pub fn derive(plan: &Plan, facts: &Facts) -> Vec<Item> {
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
fn by_hand(spec: &ItemSpec, facts: &Facts, its_turn: bool) -> Item {
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

fn by_facts(spec: &ItemSpec, conditions: &[Condition], plan: &Plan, facts: &Facts) -> Item {
    let shown: Vec<Shown> = conditions
        .iter()
        .map(|condition| shown(condition, plan, facts))
        .collect();
    let has = |state| shown.iter().any(|each| each.state == state);
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
    let deciding: Vec<&Shown> = shown
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
        Condition::Met(check) | Condition::Ran(check) | Condition::Rerun { check, .. } => {
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
