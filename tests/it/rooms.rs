//! One crate, many rooms: a folder of `src/` may use only what stands beside its name here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// Each room with what it may use: whole rooms, or single items of one (`room::Item`).
const MAY_USE: [(&str, &[&str]); 19] = [
    ("table", &[]),
    ("sql", &[]),
    ("nba", &["table"]),
    (
        "feeds",
        &[
            "table",
            "nba",
            "warehouse",
            // A mistake in a fault profile is told as one in a plan.
            "plan::near_miss",
            "plan::toml_mistake",
        ],
    ),
    ("warehouse", &["table", "sql"]),
    // The version of a built-in rule is part of what a plan defines.
    ("plan", &["table", "sql", "nba::rules_version"]),
    // What a warehouse says a job cost is plain data that the ledger keeps, and so are the entries it is told of, and what
    // kind of fault a row has.
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
            // The words for how things stand are the ledger's; snapshots and facts carry them.
            "ledger::SameReason",
            "ledger::CheckState",
            "ledger::PastAnswer",
            "ledger::RunState",
            "ledger::UnitState",
            "ledger::by_reason",
            "ledger::fingerprint",
            // Likewise the plan's word for whether a check blocks.
            "plan::Severity",
            // A slip of the finger in a key's name is refused as everywhere else.
            "plan::near_miss",
            "plan::with_hint",
            // Dates as an operator writes them, for the command that orders the same.
            "plan::compact_dates",
            // How the runbook's items stand; snapshots carry them.
            "runbook::Item",
            "runbook::ItemState",
            // What the Log and Workers panes show: plain data that no engine type carries.
            "telemetry::LogLine",
            "telemetry::Vitals",
        ],
    ),
    ("term", &[]),
    (
        "replay",
        &[
            "engine",
            // Which facts are worth a look, and how a run ended.
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
            // Whether a run that ended with a fault ended before it wrote, and which facts an operator is told of.
            "ledger::CheckState",
            "ledger::RunState",
            "ledger::UnitState",
            // Over how many dates a check passed.
            "ledger::Coverage",
            // The console's two streams beside the engine's; the presenter feeds them to it.
            "telemetry::LogRing",
            "telemetry::Sampler",
            "telemetry::Vitals",
        ],
    ),
    (
        "control",
        &[
            "engine",
            // The words for how runs, units and checks stand; snapshots and facts carry them.
            "ledger::CheckState",
            "ledger::RunState",
            "ledger::UnitState",
            // A typed date and a slip of the finger are refused as everywhere else.
            "plan::expand_dates",
            "plan::parse_date",
            "plan::with_hint",
            // A console's two streams beside the engine's.
            "telemetry::LogLine",
            "telemetry::LogRing",
            "telemetry::Sampler",
            "telemetry::Vitals",
        ],
    ),
    (
        "report",
        // What a breakdown found is plain data that the ledger does not keep.
        &[
            "ledger",
            "plan",
            "runbook",
            "checks::Breakdown",
            "checks::Tally",
            "checks::Dimension",
            // What kind of fault a row has and what a warehouse says a job cost, as the ledger keeps them.
            "table::FaultKind",
            "warehouse::Cost",
        ],
    ),
    ("telemetry", &[]),
];

/// No rooms but words that every room may use.
const WORDS: [&str; 1] = ["figures"];

/// Wires the rooms together, so it may use all of them, and nothing may use it.
const WIRING: &str = "cli";

/// What each room uses of others: `room::Item`, or `room` where the path ends there.
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

/// Every `crate::room::Item` of a source text; a list of items counts one by one. Comments use nothing.
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
fn paths_are_found_wherever_they_stand() {
    let text = "use crate::plan;\n//! crate::cli is none\nuse crate::engine::{\n  Fact, queue::Queue,\n};\nlet x = crate::table::Row::new();";
    assert_eq!(
        items(text).unwrap(),
        ["plan", "engine::Fact", "engine::queue", "table::Row"]
    );
    assert!(items("use crate::{plan, table};").is_err());
}

#[test]
fn no_room_uses_what_it_must_not_know() {
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
fn nothing_is_allowed_that_nobody_uses() {
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
