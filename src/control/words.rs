//! The one table of orders in words: `nc -U`, `backcourt ctl` and the documentation all read it.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::engine::{Checks, Command, Selection};
use crate::plan::{expand_dates, parse_date, with_hint};

use super::wire::Request;

/// One order as it is typed.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The first word: [`Command::word`] of what it orders.
    pub name: &'static str,
    /// What follows it; empty if nothing does.
    pub arguments: &'static str,
    /// One that can be typed as it stands, without the first word.
    pub example: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    parse: fn(&[&str]) -> Result<Command, String>,
}

/// Every order.
#[rustfmt::skip]
pub const TABLE: &[Word] = &[
    Word { name: "pause", arguments: "", example: "", parse: |rest| alone(rest, Command::Pause),
        help: "hand out nothing new; what is in flight lands, then the run holds" },
    Word { name: "resume", arguments: "", example: "", parse: |rest| alone(rest, Command::Resume),
        help: "go on" },
    Word { name: "answer", arguments: "WORD", example: "begin", parse: answer,
        help: "answer the question the run holds for before its first unit; 'status' shows it" },
    Word { name: "workers", arguments: "N", example: "4", parse: workers,
        help: "use this many workers from now on" },
    Word { name: "rerun", arguments: "failed | stale | outdated | offending CHECK | D,D..D… [in STAGE] [from SOURCE] [accept-short]", example: "failed in team_offense", parse: rerun,
        help: "do these dates again" },
    Word { name: "fetch", arguments: "D,D..D…", example: "2025-11-14,2025-11-15", parse: fetch,
        help: "fetch the raw rows of these dates again" },
    Word { name: "check", arguments: "all | NAME…", example: "all", parse: check,
        help: "ask these checks now" },
    Word { name: "explain", arguments: "CHECK", example: "usage_coverage", parse: explain,
        help: "ask anew why what this check counts is not all known" },
    Word { name: "waive", arguments: "CHECK REASON…", example: "critical_1 the feed is closed for good", parse: waive,
        help: "let a failed check pass, with a reason that is recorded for good" },
    Word { name: "tick", arguments: "ITEM NOTE…", example: "24 handed over to the day shift", parse: |rest| tick(rest, true),
        help: "tick an item of the runbook by hand, with a note that is recorded for good" },
    Word { name: "untick", arguments: "ITEM NOTE…", example: "24 the day shift found a gap", parse: |rest| tick(rest, false),
        help: "withdraw such a tick, with a note that is recorded for good" },
    Word { name: "advance", arguments: "[STAGE]", example: "team_defense", parse: advance,
        help: "let the stage begin that waits for your word" },
    Word { name: "inspect", arguments: "STAGE D", example: "team_offense 2025-11-14", parse: inspect,
        help: "show the stored rows of a date; changes nothing" },
    Word { name: "cancel", arguments: "", example: "", parse: |rest| alone(rest, Command::Cancel),
        help: "give up what workers have in hand, to be done again, and hold; what is being committed lands" },
    Word { name: "drain", arguments: "", example: "", parse: |rest| alone(rest, Command::Drain),
        help: "hand out nothing new, let what is in flight land, and end" },
    Word { name: "abort", arguments: "", example: "", parse: |rest| alone(rest, Command::Abort),
        help: "end now; what is in flight is cut off before its commit" },
];

/// The words that ask and order nothing.
pub const READING: [(&str, &str); 2] = [
    ("help", "this list; changes nothing"),
    ("status", "how the run stands; changes nothing"),
];

/// What a typed line asks for.
///
/// # Errors
/// One sentence that says which word is not understood and what there is instead.
pub fn parse(line: &str) -> Result<Request, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some((first, rest)) = words.split_first() else {
        return Err("nothing was asked; 'help' lists the words".to_owned());
    };
    match *first {
        "help" | "?" => return nothing_after(first, rest).map(|()| Request::Help),
        "status" => return nothing_after(first, rest).map(|()| Request::Status),
        _ => {}
    }
    let Some(word) = TABLE.iter().find(|word| word.name == *first) else {
        let known: Vec<&str> = (READING.iter().map(|(name, _)| *name))
            .chain(TABLE.iter().map(|word| word.name))
            .collect();
        return Err(with_hint("word", first, known));
    };
    (word.parse)(rest).map(Request::Command)
}

/// Every word with what it takes and does, a line each.
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
    /// The word with what follows it.
    #[must_use]
    pub fn usage(&self) -> String {
        format!("{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

fn nothing_after(word: &str, rest: &[&str]) -> Result<(), String> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(format!("'{word}' stands alone; leave out '{}'", rest.join(" ")))
    }
}

fn alone(rest: &[&str], command: Command) -> Result<Command, String> {
    nothing_after(command.word(), rest).map(|()| command)
}

fn answer(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [word] => Ok(Command::Answer {
            answer: (*word).to_owned(),
        }),
        _ => Err("say which answer, as in 'answer begin'; 'status' shows the question".to_owned()),
    }
}

fn workers(rest: &[&str]) -> Result<Command, String> {
    let number = match rest {
        [number] => number.parse().ok(),
        _ => None,
    };
    number
        .map(Command::Workers)
        .ok_or_else(|| "say how many workers, as in 'workers 4'".to_owned())
}

