//! Events as readable lines: problems and findings, with occasional progress.

use std::path::Path;

use crate::console::{count, to_go};
use crate::partition::{Partition, compact};

use crate::engine::{Ending, Event, Fact, Snapshot, StageNulls};
use crate::figures::counted;
use crate::ledger::{Coverage, RunState};
use crate::plan::{Severity, source_clause, value_and_target, value_text};

use super::Presenter;

/// The lines of an event, with details below the first one; a date that is ok has none, or a backfill would print
/// thousands.
pub(super) fn lines(fact: &Fact) -> Vec<String> {
    let Some(head) = said(fact) else {
        return Vec::new();
    };
    let head = format!("{} {head}", fact.at.format("%H:%M:%S"));
    let below = below(&fact.event).into_iter();
    std::iter::once(head)
        .chain(below.map(|line| format!("           {line}")))
        .collect()
}

/// The details of an event, which are indented to the width of the time.
fn below(event: &Event) -> Vec<String> {
    match event {
        Event::RunStarted {
            control: Some(path), ..
        } => vec![format!(
            "control socket {path}: 'backcourt ctl help' lists its commands"
        )],
        Event::Estimated { estimate, .. } => estimate.lines(),
        Event::UnitSampled(unit) => unit.details(),
        Event::SampleFinished { nulls, .. } => {
            let lines = |nulls: &StageNulls| {
                let line = |line: String| format!("{}: {line}", nulls.stage);
                nulls.lines().into_iter().map(line).collect::<Vec<_>>()
            };
            nulls.iter().flat_map(lines).collect()
        }
        Event::PlanRefused { problems } => problems.clone(),
        Event::QuestionAsked(question) => question.lines.clone(),
        _ => Vec::new(),
    }
}

fn said(fact: &Fact) -> Option<String> {
    Some(match &fact.event {
        Event::RunStarted {
            plan,
            warehouse,
            source,
            workers,
            pid,
            ..
        } => format!(
            "run {} of plan {plan} on {warehouse}{}, {}, process {pid}",
            fact.run,
            source_clause(source.as_deref()),
            counted(*workers, "worker")
        ),
        Event::Prepared { message, seconds } => format!("{message} ({seconds:.1} s)"),
        Event::UnitSampled(_) | Event::SampleFinished { .. } => sample(&fact.event)?,
        event @ (Event::PlanRefused { .. }
        | Event::TableTakenOver { .. }
        | Event::TableAltered { .. }
        | Event::QuestionAsked(_)
        | Event::QuestionAnswered { .. }) => of_preflight(event)?,
        Event::StageStarted {
            stage,
            dates,
            to_do,
            replaces,
        } => format!(
            "{stage}: {}, {} to do{}",
            counted(*dates, "date"),
            count(*to_do),
            replaces.clause()
        ),
        Event::Committed { .. } | Event::SnapshotDelta(_) => return None,
        event @ (Event::UnitFinished { .. }
        | Event::UnitRetried { .. }
        | Event::CallRetried { .. }
        | Event::CommitRetried { .. }) => of_unit(event)?,
        Event::RerunQueued { stage, dates } => {
            format!("{stage}: {} requeued", counted(dates.len(), "date"))
        }
        Event::StagesApproved { stages, by } => format!("{} approved by {by}", stages.join(", ")),
        Event::FeedCorrected { table, dates } => {
            format!("{table}: {} corrected", counted(dates.len(), "date"))
        }
        Event::UnitsInvalidated { stage, dates, reason } => {
            format!("{stage}: {} stale: {reason}", counted(dates.len(), "date"))
        }
        Event::Estimated { message, .. }
        | Event::Continued { message }
        | Event::SourceChanged { message, .. }
        | Event::DatesOutdated { message, .. } => message.clone(),
        Event::StageThrottled { .. } | Event::StageStopped { .. } => trouble(&fact.event)?,
        Event::StageFinished {
            stage,
            ok,
            outdated,
            failed,
            rows,
            seconds,
        } => {
            let (ok, rows) = (counted(*ok, "date"), counted(*rows, "row"));
            let outdated = match outdated {
                0 => String::new(),
                outdated => format!("{} outdated, ", count(*outdated)),
            };
            format!(
                "{stage}: {ok} ok, {outdated}{} failed or short, {rows}, {seconds:.1} s",
                count(*failed)
            )
        }
        event @ (Event::CheckStarted { .. }
        | Event::CheckFinished { .. }
        | Event::SourceChecked { .. }
        | Event::CheckWaived { .. }) => of_check(event)?,
        Event::ItemTicked { item, done, note, by } => ticked(item, *done, note, by),
        Event::Paused => "paused".to_owned(),
        Event::Resumed => "resumed".to_owned(),
        Event::WorkersChanged { from, to } => format!("workers: {from} to {to}"),
        Event::WorkerPanicked { slot, message } => format!("worker {slot} panicked: {message}"),
        Event::OutputIncomplete { lost } => format!("incomplete: {}", lost.join("; ")),
        event @ Event::EventsMissing { .. } => event.gap()?,
        Event::RunFinished { state, message, .. } => format!("{state}: {message}"),
    })
}

