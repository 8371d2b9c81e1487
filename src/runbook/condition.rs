//! Evaluates one condition of a runbook item.

use chrono::{DateTime, Utc};

use super::facts::DateStates;
use super::{ItemState, RunbookFacts};
use crate::figures::{count, counted, is_or_are};
use crate::ledger::{CheckRecord, CheckState, StageTally, UnitState, unwaived};
use crate::partition::Partition;
use crate::plan::{CheckSpec, Condition, Plan, Severity, value_and_target, value_text};

/// The state of a condition, with the fact that shows it.
pub(super) struct ConditionState {
    pub(super) state: ItemState,
    /// The check it depends on, if it is about a check.
    pub(super) check: Option<String>,
    pub(super) fact: String,
    pub(super) at: Option<DateTime<Utc>>,
}

impl ConditionState {
    fn new(state: ItemState, fact: impl Into<String>, at: Option<DateTime<Utc>>) -> Self {
        Self {
            state,
            check: None,
            fact: fact.into(),
            at,
        }
    }

    fn about(self, check: &str) -> Self {
        Self {
            check: Some(check.to_owned()),
            ..self
        }
    }
}

/// The facts in one line; equal facts of several checks are combined. A single done check isn't named: the item's title
/// says enough.
pub(super) fn joined(conditions: &[&ConditionState]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for each in conditions {
        let name = each.check.as_deref();
        match groups
            .iter_mut()
            .find(|(names, fact)| *fact == each.fact && !names.is_empty())
        {
            Some((names, _)) => names.extend(name),
            None => groups.push((name.into_iter().collect(), &each.fact)),
        }
    }
    let alone = matches!(conditions, [only] if only.state == ItemState::Done);
    let texts: Vec<String> = groups
        .iter()
        .map(|(names, fact)| match names.as_slice() {
            [] => (*fact).to_owned(),
            _ if alone => (*fact).to_owned(),
            names => format!("{}: {fact}", names.join(", ")),
        })
        .collect();
    texts.join("; ")
}

pub(super) fn evaluate(condition: &Condition, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    match condition {
        Condition::Started(stage) => started(facts.tallies.get(stage)),
        Condition::Finished(stage) => finished(stage, plan, facts),
        Condition::Passed(stage) => passed(stage, plan, facts),
        Condition::Dates { stage, dates } => done(dates, facts.dates.get(stage)),
        Condition::CheckPassed(name) => check_passed(name, plan, facts),
        Condition::Ran(name) => ran(name, plan, facts),
        Condition::Rerun { check, after } => reran(check, after, plan, facts),
        Condition::ChecksOf(stage) => checks_of(stage, plan, facts),
        Condition::Report => report(facts),
    }
}

fn started(tally: Option<&StageTally>) -> ConditionState {
    match tally {
        Some(tally) => ConditionState::new(ItemState::Done, "started", tally.first_at),
        None => ConditionState::new(ItemState::Open, "not started", None),
    }
}

fn finished(stage: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    let days = plan.stage(stage).map_or(0, |stage| stage.range.count());
    let Some(tally) = facts.tallies.get(stage) else {
        return ConditionState::new(ItemState::Open, "not started", None);
    };
    let stale = tally.of(UnitState::Stale);
    if stale > 0 {
        let fact = format!("{} of its dates {} stale", count(stale), is_or_are(stale));
        return ConditionState::new(ItemState::Reopened, fact, tally.last_at);
    }
    let outdated = tally.of(UnitState::Outdated);
    if outdated > 0 {
        let fact = format!("{} of its dates are outdated", count(outdated));
        return ConditionState::new(ItemState::Reopened, fact, tally.last_at);
    }
    let [pending, running, unknown] =
        [UnitState::Pending, UnitState::Running, UnitState::Unknown].map(|state| tally.of(state));
    let put_back = pending + running + unknown;
    if put_back > 0 && tally.recorded() == days {
        let fact = format!("{} of its dates requeued", count(put_back));
        return ConditionState::new(ItemState::Reopened, fact, tally.last_at);
    }
    let ended = tally.recorded() - put_back;
    if ended < days {
        let fact = format!("{} of {}", count(ended), counted(days, "date"));
        return ConditionState::new(ItemState::InProgress, fact, tally.last_at);
    }
    let mut fact = format!("{}, {}", counted(days, "date"), counted(tally.rows, "row"));
    for state in [UnitState::Failed, UnitState::Partial, UnitState::Empty] {
        if tally.of(state) > 0 {
            fact = format!("{fact}, {} {state}", count(tally.of(state)));
        }
    }
    ConditionState::new(ItemState::Done, fact, tally.last_at)
}

