//! Module dependencies within the crate: a folder of `src/` may use only what is listed for it here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// Each module with its allowed dependencies: whole modules, or single items (`module::Item`).
const MAY_USE: [(&str, &[&str]); 22] = [
    ("table", &[]),
    ("sql", &[]),
    ("partition", &[]),
    ("nba", &["table"]),
    (
        "feeds",
        &[
            "table",
            "nba",
            "warehouse",
            // Errors in a fault profile are formatted like those in a plan.
            "plan::near_miss",
            "plan::toml_mistake",
        ],
    ),
    // Typos in column names are reported as elsewhere.
    ("import", &["table", "plan::near_miss"]),
    ("warehouse", &["table", "sql"]),
    // The version of a built-in rule is part of a plan's definition.
    ("plan", &["table", "sql", "nba::rules_version"]),
    // The ledger stores the cost of jobs, progress entries and fault kinds, all of which are plain data.
    (
        "ledger",
        &[
            "plan",
            "table::FaultKind",
            "warehouse::COMMIT",
            "warehouse::Came",
            "warehouse::Charge",
            "warehouse::Cost",
            "warehouse::Draft",
            "warehouse::Entry",
            "warehouse::RowsExpected",
            "warehouse::UNIT",
        ],
    ),
    ("checks", &["plan", "table", "warehouse"]),
    ("runbook", &["plan", "ledger"]),
    (
        "engine",
        &[
            "plan",
            "table",
            "warehouse",
            "fence",
            "ledger",
            "checks",
            "runbook",
        ],
    ),
    ("fence", &["warehouse"]),
    ("stages", &["engine", "nba", "table", "warehouse", "plan"]),
    (
        "console",
        &[
            "engine",
            // The states are defined by the ledger; snapshots and events contain them.
            "ledger::SameReason",
            "ledger::CheckState",
            "ledger::PastAnswer",
            "ledger::RunState",
            "ledger::UnitState",
            "ledger::by_reason",
            "ledger::fingerprint",
            // Likewise the severity of a check.
            "plan::Severity",
            // Typos in key names are reported as elsewhere.
            "plan::near_miss",
            "plan::with_hint",
            // The state of runbook items; snapshots contain it.
            "runbook::Item",
            "runbook::ItemState",
            // The data of the Log and Workers panes, which no engine type contains.
            "telemetry::LogLine",
            "telemetry::ProcessMetrics",
        ],
    ),
    ("term", &[]),
    (
        "replay",
        &[
            "engine",
            // Which events need attention, and how a run ended.
            "ledger::CheckState",
            "ledger::RunState",
        ],
    ),
    (
        "present",
        &[
            "console",
            "control",
            "term",
            "engine",
            "replay",
            // Which checks are marked as advisory.
            "plan::Severity",
            // A run's source and a check's value are worded as elsewhere.
            "plan::source_clause",
            "plan::value_and_target",
            "plan::value_text",
            // Whether a failed run ended before it wrote anything, and which events are notified.
            "ledger::CheckState",
            "ledger::RunState",
            "ledger::UnitState",
            // The number of dates over which a check passed.
            "ledger::Coverage",
            // The console's two streams besides the engine's; the presenter feeds them.
            "telemetry::LogRing",
            "telemetry::Sampler",
            "telemetry::ProcessMetrics",
        ],
    ),
    (
        "control",
        &[
            "engine",
            // A run's source is worded as elsewhere.
            "plan::source_clause",
            // The states of runs, units and checks; snapshots and events contain them.
            "ledger::CheckState",
            "ledger::RunState",
            "ledger::UnitState",
            // The process of a run that doesn't answer.
            "ledger::RunLock",
            // Typos are reported as elsewhere.
            "plan::with_hint",
            // The console's two streams besides the engine's.
            "telemetry::LogLine",
            "telemetry::LogRing",
            "telemetry::Sampler",
            "telemetry::ProcessMetrics",
        ],
    ),
    (
        "metrics",
        &[
            "engine",
            // The states of runs and units, with their counts, the severity of checks and the classes of errors are labels.
            "ledger::Counts",
            "ledger::RunState",
            "ledger::UnitState",
            "plan::Severity",
            "warehouse::ErrorClass",
            "telemetry::ProcessMetrics",
            "telemetry::Sampler",
        ],
    ),
    (
        "report",
        // Breakdown results are plain data that the ledger doesn't store.
        &[
            "ledger",
            "plan",
            "runbook",
            "checks::Breakdown",
            "checks::Tally",
            "checks::Dimension",
            // Fault kinds and job costs, as stored by the ledger.
            "table::FaultKind",
            "warehouse::Cost",
        ],
    ),
    ("telemetry", &[]),
];

/// What every module may use: single files, and the partitions that everything is about.
const WORDS: [&str; 7] = [
    "escape",
    "figures",
    "own_file",
    "partition",
    "reason",
    "version",
    "write_ahead_log",
];

