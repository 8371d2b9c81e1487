//! The table of text commands, shared by `nc -U`, `backcourt ctl` and the documentation.

use crate::engine::{Checks, Command, Selection};
use crate::partition::{Partition, PartitionRanges};
use crate::plan::with_hint;

use super::wire::Request;

/// A text command.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The first word: [`Command::word`] of the command it sends.
    pub name: &'static str,
    /// Its arguments; empty if it takes none.
    pub arguments: &'static str,
    /// Valid arguments, as an example.
    pub example: &'static str,
    /// Its effect, in one line.
    pub help: &'static str,
    parse: fn(&[&str]) -> Result<Command, String>,
}

/// Every text command.
#[rustfmt::skip]
pub const TABLE: &[Word] = &[
    Word { name: "pause", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Pause),
        help: "finish in-flight work, then pause" },
    Word { name: "resume", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Resume),
        help: "resume the run" },
    Word { name: "answer", arguments: "WORD", example: "begin", parse: answer,
        help: "answer the run's question before its first unit; see 'status'" },
    Word { name: "workers", arguments: "N", example: "4", parse: workers,
        help: "set the number of workers" },
    Word { name: "rerun", arguments: "failed | stale | outdated | failing CHECK | D,D..D… [in STAGE] [from SOURCE] [accept-short]", example: "failed in team_offense", parse: rerun,
        help: "rerun these dates" },
    Word { name: "reload", arguments: "D,D..D…", example: "2025-11-14,2025-11-15", parse: reload,
        help: "reload the raw rows of these dates" },
    Word { name: "look", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Look),
        help: "look at the plan's sources again: late rows make dates stale, waiting dates start" },
    Word { name: "check", arguments: "all | NAME…", example: "all", parse: check,
        help: "run these checks" },
    Word { name: "breakdown", arguments: "CHECK", example: "usage_coverage", parse: breakdown,
        help: "rerun the breakdown of this check" },
    Word { name: "waive", arguments: "CHECK REASON…", example: "critical_1_teams_per_date the feed is permanently closed", parse: waive,
        help: "waive a failed check, with a reason (permanently recorded)" },
    Word { name: "tick", arguments: "ITEM NOTE…", example: "24 handed over to the day shift", parse: |rest| tick(rest, true),
        help: "tick a runbook item, with a note (permanently recorded)" },
    Word { name: "untick", arguments: "ITEM NOTE…", example: "24 the day shift found a gap", parse: |rest| tick(rest, false),
        help: "withdraw a tick, with a note (permanently recorded)" },
    Word { name: "advance", arguments: "[STAGE]", example: "team_defense", parse: advance,
        help: "start the stage that awaits approval" },
    Word { name: "inspect", arguments: "STAGE D", example: "team_offense 2025-11-14", parse: inspect,
        help: "show the stored rows of a date; read-only" },
    Word { name: "cancel", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Cancel),
        help: "cancel in-flight work and requeue it, then pause; commits in progress finish" },
    Word { name: "drain", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Drain),
        help: "finish in-flight work, then end the run" },
    Word { name: "abort", arguments: "", example: "", parse: |rest| no_arguments(rest, Command::Abort),
        help: "end now; in-flight work is aborted before its commit" },
];

/// Requests that are read-only.
pub const READING: [(&str, &str); 2] = [
    ("help", "list the commands; read-only"),
    ("status", "show the progress of the run; read-only"),
];

/// Parses a typed line, also one with the earlier words `fetch`, `explain` and `failing_dates`.
///
/// # Errors
/// One sentence that names the invalid word and the valid ones.
pub fn parse(line: &str) -> Result<Request, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some((first, rest)) = words.split_first() else {
        return Err("empty command; 'help' lists the commands".to_owned());
    };
    match *first {
        "help" | "?" => return nothing_after(first, rest).map(|()| Request::Help),
        "status" => return nothing_after(first, rest).map(|()| Request::Status),
        _ => {}
    }
    let current = match *first {
        "fetch" => "reload",
        "explain" => "breakdown",
        current => current,
    };
    let Some(word) = TABLE.iter().find(|word| word.name == current) else {
        let known: Vec<&str> = (READING.iter().map(|(name, _)| *name))
            .chain(TABLE.iter().map(|word| word.name))
            .collect();
        return Err(with_hint("command", first, known));
    };
    (word.parse)(rest).map(Request::Command)
}