/// The gate rule of the engine: closed by a failing blocking check, and by a date that needs attention and isn't
/// covered by a waived check.
fn passed(stage: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    let dates = finished(stage, plan, facts);
    if dates.state != ItemState::Done {
        return dates;
    }
    let blocking: Vec<&CheckSpec> = plan
        .checks_of(stage)
        .filter(|check| check.severity == Severity::Blocking)
        .collect();
    let answers = || blocking.iter().filter_map(|check| facts.checks.get(&check.name));
    let at = answers().map(|answer| answer.at).chain(dates.at).max();
    let failing = answers().filter(|answer| answer.at_gate(Severity::Blocking).blocks());
    if let Some(blocked) = blocked(&failing.collect::<Vec<_>>(), plan, facts) {
        return blocked;
    }
    let unanswered = blocking.len() - answers().count();
    if unanswered > 0 {
        let fact = format!(
            "{}; {} not run yet",
            dates.fact,
            counted(unanswered, "blocking check")
        );
        return ConditionState::new(ItemState::InProgress, fact, at);
    }
    let trouble = facts.tallies.get(stage).map_or(0, |tally| {
        let at_gate = answers().map(|answer| answer.at_gate(Severity::Blocking));
        unwaived(tally.attention.iter().copied(), at_gate).len()
    });
    if trouble > 0 {
        let fact = format!("{}; gate kept closed by {}", dates.fact, counted(trouble, "date"));
        return ConditionState::new(ItemState::ActionRequired, fact, at);
    }
    let waived = answers().filter(|answer| answer.state == CheckState::Waived);
    let waived: Vec<&str> = waived.map(|check| check.name.as_str()).collect();
    let fact = match waived.as_slice() {
        [] => format!("{}, gate open", dates.fact),
        waived => format!("{}, gate open, waived: {}", dates.fact, waived.join(", ")),
    };
    ConditionState::new(ItemState::Done, fact, at)
}

/// What blocking checks that fail do to their gate; `None` if there are none. A check that needs the operator is named
/// before the others.
fn blocked(failing: &[&CheckRecord], plan: &Plan, facts: &RunbookFacts) -> Option<ConditionState> {
    let state_of = |answer: &CheckRecord| check_passed(&answer.name, plan, facts).state;
    let worst = (failing.iter())
        .find(|answer| state_of(answer) == ItemState::ActionRequired)
        .or_else(|| failing.first())?;
    let more = failing.len() - 1;
    let mut fact = format!("{} is {}", worst.name, worst.state);
    if more > 0 {
        fact = format!(
            "{fact}, and {} more {} failing",
            counted(more, "check"),
            is_or_are(more)
        );
    }
    Some(ConditionState::new(state_of(worst), fact, Some(worst.at)))
}

fn done(dates: &[Partition], states: Option<&DateStates>) -> ConditionState {
    let known: Vec<_> = dates
        .iter()
        .filter_map(|date| states?.get(date).map(|(state, at)| (date, *state, *at)))
        .collect();
    let at = known.iter().map(|(_, _, at)| *at).max();
    let fine = |state| matches!(state, UnitState::Ok | UnitState::Skipped);
    let failing = known.iter().find(|(_, state, _)| !fine(*state));
    match failing {
        Some((date, state, at)) if state.needs_attention() => {
            ConditionState::new(ItemState::ActionRequired, format!("{date} is {state}"), Some(*at))
        }
        Some((date, state, at)) => {
            ConditionState::new(ItemState::Reopened, format!("{date} is {state}"), Some(*at))
        }
        None if known.is_empty() => ConditionState::new(ItemState::Open, "not started", None),
        None if known.len() < dates.len() => ConditionState::new(
            ItemState::InProgress,
            format!("{} of {}", count(known.len()), counted(dates.len(), "date")),
            at,
        ),
        None => {
            let list: Vec<String> = dates.iter().map(ToString::to_string).collect();
            ConditionState::new(ItemState::Done, format!("{} ok", list.join(", ")), at)
        }
    }
}