/// Connects the modules, so it may use all of them, and none may use it.
const WIRING: &str = "cli";

/// The dependencies of each module: `module::Item`, or `module` if the path ends there.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut uses = BTreeMap::new();
    for entry in fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let room = path.file_name().unwrap().to_str().unwrap().to_owned();
            let mut used = BTreeSet::new();
            collect(&path, &mut used);
            used.retain(|item| item.split("::").next() != Some(&room));
            uses.insert(room, used);
        }
    }
    uses
}

fn collect(folder: &Path, used: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, used);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let found = items(&text).unwrap_or_else(|line| panic!("{}: {line}", path.display()));
            used.extend(found);
        }
    }
}

/// Every `crate::module::Item` in a source text; items in a list count separately. Comments are ignored.
fn items(text: &str) -> Result<Vec<String>, String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    if let Some(several) = code.lines().find(|line| line.contains("crate::{")) {
        return Err(format!("{several}: write one use for each room"));
    }
    let path = Regex::new(r"\bcrate::(\w+)(?:::(?:(\w+)|\{([^}]*)\}))?").unwrap();
    let mut found = Vec::new();
    for part in path.captures_iter(&code) {
        let room = &part[1];
        let names = part
            .get(2)
            .or_else(|| part.get(3))
            .map_or("", |names| names.as_str());
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let first = name.split("::").next().unwrap_or(name);
            found.push(format!("{room}::{first}"));
        }
        if names.is_empty() {
            found.push(room.to_owned());
        }
    }
    Ok(found)
}

#[test]
fn module_paths_are_found_everywhere() {
    let text = "use crate::plan;\n//! crate::cli is none\nuse crate::engine::{\n  Fact, queue::Queue,\n};\nlet x = crate::table::Row::new();";
    assert_eq!(
        items(text).unwrap(),
        ["plan", "engine::Fact", "engine::queue", "table::Row"]
    );
    assert!(items("use crate::{plan, table};").is_err());
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = BTreeMap::from(MAY_USE);
    let mut offences = Vec::new();
    for (room, used) in uses() {
        if room == WIRING {
            continue;
        }
        let Some(allowed) = table.get(room.as_str()) else {
            panic!("src/{room}/ is in no line of this table; give it one, with as little as it needs");
        };
        for item in used {
            let whole = item.split("::").next().unwrap();
            if !WORDS.contains(&whole) && !allowed.contains(&whole) && !allowed.contains(&item.as_str()) {
                offences.push(format!("{room} uses {item}"));
            }
        }
    }
    assert_eq!(offences, [] as [String; 0]);
}

#[test]
fn every_allowed_use_occurs() {
    let uses = uses();
    let mut idle = Vec::new();
    for (room, allowed) in MAY_USE {
        let used = uses
            .get(room)
            .unwrap_or_else(|| panic!("there is no src/{room}/"));
        for &item in allowed {
            let is_used = |used: &String| used == item || used.split("::").next() == Some(item);
            if !used.iter().any(is_used) {
                idle.push(format!("{room} may use {item}"));
            }
        }
    }
    assert_eq!(idle, [] as [String; 0]);
}

/// Files that may write to standard output or standard error: escaped text, the terminal, and texts that the program
/// generates from itself.
const MAY_PRINT: [&str; 5] = [
    "src/cli/completions.rs",
    "src/cli/man.rs",
    "src/cli/progress.rs",
    "src/escape.rs",
    "src/present/json_lines.rs",
];

/// Every source file below `src/`, with its text.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new("src").to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path.display().to_string(), text));
            }
        }
    }
    sources
}

#[test]
fn only_escaped_text_is_printed() {
    let print = Regex::new(r"\b(stdout|stderr)\(\)|\be?print(ln)?!").unwrap();
    let mut offences = Vec::new();
    for (name, text) in sources() {
        if !name.starts_with("src/term/") && !MAY_PRINT.contains(&name.as_str()) {
            let prints = |line: &&str| {
                print.is_match(line) && !line.contains("is_terminal()") && !line.contains("child.")
            };
            offences.extend(text.lines().filter(prints).map(|line| format!("{name}: {line}")));
        }
    }
    assert_eq!(offences, [] as [String; 0]);
}

/// One name for two types makes a reader look up which one a line means.
#[test]
fn each_type_name_is_used_once() {
    let defined = Regex::new(
        r"(?m)^(?: *(?:pub(?:\([a-z]+\))? )?(?:struct|enum|trait)|(?:pub(?:\([a-z]+\))? )?type) (\w+)",
    )
    .unwrap();
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in sources() {
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        for found in defined.captures_iter(code) {
            files.entry(found[1].to_owned()).or_default().push(name.clone());
        }
    }
    assert!(files.len() > 500, "only {} types found", files.len());
    files.retain(|_, names| names.len() > 1);
    assert_eq!(files, BTreeMap::new());
}
