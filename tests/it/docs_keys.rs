//! docs/keys.md contains the console's key table, and the README the keys an operator needs first. After changing a
//! key: `UPDATE_DOCS=1 cargo test --test it docs_keys`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use backcourt::console::keymap::{Binding, Keymap, TABLE};

/// The keys for the first hour, by binding name, in the order of use.
const FIRST: [&str; 18] = [
    "pause",
    "next-problem",
    "open-date",
    "date-log",
    "causes",
    "rerun",
    "rerun-failed",
    "checks-pane",
    "failing-dates",
    "rerun-failing",
    "check-all",
    "waive",
    "more-workers",
    "fewer-workers",
    "zoom",
    "detach",
    "quit",
    "interrupt",
];

#[test]
fn docs_list_every_key() {
    must_hold("docs/keys.md", "keys", &table(TABLE.iter()));
}

#[test]
fn the_readme_lists_the_basic_keys() {
    let named = FIRST.map(|name| {
        let found = TABLE.iter().find(|binding| binding.name == name);
        found.unwrap_or_else(|| panic!("no key is called {name}"))
    });
    must_hold("README.md", "first keys", &table(named.into_iter()));
}

/// Compares the part of a page between the markers of this name with the expected text, or writes it.
fn must_hold(page: &str, name: &str, part: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let stands = fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- {name}: made by UPDATE_DOCS=1 cargo test --test it docs_keys -->\n");
    let end = format!("<!-- end of {name} -->");
    let (before, rest) = stands
        .split_once(&begin)
        .expect("a page has lost the mark before its keys");
    let (_, after) = rest
        .split_once(&end)
        .expect("a page has lost the mark after its keys");
    let made = format!("{before}{begin}{part}{end}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    assert!(
        stands == made,
        "{page} is behind; run UPDATE_DOCS=1 cargo test --test it docs_keys"
    );
}

fn table<'a>(bindings: impl Iterator<Item = &'a Binding>) -> String {
    let mut text = "| Key | Where | What it does |\n|---|---|---|\n".to_owned();
    for binding in bindings {
        let (place, help) = (binding.places_text(), binding.help);
        writeln!(text, "| {} | {place} | {help} |", keys(binding)).unwrap();
    }
    text
}

fn keys(binding: &Binding) -> String {
    let spelt = Keymap::default().spelt(binding, false);
    let keys: Vec<_> = spelt.split(' ').map(|key| format!("`{key}`")).collect();
    keys.join(" ")
}