/// A result as text: the value, and if it didn't pass, its state and target.
fn answer(last: &CheckRecord, plan: &Plan) -> String {
    let value = last.value.as_deref().unwrap_or("-");
    let target = plan.check(&last.name).map(CheckSpec::target).unwrap_or_default();
    match last.state {
        CheckState::Pass => value_text(value, &target),
        state => format!("{state} {}", value_and_target(value, &target)),
    }
}

fn outdated(last: &CheckRecord) -> ConditionState {
    let fact = "outdated, run it again";
    ConditionState::new(ItemState::Reopened, fact, Some(last.at)).about(&last.name)
}

fn check_passed(name: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    let Some(last) = facts.checks.get(name) else {
        return ConditionState::new(ItemState::Open, "not run yet", None).about(name);
    };
    let was_met = facts.once_met.contains(name);
    let state = match last.state {
        CheckState::Pass | CheckState::Waived => ItemState::Done,
        CheckState::Outdated if was_met => return outdated(last),
        CheckState::Outdated | CheckState::Pending | CheckState::Running => ItemState::Open,
        CheckState::Warn | CheckState::Fail | CheckState::Error if was_met => ItemState::Reopened,
        CheckState::Warn | CheckState::Fail | CheckState::Error => ItemState::ActionRequired,
    };
    ConditionState::new(state, answer(last, plan), Some(last.at)).about(name)
}

fn ran(name: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    match facts.checks.get(name) {
        Some(last) if last.state == CheckState::Outdated => outdated(last),
        Some(last) if last.state == CheckState::Warn => {
            ConditionState::new(ItemState::Done, answer(last, plan), Some(last.at)).about(name)
        }
        _ => check_passed(name, plan, facts),
    }
}

fn reran(name: &str, after: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    let finished = finished(after, plan, facts);
    if finished.state != ItemState::Done {
        let fact = format!("{after} is not finished");
        return ConditionState::new(ItemState::Open, fact, None).about(name);
    }
    let ran = ran(name, plan, facts);
    match (ran.state, ran.at) {
        (ItemState::Done, Some(at)) if finished.at.is_some_and(|ended| at < ended) => ConditionState::new(
            ItemState::ActionRequired,
            format!("ran before {after} ended, run it again"),
            Some(at),
        )
        .about(name),
        _ => ran,
    }
}

fn checks_of(stage: &str, plan: &Plan, facts: &RunbookFacts) -> ConditionState {
    let each: Vec<ConditionState> = plan
        .checks_of(stage)
        .map(|check| ran(&check.name, plan, facts))
        .collect();
    let at = each.iter().filter_map(|condition| condition.at).max();
    let worst = [ItemState::ActionRequired, ItemState::Reopened]
        .into_iter()
        .find_map(|state| each.iter().find(|condition| condition.state == state));
    if let Some(worst) = worst {
        return ConditionState::new(worst.state, joined(&[worst]), worst.at);
    }
    let answered = each
        .iter()
        .filter(|condition| condition.state == ItemState::Done)
        .count();
    if answered == 0 {
        return ConditionState::new(ItemState::Open, "not run yet", None);
    }
    if answered < each.len() {
        return ConditionState::new(
            ItemState::InProgress,
            format!("{answered} of {} run", each.len()),
            at,
        );
    }
    let has_warned =
        |name: &&str| (facts.checks.get(*name)).is_some_and(|last| last.state == CheckState::Warn);
    let names = plan.checks_of(stage).map(|check| check.name.as_str());
    let warned: Vec<&str> = names.filter(has_warned).collect();
    let fact = match warned.as_slice() {
        [] => format!("all {answered} passed"),
        warned => format!(
            "{} of {answered} passed, failing: {}",
            answered - warned.len(),
            warned.join(", ")
        ),
    };
    ConditionState::new(ItemState::Done, fact, at)
}

fn report(facts: &RunbookFacts) -> ConditionState {
    match &facts.report {
        None => ConditionState::new(ItemState::Open, "not written yet", None),
        Some(report) if facts.changed_at().is_some_and(|changed| changed > report.at) => ConditionState::new(
            ItemState::Reopened,
            format!("{} is older than the newest result", report.path),
            Some(report.at),
        ),
        Some(report) => ConditionState::new(ItemState::Done, report.path.clone(), Some(report.at)),
    }
}