/// Every command with its arguments and effect, one per line.
#[must_use]
pub fn help() -> String {
    let reading = READING.map(|(name, help)| (name.to_owned(), help));
    let orders = TABLE.iter().map(|word| (word.usage(), word.help));
    let mut text = String::new();
    for (usage, help) in reading.into_iter().chain(orders) {
        if usage.chars().count() > 16 {
            text = format!("{text}{usage}\n{:18}{help}\n", "");
        } else {
            text = format!("{text}{usage:18}{help}\n");
        }
    }
    text
}

impl Word {
    /// The command with its arguments.
    #[must_use]
    pub fn usage(&self) -> String {
        format!("{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

fn nothing_after(word: &str, rest: &[&str]) -> Result<(), String> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "'{word}' takes no arguments; leave out '{}'",
            rest.join(" ")
        ))
    }
}

fn no_arguments(rest: &[&str], command: Command) -> Result<Command, String> {
    nothing_after(command.word(), rest).map(|()| command)
}

fn answer(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [word] => Ok(Command::Answer {
            answer: (*word).to_owned(),
        }),
        _ => Err("give the answer, for example 'answer begin'; 'status' shows the question".to_owned()),
    }
}

fn workers(rest: &[&str]) -> Result<Command, String> {
    let number = match rest {
        [number] => number.parse().ok(),
        _ => None,
    };
    number
        .map(Command::Workers)
        .ok_or_else(|| "give the number of workers, for example 'workers 4'".to_owned())
}

fn rerun(rest: &[&str]) -> Result<Command, String> {
    let (selection, mut rest) = match rest {
        ["failed", rest @ ..] => (Selection::Failed, rest),
        ["stale", rest @ ..] => (Selection::Stale, rest),
        ["outdated", rest @ ..] => (Selection::Outdated, rest),
        ["failing" | "offending", check, rest @ ..] => (Selection::FailingDates((*check).to_owned()), rest),
        [typed, rest @ ..] if !["failing", "offending"].contains(typed) => {
            (Selection::Dates(dates(typed)?), rest)
        }
        _ => return Err("give the dates: failed, stale, outdated, failing CHECK, or D,D..D…".to_owned()),
    };
    let (mut stage, mut source, mut accept_short) = (None, None, false);
    loop {
        rest = match rest {
            ["in", name, more @ ..] if stage.is_none() => {
                stage = Some((*name).to_owned());
                more
            }
            ["from", name, more @ ..] if source.is_none() => {
                source = Some((*name).to_owned());
                more
            }
            ["accept-short", more @ ..] if !accept_short => {
                accept_short = true;
                more
            }
            _ => break,
        };
    }
    if !rest.is_empty() {
        return Err(format!(
            "'{}' is not valid here; after the dates write 'in STAGE', 'from SOURCE' or 'accept-short'",
            rest.join(" ")
        ));
    }
    Ok(Command::Rerun {
        selection,
        stage,
        source,
        accept_short,
    })
}

fn reload(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [typed] => Ok(Command::Reload { dates: dates(typed)? }),
        _ => Err("give the dates, for example 'reload 2025-11-14,2025-11-15'".to_owned()),
    }
}

fn check(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [] => Err("give the names of the checks, or all".to_owned()),
        ["all"] => Ok(Command::Check(Checks::All)),
        names => Ok(Command::Check(Checks::Named(
            names.iter().map(|name| (*name).to_owned()).collect(),
        ))),
    }
}

fn breakdown(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [check] => Ok(Command::Breakdown {
            check: (*check).to_owned(),
        }),
        _ => Err("give a check, for example 'breakdown usage_coverage'".to_owned()),
    }
}

fn waive(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [check, reason @ ..] if !reason.is_empty() => Ok(Command::Waive {
            check: (*check).to_owned(),
            reason: reason.join(" "),
        }),
        _ => Err("give a check and a reason, for example 'waive CHECK the feed is closed'".to_owned()),
    }
}

fn tick(rest: &[&str], done: bool) -> Result<Command, String> {
    match rest {
        [item, note @ ..] if !note.is_empty() => Ok(Command::Tick {
            item: (*item).to_owned(),
            done,
            note: note.join(" "),
        }),
        _ => Err("give an item and a note, for example '24 handed over to the day shift'".to_owned()),
    }
}

fn advance(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [] => Ok(Command::Advance { stage: None }),
        [stage] => Ok(Command::Advance {
            stage: Some((*stage).to_owned()),
        }),
        _ => Err("give one stage, or none to start all that await approval".to_owned()),
    }
}

