//! Reads one run from an event log. Unreadable lines are counted and reported, never dropped silently.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::runs::{RecordedRun, note};
use crate::engine::{EVENT_SCHEMA, Event, Fact};

/// The events of one run, snapshots included.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvents {
    /// Its id.
    pub run: String,
    /// The events in the order written; at least one.
    pub facts: Vec<Fact>,
    /// Remarks about the file for the operator, one sentence each.
    pub remarks: Vec<String>,
}

/// The recording can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file can't be read.
    #[error("cannot read {} ({cause}); give the events.jsonl of a state folder", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The log has no events.
    #[error("{} has no recorded run; record one with 'backcourt run'", .0.display())]
    Empty(PathBuf),
    /// The file isn't an event log.
    #[error("{}: line 1 is not a backcourt event; give the events.jsonl of a state folder", .0.display())]
    Foreign(PathBuf),
    /// The log doesn't contain the run.
    #[error("run '{run}' not found in {}; choose one of: {}; --list shows how each ended", path.display(), known.join(", "))]
    NoSuchRun {
        /// The file.
        path: PathBuf,
        /// The run.
        run: String,
        /// The recorded runs, oldest first.
        known: Vec<String>,
    },
}

/// Reads the given run. Without one, reads the newest that did any work, else the newest.
///
/// # Errors
/// The file can't be read, isn't an event log, or doesn't contain the run.
pub fn read(path: &Path, run: Option<&str>) -> Result<RecordedEvents, ReplayError> {
    let mut runs: Vec<RecordedRun> = Vec::new();
    let mut facts: Vec<Fact> = Vec::new();
    // Events of a newer run, which replaces `facts` once it does any work.
    let mut newer: Vec<Fact> = Vec::new();
    let log_end = each_fact(path, |fact| {
        let is_first = note(&mut runs, &fact);
        let is_of = |others: &[Fact]| others.first().is_some_and(|other| other.run == fact.run);
        if let Some(wanted) = run {
            if wanted == fact.run {
                facts.push(fact);
            }
        } else if is_of(&facts) {
            facts.push(fact);
        } else if is_first || is_of(&newer) {
            if is_first {
                newer.clear();
            }
            newer.push(fact);
            if runs.last().is_some_and(|run| run.did_something) {
                facts = std::mem::take(&mut newer);
            }
        }
    })?;
    let Some(newest) = runs.last() else {
        return Err(ReplayError::Empty(path.to_owned()));
    };
    if facts.is_empty() && run.is_none() {
        facts = newer;
    }
    let Some(shown) = facts.first().map(|fact| fact.run.clone()) else {
        return Err(ReplayError::NoSuchRun {
            path: path.to_owned(),
            run: run.unwrap_or(&newest.run).to_owned(),
            known: runs.into_iter().map(|run| run.run).collect(),
        });
    };
    let mut remarks = remarks(&facts, &log_end.strange, log_end.is_torn);
    if run.is_none() && runs.len() > 1 {
        remarks.push(choice(&shown, &runs));
    }
    Ok(RecordedEvents {
        run: shown,
        facts,
        remarks,
    })
}

/// The recorded runs, oldest first; at least one.
///
/// # Errors
/// The file can't be read or isn't an event log.
pub fn list(path: &Path) -> Result<Vec<RecordedRun>, ReplayError> {
    let mut runs = Vec::new();
    each_fact(path, |fact| {
        note(&mut runs, &fact);
    })?;
    if runs.is_empty() {
        return Err(ReplayError::Empty(path.to_owned()));
    }
    Ok(runs)
}

/// Lines without a known event.
#[derive(Debug, Default)]
struct Unread {
    /// Their line numbers.
    strange: Vec<usize>,
    /// Whether the last line is truncated.
    is_torn: bool,
}

/// Passes every event to `take`, in the order written.
fn each_fact(path: &Path, mut take: impl FnMut(Fact)) -> Result<Unread, ReplayError> {
    let unreadable = |cause| ReplayError::File {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    let mut lines = BufReader::new(file);
    let mut unread = Unread::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        match serde_json::from_slice::<Fact>(&line) {
            Ok(fact) if fact.schema == EVENT_SCHEMA => take(fact),
            _ if line.last() != Some(&b'\n') && number > 1 => unread.is_torn = true,
            _ if number == 1 => return Err(ReplayError::Foreign(path.to_owned())),
            _ => unread.strange.push(number),
        }
    }
    Ok(unread)
}

/// Why this run is shown if none was requested.
fn choice(shown: &str, runs: &[RecordedRun]) -> String {
    let why = match runs.last() {
        Some(newest) if newest.run == shown => "is the newest",
        _ => "is the newest that did any work",
    };
    let others = match runs.len() - 1 {
        1 => "another is".to_owned(),
        others => format!("{others} others are"),
    };
    format!("{shown} {why}; {others} recorded, list all with --list")
}