fn rerun(rest: &[&str]) -> Result<Command, String> {
    let (selection, mut rest) = match rest {
        ["failed", rest @ ..] => (Selection::Failed, rest),
        ["stale", rest @ ..] => (Selection::Stale, rest),
        ["outdated", rest @ ..] => (Selection::Outdated, rest),
        ["offending", check, rest @ ..] => (Selection::Offending((*check).to_owned()), rest),
        [typed, rest @ ..] if *typed != "offending" => (Selection::Dates(dates(typed)?), rest),
        _ => return Err("say which dates: failed, stale, outdated, offending CHECK, or D,D..D…".to_owned()),
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
            "'{}' is not understood; after the dates come 'in STAGE', 'from SOURCE' and 'accept-short'",
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

fn fetch(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [typed] => Ok(Command::Reload { dates: dates(typed)? }),
        _ => Err("say which dates, as in 'fetch 2025-11-14,2025-11-15'".to_owned()),
    }
}

fn check(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [] => Err("say which checks: their names, or all".to_owned()),
        ["all"] => Ok(Command::Check(Checks::All)),
        names => Ok(Command::Check(Checks::Named(
            names.iter().map(|name| (*name).to_owned()).collect(),
        ))),
    }
}

fn explain(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [check] => Ok(Command::Explain {
            check: (*check).to_owned(),
        }),
        _ => Err("say which check, as in 'explain usage_coverage'".to_owned()),
    }
}

fn waive(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [check, reason @ ..] if !reason.is_empty() => Ok(Command::Waive {
            check: (*check).to_owned(),
            reason: reason.join(" "),
        }),
        _ => Err("say which check and why, as in 'waive CHECK the feed is closed'".to_owned()),
    }
}

fn tick(rest: &[&str], done: bool) -> Result<Command, String> {
    match rest {
        [item, note @ ..] if !note.is_empty() => Ok(Command::Tick {
            item: (*item).to_owned(),
            done,
            note: note.join(" "),
        }),
        _ => Err("say which item and add a note, as in '24 handed over to the day shift'".to_owned()),
    }
}

fn advance(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [] => Ok(Command::Advance { stage: None }),
        [stage] => Ok(Command::Advance {
            stage: Some((*stage).to_owned()),
        }),
        _ => Err("name one stage, or none for every one that waits".to_owned()),
    }
}

fn inspect(rest: &[&str]) -> Result<Command, String> {
    match rest {
        [stage, date] => Ok(Command::Inspect {
            stage: (*stage).to_owned(),
            date: parse_date(date).map_err(|error| error.to_string())?,
        }),
        _ => Err("say which stage and date, as in 'inspect team_offense 2025-11-14'".to_owned()),
    }
}

/// Dates and ranges of them between commas, each date once and in order.
fn dates(typed: &str) -> Result<Vec<NaiveDate>, String> {
    let dates: BTreeSet<NaiveDate> = expand_dates(typed)
        .map_err(|error| error.to_string())?
        .into_iter()
        .collect();
    if dates.is_empty() {
        return Err(format!("'{typed}' holds no date; write it like 2025-11-14"));
    }
    Ok(dates.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn every_example_orders_what_its_word_says() {
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
    #[case("rerun offending c from auto in s", Command::Rerun {
        selection: Selection::Offending("c".to_owned()), stage: Some("s".to_owned()), source: Some("auto".to_owned()), accept_short: false })]
    #[case("rerun 2025-11-15,2025-11-14,2025-11-15", Command::Rerun {
        selection: Selection::Dates(vec![day("2025-11-14"), day("2025-11-15")]), stage: None, source: None, accept_short: false })]
    #[case("fetch 2025-11-14..2025-11-15", Command::Reload { dates: vec![day("2025-11-14"), day("2025-11-15")] })]
    fn orders_are_understood(#[case] line: &str, #[case] command: Command) {
        assert_eq!(parse(line), Ok(Request::Command(command)));
    }

    #[rstest]
    #[case("", "'help' lists")]
    #[case("pauze", "did you mean 'pause'?")]
    #[case("pause now", "leave out 'now'")]
    #[case("status please", "leave out 'please'")]
    #[case("workers", "workers 4")]
    #[case("workers -1", "workers 4")]
    #[case("workers many", "workers 4")]
    #[case("rerun", "say which dates")]
    #[case("rerun offending", "say which dates")]
    #[case("rerun faild", "faild")]
    #[case("rerun failed on s", "'on s' is not understood")]
    #[case("rerun failed in a in b", "'in b' is not understood")]
    #[case("rerun failed in", "'in' is not understood")]
    #[case("fetch 2025-02-30", "2025-02-30")]
    #[case("fetch ,", "holds no date")]
    #[case("fetch 2025-11-15..2025-11-14", "swap the two")]
    #[case("waive a", "and why")]
    #[case("tick 24", "add a note")]
    #[case("explain", "say which check")]
    #[case("inspect s", "which stage and date")]
    #[case("check", "which checks")]
    fn what_is_not_understood_says_what_to_type(#[case] line: &str, #[case] says: &str) {
        let refusal = parse(line).unwrap_err();
        assert!(refusal.contains(says), "{refusal}");
    }
}
