//! docs/control.md lists the commands of the control socket and shows real lines.
//! After changing either: `UPDATE_DOCS=1 cargo test --test it docs_control`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first surprise"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use backcourt::control::words::{READING, TABLE};
use backcourt::control::{Message, Payload, Request, RequestMessage};
use backcourt::engine::{Command, Part, Reply, Selection, StoredRows};
use backcourt::partition::Partition;

#[test]
fn docs_list_every_command_with_real_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/control.md");
    let stands = fs::read_to_string(&path).unwrap();
    let made = between(&stands, "words", &words());
    let made = between(&made, "lines", &lines());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    assert!(
        stands == made,
        "docs/control.md is behind; run UPDATE_DOCS=1 cargo test --test it docs_control"
    );
}

fn between(page: &str, name: &str, text: &str) -> String {
    let begin = format!("<!-- {name}: made by UPDATE_DOCS=1 cargo test --test it docs_control -->\n");
    let end = format!("<!-- end of {name} -->");
    let lost = "docs/control.md has lost a mark";
    let (before, rest) = page.split_once(&begin).expect(lost);
    let (_, after) = rest.split_once(&end).expect(lost);
    format!("{before}{begin}{text}{end}{after}")
}

fn words() -> String {
    let mut text = "| Word | Example | What it does |\n|---|---|---|\n".to_owned();
    for (name, help) in READING {
        writeln!(text, "| `{name}` | | {help} |").unwrap();
    }
    for word in TABLE {
        let usage = word.usage().replace('|', "\\|");
        let example = match word.example {
            "" => String::new(),
            example => format!("`{} {example}`", word.name),
        };
        writeln!(text, "| `{usage}` | {example} | {} |", word.help).unwrap();
    }
    text
}

fn lines() -> String {
    let day: Partition = "2025-11-14".parse().unwrap();
    let orders = [
        Command::Pause,
        Command::Workers(4),
        Command::Rerun {
            selection: Selection::Failed,
            stage: Some("team_offense".to_owned()),
            source: None,
            accept_short: false,
        },
        Command::Rerun {
            selection: Selection::Dates([day].into_iter().collect()),
            stage: None,
            source: Some("auto".to_owned()),
            accept_short: false,
        },
        Command::Waive {
            check: "critical_1".to_owned(),
            reason: "the feed is closed".to_owned(),
        },
        Command::Inspect {
            stage: "team_offense".to_owned(),
            date: day,
        },
    ];
    let asked = [Request::Help, Request::Status].into_iter();
    let asked = asked.chain(orders.map(Request::Command)).enumerate();
    let mut text = "```json\n".to_owned();
    for (at, request) in asked {
        let asked = RequestMessage {
            id: Some(at as u64 + 1),
            ..RequestMessage::new(request)
        };
        writeln!(text, "{}", serde_json::to_string(&asked).unwrap()).unwrap();
    }
    text.push_str("```\n\nAnswers:\n\n```json\n");
    for reply in [
        Reply::Accepted("4 workers".to_owned()),
        Reply::Refused("the run has ended; nothing to pause".to_owned()),
        Reply::Rows(StoredRows {
            columns: vec!["game_date".to_owned(), "team_abbr".to_owned()],
            rows: vec![vec!["2025-11-14".to_owned(), "BOS".to_owned()]],
            parts: [("team_abbr".to_owned(), Part::Side)].into(),
            ..StoredRows::default()
        }),
    ] {
        let message = Message::new(Some(4), Payload::Reply(reply));
        writeln!(text, "{}", serde_json::to_string(&message).unwrap()).unwrap();
    }
    text.push_str("```\n");
    text
}