fn remarks(facts: &[Fact], strange: &[usize], is_torn: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if let [first, others @ ..] = strange {
        let others = match others.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        remarks.push(format!(
            "skipped unreadable line {first}{others}; a newer backcourt may have written it"
        ));
    }
    remarks.extend(facts.iter().filter_map(|fact| fact.event.gap()));
    if is_torn {
        remarks.push("skipped the last line, which is incomplete".to_owned());
    }
    if !facts
        .iter()
        .any(|fact| matches!(fact.event, Event::SnapshotDelta(_)))
    {
        remarks.push(
            "recorded by an earlier version: contains only dates and checks that ended in this run, no workers, rates \
             or costs"
                .to_owned(),
        );
    }
    if !facts
        .iter()
        .any(|fact| matches!(fact.event, Event::RunFinished { .. }))
    {
        remarks.push("its end is not recorded: it is still running, or its process was killed".to_owned());
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn line(run: &str, seq: u64, event: &str) -> String {
        format!(
            "{{\"schema\":\"backcourt.event/1\",\"seq\":{seq},\"at\":\"2026-01-04T10:00:0{seq}Z\",\"run\":\"{run}\",\"event\":\"{event}\"}}\n"
        )
    }

    #[test]
    fn the_newest_run_is_read_by_default() {
        let text = [
            line("a", 1, "paused"),
            line("b", 1, "paused"),
            line("b", 2, "resumed"),
        ]
        .concat();
        let file = file(&text);
        let newest = read(file.path(), None).unwrap();
        assert_eq!((newest.run.as_str(), newest.facts.len()), ("b", 2));
        let other = read(file.path(), Some("a")).unwrap();
        assert_eq!((other.run.as_str(), other.facts.len()), ("a", 1));
        let unknown = read(file.path(), Some("c")).unwrap_err().to_string();
        assert!(
            unknown.ends_with("choose one of: a, b; --list shows how each ended"),
            "{unknown}"
        );
    }

    #[test]
    fn a_newer_run_without_work_is_skipped_with_a_remark() {
        let checked = "source_checked\",\"check\":\"s\",\"feed\":\"f\",\"state\":\"PASS\",\"value\":\"1\",\
                       \"target\":\"1\",\"offending\":[],\"x\":\"";
        let ended = "run_finished\",\"state\":\"finished\",\"exit_code\":0,\"message\":\"nothing to do";
        let text = [
            line("a", 1, "paused"),
            line("a", 2, checked),
            line("b", 1, "paused"),
            line("b", 2, checked),
            line("b", 3, "resumed"),
            line("c", 1, "paused"),
            line("c", 2, ended),
        ];
        let log = file(&text.concat());
        let chosen = read(log.path(), None).unwrap();
        assert_eq!((chosen.run.as_str(), chosen.facts.len()), ("b", 3));
        assert_eq!(
            chosen.remarks.last().unwrap(),
            "b is the newest that did any work; 2 others are recorded, list all with --list"
        );
        let named = read(log.path(), Some("c")).unwrap();
        assert_eq!((named.run.as_str(), named.facts.len()), ("c", 2));
        let idle = file(&text[5..].concat());
        assert_eq!(
            read(idle.path(), None).unwrap().run,
            "c",
            "where no run did anything"
        );
        let runs = list(log.path()).unwrap();
        let log_end: Vec<_> = runs
            .iter()
            .map(|run| (run.run.as_str(), run.did_something, run.ended.as_deref()))
            .collect();
        assert_eq!(
            log_end,
            [
                ("a", true, None),
                ("b", true, None),
                ("c", false, Some("finished: nothing to do"))
            ]
        );
    }

    #[test]
    fn unreadable_lines_are_reported() {
        let text = [
            line("a", 1, "paused"),
            "noise\n".to_owned(),
            line("a", 2, "resumed"),
        ]
        .concat();
        let recording = read(file(&(text + "{\"schema\":\"back")).path(), None).unwrap();
        assert_eq!(recording.facts.len(), 2);
        assert!(
            recording.remarks[0].starts_with("skipped unreadable line 2"),
            "{:?}",
            recording.remarks
        );
        assert!(recording.remarks[1].starts_with("skipped the last line"));
    }

    #[test]
    fn gaps_are_reported() {
        let gap = "events_missing\",\"events\":3,\"from\":\"2026-01-04T10:00:00Z\",\"to\":\"2026-01-04T10:00:05Z\",\"cause\":\"full";
        let text = [line("a", 1, "paused"), line("a", 4, gap)].concat();
        let recording = read(file(&text).path(), None).unwrap();
        assert_eq!(
            recording.remarks[0],
            "3 events missing here, from 2026-01-04 10:00:00 to 2026-01-04 10:00:05 UTC (full)"
        );
        let listed = list(file(&text).path()).unwrap();
        assert_eq!(listed[0].missing, 3);
    }

    #[test]
    fn files_that_are_not_event_logs_are_refused() {
        let refusal = |text: &str| read(file(text).path(), None).unwrap_err().to_string();
        assert!(refusal("").contains("has no recorded run"));
        assert!(refusal("date,team\n").contains("line 1 is not a backcourt event"));
        assert!(refusal("{\"a\":1}").contains("line 1 is not a backcourt event"));
        let other = line("a", 1, "paused").replace("event/1", "event/2");
        assert!(refusal(&other).contains("line 1 is not a backcourt event"));
        let missing = read(Path::new("/nowhere/events.jsonl"), None)
            .unwrap_err()
            .to_string();
        assert!(missing.contains("cannot read"), "{missing}");
    }
}