fn inspect(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [stage, date] => Ok(Command::Inspect {
            stage: (*stage).to_owned(),
            date: Partition::parse(date).map_err(|error| error.to_string())?,
        }),
        _ => Err("give a stage and a date, for example 'inspect team_offense 2025-11-14'".to_owned()),
    }
}

/// Parses comma-separated dates and ranges.
fn dates(typed: &str) -> Result<PartitionRanges, String> {
    let dates = PartitionRanges::parse(typed).map_err(|error| error.to_string())?;
    if dates.is_empty() {
        return Err(format!("'{typed}' contains no date; write it like 2025-11-14"));
    }
    Ok(dates)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn days(text: &str) -> PartitionRanges {
        PartitionRanges::parse(text).unwrap()
    }

    #[test]
    fn every_example_parses_to_its_command() {
        for word in TABLE {
            let line = format!("{} {}", word.name, word.example);
            match parse(&line) {
                Ok(Request::Command(command)) => assert_eq!(command.word(), word.name),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[rstest]
    #[case("workers 4", Command::Workers(4))]
    #[case("  advance ", Command::Advance { stage: None })]
    #[case("check a b", Command::Check(Checks::Named(vec!["a".to_owned(), "b".to_owned()])))]
    #[case("waive a because of it", Command::Waive { check: "a".to_owned(), reason: "because of it".to_owned() })]
    #[case("tick 14a seen", Command::Tick { item: "14a".to_owned(), done: true, note: "seen".to_owned() })]
    #[case("untick 1 not so", Command::Tick { item: "1".to_owned(), done: false, note: "not so".to_owned() })]
    #[case("rerun outdated", Command::Rerun { selection: Selection::Outdated, stage: None, source: None, accept_short: false })]
    #[case("rerun stale", Command::Rerun { selection: Selection::Stale, stage: None, source: None, accept_short: false })]
    #[case("rerun failing c from auto in s", Command::Rerun {
        selection: Selection::FailingDates("c".to_owned()), stage: Some("s".to_owned()), source: Some("auto".to_owned()), accept_short: false })]
    #[case("rerun 2025-11-15,2025-11-14,2025-11-15", Command::Rerun {
        selection: Selection::Dates(days("2025-11-14..2025-11-15")), stage: None, source: None, accept_short: false })]
    #[case("reload 2025-11-14..2025-11-15", Command::Reload { dates: days("2025-11-14,2025-11-15") })]
    fn commands_are_parsed(#[case] line: &str, #[case] command: Command) {
        assert_eq!(parse(line), Ok(Request::Command(command)));
    }

    #[rstest]
    #[case("fetch 2025-11-14", "reload 2025-11-14")]
    #[case("explain usage_coverage", "breakdown usage_coverage")]
    #[case("rerun offending c in s", "rerun failing c in s")]
    fn earlier_words_are_read(#[case] earlier: &str, #[case] current: &str) {
        assert_eq!(parse(earlier).unwrap(), parse(current).unwrap());
    }

    #[rstest]
    #[case("", "'help' lists")]
    #[case("pauze", "did you mean 'pause'?")]
    #[case("pause now", "leave out 'now'")]
    #[case("status please", "leave out 'please'")]
    #[case("workers", "workers 4")]
    #[case("workers -1", "workers 4")]
    #[case("workers many", "workers 4")]
    #[case("rerun", "give the dates")]
    #[case("rerun failing", "give the dates")]
    #[case("rerun faild", "faild")]
    #[case("rerun failed on s", "'on s' is not valid here")]
    #[case("rerun failed in a in b", "'in b' is not valid here")]
    #[case("rerun failed in", "'in' is not valid here")]
    #[case("reload 2025-02-30", "2025-02-30")]
    #[case("reload ,", "contains no date")]
    #[case("reload 2025-11-15..2025-11-14", "swap the two")]
    #[case("waive a", "a reason")]
    #[case("tick 24", "a note")]
    #[case("breakdown", "give a check")]
    #[case("inspect s", "a stage and a date")]
    #[case("check", "names of the checks")]
    fn unknown_commands_are_rejected_with_a_suggestion(#[case] line: &str, #[case] says: &str) {
        let refusal = parse(line).unwrap_err();
        assert!(refusal.contains(says), "{refusal}");
    }
}
