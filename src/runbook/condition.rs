//! Evaluates one condition of a runbook item.

use chrono::{DateTime, NaiveDate, Utc};

use super::facts::DateStates;
use super::{Facts, ItemState};
use crate::figures::{count, counted, is_or_are};
use crate::ledger::{CheckRecord, CheckState, Tally, UnitState, unwaived};
use crate::plan::{CheckSpec, Condition, Plan, Severity, value_and_target, value_text};

/// The state of a condition, with the fact that shows it.
pub(super) struct Shown {
    pub(super) state: ItemState,
    /// The check it depends on, if it is about a check.
    pub(super) check: Option<String>,
    pub(super) fact: String,
    pub(super) at: Option<DateTime<Utc>>,
}

impl Shown {
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
pub(super) fn joined(shown: &[&Shown]) -> String {
    let mut groups: Vec<(Vec<&str>, &str)> = Vec::new();
    for each in shown {
        let name = each.check.as_deref();
        match groups
            .iter_mut()
            .find(|(names, fact)| *fact == each.fact && !names.is_empty())
        {
            Some((names, _)) => names.extend(name),
            None => groups.push((name.into_iter().collect(), &each.fact)),
        }
    }
    let alone = matches!(shown, [only] if only.state == ItemState::Done);
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

pub(super) fn shown(condition: &Condition, plan: &Plan, facts: &Facts) -> Shown {
    match condition {
        Condition::Started(stage) => started(facts.tallies.get(stage)),
        Condition::Finished(stage) => finished(stage, plan, facts),
        Condition::Passed(stage) => passed(stage, plan, facts),
        Condition::Dates { stage, dates } => done(dates, facts.dates.get(stage)),
        Condition::Met(name) => met(name, plan, facts),
        Condition::Ran(name) => ran(name, plan, facts),
        Condition::Rerun { check, after } => reran(check, after, plan, facts),
        Condition::ChecksOf(stage) => checks_of(stage, plan, facts),
        Condition::Report => report(facts),
    }
}

fn started(tally: Option<&Tally>) -> Shown {
    match tally {
        Some(tally) => Shown::new(ItemState::Done, "started", tally.first_at),
        None => Shown::new(ItemState::Open, "not started", None),
    }
}

fn finished(stage: &str, plan: &Plan, facts: &Facts) -> Shown {
    let days = plan.range.days().count() as u64;
    let Some(tally) = facts.tallies.get(stage) else {
        return Shown::new(ItemState::Open, "not started", None);
    };
    let stale = tally.of(UnitState::Stale);
    if stale > 0 {
        let fact = format!("{} of its dates {} stale", count(stale), is_or_are(stale));
        return Shown::new(ItemState::Reopened, fact, tally.last_at);
    }
    let outdated = tally.of(UnitState::Outdated);
    if outdated > 0 {
        let fact = format!("{} of its dates are outdated", count(outdated));
        return Shown::new(ItemState::Reopened, fact, tally.last_at);
    }
    let [pending, running, unknown] =
        [UnitState::Pending, UnitState::Running, UnitState::Unknown].map(|state| tally.of(state));
    let put_back = pending + running + unknown;
    if put_back > 0 && tally.recorded() == days {
        let fact = format!("{} of its dates requeued", count(put_back));
        return Shown::new(ItemState::Reopened, fact, tally.last_at);
    }
    let ended = tally.recorded() - put_back;
    if ended < days {
        let fact = format!("{} of {}", count(ended), counted(days, "date"));
        return Shown::new(ItemState::InProgress, fact, tally.last_at);
    }
    let mut fact = format!("{}, {}", counted(days, "date"), counted(tally.rows, "row"));
    for state in [UnitState::Failed, UnitState::Partial, UnitState::Empty] {
        if tally.of(state) > 0 {
            fact = format!("{fact}, {} {state}", count(tally.of(state)));
        }
    }
    Shown::new(ItemState::Done, fact, tally.last_at)
}

/// The gate rule of the engine: closed by a failing blocking check, and by a date that needs attention and isn't
/// covered by a waived check.
fn passed(stage: &str, plan: &Plan, facts: &Facts) -> Shown {
    let dates = finished(stage, plan, facts);
    if dates.state != ItemState::Done {
        return dates;
    }
    let blocking: Vec<&CheckSpec> = plan
        .checks_of(stage)
        .filter(|check| check.severity == Severity::Blocking)
        .collect();
    let answers = || blocking.iter().filter_map(|check| facts.checks.get(&check.name));
    let stands = |name: &str| {
        let spec = plan.check(name);
        spec.map_or(ItemState::Open, |spec| met(&spec.name, plan, facts).state)
    };
    let against: Vec<&CheckRecord> = answers()
        .filter(|answer| answer.at_gate(Severity::Blocking).blocks())
        .collect();
    let at = answers().map(|answer| answer.at).chain(dates.at).max();
    if let Some(worst) = against
        .iter()
        .find(|answer| stands(&answer.name) == ItemState::ActionRequired)
        .or_else(|| against.first())
    {
        let fact = match against.len() {
            1 => format!("{} is {}", worst.name, worst.state),
            all => format!(
                "{} is {}, and {} more {} failing",
                worst.name,
                worst.state,
                counted(all - 1, "check"),
                is_or_are(all - 1)
            ),
        };
        return Shown::new(stands(&worst.name), fact, Some(worst.at));
    }
    let unanswered = blocking.len() - answers().count();
    if unanswered > 0 {
        let fact = format!("{}; {unanswered} blocking checks not run yet", dates.fact);
        return Shown::new(ItemState::InProgress, fact, at);
    }
    let waived: Vec<&CheckRecord> = answers()
        .filter(|answer| answer.state == CheckState::Waived)
        .collect();
    let trouble = facts.tallies.get(stage).map_or(0, |tally| {
        let at_gate = answers().map(|answer| answer.at_gate(Severity::Blocking));
        unwaived(tally.attention.iter().copied(), at_gate).len()
    });
    if trouble > 0 {
        let fact = format!("{}; {trouble} of them keep the gate closed", dates.fact);
        return Shown::new(ItemState::ActionRequired, fact, at);
    }
    let names: Vec<&str> = waived.iter().map(|check| check.name.as_str()).collect();
    let fact = match names.as_slice() {
        [] => format!("{}, gate open", dates.fact),
        names => format!("{}, gate open, waived: {}", dates.fact, names.join(", ")),
    };
    Shown::new(ItemState::Done, fact, at)
}

fn done(dates: &[NaiveDate], states: Option<&DateStates>) -> Shown {
    let known: Vec<_> = dates
        .iter()
        .filter_map(|date| states?.get(date).map(|(state, at)| (date, *state, *at)))
        .collect();
    let at = known.iter().map(|(_, _, at)| *at).max();
    let fine = |state| matches!(state, UnitState::Ok | UnitState::Skipped);
    let failing = known.iter().find(|(_, state, _)| !fine(*state));
    match failing {
        Some((date, state, at)) if state.needs_attention() => {
            Shown::new(ItemState::ActionRequired, format!("{date} is {state}"), Some(*at))
        }
        Some((date, state, at)) => Shown::new(ItemState::Reopened, format!("{date} is {state}"), Some(*at)),
        None if known.is_empty() => Shown::new(ItemState::Open, "not started", None),
        None if known.len() < dates.len() => Shown::new(
            ItemState::InProgress,
            format!("{} of {}", count(known.len()), counted(dates.len(), "date")),
            at,
        ),
        None => {
            let list: Vec<String> = dates.iter().map(ToString::to_string).collect();
            Shown::new(ItemState::Done, format!("{} ok", list.join(", ")), at)
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

fn outdated(last: &CheckRecord) -> Shown {
    let fact = "outdated, run it again";
    Shown::new(ItemState::Reopened, fact, Some(last.at)).about(&last.name)
}

fn met(name: &str, plan: &Plan, facts: &Facts) -> Shown {
    let Some(last) = facts.checks.get(name) else {
        return Shown::new(ItemState::Open, "not run yet", None).about(name);
    };
    let was_met = facts.once_met.contains(name);
    let state = match last.state {
        CheckState::Pass | CheckState::Waived => ItemState::Done,
        CheckState::Outdated if was_met => return outdated(last),
        CheckState::Outdated | CheckState::Pending | CheckState::Running => ItemState::Open,
        CheckState::Warn | CheckState::Fail | CheckState::Error if was_met => ItemState::Reopened,
        CheckState::Warn | CheckState::Fail | CheckState::Error => ItemState::ActionRequired,
    };
    Shown::new(state, answer(last, plan), Some(last.at)).about(name)
}

fn ran(name: &str, plan: &Plan, facts: &Facts) -> Shown {
    match facts.checks.get(name) {
        Some(last) if last.state == CheckState::Outdated => outdated(last),
        Some(last) if last.state == CheckState::Warn => {
            Shown::new(ItemState::Done, answer(last, plan), Some(last.at)).about(name)
        }
        _ => met(name, plan, facts),
    }
}

fn reran(name: &str, after: &str, plan: &Plan, facts: &Facts) -> Shown {
    let finished = finished(after, plan, facts);
    if finished.state != ItemState::Done {
        let fact = format!("{after} is not finished");
        return Shown::new(ItemState::Open, fact, None).about(name);
    }
    let ran = ran(name, plan, facts);
    match (ran.state, ran.at) {
        (ItemState::Done, Some(at)) if finished.at.is_some_and(|ended| at < ended) => Shown::new(
            ItemState::ActionRequired,
            format!("ran before {after} ended, run it again"),
            Some(at),
        )
        .about(name),
        _ => ran,
    }
}

fn checks_of(stage: &str, plan: &Plan, facts: &Facts) -> Shown {
    let each: Vec<Shown> = plan
        .checks_of(stage)
        .map(|check| ran(&check.name, plan, facts))
        .collect();
    let at = each.iter().filter_map(|shown| shown.at).max();
    let worst = [ItemState::ActionRequired, ItemState::Reopened]
        .into_iter()
        .find_map(|state| each.iter().find(|shown| shown.state == state));
    if let Some(worst) = worst {
        return Shown::new(worst.state, joined(&[worst]), worst.at);
    }
    let answered = each.iter().filter(|shown| shown.state == ItemState::Done).count();
    if answered == 0 {
        return Shown::new(ItemState::Open, "not run yet", None);
    }
    if answered < each.len() {
        return Shown::new(
            ItemState::InProgress,
            format!("{answered} of {} run", each.len()),
            at,
        );
    }
    let warned: Vec<&str> = plan
        .checks_of(stage)
        .filter(|check| {
            facts
                .checks
                .get(&check.name)
                .is_some_and(|last| last.state == CheckState::Warn)
        })
        .map(|check| check.name.as_str())
        .collect();
    let fact = match warned.as_slice() {
        [] => format!("all {answered} passed"),
        warned => format!(
            "{} of {answered} passed, failing: {}",
            answered - warned.len(),
            warned.join(", ")
        ),
    };
    Shown::new(ItemState::Done, fact, at)
}

fn report(facts: &Facts) -> Shown {
    match &facts.report {
        None => Shown::new(ItemState::Open, "not written yet", None),
        Some(report) if facts.changed_at().is_some_and(|changed| changed > report.at) => Shown::new(
            ItemState::Reopened,
            format!("{} is older than the newest result", report.path),
            Some(report.at),
        ),
        Some(report) => Shown::new(ItemState::Done, report.path.clone(), Some(report.at)),
    }
}