/// A retry, or the result of a unit that needs attention; `None` for other results.
fn of_unit(event: &Event) -> Option<String> {
    Some(match event {
        Event::UnitFinished { state, .. } if !state.needs_attention() => return None,
        Event::UnitFinished {
            stage,
            date,
            state,
            rows,
            expected,
            attempts,
            reason,
            ..
        } => format!(
            "{stage} {date} {}: {} of {}, {}: {}",
            state.word().to_uppercase(),
            count(*rows),
            counted(*expected, "row"),
            counted(*attempts, "attempt"),
            reason.as_deref().unwrap_or("no reason given")
        ),
        Event::UnitRetried {
            stage,
            date,
            attempt,
            class,
            message,
            wait_ms,
        } => {
            format!("{stage} {date} attempt {attempt} failed ({class}), retry in {wait_ms} ms: {message}")
        }
        Event::CallRetried {
            stage,
            dates,
            attempt,
            class,
            message,
            wait_ms,
        } => format!(
            "{stage} {} attempt {attempt} of a call for {} failed ({class}), retry in {wait_ms} ms: {message}",
            compact(dates),
            counted(dates.len(), "date")
        ),
        Event::CommitRetried {
            stage,
            dates,
            attempt,
            class,
            message,
            wait_ms,
        } => format!(
            "{stage} attempt {attempt} to commit {} failed ({class}), retry in {wait_ms} ms: {message}",
            counted(dates.len(), "date")
        ),
        _ => return None,
    })
}

/// Events before the first unit.
fn of_preflight(event: &Event) -> Option<String> {
    Some(match event {
        Event::PlanRefused { .. } => "the plan and the warehouse don't match:".to_owned(),
        Event::TableTakenOver { table, from, by } => format!("{by} took over {table} from plan {from}"),
        Event::TableAltered { table, statement } => format!("{table} altered: {statement}"),
        Event::QuestionAsked(question) => question.title.clone(),
        Event::QuestionAnswered { answer, by, .. } => format!("{by} answered: {answer}"),
        _ => return None,
    })
}

/// The result of a check, or its waiver.
fn of_check(event: &Event) -> Option<String> {
    match event {
        Event::CheckFinished {
            check,
            severity,
            state,
            value,
            target,
            failing_dates,
            coverage,
            note,
            ..
        } => {
            let answer = format!(
                "{} {check}: {}{}{}",
                Coverage::of_state(*state, *coverage),
                value_and_target(value, target),
                match severity {
                    Severity::Advisory => ", advisory",
                    Severity::Blocking => "",
                },
                named(failing_dates)
            );
            let rest = Coverage::of_rest(*state, *coverage)
                .into_iter()
                .chain(note.clone());
            Some(rest.fold(answer, |answer, rest| format!("{answer}; {rest}")))
        }
        Event::SourceChecked {
            check,
            feed,
            state,
            value,
            target,
            failing_dates,
            ..
        } => Some(format!(
            "source {feed}: {state} {check}: {}{}",
            value_text(value, target),
            named(failing_dates)
        )),
        Event::CheckWaived {
            check,
            reason,
            by,
            value,
            ..
        } => Some(format!("WAIVED {check} at {value} by {by}: {reason}")),
        _ => None,
    }
}

/// Events that throttle or stop a whole stage.
fn trouble(event: &Event) -> Option<String> {
    match event {
        Event::StageThrottled {
            stage,
            until,
            message,
        } => Some(format!(
            "{stage} throttled until {} UTC: {message}",
            until.format("%H:%M:%S")
        )),
        Event::StageStopped {
            stage,
            failed,
            left,
            message,
        } => Some(format!(
            "{stage} stopped after the same error on {}, {left} not tried: {message}",
            counted(*failed, "date")
        )),
        _ => None,
    }
}

