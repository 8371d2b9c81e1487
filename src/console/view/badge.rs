//! Status badges beside the title of a pane.

use crate::console::layout::Pane;
use crate::console::model::Model;
use crate::console::model::checklist::counts;
use crate::console::model::dates::needing_attention;
use crate::console::text::{count, counted};
use crate::console::theme::Tone;
use crate::engine::{CheckView, RunView, Snapshot};
use crate::ledger::CheckState;

/// A short status text with its role.
pub struct Badge {
    pub text: String,
    /// The role that selects its colour.
    pub role: Tone,
}

impl Badge {
    fn new(role: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role,
        }
    }
}

/// The badges of a pane, the most important first.
pub fn badges(model: &Model, pane: Pane) -> Vec<Badge> {
    match pane {
        Pane::Dates => dates(model),
        Pane::Workers => workers(model),
        Pane::Log => log(model),
        Pane::Checks => checks(model),
    }
}

fn dates(model: &Model) -> Vec<Badge> {
    let Some(stage) = model.stage() else {
        return Vec::new();
    };
    let mut badges = vec![Badge::new(Tone::Plain, stage.name.clone())];
    let attention = needing_attention(stage).len();
    if attention > 0 {
        let need = if attention == 1 { "needs" } else { "need" };
        badges.insert(0, Badge::new(Tone::Bad, format!("{attention} {need} attention")));
    }
    if let Some(outside) = model
        .snapshot
        .as_ref()
        .and_then(|snapshot| outside(&snapshot.run))
    {
        badges.insert(usize::from(attention > 0), Badge::new(Tone::Bad, outside));
    }
    if let Some(filter) = &model.dates.filter {
        let shown = stage.units.iter().filter(|unit| filter.passes(unit)).count();
        badges.insert(0, Badge::new(Tone::Active, format!("{} {shown}", filter.label())));
    }
    badges
}

/// Failures and stale units outside this run, which covers only part of the plan.
pub fn outside(run: &RunView) -> Option<String> {
    let elsewhere = run.elsewhere;
    match elsewhere {
        _ if elsewhere.attention > 0 => Some(format!("{} more outside this run", count(elsewhere.attention))),
        _ if elsewhere.checks > 0 => Some(format!(
            "{} outside this run",
            counted(elsewhere.checks, "failing check")
        )),
        _ if elsewhere.stale > 0 => Some(format!("{} stale outside this run", count(elsewhere.stale))),
        _ if elsewhere.outdated > 0 => {
            Some(format!("{} outdated outside this run", count(elsewhere.outdated)))
        }
        _ => None,
    }
}

fn workers(model: &Model) -> Vec<Badge> {
    let Some(snapshot) = model.snapshot.as_ref().filter(|_| model.observation.is_none()) else {
        return Vec::new();
    };
    let busy = snapshot
        .workers
        .iter()
        .filter(|worker| worker.task.is_some())
        .count();
    let text = format!("{busy} of {} busy", snapshot.workers.len());
    let mut badges = vec![Badge::new(Tone::Plain, text)];
    if let Some(wanted) = model.workers.wanted {
        badges.push(Badge::new(Tone::Active, format!("{wanted} requested")));
    }
    badges
}

fn log(model: &Model) -> Vec<Badge> {
    let log = &model.log;
    let mut badges = Vec::new();
    if !log.follows() {
        badges.push(Badge::new(
            Tone::Active,
            format!("{} new", count(log.below() as u64)),
        ));
    }
    if log.least < tracing::Level::TRACE {
        badges.push(Badge::new(Tone::Plain, format!("{} and above", log.least)));
    }
    if let Some(date) = log.date {
        badges.push(Badge::new(Tone::Active, format!("{date} only")));
    }
    if !log.query.is_empty() {
        badges.push(Badge::new(Tone::Active, format!("/{}", log.query)));
    }
    if log.lost > 0 {
        let lost = counted(log.lost, "line");
        badges.push(Badge::new(Tone::Warn, format!("{lost} lost")));
    }
    badges
}

fn checks(model: &Model) -> Vec<Badge> {
    let checks = model.snapshot.as_ref().map(|snapshot| snapshot.checks.as_slice());
    by_state(checks.unwrap_or_default())
}

/// The badges of the Sources page.
pub fn of_sources(snapshot: &Snapshot) -> Vec<Badge> {
    by_state(&snapshot.sources)
}

fn by_state(checks: &[CheckView]) -> Vec<Badge> {
    counts(checks)
        .map(|(state, number)| Badge::new(role_of(state), format!("{number} {state}")))
        .collect()
}

const fn role_of(state: CheckState) -> Tone {
    match state {
        CheckState::Fail | CheckState::Error => Tone::Bad,
        CheckState::Waived | CheckState::Outdated | CheckState::Warn => Tone::Warn,
        CheckState::Running => Tone::Active,
        CheckState::Pending => Tone::Plain,
        CheckState::Pass => Tone::Good,
    }
}