/// The events of a sample: a line per date or for the end, with details below.
fn sample(event: &Event) -> Option<String> {
    match event {
        Event::UnitSampled(unit) => {
            let state = unit.state.word().to_uppercase();
            let (stage, date, standing, why) = (&unit.stage, unit.date, unit.summary(), &unit.why);
            Some(format!("sample of {stage} {date} {state}: {standing} [{why}]"))
        }
        Event::SampleFinished { message, seconds, .. } => Some(format!("{message} ({seconds:.1} s)")),
        _ => None,
    }
}

fn ticked(item: &str, done: bool, note: &str, by: &str) -> String {
    let what = if done { "ticked" } else { "unticked" };
    format!("item {item} {what} by {by}: {note}")
}

/// The failing dates of a check, shortened.
fn named(failing_dates: &[Partition]) -> String {
    match failing_dates {
        [] => String::new(),
        [only] => format!("; failing: {only}"),
        [first, .., last] => format!(
            "; failing: {}, {first} to {last}",
            counted(failing_dates.len(), "date")
        ),
    }
}

/// When progress was last printed: at each tenth, and at least every half minute.
#[derive(Debug, Default)]
pub(super) struct ProgressTimer {
    tenth: u64,
    told_at: f64,
}

impl ProgressTimer {
    pub(super) fn line(&mut self, snapshot: &Snapshot) -> Option<String> {
        let run = &snapshot.run;
        let progress = run.progress;
        if progress.total == 0 || run.state.has_ended() {
            return None;
        }
        let tenth = progress.done * 10 / progress.total;
        if tenth == self.tenth && run.active_seconds - self.told_at < 30.0 {
            return None;
        }
        self.tenth = tenth;
        self.told_at = run.active_seconds;
        let eta = progress.eta.map_or_else(String::new, |eta| {
            format!(", {} to go", to_go(eta, progress.unmeasured))
        });
        Some(format!(
            "{} {:.0} %: {} of {}{eta}; bottleneck: {}",
            snapshot.at.format("%H:%M:%S"),
            // After the last unit, the checks remain.
            progress.percent().floor().min(99.0),
            count(progress.done),
            counted(progress.total, "unit"),
            run.bottleneck
        ))
    }
}

/// The last line, with the places to look for more.
pub(super) fn ending(presenter: Presenter, ending: &Ending, folder: &Path) -> String {
    let hint = match ending.exit_code {
        1 if ending.state == RunState::Stopped => "no stage wrote anything",
        0 => "nothing failed",
        2 => "nothing started",
        1 => {
            "something failed: see 'backcourt status', then rerun with 'backcourt rerun --failed' or --failing CHECK"
        }
        // The message above says what to do; restarting isn't always the answer.
        _ => "incomplete",
    };
    let hint = format!("{hint}; state and logs: {}\n", folder.display());
    // Plain output has already shown the message; with a console the screen has just closed.
    match presenter {
        Presenter::Tui => format!("{}: {}\n{hint}", ending.state, ending.sentence()),
        _ => hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::fixture::running;

    #[test]
    fn progress_stays_below_100_percent_while_checks_run() {
        let mut snapshot = running(1);
        snapshot.run.progress.done = snapshot.run.progress.total;
        snapshot.run.progress.eta = None;
        let line = ProgressTimer::default().line(&snapshot).unwrap();
        assert!(line.contains(" 99 %: ") && !line.contains("100 %"), "{line}");
    }

    #[test]
    fn the_eta_is_a_readable_range() {
        let mut snapshot = running(1);
        snapshot.run.progress.eta = Some((0.2, 0.4));
        let line = ProgressTimer::default().line(&snapshot).unwrap();
        assert!(line.contains(" units, under 1 s to go; "), "{line}");
    }

    #[test]
    fn the_resume_hint_is_printed_once() {
        let message = "stopped with 3 units still to do; start again to resume";
        let ending = Ending {
            state: RunState::Stopped,
            message: message.to_owned(),
            incomplete: Vec::new(),
            exit_code: 3,
        };
        let said = format!("stopped: {message}\nincomplete; state and logs: /state\n");
        assert_eq!(super::ending(Presenter::Tui, &ending, Path::new("/state")), said);
    }
}
